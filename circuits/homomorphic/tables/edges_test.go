package tables

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

func compiled(t testing.TB, c *circuitstest.Case, form Form, o Options) *Circuit {
	t.Helper()
	o.Forms = map[string]Form{}
	for _, name := range c.Model.Features() {
		o.Forms[name] = form
	}
	if o.Set == nil {
		set := small
		o.Set = &set
	}
	circuit, err := Compile(c.Model, o)
	require.NoError(t, err)
	return circuit
}

func TestEvaluateIsAFunction(t *testing.T) {
	k := keysFor(t, small)
	rng := rand.New(rand.NewPCG(8, 8))
	c := randomCase(t, rng, circuitstest.Shape{Features: 2, MinLevels: 4, MaxLevels: 4, Bands: 3, ScoreBits: 3})
	circuit := compiled(t, c, FormLevels, Options{})
	levels := rows(c, rng, 100)
	enc, err := NewEncryptor(circuit.Layout(), k.pk)
	require.NoError(t, err)
	b, err := enc.Encrypt(levels, source(1))
	require.NoError(t, err)
	chunk, err := circuit.ReadChunk(b, false)
	require.NoError(t, err)
	ev, err := circuit.NewEvaluator(k.rlk)
	require.NoError(t, err)
	again := compiled(t, c, FormLevels, Options{}) // another node's
	other, err := again.NewEvaluator(k.rlk)
	require.NoError(t, err)
	results := make(chan []byte, 3)
	for _, e := range []*Evaluator{ev, ev.ShallowCopy(), other} {
		go func() {
			ct, err := e.Evaluate(context.Background(), chunk, nil)
			var b []byte
			if err == nil {
				b, err = circuit.Output().AppendBand(nil, ct, false)
			}
			if err != nil {
				b = []byte(err.Error())
			}
			results <- b
		}()
	}
	first := <-results
	require.Len(t, first, circuit.Output().BandBytes(false))
	require.True(t, bytes.Equal(first, <-results))
	require.True(t, bytes.Equal(first, <-results))

	ct, err := ev.Evaluate(context.Background(), chunk, nil)
	require.NoError(t, err)
	out := circuit.Output()
	one, err := out.Finish(ct, k.pk, source(1))
	require.NoError(t, err)
	same, err := out.Finish(ct, k.pk, source(1))
	require.NoError(t, err)
	two, err := out.Finish(ct, k.pk, source(2))
	require.NoError(t, err)
	require.True(t, one.Equal(same), "its randomness is the reader's")
	require.False(t, one.Value[1].Equal(&two.Value[1]), "nothing of the polynomial stays")
	require.False(t, one.Value[0].Equal(&two.Value[0]))

	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = ev.Evaluate(stopped, chunk, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = ev.Evaluate(context.Background(), &Chunk{}, nil)
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = ev.Evaluate(context.Background(), chunk, []int64{1})
	require.ErrorIs(t, err, homomorphic.ErrParams)
}

func TestSeededChunksAndOwnPoints(t *testing.T) {
	k := keysFor(t, small)
	rng := rand.New(rand.NewPCG(9, 9))
	c := randomCase(t, rng, circuitstest.Shape{Features: 2, MinLevels: 3, MaxLevels: 5, Bands: 4, ScoreBits: 3, Own: 1})
	ownLow, ownHigh := c.Model.OwnRange()
	low, high := c.Model.Range()
	if high-low+ownHigh-ownLow >= 1<<small.Steps {
		t.Fatalf("the shape's range is %d and %d", high-low, ownHigh-ownLow)
	}
	circuit := compiled(t, c, FormIndicators, Options{})
	levels := rows(c, rng, 50)
	own := make([]int64, len(levels))
	for i := range own {
		own[i] = ownLow + rng.Int64N(ownHigh-ownLow+1)
	}
	own[0], own[1] = ownLow, ownHigh
	enc, err := NewSeededEncryptor(circuit.Layout(), k.sk)
	require.NoError(t, err)
	b, err := enc.Encrypt(levels, source(1))
	require.NoError(t, err)
	require.Len(t, b, circuit.Layout().ChunkBytes(true))
	require.Less(t, len(b), circuit.Layout().ChunkBytes(false)/2+33)
	chunk, err := circuit.ReadChunk(b, true)
	require.NoError(t, err)
	ev, err := circuit.NewEvaluator(k.rlk)
	require.NoError(t, err)
	ct, err := ev.Evaluate(context.Background(), chunk, own)
	require.NoError(t, err)
	require.Equal(t, want(c.Model, levels, own), opened(t, circuit, k, ct, len(levels)))
	_, err = ev.Evaluate(context.Background(), chunk, []int64{ownHigh + 1})
	require.ErrorIs(t, err, homomorphic.ErrRange)
	_, err = ev.Evaluate(context.Background(), chunk, nil)
	require.ErrorIs(t, err, homomorphic.ErrRange)
}

// Values off the grid, which only a lying encryptor sends, come out as no band or as a wrong one, never as a crash.
func TestNoBand(t *testing.T) {
	k := keysFor(t, small)
	rng := rand.New(rand.NewPCG(10, 10))
	c := randomCase(t, rng, circuitstest.Shape{Features: 1, MinLevels: 4, MaxLevels: 4, Bands: 3, ScoreBits: 3})
	circuit := compiled(t, c, FormLevels, Options{})
	lying := circuit.Layout()
	lying.Inputs[0].Levels = 4096
	enc, err := NewEncryptor(lying, k.pk)
	require.NoError(t, err)
	var levels [][]uint16
	for i := range 500 {
		levels = append(levels, []uint16{uint16(4 + 8*i)})
	}
	b, err := enc.Encrypt(levels, source(1))
	require.NoError(t, err)
	chunk, err := circuit.ReadChunk(b, false)
	require.NoError(t, err)
	ev, err := circuit.NewEvaluator(k.rlk)
	require.NoError(t, err)
	ct, err := ev.Evaluate(context.Background(), chunk, nil)
	require.NoError(t, err)
	fin, err := circuit.Output().Finish(ct, k.pk, source(4))
	require.NoError(t, err)
	_, err = circuit.Output().Open(k.sk, fin, len(levels), 3)
	require.ErrorIs(t, err, ErrBand)
	_, err = circuit.Output().Open(k.sk, fin, 0, 3)
	require.ErrorIs(t, err, homomorphic.ErrRange)
}

func TestWrongSizes(t *testing.T) {
	k := keysFor(t, small)
	rng := rand.New(rand.NewPCG(11, 11))
	c := randomCase(t, rng, circuitstest.Shape{Features: 2, MinLevels: 3, MaxLevels: 3, Bands: 3, ScoreBits: 2})
	circuit := compiled(t, c, FormIndicators, Options{})
	l := circuit.Layout()
	size := l.ChunkBytes(false)
	for _, n := range []int{0, 1, size - 1, size + 1} {
		_, err := circuit.ReadChunk(make([]byte, n), false)
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
		_, err = circuit.Output().ReadBand(make([]byte, n%1000), true)
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
	}
	_, err := circuit.ReadChunk(bytes.Repeat([]byte{0xff}, size), false)
	require.ErrorIs(t, err, homomorphic.ErrEncoding, "coefficients are below their primes")
	enc, err := NewEncryptor(l, k.pk)
	require.NoError(t, err)
	for _, bad := range [][][]uint16{nil, {{0}}, {{0, 3}}, {{0, 0, 0}}, make([][]uint16, small.n()+1)} {
		_, err = enc.Encrypt(bad, source(1))
		require.ErrorIs(t, err, homomorphic.ErrRange)
	}
	dry := errors.New("dry")
	_, err = enc.Encrypt([][]uint16{{0, 0}}, failing{dry})
	require.ErrorIs(t, err, dry)
	_, err = circuit.NewEvaluator(nil)
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = circuit.NewEvaluator(&rlwe.RelinearizationKey{})
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = NewEncryptor(l, &rlwe.PublicKey{})
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = circuit.Output().Finish(nil, k.pk, source(1))
	require.ErrorIs(t, err, homomorphic.ErrParams)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", circuit, circuit, *circuit), fmt.Sprint(circuit.model.Thresholds()))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
