package score_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// runReady runs a batch of one company with what was made ahead.
func runReady(t *testing.T, c *scoretest.Case, snd *ot.Sender, rcv *ot.Receiver, br *score.BankReady, tr *score.TaxReady) (values []uint16, bankErr, taxErr error) {
	t.Helper()
	a, b := mpctest.Conns(t, 5*time.Second)
	bank, tax := c.NewBank(t), c.NewTax(t)
	require.NoError(t, bank.UseReady(br))
	require.NoError(t, tax.UseReady(tr))
	bs := mpctest.Session(t, mpctest.Config(mpc.RoleBank, [32]byte{5}))
	ts, err := mpc.NewSession(mpctest.Config(mpc.RoleTax, [32]byte{5}), tr.Fresh())
	if err != nil {
		return nil, nil, err
	}
	var wg sync.WaitGroup
	wg.Go(func() { taxErr = tax.Run(t.Context(), ts, b, rcv, []int{0}) })
	bankErr = bank.Run(t.Context(), bs, a, snd, []int{0}, func(_ int, _ mpc.Digest, v []uint16) error {
		values = v
		return nil
	})
	wg.Wait()
	if bankErr == nil && taxErr == nil {
		sent, _ := b.Bytes()
		p, err := c.Params.TableParams()
		require.NoError(t, err)
		require.EqualValues(t, p.CiphertextBytes(1)+1+2*(12+64), sent, "no corrections travel online")
	}
	return values, bankErr, taxErr
}

func TestOneCompanyMadeAhead(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 1))
	shape := circuitstest.Shape{Features: 6, MinLevels: 2, MaxLevels: 90, Bands: 6, ScoreBits: 9}
	c := scoretest.Random(t, rng, shape, score.OutputBand, 1).WithLattice(t)
	snd, rcv := ottest.Link(t, c.Params.OT)
	for i := range byte(20) {
		for f := range c.Levels {
			c.Levels[f][0] = uint16(rng.IntN(c.Params.Levels[f]))
		}
		tr, corrections, err := score.PrepareTax(c.Params, c.Table(), rcv, [32]byte{i}, fresh(t))
		require.NoError(t, err)
		size, err := c.Params.ReadyBytes()
		require.NoError(t, err)
		require.Len(t, corrections, size)
		br, err := score.PrepareBank(c.Params, snd, [32]byte{i}, corrections)
		require.NoError(t, err)
		values, bankErr, taxErr := runReady(t, c, snd, rcv, br, tr)
		require.NoError(t, bankErr)
		require.NoError(t, taxErr)
		x, own := c.Company(0)
		require.EqualValues(t, c.Model.Band(c.Model.Score(x, own)), values[0])

		// Nothing of it runs again.
		_, _, taxErr = runReady(t, c, snd, rcv, br, tr)
		require.ErrorIs(t, taxErr, mpc.ErrUsed)
	}
}

// Several are made ahead, and used in any order.
func TestSeveralMadeAhead(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 1))
	c := scoretest.Random(t, rng, twelve, score.OutputBand, 1).WithLattice(t)
	snd, rcv := ottest.Link(t, c.Params.OT)
	var trs []*score.TaxReady
	var brs []*score.BankReady
	p := c.Params
	p.OutputBits = 1 // another width than that of the batches
	for i := range byte(6) {
		tr, corrections, err := score.PrepareTax(p, c.Table(), rcv, [32]byte{i}, fresh(t))
		require.NoError(t, err)
		br, err := score.PrepareBank(p, snd, [32]byte{i}, corrections)
		require.NoError(t, err)
		trs, brs = append(trs, tr), append(brs, br)
	}
	for _, i := range []int{3, 0, 5, 1, 2, 4} {
		for f := range c.Levels {
			c.Levels[f][0] = uint16(rng.IntN(c.Params.Levels[f]))
		}
		values, bankErr, taxErr := runReady(t, c, snd, rcv, brs[i], trs[i])
		require.NoError(t, bankErr)
		require.NoError(t, taxErr)
		x, own := c.Company(0)
		require.EqualValues(t, c.Model.Band(c.Model.Score(x, own)), values[0], "number %d", i)
	}
}

func TestMadeAheadIsCheckedAndFitsItsBatchOnly(t *testing.T) {
	rng := rand.New(rand.NewPCG(42, 1))
	shape := circuitstest.Shape{Features: 6, MinLevels: 2, MaxLevels: 90, Bands: 6, ScoreBits: 9}
	c := scoretest.Random(t, rng, shape, score.OutputBand, 2).WithLattice(t)
	snd, rcv := ottest.Link(t, c.Params.OT)
	tr, corrections, err := score.PrepareTax(c.Params, c.Table(), rcv, [32]byte{1}, fresh(t))
	require.NoError(t, err)
	br, err := score.PrepareBank(c.Params, snd, [32]byte{1}, corrections)
	require.NoError(t, err)
	require.ErrorIs(t, c.NewBank(t).UseReady(br), mpc.ErrParams, "two companies")
	require.ErrorIs(t, c.NewTax(t).UseReady(tr), mpc.ErrParams)

	p := c.Params
	p.Engine = score.EngineOT
	_, _, err = score.PrepareTax(p, c.Table(), rcv, [32]byte{2}, fresh(t))
	require.ErrorIs(t, err, mpc.ErrParams)

	_, corrections, err = score.PrepareTax(c.Params, c.Table(), rcv, [32]byte{3}, fresh(t))
	require.NoError(t, err)
	_, err = score.PrepareBank(c.Params, snd, [32]byte{4}, corrections)
	require.ErrorIs(t, err, mpc.ErrCheck, "another binding")
}

func fresh(t testing.TB) *mpc.Fresh {
	t.Helper()
	f, err := mpc.NewFresh()
	require.NoError(t, err)
	return f
}
