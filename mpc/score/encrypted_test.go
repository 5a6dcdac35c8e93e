package score_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

func TestLatticeBatchSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	for _, n := range []int{0, 1, 2, 255, 256, 257, 1023, 1024, 1025, 5000} {
		c := scoretest.Random(t, rng, circuitstest.Shape{Features: 5, MinLevels: 1, MaxLevels: 200, Bands: 6, ScoreBits: 9, Own: 1}, score.OutputBand, n)
		c.WithLattice(t)
		c.Params.Superblock = 1024
		c.Check(t, c.Run(t))
		if p, ok := c.Params.WithTwoTables(c.Model, c.Own, 0); ok {
			c.Params = p
			c.Check(t, c.Run(t))
		}
	}
}

// Bytes a company at the shape of the benchmarks, in three flights and in five.
func TestLatticeFlightSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 2))
	var c *scoretest.Case
	var two score.Params
	for ok := false; !ok; {
		c = scoretest.Random(t, rng, twelve, score.OutputBand, 8192)
		c.Params.Engine = score.EngineLattice
		two, ok = c.Params.WithTwoTables(c.Model, nil, 0)
	}
	c.WithLattice(t)
	total := func(p score.Params) (flights int, perCompany float64) {
		sizes, err := p.Sizes(8192)
		require.NoError(t, err)
		for _, s := range sizes {
			perCompany += float64(s) / 8192
		}
		return len(sizes), perCompany
	}
	flights, each := total(c.Params)
	require.Equal(t, 3, flights)
	require.Less(t, each, 850.0)
	flights, each = total(two)
	require.Equal(t, 5, flights)
	require.Less(t, each, 200.0)

	c.Check(t, c.Run(t))
	c.Params = two
	c.Check(t, c.Run(t))
}

func TestKeysAndTablesMustFit(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 3))
	c := scoretest.Random(t, rng, circuitstest.Shape{Features: 3, MaxLevels: 30, Bands: 3, ScoreBits: 8}, score.OutputBand, 4)
	c.WithLattice(t)
	joint := lattice.JointFromNonce([32]byte{7})
	key, table, err := score.EncryptModel(c.Params, c.Model, joint, mpctest.Seed(4))
	require.NoError(t, err)
	_, err = table.Certify([32]byte{1})
	require.Error(t, err, "a digest that nobody approved")
	trusted, err := table.Certify(table.Digest())
	require.NoError(t, err)

	require.NoError(t, score.VerifyModel(c.Params, c.Model, joint, mpctest.Seed(4), table.Digest()))
	require.ErrorIs(t, score.VerifyModel(c.Params, c.Model, joint, mpctest.Seed(5), table.Digest()), mpc.ErrPeer)
	other := scoretest.Random(t, rng, circuitstest.Shape{Features: 3, MaxLevels: 30, Bands: 3, ScoreBits: 8}, score.OutputBand, 4)
	require.Error(t, score.VerifyModel(other.Params, other.Model, joint, mpctest.Seed(4), table.Digest()))

	p := c.Params
	p.ScoreBits++
	_, err = score.NewLatticeBank(p, c.Model, nil, key)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = score.NewLatticeTax(p, c.Input, trusted)
	require.ErrorIs(t, err, mpc.ErrParams)
	for _, engine := range []score.EngineKind{score.EngineOT, score.EngineLattice} {
		p := c.Params
		p.Engine = engine
		_, err = score.NewLatticeBank(p, c.Model, nil, nil)
		require.ErrorIs(t, err, mpc.ErrParams)
		_, err = score.NewLatticeTax(p, c.Input, nil)
		require.ErrorIs(t, err, mpc.ErrParams)
	}
	_, err = score.NewBank(c.Params, c.Model, nil)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = score.NewTax(c.Params, c.Input)
	require.ErrorIs(t, err, mpc.ErrParams)
}
