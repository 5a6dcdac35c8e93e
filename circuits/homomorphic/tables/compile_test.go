package tables

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

func value(p polynomial, x uint64) uint64 {
	v := uint64(0)
	for _, c := range slices.Backward(p) {
		v = (v*x + c) % T
	}
	return v
}

func TestInterpolate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 2, 3, 17, 256, 1000} {
		nodes, values := make([]uint64, n), make([]uint64, n)
		for i, x := range rng.Perm(T)[:n] {
			nodes[i], values[i] = uint64(x), rng.Uint64N(T)
		}
		p := interpolate(nodes, values)
		require.Len(t, p, n)
		for i, x := range nodes {
			require.Equal(t, values[i], value(p, x))
		}
	}
}

// The compiled polynomials and weights, in clear, are the plain evaluator on all levels of small models.
func TestCircuitInClear(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and minutes under the race detector")
	}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		c := randomCase(t, rng, circuitstest.Shape{Features: 1 + int(seed%4), MinLevels: 1, MaxLevels: 9, Bands: 1 + int(seed%6), ScoreBits: 1 + int(seed%7)})
		o := Options{}
		if seed%3 == 0 {
			o.HideRange = 200
		}
		forms := map[string]Form{}
		for _, name := range c.Model.Features() {
			if f := Form(rng.IntN(3)); f != 0 {
				forms[name] = f
			}
		}
		o.Forms = forms
		circuit, err := Compile(c.Model, o)
		require.NoError(t, err)
		for range 50 {
			levels := c.Levels(rng)
			sum := int64(0)
			for i, f := range circuit.features {
				in := &circuit.layout.Inputs[i]
				if in.Form == FormLevels {
					sum += int64(value(f.lookup, uint64(levels[i])))
					continue
				}
				for j, w := range f.weights {
					sum += w * int64(in.slot(levels[i], j))
				}
				sum += f.last
			}
			require.Equal(t, c.Model.Score(levels, 0), circuit.low+sum*circuit.unit)
			require.EqualValues(t, c.Model.Band(c.Model.Score(levels, 0)), value(circuit.band, uint64(sum)))
		}
		require.NoError(t, circuit.Layout().Check())
		require.Positive(t, circuit.Cost().Bytes)
	}
}

func TestRefusals(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	wide := randomCase(t, rng, circuitstest.Shape{Features: 3, MinLevels: 4, MaxLevels: 4, Bands: 3, ScoreBits: 20})
	_, err := Compile(wide.Model, Options{})
	require.ErrorIs(t, err, ErrModel)
	_, err = Compile(nil, Options{})
	require.ErrorIs(t, err, ErrModel)
	c := randomCase(t, rng, circuitstest.Shape{Features: 6, MinLevels: 16, MaxLevels: 16, Bands: 3, ScoreBits: 10})
	name := c.Model.Features()[0]
	_, err = Compile(c.Model, Options{LogN: 14})
	require.ErrorIs(t, err, ErrTooDeep)
	_, err = Compile(c.Model, Options{LogN: 13})
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = Compile(c.Model, Options{LogN: 15, Set: &Set{LogN: 15, Steps: 12, Holders: 1}})
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = Compile(c.Model, Options{Set: &Set{LogN: 15, Steps: 30, Holders: 1}})
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = Compile(c.Model, Options{Forms: map[string]Form{"no such": FormLevels}})
	require.ErrorIs(t, err, ErrModel)
	_, err = Compile(c.Model, Options{Forms: map[string]Form{name: 9}})
	require.ErrorIs(t, err, ErrModel)
	_, err = Compile(c.Model, Options{Bins: map[string][]uint16{name: make([]uint16, 16)}})
	require.ErrorIs(t, err, ErrModel, "the table is not constant")
	_, err = Compile(c.Model, Options{Bins: map[string][]uint16{name: {0, 2}}})
	require.ErrorIs(t, err, ErrModel)
	_, err = Compile(c.Model, Options{Holders: MaxHolders + 1})
	require.Error(t, err)
}

// A model's own bins, made public, take fewer ciphertexts.
func TestPublicBins(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	c := randomCase(t, rng, circuitstest.Shape{Features: 1, MinLevels: 64, MaxLevels: 64, Bands: 3, ScoreBits: 2})
	table := c.Model.Tables()[0]
	seen := slices.Compact(slices.Sorted(slices.Values(table)))
	var of []uint16
	for _, v := range table {
		of = append(of, uint16(slices.Index(seen, v)))
	}
	name := c.Model.Features()[0]
	circuit, err := Compile(c.Model, Options{Forms: map[string]Form{name: FormIndicators}, Bins: map[string][]uint16{name: of}})
	require.NoError(t, err)
	require.Equal(t, len(seen)-1, circuit.Layout().Ciphertexts())
	for level, v := range table {
		sum := circuit.features[0].last
		for j, w := range circuit.features[0].weights {
			sum += w * int64(circuit.layout.Inputs[0].slot(uint16(level), j))
		}
		require.Equal(t, int64(v-slices.Min(table)), sum*circuit.unit)
	}
}

func TestLayoutsAreChecked(t *testing.T) {
	good := func() *Layout {
		return &Layout{Set: small, Inputs: []Input{{Feature: "a", Form: FormIndicators, Levels: 3, Bins: []uint16{0, 1, 1}, Level: 4}, {Feature: "b", Form: FormLevels, Levels: 256, Level: 9}}}
	}
	require.NoError(t, good().Check())
	require.Equal(t, 2, good().Ciphertexts())
	require.Equal(t, 2, good().Chunks(small.n()+1))
	for i, spoil := range []func(l *Layout){
		func(l *Layout) { l.Inputs = nil },
		func(l *Layout) { l.Inputs = make([]Input, maxInputs+1) },
		func(l *Layout) { l.Inputs[0].Form = 0 },
		func(l *Layout) { l.Inputs[0].Levels = 0 },
		func(l *Layout) { l.Inputs[1].Levels = maxLevels + 1 },
		func(l *Layout) { l.Inputs[0].Bins = []uint16{0, 2, 2} },
		func(l *Layout) { l.Inputs[0].Bins = []uint16{0, 1, 65535} },
		func(l *Layout) { l.Inputs[0].Bins = nil },
		func(l *Layout) { l.Inputs[1].Bins = []uint16{0} },
		func(l *Layout) { l.Inputs[1].Level = 1 },
		func(l *Layout) { l.Inputs[1].Level = small.headLevel() + 1 },
	} {
		l := good()
		spoil(l)
		require.ErrorIs(t, l.Check(), ErrLayout, i)
		require.Zero(t, l.ChunkBytes(false))
	}
	l := good()
	l.Set.Steps = 1 << 40
	require.ErrorIs(t, l.Check(), homomorphic.ErrParams)
	require.Equal(t, "levels indicators Form(0)", FormLevels.String()+" "+FormIndicators.String()+" "+Form(0).String())
}

// The table of the package documentation.
func TestDepths(t *testing.T) {
	for _, row := range []struct{ logN, from, to, depth int }{{14, 1, 1, 9}, {14, 2, 5, 8}, {14, 16, 16, 7}, {15, 1, 1, 21}, {15, 2, 5, 20}, {15, 16, 16, 19}} {
		for h := row.from; h <= row.to; h++ {
			require.Equal(t, row.depth, Set{LogN: row.logN, Holders: h}.MaxSteps(), "logN %d, %d holders", row.logN, h)
		}
	}
	for coefficients, depth := range map[int]int{1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 256: 8, 257: 9, 512: 9, 16384: 14} {
		require.Equal(t, depth, depthOf(coefficients), coefficients)
	}
}
