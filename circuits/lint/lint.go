package lint

import (
	"context"
	"math"
	"math/big"

	"github.com/blindscore/blindscore/circuits"
)

// Check says what one output of the model under the policy tells about a company's levels, and suggests what to
// change. Errors wrap ErrPolicy or ErrTooLarge, or are the context's. A report with critical findings is no error:
// see Report.Passed.
func Check(ctx context.Context, m *circuits.Model, p Policy) (*Report, error) {
	p, err := p.check(m)
	if err != nil {
		return nil, err
	}
	v, err := newView(m, m.Tables(), p.Prior)
	if err != nil {
		return nil, err
	}
	a, err := analyse(ctx, v, p)
	if err != nil {
		return nil, err
	}
	a.report.Remedies, err = a.remedies(ctx)
	return a.report, err
}

// analysis is one run of the lint over a view. Sums of the tables are counted from 0 to span.
type analysis struct {
	view   *view
	policy Policy
	report *Report
	// Combinations of levels and of bins by sum, and the number of them below a sum.
	levels, bins           *distribution
	levelsBelow, binsBelow []*big.Int
	priorBelow             []float64 // nil without a prior
	sumsBelow              []int32   // reachable sums
	others                 []bitset  // sums that all features but one can make
	totals                 totals
}

// totals are kept for each slot (see class.slot), that is for each value of the own points.
type totals struct {
	outputs               []int
	entropy, priorEntropy []float64
	pinned                []int
	pinnedShare           []float64
	featurePinned         [][]float64 // by feature, then by slot
}

func analyse(ctx context.Context, v *view, p Policy) (*analysis, error) {
	a := &analysis{view: v, policy: p}
	if err := a.count(ctx); err != nil {
		return nil, err
	}
	classes, ownLow, ownHigh, err := v.outputs(p)
	if err != nil {
		return nil, err
	}
	a.begin(classes, ownLow, ownHigh)
	for _, c := range classes {
		if err := a.class(ctx, c, ownHigh); err != nil {
			return nil, err
		}
	}
	a.finish(classes)
	a.judge()
	return a, nil
}

// count fills in what does not depend on the outputs.
func (a *analysis) count(ctx context.Context) (err error) {
	v := a.view
	levels, bins := make([]*distribution, len(v.bins)), make([]*distribution, len(v.bins))
	for f := range v.bins {
		levels[f] = single(v.widths[f], v.bins[f], func(b bin) int { return b.levels })
		bins[f] = single(v.widths[f], v.bins[f], func(bin) int { return 1 })
	}
	if a.levels, err = product(ctx, levels); err != nil {
		return err
	}
	if a.bins, err = product(ctx, bins); err != nil {
		return err
	}
	a.levelsBelow, a.binsBelow = a.levels.cumulative(), a.bins.cumulative()
	reached := newBitset(v.span + 1)
	for s := range v.span + 1 {
		if a.bins.at(s).Sign() > 0 {
			reached.set(s)
		}
	}
	a.sumsBelow = reached.ranks(v.span + 1)
	a.others = v.others()
	if a.policy.Prior == nil {
		return ctx.Err()
	}
	p, err := probabilities(ctx, v, func(b bin) float64 { return b.prior })
	if err != nil {
		return err
	}
	a.priorBelow = make([]float64, len(p)+1)
	for s, x := range p {
		a.priorBelow[s+1] = a.priorBelow[s] + x
	}
	return ctx.Err()
}

// begin makes room and fills the head of the report.
func (a *analysis) begin(classes []class, ownLow, ownHigh int64) {
	v, m := a.view, a.view.model
	lo, hi := m.OwnRange()
	slots := classes[0].slides
	own := OwnSpan{lo, hi, slots}
	if a.policy.Output == OutputScore {
		slots, own.Values = 1, 1
	}
	a.totals = totals{
		outputs: make([]int, slots), entropy: make([]float64, slots), priorEntropy: make([]float64, slots),
		pinned: make([]int, slots), pinnedShare: make([]float64, slots), featurePinned: make([][]float64, len(v.bins)),
	}
	r := &Report{
		Format: reportFormat, Model: m.Name(), Version: m.Version(), Output: a.policy.Output, Clamp: a.policy.Clamp,
		Scale: m.Scale(), Low: v.low, High: v.low + int64(v.span), Own: own, K: a.policy.K, Bits: a.policy.Bits,
		Levels: newCount(a.levels.total), Bins: newCount(a.bins.total), Remedies: []Remedy{},
	}
	for f, bins := range v.bins {
		a.totals.featurePinned[f] = make([]float64, slots)
		fr := FeatureReport{
			Name: v.features[f], Levels: len(v.tables[f]), Bins: len(bins), Width: int64(v.widths[f]),
			Step: int64(step(bins)), MinBins: len(bins), Idle: a.idle(f, classes),
		}
		if v.span > 0 {
			fr.Share = float64(v.widths[f]) / float64(v.span)
		}
		r.Features = append(r.Features, fr)
	}
	a.report = r
}

// step is the least difference of two bins, 0 if there is one.
func step(bins []bin) int {
	least := 0
	for i := 1; i < len(bins); i++ {
		if d := bins[i].offset - bins[i-1].offset; least == 0 || d < least {
			least = d
		}
	}
	return least
}

// idle reports that feature f never changes the output: for none of the starts s of a window and no sum r of the
// others does r + points of f lie below s for some bin, and at or above it for another.
func (a *analysis) idle(f int, classes []class) bool {
	span, width := a.view.span, a.view.widths[f]
	if width == 0 {
		return true
	}
	below := a.others[f].ranks(span + 1)
	clip := func(s int) int { return min(max(s, 0), span+1) }
	for _, c := range classes {
		// r in [s-width, s), for s = first, ..., first+slides-1
		if c.slides > 0 && below[clip(c.first+c.slides-1)] > below[clip(c.first-width)] {
			return false
		}
	}
	return true
}

// finish takes the worst over the own points.
func (a *analysis) finish(classes []class) {
	r, t := a.report, &a.totals
	s := &r.Summary
	s.PinnedShare = worst(t.pinnedShare)
	for i := range t.outputs {
		s.Outputs, s.Pinned = max(s.Outputs, t.outputs[i]), max(s.Pinned, t.pinned[i])
	}
	s.Log2, s.Shannon = math.Log2(float64(s.Outputs)), worst(t.entropy)
	if a.priorBelow != nil {
		h := worst(t.priorEntropy)
		s.ShannonPrior = &h
	}
	first := true
	for i := range r.Outputs {
		if o := &r.Outputs[i]; o.Reachable {
			if first || o.Bins.Cmp(s.SmallestBins) < 0 {
				s.SmallestBins = o.Bins
			}
			if first || o.Levels.Cmp(s.Smallest) < 0 {
				s.Smallest = o.Levels
			}
			first = false
		}
	}
	for f := range r.Features {
		r.Features[f].PinnedShare = worst(t.featurePinned[f])
	}
	windows := len(classes) // what the output can name, reached or not
	if a.policy.Output == OutputScore {
		windows = 0
		for _, c := range classes {
			windows += c.slides
		}
	}
	r.NeededBits = needed(windows)
	if r.Bits == 0 {
		r.Bits = r.NeededBits
	}
	a.unique()
}

// worst is the greatest.
func worst(xs []float64) float64 {
	w := 0.0
	for _, x := range xs {
		w = max(w, x)
	}
	return w
}

// surprise is -p log2(p).
func surprise(p float64) float64 {
	if p <= 0 || p >= 1 {
		return 0
	}
	return -p * math.Log2(p)
}
