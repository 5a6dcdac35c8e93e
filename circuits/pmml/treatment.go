package pmml

import (
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
)

// domain is what a data field declares of its values.
type domain struct {
	valid, invalid, missing []circuits.Value
	spans                   []span
}

// span is an interval, with the operators that hold within it and beyond it; zero operators where it has no end.
type span struct {
	feature         string
	low, high       float64
	lowOp, belowOp  circuits.Op
	highOp, aboveOp circuits.Op
}

func (s span) inside() circuits.Predicate {
	var parts []circuits.Predicate
	if s.lowOp != 0 {
		parts = append(parts, circuits.Compare(s.feature, s.lowOp, circuits.Number(s.low)))
	}
	if s.highOp != 0 {
		parts = append(parts, circuits.Compare(s.feature, s.highOp, circuits.Number(s.high)))
	}
	return allOf(parts...)
}

func (s span) outside() circuits.Predicate {
	var parts []circuits.Predicate
	if s.lowOp != 0 {
		parts = append(parts, circuits.Compare(s.feature, s.belowOp, circuits.Number(s.low)))
	}
	if s.highOp != 0 {
		parts = append(parts, circuits.Compare(s.feature, s.aboveOp, circuits.Number(s.high)))
	}
	return anyOf(parts...)
}

// validity is the predicate that holds for valid values and the one that holds for invalid values, of those that are
// not missing. Without declared values and intervals every value is valid.
func (d *domain) validity(feature string) (inside, outside circuits.Predicate, declared bool) {
	var in, out []circuits.Predicate
	if len(d.valid) > 0 {
		in = append(in, circuits.In(feature, d.valid...))
		out = append(out, circuits.NotIn(feature, d.valid...))
	}
	for _, s := range d.spans {
		in, out = append(in, s.inside()), append(out, s.outside())
	}
	if len(in) == 0 && len(d.invalid) == 0 {
		return inside, outside, false
	}
	inside, outside = circuits.True(), circuits.False()
	if len(in) > 0 {
		inside, outside = anyOf(in...), allOf(out...)
	}
	if len(d.invalid) > 0 {
		inside = allOf(inside, circuits.NotIn(feature, d.invalid...))
		outside = anyOf(outside, circuits.In(feature, d.invalid...))
	}
	return inside, outside, true
}

// treatment is what the mining schema does with values before predicates see them.
type treatment struct {
	node *node
	// A value that is there counts as missing exactly if one of gone holds; kept are their complements.
	gone, kept  []circuits.Predicate
	replacement *circuits.Value // of missing values; nil for none
	// guards hold for the values for which the result may be valid.
	guards []circuits.Predicate
}

func (t *treatment) countAsMissing(gone, kept circuits.Predicate) {
	t.gone, t.kept = append(t.gone, gone), append(t.kept, kept)
}

// apply rewrites a predicate on one feature so that it sees raw values as it would see treated ones.
//
// Without a replacement a comparison with a value that counts as missing becomes false where PMML has unknown. Below
// "and" and "or" alone that never changes whether an attribute matches (both are monotone, and unknown is no match);
// below "xor" and "surrogate" it might, so it is refused there (exact).
func (f *field) apply(p circuits.Predicate, exact bool) (circuits.Predicate, error) {
	t := &f.treat
	missing := circuits.IsMissing(f.Name)
	present := circuits.IsNotMissing(f.Name)
	switch {
	case t.replacement != nil:
		// Nothing is missing any more: what was has the replacement's truth.
		if p.Evaluate(map[string]circuits.Value{f.Name: *t.replacement}) == circuits.IsTrue {
			return anyOf(slices.Concat([]circuits.Predicate{missing}, t.gone, []circuits.Predicate{p})...), nil
		}
		return allOf(slices.Concat([]circuits.Predicate{present}, t.kept, []circuits.Predicate{p})...), nil
	case len(t.gone) == 0:
		return p, nil
	case p.Op == circuits.OpIsMissing:
		return anyOf(slices.Concat([]circuits.Predicate{p}, t.gone)...), nil
	case p.Op == circuits.OpIsNotMissing:
		return allOf(slices.Concat([]circuits.Predicate{p}, t.kept)...), nil
	case exact:
		return p, fmt.Errorf("%w: field %s has values that count as missing, which xor and surrogate cannot tell", ErrUnsupported, short(f.Name))
	}
	return allOf(slices.Concat(t.kept, []circuits.Predicate{p})...), nil
}

// allOf is the conjunction of any number of predicates.
func allOf(of ...circuits.Predicate) circuits.Predicate {
	switch len(of) {
	case 0:
		return circuits.True()
	case 1:
		return of[0]
	}
	return circuits.All(of...)
}

// anyOf is the disjunction of any number of predicates.
func anyOf(of ...circuits.Predicate) circuits.Predicate {
	switch len(of) {
	case 0:
		return circuits.False()
	case 1:
		return of[0]
	}
	return circuits.Any(of...)
}
