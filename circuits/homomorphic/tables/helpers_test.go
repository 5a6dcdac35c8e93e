package tables

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// source is a seeded source of bytes.
func source(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// keys are those of one holder for a set.
type keys struct {
	set Set
	sk  *homomorphic.SecretKey
	pk  *rlwe.PublicKey
	rlk *rlwe.RelinearizationKey
}

var made struct {
	sync.Mutex
	keys map[Set]*keys
}

func keysFor(t testing.TB, set Set) *keys {
	t.Helper()
	made.Lock()
	defer made.Unlock()
	if k := made.keys[set]; k != nil {
		return k
	}
	p, err := set.Parameters()
	require.NoError(t, err)
	sk, err := homomorphic.NewSecretKey(*p.GetRLWEParameters(), source(7))
	require.NoError(t, err)
	gen := rlwe.NewKeyGenerator(p)
	k := &keys{set: set, sk: sk, pk: gen.GenPublicKeyNew(sk.RLWE()), rlk: gen.GenRelinearizationKeyNew(sk.RLWE())}
	if made.keys == nil {
		made.keys = make(map[Set]*keys)
	}
	made.keys[set] = k
	return k
}

// evaluated encrypts companies as one chunk and evaluates it.
func evaluated(t testing.TB, c *Circuit, k *keys, levels [][]uint16, own []int64) *rlwe.Ciphertext {
	t.Helper()
	enc, err := NewEncryptor(c.Layout(), k.pk)
	require.NoError(t, err)
	b, err := enc.Encrypt(levels, source(1))
	require.NoError(t, err)
	require.Len(t, b, c.Layout().ChunkBytes(false))
	chunk, err := c.ReadChunk(b, false)
	require.NoError(t, err)
	ev, err := c.NewEvaluator(k.rlk)
	require.NoError(t, err)
	ct, err := ev.Evaluate(context.Background(), chunk, own)
	require.NoError(t, err)
	return ct
}

// opened finishes, shrinks, sends and opens.
func opened(t testing.TB, c *Circuit, k *keys, ct *rlwe.Ciphertext, companies int) []uint16 {
	t.Helper()
	out := c.Output()
	fin, err := out.Finish(ct, k.pk, source(2))
	require.NoError(t, err)
	small, err := out.Shrink(fin)
	require.NoError(t, err)
	b, err := out.AppendBand(nil, small, true)
	require.NoError(t, err)
	require.Len(t, b, out.BandBytes(true))
	back, err := out.ReadBand(b, true)
	require.NoError(t, err)
	got, err := out.Open(k.sk, back, companies, len(c.model.Bands()))
	require.NoError(t, err)
	full, err := out.Open(k.sk, fin, companies, len(c.model.Bands()))
	require.NoError(t, err)
	require.Equal(t, got, full)
	return got
}

// want are the plain evaluator's bands.
func want(m *circuits.Model, levels [][]uint16, own []int64) []uint16 {
	bands := make([]uint16, len(levels))
	for i, row := range levels {
		o := int64(0)
		if own != nil {
			o = own[i]
		}
		bands[i] = uint16(m.Band(m.Score(row, o)))
	}
	return bands
}

func randomCase(t testing.TB, rng *rand.Rand, s circuitstest.Shape) *circuitstest.Case {
	t.Helper()
	c, err := circuitstest.Random(rng, s)
	require.NoError(t, err)
	return c
}

func rows(c *circuitstest.Case, rng *rand.Rand, n int) [][]uint16 {
	levels := make([][]uint16, n)
	for i := range levels {
		levels[i] = c.Levels(rng)
	}
	return levels
}
