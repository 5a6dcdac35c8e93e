package replay_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/mpc/score"
)

const labelAhead = 0x41

// ahead is a superblock of one company that both sides made ahead.
type ahead struct {
	bank     *score.BankReady
	tax      *score.TaxReady
	seed     mpc.Seed
	prepared replay.Prepared
}

// prepare makes one ahead over the connection; every session of the tax node has
// its seed from one root.
func (c *connection) prepare(t *testing.T, k *made, root *mpc.Root, number byte) ahead {
	t.Helper()
	var a ahead
	require.NoError(t, root.Escrow(func(secret [mpc.SeedSize]byte) error {
		seed, err := mpc.RestoreSeed(secret[:])
		a.seed = seed
		return err
	}))
	fresh, index := root.Fresh()
	a.seed = mpc.RootSession(a.seed, index)
	a.prepared = replay.Prepared{Counter: c.receiver.Next(), Binding: [32]byte{number, 7}, Message: len(c.sentTax)}
	p := k.Params
	p.OutputBits = 1 // another width than that of the batches
	r, corrections, err := score.PrepareTax(p, k.Table(), c.receiver, a.prepared.Binding, fresh)
	require.NoError(t, err)
	require.NoError(t, c.taxConn.Send(t.Context(), labelAhead, corrections))
	got, err := c.bankConn.Recv(t.Context(), labelAhead, len(corrections))
	require.NoError(t, err)
	a.tax = r
	a.bank, err = score.PrepareBank(p, c.sender, a.prepared.Binding, got)
	require.NoError(t, err)
	return a
}

// runAhead runs a session of one company on what was made ahead.
func (c *connection) runAhead(t *testing.T, k *made, a ahead) *recorded {
	t.Helper()
	r := &recorded{flights: make(map[int][]mpc.Flight), values: make(map[int][]uint16)}
	s := replay.Session{Params: k.Params, Binding: binding, Blocks: []int{0}, Counter: c.sender.Next(), Prepared: &a.prepared}
	s.Seeds = replay.FromSession(bankSeed)
	r.bank = replay.Bank{Link: c.bank(), Session: s, Model: k.Model, Own: k.Own, Key: k.Key()}
	s.Seeds = replay.FromSession(a.seed)
	r.tax = replay.Tax{Link: c.tax(), Session: s, Input: k.Input, Table: k.Table()}
	bcfg, tcfg := mpctest.Config(mpc.RoleBank, binding), mpctest.Config(mpc.RoleTax, binding)
	tcfg.Record = func(f mpc.Flight) error {
		f.Payload, f.Signature = bytes.Clone(f.Payload), bytes.Clone(f.Signature)
		r.flights[0] = append(r.flights[0], f)
		return nil
	}
	bank, tax := k.NewBank(t), k.NewTax(t)
	require.NoError(t, bank.UseReady(a.bank))
	require.NoError(t, tax.UseReady(a.tax))
	bs := mpctest.SeededSession(t, bcfg, bankSeed)
	ts, err := mpc.NewSession(tcfg, a.tax.Fresh())
	require.NoError(t, err)
	var taxErr error
	var wg sync.WaitGroup
	wg.Go(func() { taxErr = tax.Run(t.Context(), ts, c.taxConn, c.receiver, []int{0}) })
	require.NoError(t, bank.Run(t.Context(), bs, c.bankConn, c.sender, []int{0}, func(_ int, _ mpc.Digest, v []uint16) error {
		r.values[0] = v
		return nil
	}))
	wg.Wait()
	require.NoError(t, taxErr)
	return r
}

// Single companies that were prepared, used in any order, with a batch between.
func TestPreparedSessions(t *testing.T) {
	k := newCase(t, score.EngineLattice, score.OneTable, 1, 1)
	c := connect(t, k.Params.OT)
	root, err := mpc.NewRoot()
	require.NoError(t, err)
	var made []ahead
	for i := range byte(3) {
		made = append(made, c.prepare(t, k, root, i))
	}
	between := c.run(t, k.Case, []int{0})
	made = append(made, c.prepare(t, k, root, 3))
	found, err := between.bank.Replay(t.Context(), []int{0}, between.load)
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = between.tax.Replay(t.Context(), []int{0}, between.load)
	require.NoError(t, err)
	require.Empty(t, found)

	for _, i := range []int{2, 3, 0, 1} {
		r := c.runAhead(t, k, made[i])
		r.bank.Values = func(_ int, v []uint16) error {
			require.Equal(t, r.values[0], v)
			return nil
		}
		found, err := r.bank.Replay(t.Context(), []int{0}, r.load)
		require.NoError(t, err)
		require.Empty(t, found, "number %d", i)
		found, err = r.tax.Replay(t.Context(), []int{0}, r.load)
		require.NoError(t, err)
		require.Empty(t, found, "number %d", i)

		// Another one's corrections.
		other := *r.tax.Prepared
		other.Message = made[(i+1)%4].prepared.Message
		r.tax.Prepared, r.bank.Prepared = &other, &other
		found, err = r.tax.Replay(t.Context(), []int{0}, r.load)
		require.NoError(t, err)
		require.Equal(t, [][2]int{{replay.SetUp, other.Message}}, where(found))
		require.Contains(t, found[0].String(), "set-up message ")
		found, err = r.bank.Replay(t.Context(), []int{0}, r.load)
		require.NoError(t, err)
		require.Equal(t, [][2]int{{0, 2}}, where(found))
		require.ErrorIs(t, found[0].Cause, mpc.ErrCheck)

		for _, at := range []int{-1, 0, 99} {
			other.Message = at
			_, err = r.tax.Replay(t.Context(), []int{0}, r.load)
			require.ErrorIs(t, err, replay.ErrRecord)
			_, err = r.bank.Replay(t.Context(), []int{0}, r.load)
			require.ErrorIs(t, err, replay.ErrRecord)
		}
		other.Message = made[i].prepared.Message
		heard := append([]replay.Message(nil), r.bank.Received...)
		heard[other.Message].Payload = nil
		r.bank.Received = heard
		_, err = r.bank.Replay(t.Context(), []int{0}, r.load)
		require.ErrorIs(t, err, replay.ErrRecord, "a hash is not enough")
	}
}
