package probability

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/hefloat"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Limits of a layout. Output bits are those of a look-up of package mpc/score.
const (
	MinOutputBits = 6
	MaxOutputBits = 16
	MaxColumns    = 256
)

// LayoutSpec is the literal of a Layout: what the bank tells the tax node of its circuit, and both sign. It holds no secret
// but the names of the features.
type LayoutSpec struct {
	Set        Set
	OutputBits int      // m: a probability is released as one of 2^m numbers; MinOutputBits to MaxOutputBits
	Features   []string // those that the model reads, in any order
	// Complete promises that no value is missing or special: no columns for that, and Values refuses such a record.
	Complete bool
}

// Layout is the public side of a circuit: which columns the tax node encrypts, in which order, and every size. It is
// immutable and safe for concurrent use. NewLayout makes it.
type Layout struct {
	spec    LayoutSpec
	shape   shape
	params  hefloat.Parameters
	columns []column
	sources []source
}

// column is one ciphertext: for a numeric feature the value, from the declared range to -1 to 1; all others are 0 or 1.
type column struct {
	feature string
	of      columnKind
	index   int // of the category or special value
}

type columnKind uint8

const (
	columnValue columnKind = iota + 1
	columnMissing
	columnSpecial
	columnCategory
)

// source is a feature with its columns: value, missing (-1: none), the first special, the first category.
type source struct {
	feature                           *circuits.Feature
	value, missing, special, category int
	middle, half                      float64
	specials                          []circuits.Special
	categories                        map[string]int
}

// NewLayout checks a literal against the schema that both sides hold. A numeric feature needs a declared range: values
// beyond it count as the nearer end. Errors wrap homomorphic.ErrParams.
func NewLayout(s *circuits.Schema, spec LayoutSpec) (*Layout, error) {
	h, err := spec.Set.shape()
	if err != nil {
		return nil, err
	}
	if spec.OutputBits < MinOutputBits || spec.OutputBits > MaxOutputBits {
		return nil, fmt.Errorf("%w: want %d to %d output bits, got %d", homomorphic.ErrParams, MinOutputBits, MaxOutputBits, spec.OutputBits)
	}
	if s == nil || len(spec.Features) == 0 || len(spec.Features) > MaxColumns {
		return nil, fmt.Errorf("%w: want a schema and 1 to %d features, got %d", homomorphic.ErrParams, MaxColumns, len(spec.Features))
	}
	spec.Features = slices.Clone(spec.Features)
	l := &Layout{spec: spec, shape: h}
	for i, name := range spec.Features {
		f, ok := s.Feature(name)
		if !ok || slices.Contains(spec.Features[:i], name) {
			return nil, fmt.Errorf("%w: features[%d]: want a feature of the schema, once", homomorphic.ErrParams, i)
		}
		if err := l.addFeature(f); err != nil {
			return nil, fmt.Errorf("%w: features[%d]: %w", homomorphic.ErrParams, i, err)
		}
		if len(l.columns) > MaxColumns {
			return nil, fmt.Errorf("%w: want at most %d columns, got more", homomorphic.ErrParams, MaxColumns)
		}
	}
	if l.params, err = spec.Set.parameters(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Layout) addFeature(f *circuits.Feature) error {
	add := func(of columnKind, n int) int {
		at := len(l.columns)
		for i := range n {
			l.columns = append(l.columns, column{f.Name(), of, i})
		}
		return at
	}
	src := source{feature: f, missing: -1, specials: f.Specials()}
	if f.Numeric() {
		r, ok := f.Range()
		if !ok {
			return fmt.Errorf("want a declared range for a numeric feature")
		}
		src.middle, src.half = r.Min/2+r.Max/2, r.Max/2-r.Min/2
		src.value = add(columnValue, 1)
	} else {
		categories := f.Categories()
		src.categories = make(map[string]int, len(categories))
		for i, c := range categories {
			src.categories[c] = i
		}
		src.category = add(columnCategory, len(categories))
	}
	if !l.spec.Complete {
		src.special = add(columnSpecial, len(src.specials))
		if !f.Spec().FoldMissing {
			src.missing = add(columnMissing, 1)
		}
	}
	l.sources = append(l.sources, src)
	return nil
}

// rlwe are the parameters without the encoding.
func (l *Layout) rlwe() rlwe.Parameters { return l.params.Parameters.Parameters }

// Spec is the literal that makes this layout (a copy).
func (l *Layout) Spec() LayoutSpec {
	spec := l.spec
	spec.Features = slices.Clone(spec.Features)
	return spec
}

// Columns is the number of ciphertexts in a message.
func (l *Layout) Columns() int { return len(l.columns) }

// Companies is the most companies of a block.
func (l *Layout) Companies() int { return l.params.N() }

// KeyBytes is the exact size of a key's message: a seed, the relinearisation key without the parts that the seed stands for,
// and the public key's first polynomial at the end's level.
func (l *Layout) KeyBytes() int {
	g := l.shape.gadget()
	g.Degree = 0
	p := l.rlwe()
	return len(homomorphic.Seed{}) + homomorphic.GadgetBytes(p, g) + homomorphic.PolyBytes(p.RingQ(), endLevel)
}

// MessageBytes is the exact size of a block's message: a seed, and a polynomial for each column.
func (l *Layout) MessageBytes() int {
	return len(homomorphic.Seed{}) + len(l.columns)*homomorphic.PolyBytes(l.params.RingQ(), l.shape.top())
}

// ReplyBytes is the exact size of a block's reply: two polynomials at the end's level.
func (l *Layout) ReplyBytes() int {
	return homomorphic.CiphertextBytes(l.rlwe(), 1, endLevel)
}

// unitBits are the bits of U, the unit of shares, in a slot: 2^(m+1) of them are the scale at the end.
func (l *Layout) unitBits() uint { return uint(l.shape.out - l.spec.OutputBits - 1) }

// Values are the columns of a block of companies. They are the tax node's secret and do not print.
type Values struct {
	layout  *Layout
	n       int
	columns [][]float64
}

// Values lays out the records of 1 to Companies companies. Any value has a place: numbers out of range count as the nearer
// end, unknown categories as "other", and missing as the schema says (folded: the range's lower end, or "other"). Only under
// Complete a record with a missing or special value is homomorphic.ErrRange, as is a wrong number of companies.
func (l *Layout) Values(records []map[string]circuits.Value) (*Values, error) {
	if len(records) == 0 || len(records) > l.Companies() {
		return nil, fmt.Errorf("%w: want 1 to %d companies in a block, got %d", homomorphic.ErrRange, l.Companies(), len(records))
	}
	v := &Values{l, len(records), make([][]float64, len(l.columns))}
	for i := range v.columns {
		v.columns[i] = make([]float64, len(records))
	}
	for i, record := range records {
		for k := range l.sources {
			src := &l.sources[k]
			if !src.place(record[src.feature.Name()], l.spec.Complete, func(at int, x float64) { v.columns[at][i] = x }) {
				return nil, fmt.Errorf("%w: company %d: want no missing or special value of feature %d", homomorphic.ErrRange, i, k)
			}
		}
	}
	return v, nil
}

// place sets what is not zero; false for a value that has no column.
func (s *source) place(v circuits.Value, complete bool, set func(at int, x float64)) bool {
	v = s.feature.Normal(v)
	if i := slices.IndexFunc(s.specials, func(sp circuits.Special) bool { return sp.Value == v }); i >= 0 {
		if !complete {
			set(s.special+i, 1)
		}
		return !complete
	}
	if v.IsMissing() {
		switch {
		case complete:
			return false
		case s.missing >= 0:
			set(s.missing, 1)
		case s.feature.Numeric():
			set(s.value, -1)
		}
		return true
	}
	if text, ok := v.Text(); ok {
		if i, known := s.categories[text]; known {
			set(s.category+i, 1)
		}
		return true
	}
	x, _ := v.Number()
	if s.half > 0 {
		set(s.value, min(max((x-s.middle)/s.half, -1), 1))
	}
	return true
}

// Companies is the number of companies.
func (v *Values) Companies() int { return v.n }

// Format prints sizes, never values.
func (v *Values) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "probability.Values(%d companies, %d columns)", v.n, len(v.columns))
}

// LogValue logs sizes, never values.
func (v *Values) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(v)) }

// MarshalJSON refuses.
func (v *Values) MarshalJSON() ([]byte, error) { return nil, homomorphic.ErrSecret }

var _ fmt.Formatter = (*Values)(nil)
