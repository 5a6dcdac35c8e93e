package lattice

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGuardBit checks the two claims about the guard bit. With the rounding, given all that the bank sees and even the
// noise itself, it is still random: 1 with probability x/d for x = offset + noise - low, d = H/2^cut. Had all of b'
// travelled, it would be a function of low and noise, a plain comparison of both.
func TestGuardBit(t *testing.T) {
	for _, m := range []int{8, 10} {
		rng := rand.New(rand.NewChaCha8([32]byte{byte(m)}))
		x := newFixture(t, rng, slices.Repeat([]int{16}, 12), m)
		half := math.Exp2(float64(x.p.shift()))
		window := half / math.Exp2(float64(x.p.cut))
		const buckets = 8
		var ones, all [buckets]float64
		inside, total := 0, 0
		for run := range 2 {
			xs, index := x.inputs(rng, 100*Block)
			for _, s := range x.observe(t, xs, index, byte(run)) {
				pos := (half+window)/2 + float64(s.noise) - s.low
				total++
				switch {
				case pos <= 0:
					require.Zero(t, s.guard)
				case pos >= window:
					require.Equal(t, uint32(1), s.guard)
				default:
					inside++
					b := int(pos / window * buckets)
					all[b]++
					ones[b] += float64(s.guard)
				}
				// Without the rounding: V itself is known, and V mod H < H/2 + noise decides.
				v := math.Mod(s.low+float64(s.tau)-(half+window)/2+half/2+2*half, half)
				want := uint32(0)
				if v < half/2+float64(s.noise) {
					want = 1
				}
				require.Equal(t, want, s.full, "low %v noise %v", v, s.noise)
			}
		}
		require.InDelta(t, 1/math.Exp2(float64(x.p.cut)), float64(inside)/float64(total), 0.01, "the window is this part of H")
		chi := 0.0
		for b := range all {
			p := (float64(b) + 0.5) / buckets
			require.Greater(t, all[b], 500.0)
			chi += (ones[b] - p*all[b]) * (ones[b] - p*all[b]) / (p * (1 - p) * all[b])
		}
		require.Less(t, chi, 31.8, "chi-square, 8 degrees of freedom, 1 in 10,000: ones %v of %v", ones, all)
	}
}

// TestGuardLeak compares the bound with the information itself, integrated numerically for a Gaussian part of the noise,
// and with what would leak without the rounding.
func TestGuardLeak(t *testing.T) {
	for _, c := range []struct{ features, m int }{{1, 10}, {12, 10}, {12, 9}, {12, 12}, {64, 15}, {30, 10}} {
		p, err := NewParams(slices.Repeat([]int{4}, c.features), c.m)
		require.NoError(t, err)
		v := float64(c.features) * p.set.errorVariance()
		half := math.Exp2(float64(p.shift()))
		exact := information(math.Sqrt(v), half/math.Exp2(float64(p.cut)), half)
		without := information(math.Sqrt(v), math.Sqrt(v)/1000, half) // a window of no width
		t.Logf("%v: a slot tells %.3g bits, bound %.3g, without the rounding %.3g; a block at most %.3g", p, exact, p.guardLeak(v), without, p.GuardLeak())
		require.LessOrEqual(t, exact, p.guardLeak(v))
		require.Greater(t, exact, p.guardLeak(v)/3, "the bound is not idle")
		require.Greater(t, without, 10*exact)
		require.Less(t, p.GuardLeak(), 0.05)
	}
}

// information integrates I(guard; E | low) for E Gaussian of the given deviation, over low uniform in an interval of H
// around the window: the entropy of the average less the average entropy.
func information(std, window, half float64) float64 {
	entropy := func(p float64) float64 {
		if p <= 0 || p >= 1 {
			return 0
		}
		return -p*math.Log2(p) - (1-p)*math.Log2(1-p)
	}
	const points = 101 // of the Gaussian
	var es, ws [points]float64
	norm := 0.0
	for i := range es {
		y := (float64(i) - points/2) / 10
		es[i], ws[i] = y*std, math.Exp(-y*y/2)
		norm += ws[i]
	}
	sum := 0.0
	step := std / 20
	for x := -6 * std; x < window+6*std; {
		mean, inner := 0.0, 0.0
		for i, e := range es {
			p := min(1, max(0, (x+e)/window))
			mean += ws[i] / norm * p
			inner += ws[i] / norm * entropy(p)
		}
		dx := step
		if x > 10*std && x < window-10*std {
			dx = min(10*step, window/200) // smooth there
		}
		sum += dx * max(0, entropy(mean)-inner)
		x += dx
	}
	return sum / half
}
