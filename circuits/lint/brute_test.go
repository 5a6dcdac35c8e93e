package lint

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
)

// brute is the plain answer for a small model: by enumeration of all combinations of levels and all own points.
type brute struct {
	model   *circuits.Model
	policy  Policy
	outputs map[int64]*bruteOutput // by band, or by clamped score
	most    int                    // outputs for one value of own points
	shannon float64
	prior   float64
	pinned  []float64 // by feature
}

type bruteOutput struct {
	levels, bins, scores int
	compatible           []int
}

// output is what the bank gets for own points.
func (b *brute) output(levels []uint16, own int64) int64 {
	if b.policy.Output == OutputBand {
		return int64(b.model.Band(b.model.Score(levels, own)))
	}
	s := b.model.Score(levels, 0)
	if c := b.policy.Clamp; c != nil {
		s = min(max(s, c.Low), c.High)
	}
	return s
}

func (b *brute) run() {
	lo, hi := b.model.OwnRange()
	tables := b.model.Tables()
	b.outputs, b.pinned = make(map[int64]*bruteOutput), make([]float64, len(tables))
	if b.policy.Output == OutputScore {
		hi = lo
	}
	for own := lo; own <= hi; own++ {
		b.runOwn(own)
	}
}

func (b *brute) runOwn(own int64) {
	type seen struct {
		levels     int
		prior      float64
		bins       map[string]bool
		scores     map[int64]bool
		compatible []map[int32]bool
	}
	tables := b.model.Tables()
	all := make(map[int64]*seen)
	row := make([]uint16, len(tables))
	total := 0
	for {
		out := b.output(row, own)
		s := all[out]
		if s == nil {
			s = &seen{bins: make(map[string]bool), scores: make(map[int64]bool)}
			for range tables {
				s.compatible = append(s.compatible, make(map[int32]bool))
			}
			all[out] = s
		}
		var points []int32
		p := 1.0
		for f, l := range row {
			points = append(points, tables[f][l])
			s.compatible[f][tables[f][l]] = true
			if b.policy.Prior != nil {
				p *= b.policy.Prior[f][l]
			}
		}
		s.levels++
		s.prior += p
		s.bins[fmt.Sprint(points)] = true
		s.scores[b.model.Score(row, own)] = true
		total++
		f := 0
		for ; f < len(row); f++ {
			if row[f]++; int(row[f]) < len(tables[f]) {
				break
			}
			row[f] = 0
		}
		if f == len(row) {
			break
		}
	}
	shannon, prior := 0.0, 0.0
	pinned := make([]float64, len(tables))
	for out, s := range all {
		o, again := b.outputs[out]
		if !again {
			o = &bruteOutput{math.MaxInt, math.MaxInt, math.MaxInt, make([]int, len(tables))}
			b.outputs[out] = o
		}
		o.levels, o.bins, o.scores = min(o.levels, s.levels), min(o.bins, len(s.bins)), min(o.scores, len(s.scores))
		share := float64(s.levels) / float64(total)
		shannon -= share * math.Log2(share)
		if s.prior > 0 {
			prior -= s.prior * math.Log2(s.prior)
		}
		for f, c := range s.compatible {
			if !again || len(c) < o.compatible[f] {
				o.compatible[f] = len(c)
			}
			if len(c) == 1 && len(bins(tables[f])) > 1 {
				pinned[f] += share
			}
		}
	}
	b.most, b.shannon, b.prior = max(b.most, len(all)), max(b.shannon, shannon), max(b.prior, prior)
	for f := range pinned {
		b.pinned[f] = max(b.pinned[f], pinned[f])
	}
}

func bins(table []int32) map[int32]bool {
	m := make(map[int32]bool)
	for _, p := range table {
		m[p] = true
	}
	return m
}

func (b *brute) compare(t *testing.T, r *Report) {
	t.Helper()
	reachable := 0
	for i := range r.Outputs {
		o := &r.Outputs[i]
		key := int64(o.Band)
		if o.Band < 0 {
			key = min(max(*o.Low, math.MinInt64), math.MaxInt64)
			if c := b.policy.Clamp; c != nil {
				key = min(max(key, c.Low), c.High)
			}
		}
		want := b.outputs[key]
		require.Equal(t, want != nil, o.Reachable, "output %d", key)
		if want == nil {
			continue
		}
		reachable++
		require.EqualValues(t, want.levels, o.Levels.Int().Int64(), "levels of output %d", key)
		require.EqualValues(t, want.bins, o.Bins.Int().Int64(), "bins of output %d", key)
		require.Equal(t, want.scores, o.Scores, "scores of output %d", key)
		require.Equal(t, want.compatible, o.CompatibleBins, "compatible bins of output %d", key)
	}
	require.Equal(t, len(b.outputs), reachable)
	require.Equal(t, b.most, r.Summary.Outputs)
	require.InDelta(t, b.shannon, r.Summary.Shannon, 1e-9)
	if b.policy.Prior != nil {
		require.InDelta(t, b.prior, *r.Summary.ShannonPrior, 1e-9)
	}
	for f := range r.Features {
		require.InDelta(t, b.pinned[f], r.Features[f].PinnedShare, 1e-9)
		require.Equal(t, b.idle(f), r.Features[f].Idle, "feature %d", f)
	}
	b.compareUnused(t, r)
}

// idle tries every change of the feature on every combination.
func (b *brute) idle(f int) bool {
	tables := b.model.Tables()
	lo, hi := b.model.OwnRange()
	var walk func(g int, row []uint16) bool
	walk = func(g int, row []uint16) bool {
		if g < len(tables) {
			for l := range tables[g] {
				row[g] = uint16(l)
				if !walk(g+1, row) {
					return false
				}
				if g == f {
					break // at the end all its levels are tried
				}
			}
			return true
		}
		for own := lo; own <= hi; own++ {
			row[f] = 0
			first := b.output(row, own)
			for l := range tables[f] {
				row[f] = uint16(l)
				if b.output(row, own) != first {
					return false
				}
			}
		}
		return true
	}
	return walk(0, make([]uint16, len(tables)))
}

// compareUnused leaves out all unused thresholds and wants the same partition of the reachable scores, and, without own
// points, another one for each used threshold that is left out.
func (b *brute) compareUnused(t *testing.T, r *Report) {
	t.Helper()
	if b.policy.Output != OutputBand {
		return
	}
	thresholds := b.model.Thresholds()
	lo, hi := b.model.OwnRange()
	scores := []int64{0}
	for _, table := range b.model.Tables() {
		next := make(map[int64]bool)
		for _, s := range scores {
			for _, p := range table {
				next[s+int64(p)] = true
			}
		}
		scores = scores[:0]
		for s := range next {
			scores = append(scores, s)
		}
	}
	bandOf := func(ts []int64, s int64) (n int) {
		for _, th := range ts {
			if th <= s {
				n++
			}
		}
		return n
	}
	outputs := func(ts []int64) (parts [][2]int) { // band with all thresholds and with ts, for each own and score
		for own := lo; own <= hi; own++ {
			for _, s := range scores {
				parts = append(parts, [2]int{bandOf(thresholds, s+own+b.model.Base()), bandOf(ts, s+own+b.model.Base())})
			}
		}
		return parts
	}
	same := func(ts []int64) bool {
		parts := outputs(ts)
		n := len(scores)
		for at := 0; at < len(parts); at += n {
			pairs, left, right := make(map[[2]int]bool), make(map[int]bool), make(map[int]bool)
			for _, p := range parts[at : at+n] {
				pairs[p], left[p[0]], right[p[1]] = true, true, true
			}
			if len(pairs) != len(left) || len(pairs) != len(right) {
				return false
			}
		}
		return true
	}
	var used []int64
	for j := range thresholds {
		if !r.Outputs[j+1].unused {
			used = append(used, thresholds[j])
		}
	}
	require.True(t, same(used), "unused thresholds are not needed")
	if lo != hi {
		return // each of two thresholds may serve other own points, and stand in for the other
	}
	for i := range used {
		require.False(t, same(append(append([]int64{}, used[:i]...), used[i+1:]...)), "threshold %d is needed", used[i])
	}
}

// randomPrior is a random distribution of the levels of each feature, some impossible.
func randomPrior(rng *rand.Rand, levels []int) [][]float64 {
	prior := make([][]float64, len(levels))
	for f, n := range levels {
		prior[f] = make([]float64, n)
		sum := 0.0
		for l := range prior[f] {
			if l == 0 || rng.IntN(4) > 0 {
				prior[f][l] = rng.Float64() + 1e-3
			}
			sum += prior[f][l]
		}
		for l := range prior[f] {
			prior[f][l] /= sum
		}
	}
	return prior
}

func TestAgainstBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 25))
	for n := range 300 {
		shape := circuitstest.Shape{
			Features: 1 + rng.IntN(4), MaxLevels: 1 + rng.IntN(6), Bands: 1 + rng.IntN(8), ScoreBits: 1 + rng.IntN(11),
			Own: rng.IntN(3) / 2, Unread: rng.IntN(2), Wild: rng.IntN(4) == 0,
		}
		if shape.MaxLevels == 1 {
			shape.ScoreBits = 1
		}
		c, err := circuitstest.Random(rng, shape)
		if errors.Is(err, circuits.ErrUnsupported) {
			continue // a wild card that happens to read no feature
		}
		require.NoError(t, err)
		p := Policy{Output: Output(1 + rng.IntN(2))}
		if rng.IntN(2) == 0 {
			p.Prior = randomPrior(rng, c.Model.Levels())
		}
		if p.Output == OutputScore && rng.IntN(2) == 0 {
			lo, hi := c.Model.Range()
			low := c.Model.Base() + lo - 3 + rng.Int64N(hi-lo+7)
			p.Clamp = &Clamp{low, low + rng.Int64N(hi-lo+3)}
		}
		r := check(t, c.Model, p)
		b := &brute{model: c.Model, policy: p}
		b.run()
		t.Run(fmt.Sprint(n), func(t *testing.T) { b.compare(t, r) })
	}
}
