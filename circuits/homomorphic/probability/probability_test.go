package probability

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/hefloat"

	"github.com/blindscore/blindscore/circuits"
)

func TestMixedModel(t *testing.T) {
	s, m := mixed(t)
	c, err := Compile(m, s, Options{OutputBits: 6})
	require.NoError(t, err)
	require.Equal(t, LogN13Degree7, c.Report().Set)
	records := mixedRecords(700, 1)
	u := run(t, c, records, 10)
	t.Logf("%+v, worst %v", c.Report(), check(t, c, m, s, records, u))

	// a band by thresholds on u is the band of the probability, but within the bound of a threshold
	for i, r := range records {
		p := circuits.Logistic(exact(m, s, r))
		for _, cut := range []float64{0.05, 0.2, 0.5} {
			if math.Abs(p-cut) > c.Report().Bound {
				require.Equal(t, p > cut, u[i] >= c.Index(cut), "%v at %v", p, cut)
			}
		}
	}
}

// randomModel has three features whose contributions range over 2 half together.
func randomModel(t testing.TB, rnd *rand.Rand, half float64) (*circuits.Schema, *circuits.Linear) {
	var specs []circuits.FeatureSpec
	m := &circuits.Linear{Name: "r", Intercept: rnd.NormFloat64()}
	share := []float64{0.6, 0.3, 0.1}
	for i, part := range share {
		width := math.Exp2(float64(rnd.IntN(80) - 20))
		low := (rnd.Float64()*2 - 1) * width
		f := numeric(fmt.Sprintf("f%d", i), low, low+width)
		specs = append(specs, f)
		w := (1 - 2*float64(rnd.IntN(2))) * 2 * half * part / width
		m.Terms = append(m.Terms, circuits.LinearTerm{Feature: f.Name, Coefficient: w})
		m.Intercept -= w * (low + width*rnd.Float64())
	}
	s, err := circuits.NewSchema("random", "1", specs...)
	require.NoError(t, err)
	return s, m
}

// corners are records at the ends of the ranges and between.
func corners(s *circuits.Schema, n int, rnd *rand.Rand) []record {
	records := make([]record, n)
	for i := range records {
		records[i] = record{}
		for k, f := range s.Features() {
			r, _ := f.Range()
			x := r.Min + (r.Max-r.Min)*rnd.Float64()
			switch {
			case i < 8 && i>>k&1 == 0 || rnd.IntN(6) == 0:
				x = r.Min
			case i < 8 || rnd.IntN(6) == 0:
				x = r.Max
			}
			records[i][f.Name()] = circuits.Number(x)
		}
	}
	return records
}

// Wide ranges take higher degrees; the bound holds for each.
func TestRandomModels(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	cases := []struct {
		half float64
		bits int
		set  Set
	}{
		{0.01, 6, LogN13Degree7},
		{2.5, 6, LogN13Degree7},
		{2, 10, LogN14Degree7},
		{4, 8, LogN14Degree15},
		{7, 12, LogN14Degree31},
		{33, 8, LogN14Degree127},
	}
	for _, k := range cases {
		t.Run(fmt.Sprintf("half=%v/bits=%d", k.half, k.bits), func(t *testing.T) {
			if testing.Short() && k.set > LogN13Degree7 {
				t.Skip("large parameters")
			}
			s, m := randomModel(t, rnd, k.half)
			c, err := Compile(m, s, Options{OutputBits: k.bits})
			require.NoError(t, err)
			require.Equal(t, k.set, c.Report().Set, "%+v", c.Report())
			require.InDelta(t, 2*k.half, c.Report().High-c.Report().Low, 1e-6*k.half)
			records := corners(s, 400, rnd)
			t.Logf("%+v, worst %v", c.Report(), check(t, c, m, s, records, run(t, c, records, 20)))
		})
	}
}

// The truncation bound by dense sampling, and that it is not a wild one.
func TestTruncation(t *testing.T) {
	for _, k := range []struct{ middle, half float64 }{{0, 0.001}, {-0.9, 2.8}, {1, 4}, {-3, 8}, {30, 16}, {0, 40}} {
		f := newFit(k.middle, k.half)
		for degree := 7; degree < 128; degree = 2*degree + 1 {
			worst := 0.0
			const samples = 1000
			for i := range samples + 1 {
				z := k.middle + k.half*(2*float64(i)/samples-1)
				worst = max(worst, math.Abs(f.approximate(z, degree)-circuits.Logistic(z)))
			}
			bound := f.truncation(degree)
			require.LessOrEqual(t, worst, bound+1e-14, "%+v degree %d", k, degree)
			require.LessOrEqual(t, bound, 40*worst+1e-8, "%+v degree %d", k, degree)
		}
	}
}

// The noise model against noise: what is decrypted before the mask, at all slots, minus the polynomial in floating point.
func TestNoise(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, set := range []Set{LogN13Degree7, LogN14Degree7, LogN14Degree31} {
		t.Run(set.String(), func(t *testing.T) {
			if testing.Short() && set > LogN13Degree7 {
				t.Skip("large parameters")
			}
			s, m := randomModel(t, rnd, 3)
			c, err := Compile(m, s, Options{OutputBits: 8, MaxError: 1, Least: set})
			require.NoError(t, err)
			l := c.Layout()
			key, err := NewKey(l, stream(1))
			require.NoError(t, err)
			keys, err := key.EvaluationKeys(joint, stream(2))
			require.NoError(t, err)
			bank, err := NewBank(c, joint, keys, 1)
			require.NoError(t, err)
			records := corners(s, l.Companies(), rnd)
			values, err := l.Values(records)
			require.NoError(t, err)
			message, err := key.Encrypt(values, stream(3))
			require.NoError(t, err)

			var ct *rlwe.Ciphertext
			require.NoError(t, bank.pool.Do(t.Context(), func(e *evaluator) error {
				if ct, err = c.linearTerm(message); err != nil {
					return err
				}
				ct, err = hefloat.NewPolynomialEvaluator(l.params, e).Evaluate(ct, c.poly, c.outScale())
				return err
			}))
			require.Zero(t, ct.Scale.Cmp(c.outScale()), "the scale at the end is the one that was asked for")
			phase := decrypted(key, ct)
			scale := float64(c.span) * math.Exp2(float64(l.unitBits()))
			worst, sum := 0.0, 0.0
			for i, x := range l.slotsOf(phase, len(records)) {
				d := floatOf(x, l.shape.fraction())/scale + 0.5 - c.Plain(exact(m, s, records[i]))
				worst, sum = max(worst, math.Abs(d)), sum+d*d
			}
			sigma := math.Sqrt(sum / float64(len(records)))
			bound := c.Report().Noise
			t.Logf("bound 2^%.1f, worst 2^%.1f, sigma 2^%.1f, modelled 2^%.1f",
				math.Log2(bound), math.Log2(worst), math.Log2(sigma), math.Log2(bound/tail))
			require.Less(t, worst, bound)
			require.Less(t, sigma, bound/tail, "the model is an upper bound")
			require.Greater(t, sigma, bound/tail/50, "and not a wild one")
		})
	}
}
