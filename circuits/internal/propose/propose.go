// Package propose derives feature grids from the cut-offs of a scorecard: a convenience for readers of formats that
// carry a card but no schema. A proposed grid shows the bank's cut-offs to whoever reads it; a schema that is agreed
// between the parties is broader (see package circuits).
package propose

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/blindscore/blindscore/circuits"
)

// Field is what the source says of a feature.
type Field struct {
	Name        string
	Kind        circuits.Kind
	Integer     bool
	Description string
	Categories  []string // declared ones; those of the card are added behind them
}

// errType: a constant of the card does not fit the grid of its feature.
var errType = errors.New("constant without a level")

// Features proposes a grid for every field that the card reads and the bank does not hold itself, in the order of
// fields. All cut-offs of the card lie on the grid. Missing keeps a level of its own; sensitivity is confidential.
func Features(card *circuits.Scorecard, fields []Field) ([]circuits.FeatureSpec, error) {
	own := make(map[string]bool, len(card.Own))
	for _, f := range card.Own {
		own[f.Name] = true
	}
	found := make(map[string]*constants)
	for i := range card.Characteristics {
		for j := range card.Characteristics[i].Attributes {
			collect(&card.Characteristics[i].Attributes[j].Predicate, found, 0)
		}
	}
	var specs []circuits.FeatureSpec
	for _, f := range fields {
		c, used := found[f.Name]
		delete(found, f.Name)
		if !used || own[f.Name] {
			continue
		}
		spec, err := c.feature(f)
		if err != nil {
			return nil, fmt.Errorf("%w: feature %q: %w", circuits.ErrUnsupported, f.Name, err)
		}
		specs = append(specs, spec)
	}
	for name := range found {
		if !own[name] {
			return nil, fmt.Errorf("%w: feature %q: the card reads it, but the source does not declare it", circuits.ErrUnsupported, name)
		}
	}
	return specs, nil
}

// constants are what the card compares one feature with, in order of appearance.
type constants struct {
	cuts    []circuits.Cut
	numbers bool
	texts   []string
}

// collect gathers the constants below a predicate. The depth bound keeps an unchecked card from recursing without end.
func collect(p *circuits.Predicate, found map[string]*constants, depth int) {
	if depth > circuits.MaxPredicateDepth {
		return
	}
	for i := range p.Of {
		collect(&p.Of[i], found, depth+1)
	}
	if p.Feature == "" {
		return
	}
	c := found[p.Feature]
	if c == nil {
		c = &constants{}
		found[p.Feature] = c
	}
	for _, v := range p.Values {
		if t, ok := v.Text(); ok {
			c.texts = append(c.texts, t)
		}
		x, ok := v.Number()
		if !ok {
			continue
		}
		c.numbers = true
		switch p.Op {
		case circuits.OpLessThan, circuits.OpGreaterOrEqual:
			c.cuts = append(c.cuts, circuits.Cut{At: x})
		case circuits.OpLessOrEqual, circuits.OpGreaterThan:
			c.cuts = append(c.cuts, circuits.Cut{At: x, After: true})
		default:
			c.cuts = append(c.cuts, circuits.Around(x)...)
		}
	}
}

func (c *constants) feature(f Field) (circuits.FeatureSpec, error) {
	spec := circuits.FeatureSpec{
		Name: f.Name, Kind: f.Kind, Integer: f.Integer, Description: f.Description,
		Sensitivity: circuits.SensitivityConfidential,
	}
	if f.Kind == circuits.KindCategorical {
		if c.numbers {
			return spec, fmt.Errorf("%w: a number for a categorical feature", errType)
		}
		seen := make(map[string]bool)
		for _, t := range slices.Concat(f.Categories, c.texts) {
			if t == "" {
				return spec, fmt.Errorf("%w: the empty text, which no grid can tell from others", errType)
			}
			if !seen[t] {
				seen[t] = true
				spec.Categories = append(spec.Categories, t)
			}
		}
		return spec, nil
	}
	if len(c.texts) > 0 {
		return spec, fmt.Errorf("%w: a text for a numeric feature", errType)
	}
	spec.Cuts = grid(c.cuts, f.Integer)
	return spec, nil
}

// grid sorts the cuts and drops repetitions. Cuts of an integer feature stand before integers: "<= 18" is "< 19".
func grid(cuts []circuits.Cut, integer bool) []circuits.Cut {
	sorted := slices.Clone(cuts)
	for i, c := range sorted {
		if !integer {
			continue
		}
		switch {
		case !c.After:
			c.At = math.Ceil(c.At)
		case math.Floor(c.At) < 1<<53:
			c.At = math.Floor(c.At) + 1
		default:
			c.At = math.Nextafter(c.At, math.Inf(1)) // floats that large are integers
		}
		sorted[i] = circuits.Cut{At: c.At}
	}
	slices.SortStableFunc(sorted, func(a, b circuits.Cut) int { return cmp.Compare(key(a), key(b)) })
	var unique []circuits.Cut
	for _, c := range sorted {
		if n := len(unique); n == 0 || key(unique[n-1]) < key(c) {
			unique = append(unique, c)
		}
	}
	return unique
}

// key is the smallest float64 above the cut: just behind x and just before the next float64 are the same cut.
func key(c circuits.Cut) float64 {
	if c.After {
		return math.Nextafter(c.At, math.Inf(1))
	}
	return c.At
}
