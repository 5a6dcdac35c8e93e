package lint

import (
	"cmp"
	"math/big"
	"slices"
)

// unique finds how far a published score can be taken apart into bins.
func (a *analysis) unique() {
	r, one, alone := a.report, big.NewInt(1), new(big.Int)
	r.Unique = len(a.view.informative()) > 0
	for s := range a.view.span + 1 {
		switch n := a.bins.at(s); n.Cmp(one) {
		case 0:
			alone.Add(alone, a.levels.at(s))
		case 1:
			r.Unique = false
		}
	}
	r.UniqueShare, _ = new(big.Rat).SetFrac(alone, a.levels.total).Float64()
	r.Chain = []string{}
	for _, f := range a.view.chain() {
		r.Chain = append(r.Chain, a.view.features[f])
	}
}

// chain is a longest superincreasing chain of features: the step of each exceeds the widths of all before it together,
// so that the sum of their points tells the bin of every one.
//
// A chain f_1, ..., f_n has step(f_i) > width(f_1) + ... + width(f_i-1). That is a schedule of one machine: job f takes
// width(f) and is due at step(f) - 1 + width(f), and a chain is a set of jobs that are all in time. Moore 1968
// (Management Science 15, Algorithm 1) finds the most: take jobs by due date; when one is late, drop the longest.
func (v *view) chain() []int {
	jobs := v.informative()
	due := func(f int) int { return step(v.bins[f]) - 1 + v.widths[f] }
	slices.SortStableFunc(jobs, func(f, g int) int { return cmp.Compare(due(f), due(g)) })
	var chain []int
	done := 0
	for _, f := range jobs {
		chain = append(chain, f)
		if done += v.widths[f]; done <= due(f) {
			continue
		}
		longest := 0
		for i := range chain {
			if v.widths[chain[i]] > v.widths[chain[longest]] {
				longest = i
			}
		}
		done -= v.widths[chain[longest]]
		chain = slices.Delete(chain, longest, longest+1)
	}
	return chain
}
