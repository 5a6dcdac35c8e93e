package tables

import (
	"fmt"
	"math"
	"slices"

	"github.com/tuneinsight/lattigo/v5/he/heint"

	"github.com/blindscore/blindscore/circuits"
)

// Options say how a model is compiled. The zero value chooses everything, for a local key.
type Options struct {
	// Forms forces the form of features by name; the others take the cheaper one.
	Forms map[string]Form
	// Bins are the public bins of features by name, as Input has them; without an entry each level is its own bin. They are
	// shown to the encrypting node, so they must come from what is public and not from the model's tables.
	Bins map[string][]uint16
	// Holders is as in Set; 0 is 1.
	Holders int
	// LogN is 14 or 15; 0 is the smallest that holds the circuit.
	LogN int
	// Set, if not nil, is the set that keys exist for; Holders and LogN must be zero.
	Set *Set
	// HideRange pads the band polynomial to this many scores at least, a power of two as a rule, so that the depth and the
	// time tell no more of the model's range. At most T.
	HideRange int
}

// Circuit is a compiled model, for encrypted levels. It is immutable and safe for concurrent use, holds the model in
// clear, and does not print it.
type Circuit struct {
	layout   Layout
	params   heint.Parameters
	features []feature
	band     polynomial
	bands    int
	model    *circuits.Model
	low      int64 // the score of index 0, own points included
	unit     int64 // units of score to an index
	scores   int   // indexes
	padded   bool  // the band polynomial covers HideRange scores, possible or not
	noise    float64
	cost     Cost
}

// polynomial is a list of coefficients modulo T, low first.
type polynomial []uint64

// feature is one table, shifted so that its least entry is 0 and divided by the unit.
type feature struct {
	lookup  polynomial // FormLevels
	weights []int64    // FormIndicators: of each bin but the last, less that of the last
	last    int64
}

// Compile makes the circuit of a model.
//
// Scores are indexed from the least possible one in steps of the greatest unit that divides all differences of points.
// The model's range must be below T of these, and the depth of look-up and band together within a set: ErrTooDeep or
// ErrModel otherwise, and then a coarser unit (circuits.CompileOptions) or fewer levels help. ErrModel also for a table
// that is not constant on given bins.
func Compile(model *circuits.Model, o Options) (*Circuit, error) {
	if model == nil {
		return nil, fmt.Errorf("%w: no model", ErrModel)
	}
	c := &Circuit{model: model, bands: len(model.Bands()), padded: o.HideRange > 0}
	if err := c.index(model, o.HideRange); err != nil {
		return nil, err
	}
	plan, err := choose(model, o, len(c.band))
	if err != nil {
		return nil, err
	}
	c.layout, c.cost = plan.layout, plan.cost
	if c.params, err = c.layout.Set.Parameters(); err != nil {
		return nil, err
	}
	for i, table := range model.Tables() {
		c.features = append(c.features, c.feature(&c.layout.Inputs[i], table))
	}
	return c, c.bound()
}

// index finds the unit, the possible scores and the band polynomial.
func (c *Circuit) index(model *circuits.Model, atLeast int) error {
	low, high := model.Range()
	ownLow, ownHigh := model.OwnRange()
	c.low, c.unit = model.Base()+low+ownLow, 1
	own := len(model.OwnFeatures()) > 0
	if !own {
		c.unit = unit(model.Tables())
	}
	width := (high - low + ownHigh - ownLow) / c.unit
	if width >= T || atLeast > T {
		return fmt.Errorf("%w: want scores from a range below %d units, got %d; choose a coarser unit of points", ErrModel, T, max(width, int64(atLeast)))
	}
	c.scores = int(width) + 1
	var nodes, values []uint64
	possible := sums(model.Tables(), c.unit, c.scores)
	for i := range max(c.scores, atLeast) {
		if i >= c.scores || own || atLeast > 0 || possible[i] {
			nodes = append(nodes, uint64(i))
			values = append(values, uint64(model.Band(c.low+int64(i)*c.unit)))
		}
	}
	if most := 1 << (Set{LogN: 15, Holders: 1}).MaxSteps(); len(nodes) > min(most, maxCoefficients) {
		return fmt.Errorf("%w: want at most %d possible scores, got %d; choose a coarser unit of points", ErrTooDeep, maxCoefficients, len(nodes))
	}
	c.band = interpolate(nodes, values)
	return nil
}

// maxCoefficients bounds the band polynomial: at logN 15 some 300 products of ciphertexts.
const maxCoefficients = 1 << 14

// unit is the greatest common divisor of all differences within tables, 1 if there are none.
func unit(tables [][]int32) int64 {
	g := int64(0)
	for _, t := range tables {
		for _, v := range t {
			a, b := g, int64(v)-int64(t[0])
			for b != 0 {
				a, b = b, a%b
			}
			g = max(a, -a)
		}
	}
	return max(1, g)
}

// sums marks the possible indexes of scores.
func sums(tables [][]int32, unit int64, scores int) []bool {
	possible := make([]bool, scores)
	possible[0] = true
	for _, t := range tables {
		steps := make([]int, 0, len(t))
		for _, v := range t {
			steps = append(steps, int((int64(v)-int64(slices.Min(t)))/unit))
		}
		slices.Sort(steps)
		steps = slices.Compact(steps)
		next := make([]bool, scores)
		for i, ok := range possible {
			for _, s := range steps {
				if ok && i+s < scores {
					next[i+s] = true
				}
			}
		}
		possible = next
	}
	return possible
}

// feature makes one table ready.
func (c *Circuit) feature(in *Input, table []int32) feature {
	least := int64(slices.Min(table))
	entry := func(level int) int64 { return (int64(table[level]) - least) / c.unit }
	if in.Form == FormLevels {
		nodes, values := make([]uint64, len(table)), make([]uint64, len(table))
		for i := range table {
			nodes[i], values[i] = uint64(i), uint64(entry(i))
		}
		return feature{lookup: interpolate(nodes, values)}
	}
	points := make([]int64, bins(in.Bins))
	for level, bin := range in.Bins {
		points[bin] = entry(level)
	}
	last := len(points) - 1
	f := feature{last: points[last], weights: points[:last]}
	for i := range f.weights {
		f.weights[i] -= f.last
	}
	return f
}

// bound follows the noise through the circuit.
func (c *Circuit) bound() error {
	n := newNoise(c.layout.Set, c.params)
	top := baseLevel + depthOf(len(c.band))
	sum, fresh := 0.0, 0.0 // fresh noise is independent: variances add
	for i, f := range c.features {
		if in := &c.layout.Inputs[i]; in.Form == FormLevels {
			e, err := n.polynomial(n.rounding, len(f.lookup), in.Level)
			if err != nil {
				return err
			}
			sum += e
		}
		for _, w := range f.weights {
			fresh = math.Hypot(fresh, float64(w)*n.rounding)
		}
	}
	sum += fresh
	if err := n.survives(sum, top+1); err != nil {
		return err
	}
	sum = n.rescale(sum, top+1)
	e := sum
	if len(c.band) > 1 {
		var err error
		if e, err = n.polynomial(sum, len(c.band), top); err != nil {
			return err
		}
	}
	c.noise = e
	return n.settled(e)
}

// Layout is the public part (a copy).
func (c *Circuit) Layout() *Layout { return c.layout.clone() }

// Params are the parameters that keys are made for.
func (c *Circuit) Params() heint.Parameters { return c.params }

// Scores is the number of possible scores that the band polynomial tells apart; its degree is one less.
func (c *Circuit) Scores() int { return len(c.band) }

// Cost estimates an evaluation.
func (c *Circuit) Cost() Cost { return c.cost }
