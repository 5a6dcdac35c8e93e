package circuits

import (
	"fmt"
	"math"
	"slices"
)

// Kind is how the values of a feature are to be read. The zero Kind is invalid.
type Kind uint8

const (
	// KindContinuous: numbers on an interval scale.
	KindContinuous Kind = iota + 1
	// KindOrdinal: numbers of which only the order counts (a rating of 1 to 9). Its grid is one of cuts, as above.
	KindOrdinal
	// KindCategorical: texts.
	KindCategorical
)

// Sensitivity is how closely a feature is to be guarded. The zero Sensitivity is invalid.
type Sensitivity uint8

const (
	SensitivityPublic       Sensitivity = iota + 1 // published anyway
	SensitivityInternal                            // known to both sides by other ways
	SensitivityConfidential                        // tax or business secrets: the usual case
	SensitivityRestricted                          // needs a consent that names it
)

// Cut is one boundary of a numeric grid: before its value (x < At | x >= At) or, with After, just behind it
// (x <= At | x > At). Both may stand at one value, which then is a level of its own.
type Cut struct {
	At    float64
	After bool
}

// Before are cuts in front of each value: x < v | x >= v.
func Before(values ...float64) []Cut {
	cuts := make([]Cut, len(values))
	for i, v := range values {
		cuts[i] = Cut{At: v}
	}
	return cuts
}

// Around are cuts on both sides of each value, so that every value is a level of its own.
func Around(values ...float64) []Cut {
	cuts := make([]Cut, 0, 2*len(values))
	for _, v := range values {
		cuts = append(cuts, Cut{At: v}, Cut{At: v, After: true})
	}
	return cuts
}

// key is the smallest float64 on the upper side of the cut: x is above the cut exactly if x >= key.
// For a feature of integers the key is an integer, so that "<= 18" and "< 19" have the same key.
func (c Cut) key(integer bool) float64 {
	switch {
	case !integer && !c.After:
		return c.At + 0
	case !integer:
		return math.Nextafter(c.At, math.Inf(1))
	case !c.After:
		return math.Ceil(c.At) + 0
	}
	if f := math.Floor(c.At); math.Abs(f) < 1<<53 {
		return f + 1
	}
	return math.Nextafter(c.At, math.Inf(1)) // floats that large are integers
}

// Special is a named raw value with a level of its own, looked for before the grid: -999 for "no invoice yet".
type Special struct {
	Name  string
	Value Value // a number or a text
}

// Range is the declared range of a numeric feature, both ends included and finite.
type Range struct{ Min, Max float64 }

// FeatureSpec is the literal from which NewSchema makes a Feature.
type FeatureSpec struct {
	Name        string
	Kind        Kind
	Unit        string // "CNY fen", "months"; may be empty
	Description string // may be empty
	Sensitivity Sensitivity

	// Numeric kinds only.
	Integer   bool   // every value is an integer; other values are rounded to the nearest (ties to even)
	Range     *Range // may be nil
	EndLevels bool   // values below and above Range get a level each; without it they fall into the end intervals
	Cuts      []Cut  // ascending; k cuts make k+1 intervals

	// Categorical only: the texts in order. Any other text is the level "other".
	Categories []string

	Specials []Special
	// FoldMissing gives missing no level of its own: it falls into "other", or into the lowest interval.
	// For features that are never missing.
	FoldMissing bool
}

// Feature is one entry of a schema: a checked, immutable FeatureSpec with its grid.
//
// The levels are numbered
//
//	0 ..            the intervals, ascending (numeric), or the categories, in order (categorical)
//	then            "other" (categorical)
//	then            missing, unless it is folded
//	then            the specials, in order
//
// With EndLevels the intervals below and above the range count as intervals: the ends of the range are cuts.
// Numbers and cuts are compared as IEEE 754 float64, exactly as PMML does.
type Feature struct {
	spec     FeatureSpec
	cuts     []Cut     // with the ends of the range, if these are cuts
	keys     []float64 // of cuts, strictly ascending
	category map[string]int
	special  map[Value]int // index into spec.Specials
}

// Name is the feature's name, unique in its schema.
func (f *Feature) Name() string { return f.spec.Name }

// Kind is how the values are to be read.
func (f *Feature) Kind() Kind { return f.spec.Kind }

// Unit is the unit of the values, for people; it may be empty.
func (f *Feature) Unit() string { return f.spec.Unit }

// Description is for people; it may be empty.
func (f *Feature) Description() string { return f.spec.Description }

// Sensitivity is how closely the feature is to be guarded.
func (f *Feature) Sensitivity() Sensitivity { return f.spec.Sensitivity }

// Integer reports whether every value is an integer.
func (f *Feature) Integer() bool { return f.spec.Integer }

// Numeric reports whether the grid is one of cuts (continuous and ordinal features).
func (f *Feature) Numeric() bool { return f.spec.Kind != KindCategorical }

// Range is the declared range, and false if none is.
func (f *Feature) Range() (Range, bool) {
	if f.spec.Range == nil {
		return Range{}, false
	}
	return *f.spec.Range, true
}

// Cuts are the boundaries of the grid, ascending, with the ends of the range where these are cuts (a copy).
func (f *Feature) Cuts() []Cut { return slices.Clone(f.cuts) }

// Categories are the categories in order (a copy).
func (f *Feature) Categories() []string { return slices.Clone(f.spec.Categories) }

// Specials are the special values in order (a copy).
func (f *Feature) Specials() []Special { return slices.Clone(f.spec.Specials) }

// Spec is the literal that makes this feature (a copy).
func (f *Feature) Spec() FeatureSpec {
	s := f.spec
	s.Cuts, s.Categories, s.Specials = slices.Clone(s.Cuts), slices.Clone(s.Categories), slices.Clone(s.Specials)
	if s.Range != nil {
		r := *s.Range
		s.Range = &r
	}
	return s
}

// newFeature checks a literal. Its errors begin with the field.
func newFeature(spec FeatureSpec) (*Feature, error) {
	f := &Feature{spec: spec}
	f.spec = f.Spec() // a copy of our own
	if err := checkName("name", spec.Name); err != nil {
		return nil, err
	}
	if err := checkText("unit", spec.Unit, MaxTextBytes); err != nil {
		return nil, err
	}
	if err := checkText("description", spec.Description, MaxTextBytes); err != nil {
		return nil, err
	}
	if spec.Sensitivity < SensitivityPublic || spec.Sensitivity > SensitivityRestricted {
		return nil, fmt.Errorf("sensitivity: want public, internal, confidential or restricted, got %d", spec.Sensitivity)
	}
	var err error
	switch spec.Kind {
	case KindContinuous, KindOrdinal:
		err = f.buildNumeric()
	case KindCategorical:
		err = f.buildCategories()
	default:
		err = fmt.Errorf("kind: want continuous, ordinal or categorical, got %d", spec.Kind)
	}
	if err == nil {
		err = f.buildSpecials()
	}
	if err == nil && f.Levels() > MaxLevels {
		err = fmt.Errorf("levels: want at most %d, got %d", MaxLevels, f.Levels())
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}
