package homomorphic

import (
	"errors"
	"io"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// centred lifts to integers between -Q/2 and Q/2.
func centred(r *ring.Ring, p ring.Poly) []*big.Int {
	out := make([]*big.Int, r.N())
	for i := range out {
		out[i] = new(big.Int)
	}
	r.PolyToBigintCentered(p, 1, out)
	return out
}

func TestSmallPolys(t *testing.T) {
	p := wide(t)
	r := p.RingQ()
	moments := func(draw func() (ring.Poly, error)) (mean, variance, most float64) {
		n := 0.0
		for range 8 {
			poly, err := draw()
			require.NoError(t, err)
			for _, c := range centred(r, poly) {
				v := float64(c.Int64())
				mean += v
				variance += v * v
				most = max(most, math.Abs(v))
				n++
			}
		}
		return mean / n, variance / n, most
	}
	rnd := source(1)
	const n = 8 * 8192
	mean, variance, most := moments(func() (ring.Poly, error) { return TernaryPoly(r, r.MaxLevel(), rnd) })
	require.InDelta(t, 0, mean, 5*0.82/math.Sqrt(n))
	require.InDelta(t, 2.0/3, variance, 5*0.48/math.Sqrt(n))
	require.EqualValues(t, 1, most)
	mean, variance, most = moments(func() (ring.Poly, error) { return ErrorPoly(r, r.MaxLevel(), rnd) })
	require.InDelta(t, 0, mean, 5*ErrorSigma/math.Sqrt(n))
	require.InDelta(t, 10.5, variance, 5*10.5*math.Sqrt(2.0/n))
	require.LessOrEqual(t, most, float64(ErrorBound))
	require.InDelta(t, math.Sqrt(10.5), ErrorSigma, 1e-12)
}

func TestUniformPoly(t *testing.T) {
	r := tiny(t).RingQ()
	q := r.SubRings[0].Modulus
	counts := make([]int, 16)
	rnd := source(2)
	const turns = 4000
	for range turns {
		poly, err := UniformPoly(r, 1, rnd)
		require.NoError(t, err)
		for _, v := range poly.Coeffs[0] {
			require.Less(t, v, q)
			counts[v*16/q]++
		}
	}
	for i, c := range counts {
		require.InDelta(t, turns, c, 6*math.Sqrt(turns), "sixteenth %d", i)
	}
}

// TestFloodPoly looks at widths where lattigo's Gaussian is wrong (2^33 to 2^50) or panics (2^62 and more).
func TestFloodPoly(t *testing.T) {
	p := wide(t)
	r := p.RingQ()
	rnd := source(3)
	for _, b := range []int{0, 1, 20, 33, 50, 62, 63, 64, 65, 71, 100, 127, 128} {
		bound := new(big.Int).Lsh(big.NewInt(1), uint(b))
		poly, err := FloodPoly(r, r.MaxLevel(), b, rnd)
		require.NoError(t, err)
		counts := make([]float64, 8)
		low := 0.0
		for _, c := range centred(r, poly) {
			require.True(t, c.Cmp(new(big.Int).Neg(bound)) >= 0 && c.Cmp(bound) < 0, "%d bits: %v", b, c)
			at := new(big.Int).Add(c, bound)
			low += float64(at.Bit(0))
			counts[at.Lsh(at, 3).Rsh(at, uint(b)+1).Int64()]++
		}
		require.InDelta(t, 4096, low, 300, "lowest bit at %d bits", b)
		if b >= 2 {
			for i, c := range counts {
				require.InDelta(t, 1024, c, 180, "%d bits, eighth %d", b, i)
			}
		}
	}
	for _, b := range []int{-1, 130, 1 << 40} {
		_, err := FloodPoly(r, r.MaxLevel(), b, rnd)
		require.ErrorIs(t, err, ErrParams)
	}
	_, err := FloodPoly(r, 9, 10, rnd)
	require.ErrorIs(t, err, ErrParams)
}

// TestReaders: an error of the reader is an error here, not a panic.
func TestReaders(t *testing.T) {
	r := tiny(t).RingQ()
	broken := errors.New("broken")
	for _, draw := range []func(io.Reader) error{
		func(rnd io.Reader) error { _, err := UniformPoly(r, 1, rnd); return err },
		func(rnd io.Reader) error { _, err := TernaryPoly(r, 1, rnd); return err },
		func(rnd io.Reader) error { _, err := ErrorPoly(r, 1, rnd); return err },
		func(rnd io.Reader) error { _, err := FloodPoly(r, 1, 10, rnd); return err },
	} {
		require.ErrorIs(t, draw(iotestErr{broken}), broken)
		require.ErrorIs(t, draw(io.LimitReader(source(1), 100)), io.ErrUnexpectedEOF)
	}
}

type iotestErr struct{ err error }

func (r iotestErr) Read([]byte) (int, error) { return 0, r.err }
