package linear

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// source is a deterministic stream of bytes.
func source(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

// model is a bank's secret with what both sides have of it.
type model struct {
	p         Params
	weights   []int32
	key       *Key
	table     *Table
	certified *Certified
}

// build makes a model whose range is the smallest that its weights need.
func build(t testing.TB, features []Interval, weights []int32, shareBits int, seed byte) model {
	t.Helper()
	lo, hi := Params{features: features}.span(weights)
	k := FitRange(lo, hi, shareBits)
	require.NotZero(t, k)
	p, err := NewParams(Config{features, k, shareBits})
	require.NoError(t, err)
	m := model{p: p, weights: weights}
	m.key, m.table, err = Generate(p, weights, Joint{seed}, source(seed))
	require.NoError(t, err)
	digest, err := VerifyTable(m.table, weights, source(seed))
	require.NoError(t, err)
	b, err := m.table.Encode()
	require.NoError(t, err)
	require.Len(t, b, p.TableBytes())
	received, err := ReadTable(p, Joint{seed}, b)
	require.NoError(t, err)
	m.certified, err = received.Certify(digest)
	require.NoError(t, err)
	require.Equal(t, lo, m.key.Low())
	return m
}

// dot is the plain evaluator.
func (m model) dot(values [][]int64, i int) (s int64) {
	for f, w := range m.weights {
		s += int64(w) * values[f][i]
	}
	return s
}

// edgy draws from an interval, often at its ends and about zero.
func edgy(rng *rand.Rand, min, max int64) int64 {
	switch rng.IntN(6) {
	case 0:
		return min
	case 1:
		return max
	case 2:
		if min <= 0 && max >= 0 {
			return 0
		}
	}
	return min + int64(rng.Uint64N(uint64(max-min)+1))
}

// randomModel draws features of up to bits bits and weights of up to 16.
func randomModel(t testing.TB, rng *rand.Rand, features, bits, shareBits int) model {
	in := make([]Interval, features)
	w := make([]int32, features)
	for i := range in {
		size := int64(1) << rng.IntN(bits+1)
		in[i] = Interval{-rng.Int64N(size + 1), rng.Int64N(size + 1)}
		w[i] = int32(edgy(rng, -maxWeight, maxWeight-1)) >> rng.IntN(16)
	}
	return build(t, in, w, shareBits, byte(rng.Uint32()))
}

// companies draws values of n companies.
func (m model) companies(rng *rand.Rand, n int) [][]int64 {
	values := make([][]int64, len(m.weights))
	for f, in := range m.p.features {
		values[f] = make([]int64, n)
		for i := range values[f] {
			values[f][i] = edgy(rng, in.Min, in.Max)
		}
	}
	return values
}

// run evaluates and decrypts a block.
func (m model) run(t testing.TB, values [][]int64, seed byte) (z, index []uint32) {
	t.Helper()
	msg, index, err := m.certified.Eval(values, source(seed))
	require.NoError(t, err)
	require.Len(t, msg, m.p.MessageBytes(len(index)))
	z, err = m.key.Decrypt(msg, len(index))
	require.NoError(t, err)
	return z, index
}

// sixteen is the model of the figures in the package doc.
func sixteen(t testing.TB) model {
	in := make([]Interval, 16)
	w := make([]int32, 16)
	for i := range in {
		in[i] = Interval{-1 << 39, 1 << 40}
		w[i] = int32(i*4001 - 32000)
	}
	return build(t, in, w, 12, 7)
}
