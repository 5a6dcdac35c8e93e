package probability

import (
	"fmt"
	"math"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// linear is the model over a layout's columns: linear term = bias + sum weights[i] * column i, between low and high.
type linear struct {
	bias, low, high float64
	weights         []float64
}

func newLinear(m *circuits.Linear, l *Layout) (*linear, error) {
	lin := &linear{bias: m.Intercept, low: m.Intercept, high: m.Intercept, weights: make([]float64, len(l.columns))}
	for i := range m.Terms {
		if err := lin.add(&m.Terms[i], &l.sources[i], l.spec.Complete); err != nil {
			return nil, fmt.Errorf("%w: terms[%d]: %w", homomorphic.ErrParams, i, err)
		}
	}
	if math.IsNaN(lin.bias) || math.IsInf(lin.high, 0) || math.IsInf(lin.low, 0) || math.IsNaN(lin.high-lin.low) {
		return nil, fmt.Errorf("%w: want finite weights", homomorphic.ErrParams)
	}
	return lin, nil
}

// add adds a term: what is left when all its columns are zero goes to the bias, and every column weighs the difference.
func (lin *linear) add(t *circuits.LinearTerm, s *source, complete bool) error {
	var zero, low, high float64
	if s.feature.Numeric() {
		if t.Weights != nil || t.Other != 0 || t.At != nil {
			return fmt.Errorf("want a coefficient alone for a numeric feature: at is for grids")
		}
		zero = t.Coefficient * s.middle
		slope := t.Coefficient * s.half
		lin.weights[s.value] = slope
		low, high = zero-math.Abs(slope), zero+math.Abs(slope)
	} else {
		if t.Coefficient != 0 || t.At != nil || len(t.Weights) != len(s.categories) {
			return fmt.Errorf("want %d weights and no coefficient for a categorical feature, got %d", len(s.categories), len(t.Weights))
		}
		zero, low, high = t.Other, t.Other, t.Other
		for name, w := range t.Weights {
			i, ok := s.categories[name]
			if !ok {
				return fmt.Errorf("want weights of the feature's categories only")
			}
			lin.weights[s.category+i] = w - zero
			low, high = min(low, w), max(high, w)
		}
	}
	lin.bias += zero
	named := 0
	for i, sp := range s.specials {
		w, ok := t.Specials[sp.Name]
		if ok {
			named++
		} else {
			w = t.Missing
		}
		if !complete {
			lin.weights[s.special+i] = w - zero
			low, high = min(low, w), max(high, w)
		}
	}
	if named != len(t.Specials) {
		return fmt.Errorf("want specials of the feature only")
	}
	if s.missing >= 0 {
		lin.weights[s.missing] = t.Missing - zero
		low, high = min(low, t.Missing), max(high, t.Missing)
	}
	lin.low += low
	lin.high += high
	return nil
}
