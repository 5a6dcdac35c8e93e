package bench

import (
	"fmt"
	"strings"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc/score"
)

// Engine is one way to run a batch: a protocol of stage 1 with a form of stage 2.
type Engine struct {
	Name  string
	Stage score.EngineKind
	Form  score.Form
}

// Engines are all the ways there are. A line that is added here is benchmarked,
// reported on and held to its formula.
func Engines() []Engine {
	return []Engine{
		{Name: "ot", Stage: score.EngineOT, Form: score.OneTable},
		{Name: "ot-two-tables", Stage: score.EngineOT, Form: score.TwoTables},
		{Name: "lattice", Stage: score.EngineLattice, Form: score.OneTable},
		{Name: "lattice-two-tables", Stage: score.EngineLattice, Form: score.TwoTables},
	}
}

// EngineNamed returns the engine of that name.
func EngineNamed(name string) (Engine, error) {
	var names []string
	for _, e := range append(Engines(), FullEngines()...) {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Engine{}, fmt.Errorf("bench: no engine %q; there are %s", name, strings.Join(names, ", "))
}

// Gives reports whether the engine delivers that output.
func (e Engine) Gives(output score.OutputKind) bool {
	return output == score.OutputBand || e.Form == score.OneTable && !e.Full()
}

// Prepares reports whether a company alone can be prepared for.
func (e Engine) Prepares() bool { return e.Stage == score.EngineLattice }

// params are the parameters of a model on this engine, for no companies yet.
func (e Engine) params(model *circuits.Model, output score.OutputKind) (score.Params, error) {
	p := score.ParamsFor(model, output)
	p.Engine, p.OT.K = e.Stage, Field
	p.Superblock = 1
	if e.Form == score.TwoTables {
		// One bit more makes room where the score takes the whole range, and
		// costs next to nothing; an encrypted table has a bit to spare anyway.
		widen := 0
		if e.Stage == score.EngineOT {
			widen = 1
		}
		two, ok := p.WithTwoTables(model, nil, widen)
		if !ok {
			return p, fmt.Errorf("bench: engine %q does not take this model and output", e.Name)
		}
		p = two
	}
	return p, nil
}
