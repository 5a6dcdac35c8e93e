package pmml

import (
	"math"
	"slices"

	"github.com/blindscore/blindscore/circuits"
)

// maxProof bounds the work of proving attributes of a document unreachable: predicates and constants looked at.
const maxProof = 1 << 21

// dropUnreachable drops the attributes with a ComplexPartialScore that no value can reach because an earlier attribute
// always matches first; it refuses the others. complexScores has the element of each attribute, or nil.
func (s *scope) dropUnreachable(ch *circuits.Characteristic, complexScores []*node) error {
	if !slices.ContainsFunc(complexScores, func(n *node) bool { return n != nil }) {
		return nil
	}
	reached := reachable(ch, &s.proof)
	var kept []circuits.Attribute
	for i, n := range complexScores {
		switch {
		case n == nil:
			kept = append(kept, ch.Attributes[i])
		case reached[i]:
			return n.failf(ErrUnsupported, "characteristic %s, attribute %d: want a partialScore, got a ComplexPartialScore: such points are no table",
				short(ch.Name), i+1)
		}
	}
	ch.Attributes = kept
	return nil
}

// reachable tells which attributes are the first to match for some value. It tries one value of every kind that the
// predicates can tell apart: each constant, the numbers between two neighbours, both ends, a text that is none of the
// constants, missing. That is a proof for characteristics of one feature; where it would be none (several features),
// or take more than is left of the budget, every attribute is said to be reachable.
func reachable(ch *circuits.Characteristic, budget *int) []bool {
	reached := make([]bool, len(ch.Attributes))
	features := ch.Features()
	size := 0
	var constants []circuits.Value
	for i := range ch.Attributes {
		gather(&ch.Attributes[i].Predicate, &constants, &size, *budget)
	}
	values := samples(constants)
	affordable := len(values) < *budget/max(1, size)
	*budget -= size
	if affordable {
		*budget -= size * len(values)
	}
	if len(features) > 1 || !affordable {
		for i := range reached {
			reached[i] = true
		}
		return reached
	}
	for _, v := range values {
		row := make(map[string]circuits.Value)
		for _, f := range features {
			row[f] = v
		}
		for i := range ch.Attributes {
			if ch.Attributes[i].Predicate.Evaluate(row) == circuits.IsTrue {
				reached[i] = true
				break
			}
		}
	}
	return reached
}

// gather collects the constants below a predicate, and counts predicates and constants up to a limit. Its depth has been checked.
func gather(p *circuits.Predicate, constants *[]circuits.Value, size *int, limit int) {
	*size += 1 + len(p.Values)
	if *size > limit {
		return
	}
	*constants = append(*constants, p.Values...)
	for i := range p.Of {
		gather(&p.Of[i], constants, size, limit)
	}
}

// samples are values of every kind that predicates with these constants can tell apart.
func samples(constants []circuits.Value) []circuits.Value {
	values := []circuits.Value{
		circuits.Missing(), circuits.Number(math.Inf(-1)), circuits.Number(math.Inf(1)), circuits.Text("\x00other"),
	}
	var numbers []float64
	texts := make(map[circuits.Value]bool)
	for _, c := range constants {
		if x, ok := c.Number(); ok {
			numbers = append(numbers, x)
		} else if !texts[c] {
			texts[c] = true
			values = append(values, c)
		}
	}
	slices.Sort(numbers)
	for _, x := range slices.Compact(numbers) {
		// Just behind a constant is the interval to the next one, or that one itself if nothing is between.
		values = append(values, circuits.Number(x), circuits.Number(math.Nextafter(x, math.Inf(1))))
	}
	return values
}
