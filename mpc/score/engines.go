package score

import (
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
)

// EngineCost is one way to run a model: an engine with a form of stage 2.
type EngineCost struct {
	Params Params // for no companies yet
	Cost   Cost
	Err    error // why this engine does not hold the model, or not in this form; ErrParams
}

// engineField is K of the OT extension that costs are stated for.
const engineField = 4

// Engines says which engines hold a bank's models, in which forms of stage 2, and
// at what cost: EngineOT and EngineLattice a Model, EngineLinear an Integer with
// shareBits bits of the score (8 to 15), EngineProbability a Circuit. It is a
// function of the models alone; keys and own points are not looked at, so that two
// tables may yet be refused for the own points of a batch.
func (in BankInputs) Engines(output OutputKind, shareBits int) []EngineCost {
	var all []EngineCost
	add := func(p Params, err error, two func(Params) (Params, bool)) {
		p.OT = ot.Params{K: engineField}
		p.Superblock = 1
		all = append(all, costOf(p, err))
		if err != nil || output != OutputBand {
			return
		}
		q, ok := two(p)
		if !ok {
			err = fmt.Errorf("%w: the thresholds are too close for two tables", mpc.ErrParams)
			q.Form = TwoTables
		}
		all = append(all, costOf(q, err))
	}
	if in.Model != nil {
		for _, engine := range []EngineKind{EngineOT, EngineLattice} {
			p := ParamsFor(in.Model, output)
			p.Engine = engine
			add(p, nil, func(p Params) (Params, bool) { return p.WithTwoTables(in.Model, nil, 1) })
		}
	}
	if in.Integer != nil {
		p, err := LinearParams(in.Integer, output, shareBits, 0)
		p.Engine, p.Form = EngineLinear, OneTable
		add(p, err, func(p Params) (Params, bool) {
			wide, err := LinearParams(in.Integer, output, shareBits, 1)
			if err != nil {
				return p, false
			}
			wide.OT, wide.Superblock = p.OT, p.Superblock
			return wide.WithTwoTablesLinear(in.Integer)
		})
	}
	if in.Circuit != nil {
		p := ProbabilityParams(in.Circuit, output, len(in.Cuts))
		p.OT, p.Superblock = ot.Params{K: engineField}, 1
		all = append(all, costOf(p, nil))
	}
	return all
}

// costOf fills in the cost, or why there is none.
func costOf(p Params, err error) EngineCost {
	e := EngineCost{Params: p, Err: err}
	if err == nil {
		p.Superblock = p.DefaultSuperblock()
		e.Cost, e.Err = p.Cost()
	}
	return e
}
