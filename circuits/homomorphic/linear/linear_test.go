package linear

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// TestAgainstPlain: shares join to the plain dot product, exactly where its range fits, within Rounding where not.
func TestAgainstPlain(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	exact, low, high := 0, 0, 0
	for turn := range 24 {
		bits := []int{0, 3, 8, 20, 40}[turn%5]
		m := randomModel(t, rng, 1+rng.IntN(6), bits, MinShareBits+rng.IntN(9))
		n := []int{1, 7, 8, 100, 1000, Block - 1, Block}[rng.IntN(7)]
		values := m.companies(rng, n)
		z, index := m.run(t, values, byte(turn))
		mask := uint32(1)<<(m.p.ScoreBits()+1) - 1
		for i := range z {
			require.LessOrEqual(t, max(z[i], index[i]), mask)
			got := int64((z[i] + index[i]) & mask >> 1)
			x := m.dot(values, i) - m.key.Low()
			a, b := m.p.Rounding(x)
			require.True(t, got == a || got == b, "unit %d: got %d for %d, want %d or %d", m.p.Unit(), got, x, a, b)
			switch {
			case m.p.Unit() == 1:
				require.Equal(t, x, got)
				exact++
			case a == b:
			case got == a:
				low++
			default:
				high++
			}
		}
	}
	require.Greater(t, min(exact, low, high), 1000)
}

// TestRounding: the two values enclose the exact quotient, and a threshold is right a unit away from it.
func TestRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, k := range []int{8, 9, 10, 12, 16, 30, 62} {
		p, err := NewParams(Config{[]Interval{{0, 1}}, k, 8})
		require.NoError(t, err)
		require.Equal(t, int64(1)<<(k-8), p.Unit())
		for range 2000 {
			x := edgy(rng, 0, 1<<k-p.Unit())
			low, high := p.Rounding(x)
			require.True(t, low <= high && high <= low+1 && high < 1<<8)
			if p.Unit() == 1 {
				require.True(t, low == x && high == x)
				continue
			}
			quotient := float64(x) / float64(p.Unit())
			require.InDelta(t, quotient, float64(low), 13.0/16+0.001)
			require.InDelta(t, quotient, float64(high), 13.0/16+0.001)
			threshold := edgy(rng, 0, 1<<k-p.Unit())
			cut := p.Threshold(threshold)
			if x >= threshold+p.Unit() {
				require.GreaterOrEqual(t, low, cut)
			}
			if x <= threshold-p.Unit() {
				require.Less(t, high, cut)
			}
		}
	}
}

// TestNoise measures b' + a's - R - s Q/2^K against the standard deviation and the bound that the parameters state.
func TestNoise(t *testing.T) {
	for _, m := range []model{sixteen(t), build(t, []Interval{{0, 1}}, []int32{5}, 8, 1)} {
		rng := rand.New(rand.NewPCG(5, 6))
		values := make([][]int64, len(m.weights))
		for f, in := range m.p.features { // the largest values make the most noise
			values[f] = make([]int64, Block)
			for i := range values[f] {
				values[f][i] = in.Max - int64(rng.IntN(2))
			}
		}
		w, err := m.certified.masked(values, source(9))
		require.NoError(t, err)
		r := m.p.rlwe.RingQ()
		r.MulCoeffsMontgomery(w.a, m.key.secret.RLWE().Value.Q, w.a)
		r.INTT(w.a, w.a)
		r.Add(w.a, w.b, w.a)
		r.Sub(w.a, w.mask, w.a)
		got := make([]*big.Int, Block)
		for i := range got {
			got[i] = new(big.Int)
		}
		r.PolyToBigint(w.a, 1, got)
		q := r.ModulusAtLevel[1]
		square, most := 0.0, 0.0
		for i, v := range got {
			want := new(big.Int).Mul(big.NewInt(m.dot(values, i)), q)
			v.Sub(v, want.Rsh(want, uint(m.p.k)))
			v.Mod(v, q)
			if v.Cmp(new(big.Int).Rsh(q, 1)) > 0 {
				v.Sub(v, q)
			}
			f, _ := new(big.Float).SetInt(v).Float64()
			square += f * f / Block
			most = max(most, math.Abs(f))
		}
		std := math.Sqrt(square) / m.p.torus.ulp
		require.InEpsilon(t, m.p.NoiseStd(), std, 0.35, "one block's errors are shared by its slots")
		require.Less(t, most/m.p.torus.ulp, m.p.NoiseBound())
		require.Less(t, m.p.NoiseBound(), math.Ldexp(1, 54-m.p.m))
		require.Less(t, m.p.GuardLeak(), 1e-6)
	}
}

// TestTurn compares the conversion to 64 bits with exact integers.
func TestTurn(t *testing.T) {
	m := build(t, []Interval{{0, 1}}, []int32{5}, 8, 1)
	r := m.p.rlwe.RingQ()
	v, err := homomorphic.UniformPoly(r, 1, source(1))
	require.NoError(t, err)
	for i, q := range []uint64{q0, q1} {
		v.Coeffs[i][0], v.Coeffs[i][1], v.Coeffs[i][2] = 0, 1, q-1
	}
	exact := make([]*big.Int, Block)
	for i := range exact {
		exact[i] = new(big.Int)
	}
	r.PolyToBigint(v, 1, exact)
	for i, x := range exact {
		x.Lsh(x, 64).Div(x, r.ModulusAtLevel[1])
		require.Less(t, x.Uint64()-m.p.torus.turn(v.Coeffs[0][i], v.Coeffs[1][i]), uint64(6))
	}
	require.LessOrEqual(t, r.ModulusAtLevel[1].BitLen(), homomorphic.MaxLogQP(logN))
}

// TestShares: each side's share is uniform on its own, whatever the companies' values.
func TestShares(t *testing.T) {
	m := build(t, []Interval{{0, 100}}, []int32{2}, 8, 1)
	values := [][]int64{make([]int64, Block)}
	for _, fixed := range []int64{0, 99} {
		for i := range values[0] {
			values[0][i] = fixed
		}
		z, index := m.run(t, values, byte(fixed))
		for _, share := range [][]uint32{z, index} {
			var counts [16]int
			for _, v := range share {
				counts[v>>(m.p.m+1-4)]++
			}
			for _, c := range counts {
				require.InDelta(t, Block/16, c, 100)
			}
		}
	}
}

// TestViews compares two runs that differ in the companies' values alone: the tax node's share is the same, and what the
// bank receives looks uniform in both.
func TestViews(t *testing.T) {
	m := sixteen(t)
	rng := rand.New(rand.NewPCG(7, 8))
	x, y := m.companies(rng, Block), m.companies(rng, Block)
	msgX, indexX, err := m.certified.Eval(x, source(3))
	require.NoError(t, err)
	msgY, indexY, err := m.certified.Eval(y, source(3))
	require.NoError(t, err)
	require.Equal(t, indexX, indexY)
	require.NotEqual(t, msgX, msgY)
	for _, msg := range [][]byte{msgX, msgY} {
		var counts [256]int
		for _, b := range msg {
			counts[b]++
		}
		want := float64(len(msg)) / 256
		for v, c := range counts {
			require.InDelta(t, want, c, 6*math.Sqrt(want), "byte %d", v)
		}
	}
	again, _, err := m.certified.Eval(x, source(3))
	require.NoError(t, err)
	require.Equal(t, msgX, again, "a function of values and randomness")
}

// TestFrozen holds table, message and shares to what they were.
func TestFrozen(t *testing.T) {
	m := build(t, []Interval{{-5, 1000}, {0, 1 << 40}}, []int32{-7, 30000}, 10, 1)
	digest, err := m.table.Digest()
	require.NoError(t, err)
	msg, index, err := m.certified.Eval([][]int64{{1, 2, 3}, {4, 5, 1 << 39}}, source(2))
	require.NoError(t, err)
	z, err := m.key.Decrypt(msg, 3)
	require.NoError(t, err)
	sum := sha256.Sum256(msg)
	require.Equal(t, "5bd32043975ba107 395375999c91a4ea [820 1341 84] [1229 708 854]", hex.EncodeToString(digest[:8])+" "+hex.EncodeToString(sum[:8])+" "+fmt.Sprint(index, z))
}

func TestRefusals(t *testing.T) {
	one := []Interval{{0, 1}}
	for name, c := range map[string]Config{
		"no features":   {nil, 10, 10},
		"many features": {make([]Interval, 65), 10, 10},
		"no range":      {one, 0, 10},
		"wide range":    {one, 63, 10},
		"few bits":      {one, 10, 7},
		"many bits":     {one, 20, 17},
		"upside down":   {[]Interval{{1, 0}}, 10, 10},
		"too large":     {[]Interval{{0, 1<<40 + 1}}, 10, 10},
		"too small":     {[]Interval{{math.MinInt64, 0}}, 10, 10},
	} {
		_, err := NewParams(c)
		require.ErrorIs(t, err, homomorphic.ErrParams, name)
	}
	p, err := NewParams(Config{[]Interval{{0, 10}, {0, 10}}, 8, 8})
	require.NoError(t, err)
	for _, weights := range [][]int32{{1}, {1, 2, 3}} {
		_, _, err = Generate(p, weights, Joint{}, source(1))
		require.ErrorIs(t, err, homomorphic.ErrParams)
	}
	for _, weights := range [][]int32{{20, 20}, {1 << 15, 0}, {0, -1<<15 - 1}} {
		_, _, err = Generate(p, weights, Joint{}, source(1))
		require.ErrorIs(t, err, homomorphic.ErrRange)
	}
	_, _, err = Generate(Params{}, nil, Joint{}, source(1))
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = ReadTable(Params{}, Joint{}, nil)
	require.ErrorIs(t, err, homomorphic.ErrParams)

	m := build(t, []Interval{{0, 10}, {0, 10}}, []int32{12, 13}, 8, 1)
	for _, values := range [][][]int64{nil, {{1}}, {{}, {}}, {{1}, {1, 2}}, {make([]int64, Block+1), make([]int64, Block+1)}} {
		_, _, err = m.certified.Eval(values, source(1))
		require.ErrorIs(t, err, homomorphic.ErrParams)
	}
	for _, v := range []int64{-1, 11, math.MinInt64, math.MaxInt64} {
		_, _, err = m.certified.Eval([][]int64{{v}, {1}}, source(1))
		require.ErrorIs(t, err, homomorphic.ErrRange)
	}
	broken := errors.New("broken")
	for n := range 3 {
		short := io.MultiReader(io.LimitReader(source(1), int64(n)*8*Block), failing{broken})
		_, _, err = m.certified.Eval([][]int64{{1}, {1}}, short)
		require.ErrorIs(t, err, broken)
		_, _, err = Generate(p, []int32{1, 1}, Joint{}, io.MultiReader(io.LimitReader(source(1), int64(n)*8*Block), failing{broken}))
		require.ErrorIs(t, err, broken)
	}
	require.Equal(t, redacted, fmt.Sprintf("%+v %#v", m.key, m.key)[:len(redacted)])
	_, err = m.key.MarshalJSON()
	require.ErrorIs(t, err, homomorphic.ErrSecret)
}

type failing struct{ err error }

func (r failing) Read([]byte) (int, error) { return 0, r.err }

func TestFitRange(t *testing.T) {
	require.Equal(t, 1, FitRange(0, 0, 8))
	require.Equal(t, 8, FitRange(-100, 155, 8))
	require.Equal(t, 9, FitRange(0, 256, 8))
	require.Equal(t, 9, FitRange(0, 510, 8))
	require.Equal(t, 10, FitRange(0, 511, 8))
	require.Equal(t, 0, FitRange(0, 1<<62, 8))
	require.Equal(t, 0, FitRange(math.MinInt64, math.MaxInt64, 8))
	require.Equal(t, 0, FitRange(1, 0, 8))
	require.Equal(t, 0, FitRange(0, 1, 0))
}
