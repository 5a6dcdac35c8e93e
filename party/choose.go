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
	err    error
}

// candidates are all engines that the bank has a form of its model for, the one
// to be preferred first: engines whose bound of bits holds against a bank that
// deviates come before the one whose does not; then what is exact on values in
// full precision, which a grid cuts; then the encrypted table, which takes an
// eighth of the bytes of oblivious transfer with one table, and a fortieth with
// two, at 12 features of 256 levels.
func (b *Bank) candidates() []candidate {
	var all []candidate
	for _, f := range b.forms() {
		for _, engine := range enginesOf(f) {
			all = append(all, candidate{form: f, engine: engine})
		}
	}
	return all
}

// enginesOf are the engines that hold a form of a model, the better one first.
func enginesOf(f form) []score.EngineKind {
	switch f.(type) {
	case *integerForm:
		return []score.EngineKind{score.EngineLinear}
	case *circuitForm:
		return []score.EngineKind{score.EngineProbability}
	}
	return []score.EngineKind{score.EngineLattice, score.EngineOT}
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

// choose picks the engine, the best that the tax node runs for this model, and the
// form of stage 2, for a batch: two small tables where the thresholds allow it and
// the bytes they save take longer to send than their two flights more take to
// travel.
func (l *Link) choose(req Request, own []int64) (*candidate, error) {
	var why error
	for _, c := range l.b.candidates() {
		c.params, c.err = l.paramsFor(c.form, c.engine, req, own)
		if c.err == nil {
			return &c, nil
		}
		if why == nil || c.engine == l.b.cfg.Engine { // what was asked for says best why it is not to be had
			why = c.err
		}
	}
	return nil, why
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
