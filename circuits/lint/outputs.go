package lint

import (
	"context"
	"math/big"
)

// window is what the lint knows of one window of a class.
type window struct {
	levels, bins *big.Int
	share        float64 // of level combinations
	prior        float64
	sums         int // reachable ones
}

// class goes through the windows of one class and adds them up. The output reports follow in the order of classes.
func (a *analysis) class(ctx context.Context, c class, ownHigh int64) error {
	shares := make([]float64, c.slides)
	reached := make([]bool, c.slides)
	w := window{levels: new(big.Int), bins: new(big.Int)}
	at := make([]int, c.slides) // index of the output report
	if c.band >= 0 {
		a.report.Outputs = append(a.report.Outputs, a.bandReport(c.band))
	}
	total, _ := a.levels.total.Float64()
	for i := range c.slides {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		from, to := a.clip(c.first+i), a.clip(c.first+i+c.width)
		if w.sums = int(a.sumsBelow[to] - a.sumsBelow[from]); w.sums == 0 {
			continue
		}
		w.levels.Sub(a.levelsBelow[to], a.levelsBelow[from])
		w.bins.Sub(a.binsBelow[to], a.binsBelow[from])
		w.share, _ = w.levels.Float64()
		w.share /= total
		if a.priorBelow != nil {
			w.prior = a.priorBelow[to] - a.priorBelow[from]
		}
		shares[i], reached[i] = w.share, true
		if c.band < 0 {
			a.report.Outputs = append(a.report.Outputs, a.scoreReport(c, i))
		}
		at[i] = len(a.report.Outputs) - 1
		o := &a.report.Outputs[at[i]]
		o.add(&w, ownHigh-int64(i), a.priorBelow != nil)
		if c.band >= 0 && a.sumsBelow[from] > 0 {
			o.unused = false
		}
		a.totals.add(c.slot(i), &w, a.policy.K)
	}
	return a.features(ctx, c, shares, reached, at)
}

func (a *analysis) clip(s int) int { return min(max(s, 0), a.view.span+1) }

// add counts a window at a slot.
func (t *totals) add(slot int, w *window, k int) {
	t.outputs[slot]++
	t.entropy[slot] += surprise(w.share)
	t.priorEntropy[slot] += surprise(w.prior)
	if w.bins.IsInt64() && w.bins.Int64() < int64(k) {
		t.pinned[slot]++
		t.pinnedShare[slot] += w.share
	}
}

// add takes a window of this output for some own points into account.
func (o *OutputReport) add(w *window, own int64, prior bool) {
	if !o.Reachable || o.Levels.n.Cmp(w.levels) > 0 {
		o.Levels, o.LevelsOwn = newCount(w.levels), own
	}
	if !o.Reachable || o.Bins.n.Cmp(w.bins) > 0 {
		o.Bins, o.BinsOwn = newCount(w.bins), own
	}
	if !o.Reachable || w.sums < o.Scores {
		o.Scores = w.sums
	}
	o.Share = max(o.Share, w.share)
	if prior {
		p := w.prior
		if o.Prior != nil {
			p = max(p, *o.Prior)
		}
		o.Prior = &p
	}
	o.Reachable = true
}

func (a *analysis) bandReport(band int) OutputReport {
	v := a.view
	o := OutputReport{Band: band, Name: v.names[band], CompatibleBins: a.allBins(), unused: band > 0}
	if band > 0 {
		low := v.thresholds[band-1]
		o.Low = &low
	}
	if band < len(v.thresholds) {
		high := v.thresholds[band] - 1
		o.High = &high
	}
	return o
}

func (a *analysis) scoreReport(c class, i int) OutputReport {
	low := a.view.low + int64(c.first+i)
	high := low + int64(c.width) - 1
	return OutputReport{Band: -1, Low: &low, High: &high, CompatibleBins: a.allBins()}
}

func (a *analysis) allBins() []int {
	n := make([]int, len(a.view.bins))
	for f, bins := range a.view.bins {
		n[f] = len(bins)
	}
	return n
}

// features finds, for every feature and every window, how many bins are compatible with it.
func (a *analysis) features(ctx context.Context, c class, shares []float64, reached []bool, at []int) error {
	for f := range a.view.bins {
		if err := ctx.Err(); err != nil {
			return err
		}
		fr := &a.report.Features[f]
		a.compatible(f, c, func(i, bins int) {
			if !reached[i] {
				return
			}
			o := &a.report.Outputs[at[i]]
			o.CompatibleBins[f] = min(o.CompatibleBins[f], bins)
			fr.MinBins = min(fr.MinBins, bins)
			if bins == 1 {
				a.totals.featurePinned[f][c.slot(i)] += shares[i]
			}
		})
	}
	return nil
}

// compatible counts, for every window of the class, the bins of feature f that are compatible with it: those of an
// offset p such that the other features make a sum r with r + p in the window. Features of one bin are left out.
func (a *analysis) compatible(f int, c class, each func(i, bins int)) {
	bins := a.view.bins[f]
	if len(bins) < 2 || c.slides == 0 || c.width == 0 {
		return
	}
	wide := a.others[f].widened(a.view.span+1, c.width)
	count := newCounters(c.slides, len(bins))
	for _, b := range bins {
		count.add(wide, c.first-b.offset+c.width-1)
	}
	for i := range c.slides {
		each(i, count.count(i))
	}
}
