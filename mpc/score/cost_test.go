package score_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// Costs are those of what runs: the bytes of a batch, and of a company alone.
func TestCostsAreWhatARunTakes(t *testing.T) {
	f := scoretest.RandomFull(t, rand.New(rand.NewPCG(1, 1)), scoretest.FullShape{Numeric: 3, Bands: 4}, 1)
	shape := circuitstest.Shape{Features: 5, MinLevels: 20, MaxLevels: 20, Bands: 4, ScoreBits: 9}
	for name, c := range map[string]*scoretest.Case{
		"ot":          scoretest.Random(t, rand.New(rand.NewPCG(2, 2)), shape, score.OutputBand, 1),
		"lattice":     scoretest.Random(t, rand.New(rand.NewPCG(2, 2)), shape, score.OutputBand, 1).WithLattice(t),
		"linear":      f.ForLinear(t, score.OutputBand, 9, 0),
		"probability": f.ForProbability(t, score.OutputBand, probability.Options{OutputBits: 8, MaxError: 1}),
	} {
		cost, err := c.Params.Cost()
		require.NoError(t, err)
		r := c.Run(t)
		c.Check(t, r)
		const frame = 12 + 64
		require.EqualValues(t, cost.Alone, int(r.BankSent+r.TaxSent)-cost.Flights*frame, name)
		sizes, err := c.Params.Sizes(c.Params.Superblock)
		require.NoError(t, err)
		total := 0
		for _, size := range sizes {
			total += size
		}
		require.InDelta(t, total, cost.Bytes*float64(c.Params.Superblock), 1, name)
		require.Positive(t, cost.Microseconds)
		require.Equal(t, name == "linear" || name == "probability", cost.FullPrecision)
		require.Equal(t, name != "probability", cost.Bounded)
		require.Equal(t, name == "lattice" || name == "linear", cost.Leak > 0)
		require.NotEmpty(t, fmt.Sprint(cost))
	}
}

func TestEnginesOfAModel(t *testing.T) {
	f := scoretest.RandomFull(t, rand.New(rand.NewPCG(1, 1)), scoretest.FullShape{Numeric: 3, Bands: 3}, 1)
	linear := f.ForLinear(t, score.OutputBand, 10, 0).BankInputs()
	circuit := f.ForProbability(t, score.OutputBand, probability.Options{OutputBits: 8, MaxError: 1}).BankInputs()
	grid := spaced(t, 1).BankInputs()
	in := score.BankInputs{Model: grid.Model, Integer: linear.Integer, Circuit: circuit.Circuit, Cuts: circuit.Cuts}
	all := in.Engines(score.OutputBand, 10)
	require.Len(t, all, 7)
	for i, engine := range []score.EngineKind{1, 1, 2, 2, 3, 3, 4} {
		require.Equal(t, engine, all[i].Params.Engine)
	}
	for i := 0; i+1 < len(all); i += 2 {
		one, two := all[i], all[i+1]
		require.NoError(t, one.Err)
		if two.Err != nil {
			require.ErrorIs(t, two.Err, mpc.ErrParams)
			continue
		}
		require.Less(t, two.Cost.Bytes, one.Cost.Bytes)
		require.Equal(t, one.Cost.Flights+2, two.Cost.Flights)
	}
	require.NoError(t, all[1].Err)
	require.Greater(t, all[0].Cost.Bytes, 2*all[2].Cost.Bytes, "an encrypted table takes fewer bytes")
	for _, e := range in.Engines(score.OutputScore, 10) {
		require.Equal(t, e.Params.Engine == score.EngineProbability, e.Err != nil, e.Params.Engine)
	}
	require.Error(t, in.Engines(score.OutputBand, 40)[4].Err)
	require.Empty(t, score.BankInputs{}.Engines(score.OutputBand, 10))
}
