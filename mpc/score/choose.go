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
	if p.Output != OutputBand {
		return p, false
	}
	best, found, least := p, false, 0
	for extra := range widen + 1 {
		for l := MinWindowBits; l <= MaxWindowBits; l++ {
			q := p
			q.Form, q.WindowBits, q.ScoreBits = TwoTables, l, p.ScoreBits+extra
			q.Companies = len(own)
			q.Superblock = 1
			if q.Validate() != nil {
				continue
			}
			if _, err := newFunction(q, model, own); err != nil {
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
