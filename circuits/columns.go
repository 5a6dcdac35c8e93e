package circuits

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// MaxColumns bounds the columns of an integer model, columnBits the size of their values.
const (
	MaxColumns = 64
	columnBits = 40
)

// IntegerFeature is a feature of an integer model, with its fixed point: Unit is the value of one step (0.01 for yuan in
// fen, 1 for months). Zero means 1 for a feature of integers, else the largest power of two that cuts the range into
// 2^31 steps or more. Categorical features have none.
type IntegerFeature struct {
	Name string
	Unit float64
}

// Columns is the public half of an integer model: how a company's values become integers. Both sides have it. A numeric
// feature has a column for its value, counted in steps from the least value of its range; everything else is an indicator
// that is 0 or the column's most: missing, each special value, each category and "other".
//
// All columns are shifted to the bits of the longest, so that weights of few bits serve them alike. A value outside the
// range counts as the nearer end of it.
type Columns struct {
	schema   [32]byte
	features []columnFeature
	names    []string
	most     []int64
}

type columnFeature struct {
	f       *Feature
	unit    float64 // 0 for a categorical feature
	first   int     // column of the value, or of the first level
	shift   int     // of the value
	lowest  float64
	highest float64
}

// indicators is the number of columns that are 0 or their most.
func (c *columnFeature) indicators() int {
	if c.f.Numeric() {
		return c.f.Levels() - c.f.plain()
	}
	return c.f.Levels()
}

// NewColumns lays out the columns of these features: in the order given, each once. A numeric feature needs a declared
// range (ErrUnsupported) of at most 2^40 steps (ErrLimit).
func NewColumns(s *Schema, features []IntegerFeature) (*Columns, error) {
	c := &Columns{schema: s.Digest()}
	seen := make(map[string]bool)
	var sizes []int // bits of each column before it is shifted
	for i, in := range features {
		f, ok := s.Feature(in.Name)
		if !ok || seen[in.Name] {
			return nil, fmt.Errorf("%w: features[%d]: want features of the schema, each once, got %s", ErrCard, i, quoteShort(in.Name))
		}
		seen[in.Name] = true
		cf := columnFeature{f: f, first: len(c.names)}
		if f.Numeric() {
			steps, err := cf.fixedPoint(in.Unit)
			if err != nil {
				return nil, fmt.Errorf("%w: feature %s", err, quoteShort(in.Name))
			}
			c.names, c.most = append(c.names, in.Name), append(c.most, steps)
			sizes = append(sizes, bits.Len64(uint64(steps)))
		} else if in.Unit != 0 {
			return nil, fmt.Errorf("%w: feature %s: want no unit for a categorical feature", ErrCard, quoteShort(in.Name))
		}
		for level := f.Levels() - cf.indicators(); level < f.Levels(); level++ {
			c.names, c.most = append(c.names, in.Name+": "+f.LevelName(level)), append(c.most, 1)
			sizes = append(sizes, 1)
		}
		c.features = append(c.features, cf)
	}
	if len(c.names) < 1 || len(c.names) > MaxColumns {
		return nil, fmt.Errorf("%w: want 1 to %d columns, got %d", ErrLimit, MaxColumns, len(c.names))
	}
	common := slices.Max(sizes)
	for i := range c.most {
		c.most[i] <<= common - sizes[i]
	}
	for i := range c.features {
		c.features[i].shift = common - sizes[c.features[i].first]
	}
	return c, nil
}

// fixedPoint sets unit and range, and returns the number of steps, at least 1.
func (c *columnFeature) fixedPoint(unit float64) (int64, error) {
	r, ok := c.f.Range()
	if !ok {
		return 0, fmt.Errorf("%w: want a declared range", ErrUnsupported)
	}
	span := r.Max - r.Min
	if unit == 0 {
		unit = 1
		if !c.f.Integer() && span > 0 {
			unit = math.Ldexp(1, math.Ilogb(span)-31)
		}
	}
	if !finite(unit) || unit <= 0 {
		return 0, fmt.Errorf("%w: want a positive unit, got %v", ErrCard, unit)
	}
	if !(span/unit <= 1<<columnBits-1) {
		return 0, fmt.Errorf("%w: a range of %v has more than 2^%d steps of %v", ErrLimit, span, columnBits, unit)
	}
	c.unit, c.lowest, c.highest = unit, r.Min, r.Max
	return max(1, int64(math.RoundToEven(span/unit))), nil
}

// Len is the number of columns.
func (c *Columns) Len() int { return len(c.names) }

// Names describes the columns for people (a copy).
func (c *Columns) Names() []string { return slices.Clone(c.names) }

// Most are the largest values of the columns, at most 2^40; the least are 0 (a copy).
func (c *Columns) Most() []int64 { return slices.Clone(c.most) }

// Features are the features with their units (a copy): what NewColumns makes the same columns from.
func (c *Columns) Features() []IntegerFeature {
	out := make([]IntegerFeature, len(c.features))
	for i := range c.features {
		out[i] = IntegerFeature{c.features[i].f.Name(), c.features[i].unit}
	}
	return out
}

// SchemaDigest is the digest of the schema.
func (c *Columns) SchemaDigest() [32]byte { return c.schema }

// Values are the columns of a company. It is total, as Feature.Level is: there is no value without columns.
func (c *Columns) Values(values map[string]Value) []int64 {
	out := make([]int64, len(c.names))
	for i := range c.features {
		cf := &c.features[i]
		v := cf.f.Normal(values[cf.f.Name()])
		level := cf.f.Level(v)
		if at := level - (cf.f.Levels() - cf.indicators()); at >= 0 {
			if cf.f.Numeric() {
				at++
			}
			out[cf.first+at] = c.most[cf.first+at]
		} else if x, ok := v.Number(); ok { // a folded missing value is the least one
			x = min(max(x, cf.lowest), cf.highest)
			out[cf.first] = min(int64(math.RoundToEven((x-cf.lowest)/cf.unit))<<cf.shift, c.most[cf.first])
		}
	}
	return out
}

// encode writes the canonical encoding.
func (c *Columns) encode(e *encoder) {
	e.digest(c.schema)
	e.u32(len(c.features))
	for i := range c.features {
		e.text(c.features[i].f.Name())
		e.f64(c.features[i].unit)
	}
	e.u32(len(c.most))
	for _, m := range c.most {
		e.i64(m)
	}
}
