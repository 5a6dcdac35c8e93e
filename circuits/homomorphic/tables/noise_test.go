package tables

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// measure is the noise of a ciphertext that should hold values.
func measure(t testing.TB, c *Circuit, k *keys, ct *rlwe.Ciphertext, values []uint16) int {
	t.Helper()
	wide := make([]uint64, len(values))
	for i, v := range values {
		wide[i] = uint64(v)
	}
	pt := heint.NewPlaintext(c.Params(), ct.Level())
	pt.Scale = ct.Scale
	require.NoError(t, heint.NewEncoder(c.Params()).Encode(wide, pt))
	n, err := homomorphic.NoiseBits(k.sk, ct, pt.Value)
	require.NoError(t, err)
	return n
}

func TestNoiseStaysBelowItsBound(t *testing.T) {
	k := keysFor(t, small)
	rng := rand.New(rand.NewPCG(5, 5))
	for _, form := range []Form{FormLevels, FormIndicators} {
		c := randomCase(t, rng, circuitstest.Shape{Features: 3, MinLevels: 4, MaxLevels: 8, Bands: 4, ScoreBits: 4})
		forms := map[string]Form{}
		for _, name := range c.Model.Features() {
			forms[name] = form
		}
		set := small
		circuit, err := Compile(c.Model, Options{Forms: forms, Set: &set})
		require.NoError(t, err)
		levels := rows(c, rng, small.n())
		bands := want(c.Model, levels, nil)
		ct := evaluated(t, circuit, k, levels, nil)
		before := measure(t, circuit, k, ct, bands)
		require.Greater(t, before, 4, "a rounding leaves noise")
		require.LessOrEqual(t, before, small.NoiseBits()-1, "the encryption of zero doubles it at most")
		fin, err := circuit.Output().Finish(ct, k.pk, source(3))
		require.NoError(t, err)
		after := measure(t, circuit, k, fin, bands)
		require.InDelta(t, small.FloodBits(), after, 1, "the flood is all there is to see")
		low, err := circuit.Output().Shrink(fin)
		require.NoError(t, err)
		require.LessOrEqual(t, measure(t, circuit, k, low, bands), small.NoiseBits()+1)
	}
}

// Every set has room for the floods of all holders, at the base and shrunk, and a flood that hides its noise.
func TestEverySetHoldsItsFloods(t *testing.T) {
	for _, logN := range []int{14, 15} {
		for _, holders := range []int{1, 2, 3, 5, MaxHolders} {
			s := Set{LogN: logN, Holders: holders}
			s.Steps = s.MaxSteps()
			p, err := s.Parameters()
			require.NoError(t, err)
			q := p.RingQ().ModulusAtLevel
			bits := s.FloodBits()
			if holders > 1 {
				bits = s.switchFloodBits()
			}
			flood := new(big.Int).Lsh(big.NewInt(int64(T*2*(holders+1))), uint(bits))
			require.Negative(t, flood.Cmp(q[baseLevel]))
			left := new(big.Int).Div(new(big.Int).Mul(flood, q[0]), q[baseLevel]).Uint64()
			require.Less(t, left+T+uint64(2*T*1.1*tail*s.rounding()), p.Q()[0], "logN %d, %d holders", logN, holders)
			require.GreaterOrEqual(t, s.FloodBits()-s.NoiseBits()-logN+1, securityBits)
			n := newNoise(s, p)
			for depth := 1; depth <= s.Steps; depth++ {
				e, err := n.polynomial(n.rounding, 1<<depth, levelAbove(s.Steps))
				require.NoError(t, err)
				require.NoError(t, n.settled(e))
			}
			s.Steps++
			_, err = s.Parameters()
			require.ErrorIs(t, err, homomorphic.ErrParams)
		}
	}
}

func TestNoiseIsRefused(t *testing.T) {
	p, err := small.Parameters()
	require.NoError(t, err)
	n := newNoise(small, p)
	_, err = n.polynomial(n.rounding*1e6, 64, levelAbove(small.Steps))
	require.ErrorIs(t, err, homomorphic.ErrNoise, "too much noise at the input")
	_, err = n.polynomial(n.rounding, 1<<(small.Steps+1), levelAbove(small.Steps))
	require.ErrorIs(t, err, homomorphic.ErrNoise, "too deep")
	require.ErrorIs(t, n.settled(3*n.rounding), homomorphic.ErrNoise)
}
