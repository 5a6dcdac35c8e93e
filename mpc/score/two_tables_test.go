package score_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// Random models under two tables, wherever their thresholds allow it.
func TestTwoTablesEqualPlainEvaluator(t *testing.T) {
	ran := 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 17))
		shape := circuitstest.Shape{
			Features: 1 + rng.IntN(8), MinLevels: 2, MaxLevels: 60, Bands: 1 + rng.IntN(6),
			ScoreBits: 9 + rng.IntN(6), Own: rng.IntN(3),
		}
		c := scoretest.Random(t, rng, shape, score.OutputBand, 300)
		p, ok := c.Params.WithTwoTables(c.Model, c.Own, 2)
		if !ok {
			continue
		}
		ran++
		t.Run(fmt.Sprintf("seed %d, m=%d, l=%d", seed, p.ScoreBits, p.WindowBits), func(t *testing.T) {
			c.Params = p
			c.Params.Superblock = 128
			c.Check(t, c.Run(t))
		})
	}
	require.Greater(t, ran, 8, "the generator makes models that two tables hold")
}

// Every score of the range, with own points, at every window width that fits:
// all companies of a single feature whose levels are the scores 0 to 1,023.
func TestTwoTablesAtEveryScore(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 18))
	c := scoretest.Random(t, rng, circuitstest.Shape{Features: 1, MinLevels: 1024, MaxLevels: 1024, Bands: 4, ScoreBits: 10, Own: 1}, score.OutputBand, 1024)
	for i := range c.Levels[0] {
		c.Levels[0][i] = uint16(i)
	}
	p, ok := c.Params.WithTwoTables(c.Model, c.Own, 2)
	if !ok {
		t.Skip("the random thresholds are too close")
	}
	tried := 0
	for l := score.MinWindowBits; l <= score.MaxWindowBits; l++ {
		for _, m := range []int{p.ScoreBits, p.ScoreBits + 1, p.ScoreBits + 2} {
			c.Params = p
			c.Params.WindowBits, c.Params.ScoreBits, c.Params.Superblock = l, m, 512
			if _, err := score.NewBank(c.Params, c.Model, c.Own); err != nil {
				require.ErrorIs(t, err, mpc.ErrParams)
				continue
			}
			tried++
			c.Check(t, c.Run(t))
		}
	}
	require.Positive(t, tried)
}

func TestTwoTablesRefuse(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 19))
	// Two hundred thresholds on a thousand points: some are neighbours.
	c := scoretest.Random(t, rng, circuitstest.Shape{Features: 3, MaxLevels: 100, Bands: 200, ScoreBits: 10}, score.OutputBand, 1)
	_, ok := c.Params.WithTwoTables(c.Model, nil, 2)
	require.False(t, ok)
	c.Params.Form, c.Params.WindowBits, c.Params.ScoreBits = score.TwoTables, 5, 11
	_, err := score.NewBank(c.Params, c.Model, nil)
	require.ErrorIs(t, err, mpc.ErrParams)
	c = scoretest.Random(t, rng, circuitstest.Shape{Features: 3, Bands: 3, ScoreBits: 12}, score.OutputScore, 1)
	_, ok = c.Params.WithTwoTables(c.Model, nil, 2)
	require.False(t, ok, "scores need one table")
}
