package tables

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
)

// A table over 256 levels and a band, in one circuit, with all slots in use.
func TestFullGrid(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	rng := rand.New(rand.NewPCG(14, 14))
	c := randomCase(t, rng, circuitstest.Shape{Features: 1, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 3})
	circuit, err := Compile(c.Model, Options{Forms: map[string]Form{c.Model.Features()[0]: FormLevels}})
	require.NoError(t, err)
	l := circuit.Layout()
	require.Equal(t, 15, l.Set.LogN)
	k := keysFor(t, l.Set)
	levels := rows(c, rng, l.Slots())
	for v := range 256 {
		levels[v][0] = uint16(v)
	}
	bands := want(c.Model, levels, nil)
	ct := evaluated(t, circuit, k, levels, nil)
	require.LessOrEqual(t, measure(t, circuit, k, ct, bands), l.Set.NoiseBits()-1)
	require.Equal(t, bands, opened(t, circuit, k, ct, len(levels)))
}

// Scores over the whole depth of logN 14, and companies in several chunks.
func TestSeveralChunks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	rng := rand.New(rand.NewPCG(15, 15))
	c := randomCase(t, rng, circuitstest.Shape{Features: 2, MinLevels: 3, MaxLevels: 5, Bands: 8, ScoreBits: 9})
	circuit, err := Compile(c.Model, Options{LogN: 14, HideRange: 512})
	require.NoError(t, err)
	l := circuit.Layout()
	require.Equal(t, 9, l.Set.Steps)
	k := keysFor(t, l.Set)
	levels := rows(c, rng, l.Slots()+3)
	require.Equal(t, 2, l.Chunks(len(levels)))
	for len(levels) > 0 {
		n := min(len(levels), l.Slots())
		bands := want(c.Model, levels[:n], nil)
		ct := evaluated(t, circuit, k, levels[:n], nil)
		require.Equal(t, bands, opened(t, circuit, k, ct, n))
		levels = levels[n:]
	}
}

// Random small models, encrypted.
func TestRandomModels(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	k := keysFor(t, small)
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 16))
		c := randomCase(t, rng, circuitstest.Shape{Features: 1 + int(seed%3), MinLevels: 1, MaxLevels: 8, Bands: 1 + int(seed), ScoreBits: 1 + int(seed)/2})
		o := Options{Set: &Set{LogN: small.LogN, Steps: small.Steps, Holders: 1}, Forms: map[string]Form{}}
		for _, name := range c.Model.Features() {
			o.Forms[name] = Form(1 + rng.IntN(2))
		}
		if seed%2 == 1 {
			o.HideRange = 9
		}
		circuit, err := Compile(c.Model, o)
		require.NoError(t, err)
		levels := rows(c, rng, 1+rng.IntN(300))
		require.Equal(t, want(c.Model, levels, nil), opened(t, circuit, k, evaluated(t, circuit, k, levels, nil), len(levels)), seed)
	}
}
