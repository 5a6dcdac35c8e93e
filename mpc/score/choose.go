package score

import (
	"github.com/blindscore/blindscore/circuits"
)

// WithTwoTables returns p changed to the form of two tables that takes the
// fewest bytes for this model and these own points, and false if there is none:
// if the output is a score, or thresholds are too close to each other or to the
// ends of the range. The range may be widened by up to `widen` bits, which leaves
// room between its end and its beginning; an encrypted table that exists already
// allows none.
func (p Params) WithTwoTables(model *circuits.Model, own []int64, widen int) (Params, bool) {
	return p.withTwoTables(widen, len(own), func(q Params) error {
		_, err := newFunction(q, model, own)
		return err
	})
}

// WithTwoTablesLinear is WithTwoTables for EngineLinear, whose table fixes the
// range: one that is twice what the weights need leaves the most room.
func (p Params) WithTwoTablesLinear(model *circuits.IntegerModel) (Params, bool) {
	return p.withTwoTables(0, p.Companies, func(q Params) error {
		_, err := newLinearFunction(q, model)
		return err
	})
}

// withTwoTables tries every width of a window, and ranges wider by some bits.
func (p Params) withTwoTables(widen, companies int, fits func(Params) error) (Params, bool) {
	if p.Output != OutputBand {
		return p, false
	}
	best, found, least := p, false, 0
	for extra := range widen + 1 {
		for l := MinWindowBits; l <= MaxWindowBits; l++ {
			q := p
			q.Form, q.WindowBits, q.ScoreBits = TwoTables, l, p.ScoreBits+extra
			q.Companies = companies
			q.Superblock = 1
			if q.Validate() != nil || fits(q) != nil {
				continue
			}
			pl, err := newPlan(q)
			if err != nil {
				continue
			}
			bytes := 0
			for _, n := range pl.sizes(128) {
				bytes += n
			}
			if !found || bytes < least {
				best, found, least = q, true, bytes
			}
		}
	}
	best.Companies, best.Superblock = p.Companies, p.Superblock
	return best, found
}

// Flights returns how many messages a superblock takes, both ways together.
func (p Params) Flights() int {
	pl, err := newPlan(p)
	if err != nil {
		return 0
	}
	return len(pl.sizes(1))
}
