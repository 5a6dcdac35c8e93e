package score_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// Random models on integer columns, at every output, with units of 1 and more.
func TestLinearEqualsPlainEvaluator(t *testing.T) {
	exact := 0
	for i, shape := range []scoretest.FullShape{
		{Numeric: 1, Bands: 2, Small: true},
		{Numeric: 2, Bands: 3, Small: true},
		{Numeric: 3, Bands: 4},
		{Numeric: 12, Categories: 5, Bands: 8},
	} {
		for _, output := range []score.OutputKind{score.OutputBand, score.OutputScore} {
			for _, bits := range []int{8, 11, 15} {
				t.Run(fmt.Sprintf("%d/%v/%d bits", i, output, bits), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(uint64(i), uint64(output)))
					f := scoretest.RandomFull(t, rng, shape, 57)
					c := f.ForLinear(t, output, bits, 0)
					if c.Params.Linear.Unit() == 1 {
						exact++
					}
					c.Params.Superblock = 16
					c.Check(t, c.Run(t))
				})
			}
		}
	}
	require.Positive(t, exact, "some of these models are exact")
}

func TestLinearBatchSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 1))
	for _, n := range []int{0, 1, 7, 8, 4095, 4096, 4097, 9000} {
		f := scoretest.RandomFull(t, rng, scoretest.FullShape{Numeric: 4, Bands: 5}, n)
		c := f.ForLinear(t, score.OutputBand, 10, 1)
		c.Params.Superblock = 8192
		c.Check(t, c.Run(t))
		if p, ok := c.Params.WithTwoTablesLinear(c.Full.Integer); ok {
			c.Params = p
			c.Check(t, c.Run(t))
		}
	}
}

func TestProbabilityEqualsLogistic(t *testing.T) {
	for i, shape := range []scoretest.FullShape{
		{Numeric: 3, Bands: 4},
		{Numeric: 6, Categories: 4, Bands: 8, Spread: 12},
	} {
		for _, output := range []score.OutputKind{score.OutputBand, score.OutputProbability} {
			t.Run(fmt.Sprintf("%d/%v", i, output), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(i), uint64(output)))
				f := scoretest.RandomFull(t, rng, shape, 150)
				c := f.ForProbability(t, output, probability.Options{OutputBits: 8})
				c.Params.Superblock = 100
				c.Check(t, c.Run(t))
			})
		}
	}
}
