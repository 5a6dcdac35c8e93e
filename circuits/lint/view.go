package lint

import (
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
)

// view is a model as the lint sees it. Points of a feature are counted from its least, so that the sum of the tables
// is 0 to span; the score without own points is low + sum.
type view struct {
	model      *circuits.Model
	features   []string
	tables     [][]int32
	bins       [][]bin // ascending
	widths     []int   // greatest less least points of each feature
	span       int
	low        int64
	thresholds []int64
	names      []string
}

// bin is all levels of a feature that have the same points.
type bin struct {
	offset int
	levels int
	prior  float64
}

// newView takes the tables from the model, or those given in their place.
func newView(m *circuits.Model, tables [][]int32, prior [][]float64) (*view, error) {
	lo, hi := m.Range()
	switch {
	case len(tables) > MaxFeatures:
		return nil, fmt.Errorf("%w: want at most %d features, got %d", ErrTooLarge, MaxFeatures, len(tables))
	case hi-lo >= MaxRange:
		return nil, fmt.Errorf("%w: want a score range below %d units, got %d", ErrTooLarge, MaxRange, hi-lo)
	}
	v := &view{model: m, features: m.Features(), tables: tables, low: m.Base(), thresholds: m.Thresholds(), names: m.Bands()}
	for f, table := range tables {
		if len(table) > MaxLevels {
			return nil, fmt.Errorf("%w: feature %q: want at most %d levels, got %d", ErrTooLarge, v.features[f], MaxLevels, len(table))
		}
		least, most := slices.Min(table), slices.Max(table)
		at := make(map[int32]bin)
		for l, points := range table {
			b := at[points]
			b.offset = int(points) - int(least)
			b.levels++
			if prior != nil {
				b.prior += prior[f][l]
			}
			at[points] = b
		}
		bins := make([]bin, 0, len(at))
		for _, b := range at {
			bins = append(bins, b)
		}
		slices.SortFunc(bins, func(a, b bin) int { return a.offset - b.offset })
		v.bins = append(v.bins, bins)
		v.widths = append(v.widths, int(most)-int(least))
		v.span += int(most) - int(least)
		v.low += int64(least)
	}
	if v.span >= MaxRange {
		return nil, fmt.Errorf("%w: want a score range below %d units, got %d", ErrTooLarge, MaxRange, v.span)
	}
	return v, nil
}

// informative are the features with two bins or more.
func (v *view) informative() []int {
	var fs []int
	for f, bins := range v.bins {
		if len(bins) > 1 {
			fs = append(fs, f)
		}
	}
	return fs
}

// others has, for each feature, the sums that all the other features can make. Each half of the features is added to
// what lies outside of it, then each half of the half: every feature is added log2(features) times.
func (v *view) others() []bitset {
	out := make([]bitset, len(v.bins))
	var split func(from, to int, outside bitset)
	split = func(from, to int, outside bitset) {
		if to-from == 1 {
			out[from] = outside
			return
		}
		mid := (from + to) / 2
		split(from, mid, v.plus(outside, mid, to))
		split(mid, to, v.plus(outside, from, mid))
	}
	nothing := newBitset(v.span + 1)
	nothing.set(0)
	split(0, len(v.bins), nothing)
	return out
}

// plus adds the features from..to-1 to the sums.
func (v *view) plus(sums bitset, from, to int) bitset {
	for f := from; f < to; f++ {
		next := newBitset(v.span + 1)
		for _, b := range v.bins[f] {
			next.addShifted(sums, b.offset)
		}
		sums = next
	}
	return sums
}

// class is one window of sums, or several that differ by where they start: [first+i, first+i+width) for i < slides.
// Of a band (band >= 0) they are what its thresholds cut out for slides values of the own points, of which one holds
// at a time; of a score output (band < 0) each is an output of its own.
type class struct {
	first, width, slides int
	band                 int
}

// slot is where the windows are added up: those of a band by own points, those of scores together.
func (c class) slot(i int) int {
	if c.band < 0 {
		return 0
	}
	return i
}

// outputs are the windows of all outputs. The window i of a band belongs to own points ownHigh - i.
func (v *view) outputs(p Policy) (classes []class, ownLow, ownHigh int64, err error) {
	ownLow, ownHigh = v.model.OwnRange()
	if p.Output == OutputScore {
		return v.scores(p.Clamp), ownLow, ownHigh, nil
	}
	ownLow, ownHigh = v.relevantOwn(ownLow, ownHigh)
	if ownHigh-ownLow >= MaxOwnValues+2 {
		return nil, 0, 0, fmt.Errorf("%w: want at most %d own points with a threshold in the range, got %d",
			ErrTooLarge, MaxOwnValues, ownHigh-ownLow-1)
	}
	slides := int(ownHigh-ownLow) + 1
	if n := slides * (len(v.thresholds) + 1); n > MaxWindows {
		return nil, 0, 0, fmt.Errorf("%w: want at most %d bands times own points, got %d", ErrTooLarge, MaxWindows, n)
	}
	// Before -slides every window starts below 0 and after span every one is empty: there nothing changes any more.
	start := func(t int64) int { return int(min(max(t-v.low-ownHigh, -int64(slides)), int64(v.span)+1)) }
	from := -slides
	for band := range len(v.thresholds) + 1 {
		to := v.span + 1
		if band < len(v.thresholds) {
			to = start(v.thresholds[band])
		}
		classes = append(classes, class{from, to - from, slides, band})
		from = to
	}
	return classes, ownLow, ownHigh, nil
}

// relevantOwn leaves out the own points at which no threshold cuts the range, but for one on either side.
func (v *view) relevantOwn(low, high int64) (int64, int64) {
	if len(v.thresholds) == 0 {
		return low, low
	}
	least := v.thresholds[0] - v.low - int64(v.span) - 1 // here all scores are below the first threshold
	most := v.thresholds[len(v.thresholds)-1] - v.low    // and here at or above the last
	switch {
	case low > most:
		return low, low
	case high < least:
		return high, high
	}
	return max(low, least), min(high, most)
}

func (v *view) scores(clamp *Clamp) []class {
	if clamp == nil {
		return []class{{0, 1, v.span + 1, -1}}
	}
	position := func(score int64) int { return int(min(max(score-v.low, 0), int64(v.span))) }
	low, high := position(clamp.Low), position(clamp.High)
	if low == high {
		return []class{{0, v.span + 1, 1, -1}}
	}
	return []class{{0, low + 1, 1, -1}, {low + 1, 1, high - low - 1, -1}, {high, v.span - high + 1, 1, -1}}
}
