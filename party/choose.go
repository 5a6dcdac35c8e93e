package party

import (
	"fmt"

	"github.com/blindscore/blindscore/mpc/score"
)

// candidate is one way to run a batch, or why it cannot be run so.
type candidate struct {
	form   form
	engine score.EngineKind
	params score.Params
	cost   score.Cost
	err    error
}

// candidates are all engines that the bank has a form of its model for, the best
// that runs first. Engines whose bound of bits holds against a bank that deviates
// come before the one whose does not; then what is exact on values in full
// precision, which a grid cuts; then what is done sooner over this link.
func (l *Link) candidates(req Request, own []int64) []candidate {
	var all []candidate
	for _, f := range l.b.forms() {
		for _, engine := range enginesOf(f) {
			c := candidate{form: f, engine: engine}
			c.params, c.err = l.paramsFor(f, engine, req, own)
			if c.err == nil {
				c.cost, c.err = c.params.Cost()
			}
			all = append(all, c)
		}
	}
	best := 0
	for i := range all {
		if all[i].err == nil && (all[best].err != nil || l.better(&all[i], &all[best])) {
			best = i
		}
	}
	if best > 0 {
		all[0], all[best] = all[best], all[0]
	}
	return all
}

// better reports whether a is to be preferred to b.
func (l *Link) better(a, b *candidate) bool {
	if a.cost.Bounded != b.cost.Bounded {
		return a.cost.Bounded
	}
	if a.cost.FullPrecision != b.cost.FullPrecision {
		return a.cost.FullPrecision
	}
	return l.seconds(a.params) < l.seconds(b.params)
}

// enginesOf are the engines that hold a form of a model.
func enginesOf(f form) []score.EngineKind {
	switch f.(type) {
	case *integerForm:
		return []score.EngineKind{score.EngineLinear}
	case *circuitForm:
		return []score.EngineKind{score.EngineProbability}
	}
	return []score.EngineKind{score.EngineOT, score.EngineLattice}
}

// paramsFor are the parameters of a batch on an engine, in the better form of
// stage 2, or why the engine does not run it here.
func (l *Link) paramsFor(f form, engine score.EngineKind, req Request, own []int64) (p score.Params, err error) {
	cfg := l.b.cfg
	if cfg.Engine != 0 && cfg.Engine != engine {
		return p, fmt.Errorf("%w: the bank is configured for engine %v", ErrUnsupported, cfg.Engine)
	}
	two := func() (score.Params, bool) { return p, false }
	switch f := f.(type) {
	case *gridForm:
		p = score.ParamsFor(f.model, req.Output)
		widen := 2
		if engine == score.EngineLattice {
			if !l.table {
				return p, fmt.Errorf("%w: the tax node does not run engine %v for this model", ErrUnsupported, engine)
			}
			p.Engine, p.ScoreBits = engine, f.table.params.ScoreBits
			widen = 0 // the table fixes the range
		}
		two = func() (score.Params, bool) { return p.WithTwoTables(f.model, own, widen) }
	case *integerForm:
		if !l.linear {
			return p, fmt.Errorf("%w: the tax node does not run engine %v for this model", ErrUnsupported, engine)
		}
		p = f.table.params
		p.Output, p.OutputBits = req.Output, f.table.model.BandBits()
		two = func() (score.Params, bool) { return p.WithTwoTablesLinear(f.table.model) }
	case *circuitForm:
		if !l.runs(engine) {
			return p, fmt.Errorf("%w: the tax node does not run engine %v", ErrUnsupported, engine)
		}
		p = score.ProbabilityParams(f.model.circuit, req.Output, len(f.model.linear.Probabilities))
	}
	p.OT.K = otField
	p.Companies = len(req.Companies)
	if req.Output != OutputBand {
		p.OutputBits = p.ScoreBits
	}
	if cfg.Form != score.OneTable {
		q, ok := two()
		switch {
		case ok && (cfg.Form == score.TwoTables || l.seconds(q) < l.seconds(p)):
			p = q
		case cfg.Form == score.TwoTables:
			return p, fmt.Errorf("%w: the thresholds are too close for two tables", ErrUnsupported)
		}
	}
	p.Superblock = p.DefaultSuperblock()
	return p, p.Validate()
}

// choose picks the engine and the form of stage 2 for a batch.
//
// Of a model on the grid that is the encrypted table wherever the tax node trusts
// it: at 12 features of 256 levels it takes an eighth of the bytes of oblivious
// transfer with one table, and a fortieth with two. The form of stage 2 is two
// small tables where the thresholds allow it and the bytes they save take longer
// to send than their two flights more take to travel.
func (l *Link) choose(req Request, own []int64) (*candidate, error) {
	all := l.candidates(req, own)
	if all[0].err == nil {
		return &all[0], nil
	}
	for i := range all { // what was asked for says why it is not to be had
		if all[i].engine == l.b.cfg.Engine {
			return nil, all[i].err
		}
	}
	return nil, all[0].err
}

// assumedRate is the bandwidth, in bytes a second, that the choice assumes: 1
// Gbit/s.
const assumedRate = 125e6

// seconds is about how long a batch takes over this link: the flights of one
// superblock to travel, and all bytes to be sent.
func (l *Link) seconds(p score.Params) float64 {
	p.Superblock = p.DefaultSuperblock()
	sizes, err := p.Sizes(min(p.Superblock, max(p.Companies, 1)))
	if err != nil {
		return 0
	}
	bytes := 0
	for _, n := range sizes {
		bytes += n
	}
	blocks := float64(max(p.Superblocks(), 1))
	return float64(len(sizes))*l.trip.Seconds()/2 + blocks*float64(bytes)/assumedRate
}
