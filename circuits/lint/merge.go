package lint

import (
	"context"
	"math/big"
)

// merge finds thresholds to leave out: first those that tell nobody apart, then, while some band stands for fewer than
// K bin combinations or for a single score, or pins a feature for many companies, the one between the lowest such band
// and its smaller neighbour. That is greedy: it finds a good banding, not the one with the most bands.
func (a *analysis) merge(ctx context.Context) (drop []int, err error) {
	groups, _, _, err := a.view.outputs(a.policy)
	if err != nil {
		return nil, err
	}
	left := make([]bool, len(a.view.thresholds)) // thresholds left out
	join := func(i int) {                        // group i and the next
		left[groups[i+1].band-1] = true
		groups[i].width += groups[i+1].width
		groups = append(groups[:i+1], groups[i+2:]...)
	}
	for i := len(groups) - 1; i > 0; i-- {
		if a.report.Outputs[groups[i].band].unused {
			join(i - 1)
		}
	}
	shares, fine := make([]float64, len(groups)), make([]bool, len(groups))
	for i := range groups {
		if shares[i], fine[i], err = a.weigh(ctx, groups[i]); err != nil {
			return nil, err
		}
	}
	for len(groups) > 1 {
		i := 0
		for i < len(groups) && fine[i] {
			i++
		}
		if i == len(groups) {
			break
		}
		if i == len(groups)-1 || i > 0 && shares[i-1] < shares[i+1] {
			i--
		}
		join(i)
		shares, fine = append(shares[:i+1], shares[i+2:]...), append(fine[:i+1], fine[i+2:]...)
		if shares[i], fine[i], err = a.weigh(ctx, groups[i]); err != nil {
			return nil, err
		}
	}
	for t, out := range left {
		if out {
			drop = append(drop, t)
		}
	}
	return drop, nil
}

// weigh is the greatest share of level combinations that a band has, and whether the band may stay.
func (a *analysis) weigh(ctx context.Context, c class) (share float64, fine bool, err error) {
	fine = true
	n := new(big.Int)
	total, _ := a.levels.total.Float64()
	shares := make([]float64, c.slides)
	for i := range c.slides {
		from, to := a.clip(c.first+i), a.clip(c.first+i+c.width)
		sums := a.sumsBelow[to] - a.sumsBelow[from]
		if sums == 0 {
			continue
		}
		n.Sub(a.binsBelow[to], a.binsBelow[from])
		if sums == 1 || n.IsInt64() && n.Int64() < int64(a.policy.K) {
			fine = false
		}
		n.Sub(a.levelsBelow[to], a.levelsBelow[from])
		shares[i], _ = n.Float64()
		shares[i] /= total
		share = max(share, shares[i])
	}
	for f := range a.view.bins {
		if !fine || ctx.Err() != nil {
			break
		}
		a.compatible(f, c, func(i, bins int) {
			if bins == 1 && shares[i] >= warningShare {
				fine = false
			}
		})
	}
	return share, fine, ctx.Err()
}
