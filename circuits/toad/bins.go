package toad

import (
	"fmt"
	"slices"
	"strings"

	"github.com/blindscore/blindscore/circuits"
)

// parts is one bin, taken apart.
type parts struct {
	points     circuits.Decimal
	spans      []span
	categories []circuits.Value // or, of a numeric feature, special values
	missing    bool
	others     bool // "else"
}

// take reads the label of a bin.
func (b *bin) take(numeric bool) (parts, error) {
	p := parts{points: b.points}
	for _, text := range b.split() {
		s, isSpan, err := parseSpan(text)
		switch {
		case err != nil:
			return p, err
		case isSpan:
			p.spans = append(p.spans, s)
		case text == "nan" || text == "missing":
			p.missing = true
		case text == "else":
			p.others = true
		case text == "":
			return p, fmt.Errorf("%w: bin %s: want categories, got an empty text", ErrBins, short(b.label))
		case numeric:
			x, err := parseNumber(text)
			if err != nil {
				return p, fmt.Errorf("%w: bin %s: want intervals, numbers, nan or missing in a numeric feature", ErrBins, short(b.label))
			}
			p.categories = append(p.categories, circuits.Number(x))
		default:
			p.categories = append(p.categories, circuits.Text(text))
		}
	}
	if p.others && (numeric || p.missing || len(p.categories) > 0) {
		return p, fmt.Errorf("%w: bin %s: want else alone, in a feature of categories", ErrBins, short(b.label))
	}
	return p, nil
}

// split takes the parts of a label. An interval may have a comma in it.
func (b *bin) split() []string {
	if _, isSpan, _ := parseSpan(b.label); isSpan {
		return []string{b.label}
	}
	return strings.Split(b.label, b.separator)
}

// numeric reports whether any bin of the feature is an interval.
func (f *feature) numeric() bool {
	return slices.ContainsFunc(f.bins, func(b bin) bool {
		return slices.ContainsFunc(b.split(), func(text string) bool {
			_, isSpan, _ := parseSpan(text)
			return isSpan
		})
	})
}

// characteristic turns the bins of a feature into attributes: first missing and special values, then intervals and
// categories, then what is left over.
func (f *feature) characteristic(unmatched Unmatched) (*circuits.Characteristic, error) {
	numeric := f.numeric()
	bins := make([]parts, len(f.bins))
	for i := range f.bins {
		var err error
		if bins[i], err = f.bins[i].take(numeric); err != nil {
			return nil, err
		}
	}
	if err := check(bins, numeric); err != nil {
		return nil, err
	}
	ch := &circuits.Characteristic{Name: f.name}
	add := func(points circuits.Decimal, either ...circuits.Predicate) {
		switch len(either) {
		case 0:
		case 1:
			ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: either[0], Points: points})
		default:
			ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: circuits.Any(either...), Points: points})
		}
	}
	for _, b := range bins {
		var first []circuits.Predicate
		if b.missing {
			first = append(first, circuits.IsMissing(f.name))
		}
		if len(b.categories) > 0 {
			first = append(first, circuits.In(f.name, b.categories...))
		}
		add(b.points, first...)
	}
	for _, b := range bins {
		var spans []circuits.Predicate
		for _, s := range b.spans {
			spans = append(spans, s.predicate(f.name))
		}
		add(b.points, spans...)
	}
	if rest, ok := leftOver(bins, unmatched); ok {
		add(rest, circuits.True())
	}
	return ch, nil
}

// leftOver is what values without a bin get.
func leftOver(bins []parts, unmatched Unmatched) (circuits.Decimal, bool) {
	least, most := bins[0].points, bins[0].points
	for _, b := range bins {
		if b.others {
			return b.points, true
		}
		if b.points.Compare(least) < 0 {
			least = b.points
		}
		if b.points.Compare(most) > 0 {
			most = b.points
		}
	}
	switch unmatched {
	case UnmatchedMin:
		return least, true
	case UnmatchedMax:
		return most, true
	default:
		return circuits.Decimal{}, false
	}
}

// check wants every value in one bin at most.
func check(bins []parts, numeric bool) error {
	missing, others := 0, 0
	var spans []span
	seen := make(map[circuits.Value]bool)
	for _, b := range bins {
		if b.missing {
			missing++
		}
		if b.others {
			others++
		}
		for _, c := range b.categories {
			if seen[c] {
				return fmt.Errorf("%w: %s is in two bins", ErrBins, c.Reveal())
			}
			seen[c] = true
		}
		spans = append(spans, b.spans...)
	}
	if missing > 1 || others > 1 {
		return fmt.Errorf("%w: want at most one bin with missing values and one with else, got %d and %d", ErrBins, missing, others)
	}
	if !numeric {
		return nil
	}
	return disjoint(spans)
}

// numeric tells by its predicates whether a characteristic that Read made is of numbers. One that compares with
// nothing may be taken for either.
func numeric(ch *circuits.Characteristic) bool {
	var compares func(p *circuits.Predicate) bool
	compares = func(p *circuits.Predicate) bool {
		for _, v := range p.Values {
			if _, ok := v.Number(); ok {
				return true
			}
		}
		return slices.ContainsFunc(p.Of, func(q circuits.Predicate) bool { return compares(&q) })
	}
	return slices.ContainsFunc(ch.Attributes, func(a circuits.Attribute) bool { return compares(&a.Predicate) })
}
