package score

import (
	"fmt"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
)

// function is the bank's model in the form that the protocol evaluates: tables
// shifted so that their sum is between 0 and 2^m-1, and the steps of stage 2.
type function struct {
	tables [][]uint16
	base   int64 // score of a company whose shifted sum and own points are 0

	steps   *steps   // of OneTable
	windows *windows // of TwoTables

	linear  *units               // of EngineLinear: its base is 0
	circuit *probability.Circuit // of EngineProbability, likewise
}

// ParamsFor returns the parameters of a model: its grid, the smallest m that
// holds its range, and the bits of the output. Companies and the superblock are
// for the caller to set.
func ParamsFor(model *circuits.Model, output OutputKind) Params {
	p := Params{
		Engine:    EngineOT,
		Levels:    model.Levels(),
		ScoreBits: max(model.ScoreBits(), MinScoreBits),
		Output:    output,
		Form:      OneTable,
	}
	p.OutputBits = p.ScoreBits
	if output == OutputBand {
		p.OutputBits = model.BandBits()
	}
	return p
}

// newFunction shifts the tables of a model and checks that p holds it, with the
// own points of every company of the batch.
func newFunction(p Params, model *circuits.Model, own []int64) (*function, error) {
	f := &function{base: model.Base()}
	tables := model.Tables()
	if len(tables) != len(p.Levels) {
		return nil, fmt.Errorf("%w: the model has %d features, the task %d", mpc.ErrParams, len(tables), len(p.Levels))
	}
	span := int64(0)
	for i, t := range tables {
		if len(t) != p.Levels[i] {
			return nil, fmt.Errorf("%w: feature %d has %d levels, the task says %d", mpc.ErrParams, i, len(t), p.Levels[i])
		}
		lo, hi := int64(t[0]), int64(t[0])
		for _, v := range t {
			lo, hi = min(lo, int64(v)), max(hi, int64(v))
		}
		if span += hi - lo; span >= 1<<p.ScoreBits {
			return nil, fmt.Errorf("%w: the score spans more than the task's %d bits: round the points to fewer places", mpc.ErrParams, p.ScoreBits)
		}
		shifted := make([]uint16, len(t))
		for v := range t {
			shifted[v] = uint16(int64(t[v]) - lo)
		}
		f.tables = append(f.tables, shifted)
		f.base += lo
	}
	starts := []int64{f.base}
	if own != nil && p.Form == TwoTables {
		starts = make([]int64, len(own))
		for i, points := range own {
			starts[i] = f.base + points
		}
	}
	return f, f.output(p, model.Thresholds(), span, starts)
}

// output writes the steps of stage 2, for shared values from 0 to span.
func (f *function) output(p Params, thresholds []int64, span int64, starts []int64) (err error) {
	switch {
	case p.Output != OutputBand:
		f.steps = newScoreSteps(p.ScoreBits, p.guardBits())
	case p.Form == TwoTables:
		f.windows, err = newWindows(p, thresholds, span, starts)
	default:
		f.steps, err = newBandSteps(thresholds, p.ScoreBits, p.guardBits(), p.OutputBits)
	}
	return err
}
