package circuits

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// weightMax is the largest weight of an integer model: 16 bits with the sign.
const weightMax = 1<<15 - 1

// IntegerReport bounds |score of the integer model / Scale - score of the linear model|, in points, for values in range.
type IntegerReport struct {
	Weights float64 // by rounding weights, and the base, to integers
	Units   float64 // by rounding values to their units
	Total   float64 // both, and floating point
}

// Integer turns the model into one on integers, over the same schema: values of numeric features in the units given (none
// for those that are not named), coefficients and contributions as weights of 16 bits. At and Places do not matter here.
func (m *Linear) Integer(s *Schema, units map[string]float64) (*IntegerModel, *IntegerReport, error) {
	scaling := Scaling{0, 1, math.Ln2} // Factor 1, Offset 0
	if m.Scaling != nil {
		scaling = *m.Scaling
	}
	if err := scaling.Validate(); err != nil {
		return nil, nil, err
	}
	terms := slices.Clone(m.Terms)
	slices.SortStableFunc(terms, func(a, b LinearTerm) int { return cmp.Compare(s.Index(a.Feature), s.Index(b.Feature)) })
	features := make([]IntegerFeature, len(terms))
	named := 0
	for i, t := range terms {
		unit, ok := units[t.Feature]
		if ok {
			named++
		}
		features[i] = IntegerFeature{t.Feature, unit}
	}
	if named != len(units) {
		return nil, nil, fmt.Errorf("%w: units: want units of the model's features only", ErrCard)
	}
	columns, err := NewColumns(s, features)
	if err != nil {
		return nil, nil, err
	}
	factor := scaling.Factor()
	base := scaling.Score(m.Intercept)
	var real []float64 // points for a column at 1
	report := &IntegerReport{}
	for i := range terms {
		cf := &columns.features[i]
		points, err := terms[i].points(cf.f, cf.lowest)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: term %s: %w", ErrCard, quoteShort(terms[i].Feature), err)
		}
		if cf.f.Numeric() {
			base += factor * terms[i].Coefficient * cf.lowest
			if !cf.f.Integer() || math.Mod(1, cf.unit) != 0 {
				report.Units += math.Abs(factor*terms[i].Coefficient) * cf.unit / 2
			}
			real = append(real, factor*terms[i].Coefficient*math.Ldexp(cf.unit, -cf.shift))
		}
		for _, p := range points {
			real = append(real, factor*p/float64(columns.most[len(real)]))
		}
	}
	im := &IntegerModel{name: m.Name, version: m.Version, columns: columns, bands: slices.Clone(m.Bands)}
	if err := im.round(real, base); err != nil {
		return nil, nil, err
	}
	if err := im.cut(m.Probabilities, scaling); err != nil {
		return nil, nil, err
	}
	half := 0.5 / im.scale
	report.Weights = half
	size := math.Abs(base)
	for i := range columns.features { // of whose columns one at most is not 0
		cf := &columns.features[i]
		most := float64(slices.Max(columns.most[cf.first:columns.end(i)]))
		report.Weights += half * most
		size += float64(slices.Max(im.absolute(cf.first, columns.end(i)))) * most / im.scale
	}
	report.Total = report.Weights + report.Units + math.Ldexp(size, -50)
	return im, report, im.check()
}

// end is the column behind the last of feature i.
func (c *Columns) end(i int) int {
	if i+1 < len(c.features) {
		return c.features[i+1].first
	}
	return len(c.names)
}

func (m *IntegerModel) absolute(from, to int) []int32 {
	out := make([]int32, 0, to-from)
	for _, w := range m.weights[from:to] {
		out = append(out, max(w, -w))
	}
	return out
}

// points are the contributions of the indicators of a feature; those of a numeric one stand in place of the value's column,
// which then counts as the least value.
func (t *LinearTerm) points(f *Feature, lowest float64) ([]float64, error) {
	var out []float64
	instead := 0.0
	if f.Numeric() {
		if t.Weights != nil || t.Other != 0 {
			return nil, fmt.Errorf("weights: want a coefficient for a numeric feature")
		}
		instead = t.Coefficient * lowest
	} else {
		if t.Coefficient != 0 || t.At != nil || len(t.Weights) != len(f.spec.Categories) {
			return nil, fmt.Errorf("weights: want one for each of %d categories and no coefficient", len(f.spec.Categories))
		}
		for _, c := range f.spec.Categories {
			w, ok := t.Weights[c]
			if !ok {
				return nil, fmt.Errorf("weights: want one for every category, got none for %s", quoteShort(c))
			}
			out = append(out, w)
		}
		out = append(out, t.Other)
	}
	if !f.spec.FoldMissing {
		out = append(out, t.Missing-instead)
	}
	used := 0
	for _, sp := range f.spec.Specials {
		w, named := t.Specials[sp.Name]
		if named {
			used++
		} else {
			w = t.Missing
		}
		out = append(out, w-instead)
	}
	if used != len(t.Specials) {
		return nil, fmt.Errorf("specials: want names of the feature's special values only")
	}
	return out, nil
}

// round chooses the scale, the largest power of two at which the weights fit, and rounds weights and base.
func (m *IntegerModel) round(real []float64, base float64) error {
	largest := 0.0
	for _, w := range real {
		if !finite(w) {
			return fmt.Errorf("%w: coefficients: want finite numbers", ErrCard)
		}
		largest = max(largest, math.Abs(w))
	}
	if largest == 0 {
		return fmt.Errorf("%w: coefficients: want one that is not 0", ErrCard)
	}
	exponent := 14 - math.Ilogb(largest)
	if math.RoundToEven(math.Ldexp(largest, exponent)) > weightMax {
		exponent--
	}
	m.scale = math.Ldexp(1, exponent)
	for _, w := range real {
		weight := int32(math.RoundToEven(w * m.scale))
		m.weights = append(m.weights, weight)
		part := int64(weight) * m.columns.most[len(m.weights)-1]
		m.low, m.high = m.low+min(part, 0), m.high+max(part, 0)
	}
	var err error
	m.base, err = toScore(math.RoundToEven(base * m.scale))
	return err
}

// toScore refuses what sums could overflow.
func toScore(x float64) (int64, error) {
	if !(math.Abs(x) < 1<<61) {
		return 0, fmt.Errorf("%w: a score of %v units, want less than 2^61", ErrLimit, x)
	}
	return int64(x), nil
}

// cut sets the thresholds: the least integer scores at or above those of the probabilities, lowest first.
func (m *IntegerModel) cut(probabilities []float64, scaling Scaling) error {
	for i, p := range probabilities {
		if !(p > 0 && p < 1) {
			return fmt.Errorf("%w: probabilities[%d]: want a number between 0 and 1, got %v", ErrCard, i, p)
		}
		t, err := toScore(math.Ceil(scaling.Score(Logit(p)) * m.scale))
		if err != nil {
			return err
		}
		m.thresholds = append(m.thresholds, t)
	}
	if scaling.PDO < 0 {
		slices.Reverse(m.thresholds)
	}
	return nil
}

func (m *IntegerModel) check() error {
	for i, t := range m.thresholds {
		if i > 0 && t <= m.thresholds[i-1] {
			return fmt.Errorf("%w: probabilities[%d]: want ascending ones that differ in the score", ErrCard, i)
		}
	}
	if len(m.thresholds) == 0 || len(m.bands) != len(m.thresholds)+1 {
		return fmt.Errorf("%w: bands: want one more than probabilities, of which there is one at least, got %d and %d", ErrCard, len(m.bands), len(m.thresholds))
	}
	return nil
}
