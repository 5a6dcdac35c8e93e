package cumcm2020c

import (
	"math"
	"slices"

	"github.com/blindscore/blindscore/circuits"
)

// Firm is one labelled firm of the sample: its levels on the whole schema, and whether it defaulted.
type Firm struct {
	Levels    []uint16
	Defaulted bool
}

const (
	minShare  = 6    // a bin holds at least one in so many firms
	prior     = 5.0  // firms of the sample's own mixture that are added to each bin
	minWeight = 0.05 // information value below which a feature is left out
)

// bin is a run of neighbouring levels [from, to).
type bin struct {
	from, to  int
	good, bad float64
}

func (b bin) badRate() float64 { return b.bad / (b.good + b.bad) }

// binned is a feature cut into bins.
type binned struct {
	index   int // in the schema
	feature *circuits.Feature
	bins    []bin     // at least two, ascending
	woe     []float64 // of each bin
	missing float64   // weight of evidence of missing values, 0 if the sample has none
	value   float64   // information value
}

// totals are the good and bad firms of the sample.
type totals struct{ good, bad float64 }

func count(firms []Firm) (t totals) {
	for _, f := range firms {
		if f.Defaulted {
			t.bad++
		} else {
			t.good++
		}
	}
	return t
}

// woe is the weight of evidence of so many good and bad firms.
func (t totals) woe(good, bad float64) float64 {
	n := t.good + t.bad
	return math.Log((good + prior*t.good/n) / (t.good + prior) / ((bad + prior*t.bad/n) / (t.bad + prior)))
}

// cut bins one numeric feature, in the direction, rising or falling risk, that says more. It returns false where the
// feature says too little.
func cut(schema *circuits.Schema, index int, firms []Firm) (*binned, bool) {
	f := schema.At(index)
	if !f.Numeric() {
		return nil, false
	}
	t := count(firms)
	intervals := make([]bin, len(f.Cuts())+1)
	var missing bin
	for i := range intervals {
		intervals[i].from, intervals[i].to = i, i+1
	}
	for _, firm := range firms {
		at := &missing
		if level := int(firm.Levels[index]); level < len(intervals) {
			at = &intervals[level]
		}
		if firm.Defaulted {
			at.bad++
		} else {
			at.good++
		}
	}
	var best *binned
	for _, rising := range []bool{true, false} {
		b := &binned{index: index, feature: f, bins: monotone(coarse(intervals, len(firms)), rising)}
		for _, x := range b.bins {
			w := t.woe(x.good, x.bad)
			b.woe = append(b.woe, w)
			b.value += (x.good/t.good - x.bad/t.bad) * w
		}
		if missing.good+missing.bad > 0 {
			b.missing = t.woe(missing.good, missing.bad)
		}
		if best == nil || b.value > best.value {
			best = b
		}
	}
	return best, len(best.bins) > 1 && best.value >= minWeight
}

// coarse joins neighbours until each bin holds its share of n firms.
func coarse(intervals []bin, n int) []bin {
	bins := intervals[:0:0]
	open := bin{}
	for _, x := range intervals {
		open = join(open, x)
		if open.good+open.bad >= float64(n)/minShare {
			bins, open = append(bins, open), bin{from: open.to, to: open.to}
		}
	}
	if open.to > open.from {
		if len(bins) == 0 {
			return []bin{open}
		}
		bins[len(bins)-1] = join(bins[len(bins)-1], open)
	}
	return bins
}

// monotone joins neighbours until the bad rate goes one way (pool adjacent violators).
func monotone(bins []bin, rising bool) []bin {
	var out []bin
	for _, b := range bins {
		out = append(out, b)
		for n := len(out); n > 1 && (out[n-1].badRate() > out[n-2].badRate()) != rising; n-- {
			out = append(out[:n-2], join(out[n-2], out[n-1]))
		}
	}
	return out
}

func join(a, b bin) bin { return bin{a.from, b.to, a.good + b.good, a.bad + b.bad} }

// of is the weight of evidence of a level.
func (b *binned) of(level uint16) float64 {
	i, found := slices.BinarySearchFunc(b.bins, int(level), func(x bin, level int) int {
		switch {
		case x.to <= level:
			return -1
		case x.from > level:
			return 1
		}
		return 0
	})
	if !found {
		return b.missing
	}
	return b.woe[i]
}
