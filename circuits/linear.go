package circuits

import (
	"fmt"
	"math"
	"slices"
)

// Linear is a linear or logistic model over a schema's features, from which Card makes a scorecard on the grid:
//
//	linear term = Intercept + sum over Terms
//	score       = linear term, or Scaling.Score(linear term)
type Linear struct {
	Name, Version string
	Intercept     float64
	Terms         []LinearTerm
	// Scaling maps the linear term (log-odds) to points; nil leaves the score in units of the linear term.
	Scaling *Scaling
	// Places is the number of decimal places kept in points.
	Places int
	// Probabilities cut the logistic of the linear term into bands; ascending, between 0 and 1. In score space the
	// cut of p is the score at logit(p), kept to 9 places; a score on the cut is in the band of the higher score.
	Probabilities []float64
	// Bands name the bands, lowest score first (highest probability first if Scaling has a negative PDO).
	Bands []string
}

// LinearTerm is one feature's part of the linear term.
type LinearTerm struct {
	Feature string
	// Coefficient multiplies the value of a numeric feature, for which one value stands per interval: At[i], or if
	// At is nil the only value of the interval, or its middle, or its finite end. The declared range bounds the end
	// intervals; intervals outside the range count as the nearer end of it.
	Coefficient float64
	At          []float64
	// Weights are the contributions of a categorical feature's categories, Other that of all other texts.
	Weights map[string]float64
	Other   float64
	// Missing is the contribution of a missing value, Specials those of special values by name (Missing if absent).
	Missing  float64
	Specials map[string]float64
}

// LinearReport bounds |score of the card - score of the linear model| for values in range that are not missing.
type LinearReport struct {
	Terms    []TermReport
	Rounding float64 // by keeping Places decimal places: half a unit for the base and for each term
	Total    float64 // Rounding and all Grid together; +Inf if an interval is unbounded
}

// TermReport is the part of one feature.
type TermReport struct {
	Feature   string
	Exact     int     // intervals of one value, which are exact before rounding; all levels if categorical
	Grid      float64 // the largest error of the others, in points
	Unbounded bool    // an end interval without a declared range: no bound exists, Grid leaves it out
}

// Card turns the model into a scorecard whose cut-offs are all on the schema's grid, one characteristic a term.
func (m *Linear) Card(s *Schema) (*Scorecard, *LinearReport, error) {
	scaling := Scaling{0, 1, math.Ln2} // Factor 1, Offset 0
	if m.Scaling != nil {
		scaling = *m.Scaling
	}
	if err := scaling.Validate(); err != nil {
		return nil, nil, err
	}
	base, err := scaling.Base(m.Intercept, m.Places)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: intercept: %w", ErrCard, err)
	}
	card := &Scorecard{Name: m.Name, Version: m.Version, Base: base, Bands: slices.Clone(m.Bands)}
	for i, p := range m.Probabilities {
		if !(p > 0 && p < 1) {
			return nil, nil, fmt.Errorf("%w: probabilities[%d]: want a number between 0 and 1, got %v", ErrCard, i, p)
		}
		t, err := RoundDecimal(scaling.Score(Logit(p)), 9)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: probabilities[%d]: %w", ErrCard, i, err)
		}
		card.Thresholds = append(card.Thresholds, t)
	}
	if scaling.PDO < 0 {
		slices.Reverse(card.Thresholds)
	}
	half := 0.5 / float64(pow10[m.Places])
	report := &LinearReport{Rounding: half}
	for i := range m.Terms {
		t := &m.Terms[i]
		f, ok := s.Feature(t.Feature)
		if !ok {
			return nil, nil, fmt.Errorf("%w: terms[%d]: feature %s is not in the schema", ErrCard, i, quoteShort(t.Feature))
		}
		ch, r, err := t.characteristic(f, scaling.Factor(), m.Places)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: terms[%d] %s: %w", ErrCard, i, quoteShort(t.Feature), err)
		}
		card.Characteristics = append(card.Characteristics, ch)
		report.Terms = append(report.Terms, r)
		report.Rounding += half
		report.Total += r.Grid
		if r.Unbounded {
			report.Total = math.Inf(1)
		}
	}
	report.Total += report.Rounding
	return card, report, card.Validate()
}

// characteristic has an attribute for every level: specials first, then missing, then the grid from below.
func (t *LinearTerm) characteristic(f *Feature, factor float64, places int) (Characteristic, TermReport, error) {
	ch := Characteristic{Name: t.Feature}
	r := TermReport{Feature: t.Feature}
	var failed error
	add := func(p Predicate, contribution float64) {
		points, err := RoundDecimal(factor*contribution, places)
		if err != nil && failed == nil {
			failed = err
		}
		ch.Attributes = append(ch.Attributes, Attribute{Predicate: p, Points: points})
	}
	used := 0
	for _, sp := range f.spec.Specials {
		w, named := t.Specials[sp.Name]
		if named {
			used++
		} else {
			w = t.Missing
		}
		add(Equal(t.Feature, sp.Value), w)
	}
	if used != len(t.Specials) {
		return ch, r, fmt.Errorf("specials: want names of the feature's special values only")
	}
	if !f.spec.FoldMissing {
		add(IsMissing(t.Feature), t.Missing)
	}
	if f.Numeric() {
		if err := t.intervals(f, factor, &r, add); err != nil {
			return ch, r, err
		}
	} else if err := t.categories(f, &r, add); err != nil {
		return ch, r, err
	}
	return ch, r, failed
}

func (t *LinearTerm) categories(f *Feature, r *TermReport, add func(Predicate, float64)) error {
	if t.Coefficient != 0 || t.At != nil {
		return fmt.Errorf("coefficient: want weights for a categorical feature")
	}
	for _, c := range f.spec.Categories {
		w, ok := t.Weights[c]
		if !ok {
			return fmt.Errorf("weights: want one for every category, got none for %s", quoteShort(c))
		}
		add(Equal(t.Feature, Text(c)), w)
	}
	if len(t.Weights) != len(f.spec.Categories) {
		return fmt.Errorf("weights: want %d, got %d", len(f.spec.Categories), len(t.Weights))
	}
	add(True(), t.Other) // and missing, if it is folded
	r.Exact = f.Levels()
	return nil
}

func (t *LinearTerm) intervals(f *Feature, factor float64, r *TermReport, add func(Predicate, float64)) error {
	if t.Weights != nil || t.Other != 0 {
		return fmt.Errorf("weights: want a coefficient for a numeric feature")
	}
	if t.At != nil && len(t.At) != f.plain() {
		return fmt.Errorf("at: want one value for each of %d intervals, got %d", f.plain(), len(t.At))
	}
	for i := range f.plain() {
		low, high := f.span(i)
		at := middle(low, high)
		if t.At != nil {
			if at = t.At[i]; !(at >= low && at <= high) {
				return fmt.Errorf("at[%d]: want a value of %s, got %v", i, f.LevelName(i), at)
			}
		}
		switch miss := max(at-low, high-at); {
		case math.IsInf(miss, 0):
			r.Unbounded = r.Unbounded || t.Coefficient != 0
		case miss == 0:
			r.Exact++
		default:
			r.Grid = max(r.Grid, math.Abs(factor*t.Coefficient)*miss)
		}
		add(f.upTo(i), t.Coefficient*at)
	}
	return nil
}

// upTo is true for interval i and all below it, and for missing where that is folded into the lowest.
func (f *Feature) upTo(i int) Predicate {
	if i == len(f.cuts) {
		return True()
	}
	op := OpLessThan
	if f.cuts[i].After {
		op = OpLessOrEqual
	}
	p := Compare(f.Name(), op, Number(f.cuts[i].At))
	if i == 0 && f.spec.FoldMissing {
		p = Any(p, IsMissing(f.Name()))
	}
	return p
}

// span is the least and the greatest value of an interval, within the range if one is declared.
func (f *Feature) span(i int) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	if i > 0 {
		low = f.keys[i-1]
	}
	if i < len(f.keys) {
		high = math.Nextafter(f.keys[i], math.Inf(-1))
		if f.spec.Integer {
			high = math.Floor(high)
		}
	}
	if r := f.spec.Range; r != nil {
		low, high = min(max(low, r.Min), r.Max), max(min(high, r.Max), r.Min)
	}
	return low, high
}

func middle(low, high float64) float64 {
	switch {
	case low == high:
		return low
	case math.IsInf(low, 0) && math.IsInf(high, 0):
		return 0
	case math.IsInf(low, 0):
		return high
	case math.IsInf(high, 0):
		return low
	}
	return low + (high-low)/2
}
