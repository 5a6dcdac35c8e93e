package circuits

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Alignment reports how a scorecard met the grid. It quotes cut-offs and is as secret as the card.
type Alignment struct {
	// Scale is the number of units per point (1, 10, 100, ...), Places its number of decimal places.
	Scale  int64
	Places int
	// OnGrid are the cut-offs that lie on the grid, Moved those that did not: each once per characteristic.
	OnGrid []CutOff
	Moved  []Move
	// Defaulted are the levels that no attribute matches and that got CompileOptions.Default.
	Defaulted []LevelRef
	// Folded are the levels into which missing is folded although the card gives it other points; missing gets
	// the points of the level.
	Folded []LevelRef
	// Unreached are the attributes that no level matches.
	Unreached []AttributeRef
	// Rounding says what CompileOptions.Round changed; nil if nothing was rounded.
	Rounding *Rounding
}

// CutOff is one constant of a predicate, together with its operator.
type CutOff struct {
	Characteristic, Feature string
	Op                      Op
	Constant                Value
}

// Move is a cut-off that is not on the grid, and where snapping put it.
type Move struct {
	CutOff
	// To is the boundary of the grid that replaces the cut-off. At an end of the range it separates nothing.
	To Cut
	// Distance is |To - constant| in the feature's unit, Steps the same as a part of the grid interval in which the
	// cut-off lies (0 to 0.5, or more beside an end of the range; 0 where that interval has no end).
	Distance, Steps float64
	// Dropped: an equality with a value that has no level of its own cannot be moved; it now never holds.
	Dropped bool
}

// LevelRef names one level that one characteristic scores.
type LevelRef struct {
	Characteristic, Feature string
	Level                   int
	Name                    string
}

// AttributeRef names one attribute.
type AttributeRef struct {
	Characteristic string
	Attribute      int
}

func (c CutOff) describe() string {
	return fmt.Sprintf("characteristic %s: %s %s %s", quoteShort(c.Characteristic), c.Feature, c.Op, c.Constant.Reveal())
}

// aligner aligns one characteristic's predicates to the grid of its feature.
type aligner struct {
	feature        *Feature
	characteristic string
	report         *Alignment
	seen           map[CutOff]bool
	cuts           map[Cut]bool
}

// predicate is p with every cut-off on the grid: as it is where it was, moved or dropped where it was not. It is
// meant for the plain levels; special values and missing are told exactly by p itself.
func (a *aligner) predicate(p *Predicate) (Predicate, error) {
	q := *p
	q.Values, q.Of = slices.Clone(p.Values), slices.Clone(p.Of)
	for i := range q.Of {
		var err error
		if q.Of[i], err = a.predicate(&p.Of[i]); err != nil {
			return q, err
		}
	}
	for i, v := range p.Values {
		off := CutOff{a.characteristic, p.Feature, p.Op, v}
		if !p.Op.ordering() {
			if a.equality(off) {
				q.Values[i] = Missing() // equal to no value
			}
			continue
		}
		x, ok := v.Number()
		if !a.feature.Numeric() || !ok {
			return q, fmt.Errorf("%w: %s: a categorical feature has no order", ErrUnsupported, off.describe())
		}
		q.Op, q.Values[i] = a.ordering(off, x)
	}
	return q, nil
}

// equality reports whether the constant has to be dropped: it is neither a category, nor a special value, nor a
// number with a boundary on both sides.
func (a *aligner) equality(off CutOff) (drop bool) {
	f := a.feature
	_, on := f.special[off.Constant]
	if x, number := off.Constant.Number(); number && f.Numeric() && !on {
		below, above := Cut{At: x}, Cut{At: x, After: true}
		on = f.spec.Integer && x != math.Trunc(x) || f.boundary(below) && f.boundary(above)
	}
	if t, text := off.Constant.Text(); text && !on {
		_, on = f.category[t]
	}
	if !a.seen[off] {
		a.seen[off] = true
		if on {
			a.report.OnGrid = append(a.report.OnGrid, off)
		} else {
			a.report.Moved = append(a.report.Moved, Move{CutOff: off, Dropped: true})
		}
	}
	return !on
}

// ordering is the operator and constant that the plain levels see.
func (a *aligner) ordering(off CutOff, x float64) (Op, Value) {
	f := a.feature
	cut := Cut{At: x, After: off.Op == OpLessOrEqual || off.Op == OpGreaterThan}
	first := !a.cuts[cut]
	a.cuts[cut] = true
	if f.boundary(cut) {
		if first {
			a.report.OnGrid = append(a.report.OnGrid, off)
		}
		return off.Op, off.Constant
	}
	to, bound := f.nearest(cut)
	if first {
		d := math.Abs(to.At - x)
		a.report.Moved = append(a.report.Moved, Move{CutOff: off, To: to, Distance: d, Steps: f.steps(cut, d)})
	}
	switch less := off.Op == OpLessThan || off.Op == OpLessOrEqual; {
	case less && to.After:
		return OpLessOrEqual, Number(bound)
	case less:
		return OpLessThan, Number(bound)
	case to.After:
		return OpGreaterThan, Number(bound)
	default:
		return OpGreaterOrEqual, Number(bound)
	}
}

// boundary reports whether the cut separates the same values as a boundary of the grid.
func (f *Feature) boundary(c Cut) bool {
	_, on := slices.BinarySearch(f.keys, c.key(f.spec.Integer))
	return on
}

// nearest is the boundary nearest to the cut, the lower of two, and the constant that stands for it. The ends of the
// range count as boundaries with nothing beyond them, and so does infinity where there is no other.
func (f *Feature) nearest(c Cut) (to Cut, constant float64) {
	type candidate struct {
		cut      Cut
		constant float64
	}
	var all []candidate
	i := f.interval(c.key(f.spec.Integer)) // the cuts around c are i-1 and i
	for j := max(0, i-1); j < min(i+1, len(f.cuts)); j++ {
		all = append(all, candidate{f.cuts[j], f.cuts[j].At})
	}
	if r := f.spec.Range; r != nil && !f.spec.EndLevels {
		all = append(all, candidate{Cut{At: r.Min}, math.Inf(-1)}, candidate{Cut{At: r.Max, After: true}, math.Inf(1)})
	}
	if len(all) == 0 {
		return Cut{At: math.Inf(-1)}, math.Inf(-1)
	}
	best := all[0]
	for _, k := range all[1:] {
		d, least := math.Abs(k.cut.At-c.At), math.Abs(best.cut.At-c.At)
		if d < least || d == least && k.cut.At < best.cut.At {
			best = k
		}
	}
	return best.cut, best.constant
}

// steps is a distance as a part of the grid interval in which the cut lies.
func (f *Feature) steps(c Cut, distance float64) float64 {
	i := f.interval(c.key(f.spec.Integer))
	low, high := math.Inf(-1), math.Inf(1)
	if r := f.spec.Range; r != nil {
		low, high = r.Min, r.Max
	}
	if i > 0 {
		low = f.cuts[i-1].At
	}
	if i < len(f.cuts) {
		high = f.cuts[i].At
	}
	if width := high - low; width > 0 && !math.IsInf(width, 0) {
		return distance / width
	}
	return 0
}

// offGrid is the error that lists what is not on the grid, or nil.
func (r *Alignment) offGrid() error {
	var lines []string
	for _, m := range r.Moved {
		lines = append(lines, m.describe())
	}
	for _, l := range r.Folded {
		lines = append(lines, fmt.Sprintf("characteristic %s: %s: missing is folded into level %s but has other points",
			quoteShort(l.Characteristic), l.Feature, quoteShort(l.Name)))
	}
	if len(lines) == 0 {
		return nil
	}
	const shown = 8
	more := ""
	if len(lines) > shown {
		more = fmt.Sprintf("; and %d more", len(lines)-shown)
		lines = lines[:shown]
	}
	return fmt.Errorf("%w: %s%s", ErrOffGrid, strings.Join(lines, "; "), more)
}
