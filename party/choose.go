package party

import (
	"fmt"

	"github.com/blindscore/blindscore/mpc/score"
)

// choose picks the engine and the form of stage 2 for a batch.
//
// The engine is the encrypted table wherever the tax node trusts it: at 12
// features of 256 levels it takes an eighth of the bytes of oblivious transfer
// with one table, and a fortieth with two. The form is two small tables where
// the thresholds allow it and the bytes they save take longer to send than their
// two flights more take to travel.
func (l *Link) choose(req Request, own []int64) (score.Params, error) {
	cfg := l.b.cfg
	p := score.ParamsFor(cfg.Model, req.Output)
	p.OT.K = otField
	p.Companies = len(req.Companies)
	if l.table && cfg.Engine != score.EngineOT {
		p.Engine, p.ScoreBits = score.EngineLattice, cfg.Table.params.ScoreBits
		if req.Output == OutputScore {
			p.OutputBits = p.ScoreBits
		}
	}
	if cfg.Engine != 0 && cfg.Engine != p.Engine {
		return p, fmt.Errorf("%w: the tax node does not run engine %v for this model", ErrUnsupported, cfg.Engine)
	}
	widen := 2
	if p.Engine == score.EngineLattice {
		widen = 0 // the table fixes the range
	}
	if cfg.Form != score.OneTable {
		two, ok := p.WithTwoTables(cfg.Model, own, widen)
		switch {
		case ok && (cfg.Form == score.TwoTables || l.saves(p, two)):
			p = two
		case cfg.Form == score.TwoTables:
			return p, fmt.Errorf("%w: the thresholds are too close for two tables", ErrUnsupported)
		}
	}
	p.Superblock = p.DefaultSuperblock()
	return p, p.Validate()
}

// assumedRate is the bandwidth, in bytes a second, that the choice of a form
// assumes: 1 Gbit/s.
const assumedRate = 125e6

// saves reports whether two tables are done sooner than one over this link.
func (l *Link) saves(one, two score.Params) bool {
	seconds := func(p score.Params) float64 {
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
	return seconds(two) < seconds(one)
}
