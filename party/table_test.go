package party_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/partypb"
)

var wide = circuitstest.Shape{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 4, ScoreBits: 10}

// withTable gives the bank an encrypted table that the approver verified, and
// has the tax node trust it or not.
func (r *rig) withTable(trusted bool) [32]byte {
	r.t.Helper()
	seed, err := mpc.NewSeed()
	require.NoError(r.t, err)
	nonce := [32]byte{1, 2, 3}
	table, err := party.NewEncryptedTable(r.made.Model, nonce, seed)
	require.NoError(r.t, err)
	require.NoError(r.t, party.VerifyEncryptedTable(r.made.Model, nonce, seed, table.Digest()))
	require.ErrorIs(r.t, party.VerifyEncryptedTable(r.made.Model, [32]byte{9}, seed, table.Digest()), party.ErrPeer)
	require.ErrorIs(r.t, party.VerifyEncryptedTable(r.made.Model, nonce, seed, [32]byte{9}), party.ErrPeer)
	r.bankCfg.Table = table
	require.NoError(r.t, r.stop())
	r.taxCfg.Trusted = func(d [32]byte) bool { return trusted && d == table.Digest() }
	r.serve()
	return table.Digest()
}

// engine tells which engine the tax node's last task ran on.
func (r *rig) engine() partypb.Engine {
	var last partypb.Engine
	for id, err := range r.taxCfg.Journal.Tasks() {
		require.NoError(r.t, err)
		rec, err := r.taxCfg.Journal.Task(id)
		require.NoError(r.t, err)
		task := new(partypb.Task)
		require.NoError(r.t, partypb.OpenBody(r.bankID.Public(), rec.Task, task))
		last = task.GetEngine()
	}
	return last
}

func TestLatticeEngine(t *testing.T) {
	r := newRig(t, wide, 3000)
	r.withTable(true)
	for _, form := range []score.Form{0, score.OneTable, score.TwoTables} {
		r.bankCfg.Form = form
		b, err := r.dial().Score(t.Context(), r.request())
		if form == score.TwoTables && err != nil {
			require.ErrorIs(t, err, party.ErrUnsupported, "these thresholds are too close")
			continue
		}
		require.NoError(t, err)
		r.check(b)
		require.Equal(t, partypb.Engine_ENGINE_LATTICE, r.engine())
	}
	l := r.dial()
	sent, _ := l.Bytes()
	require.Less(t, sent, uint64(100_000), "a table that the tax node has is not sent again")
	b, err := l.Score(t.Context(), r.request(5))
	require.NoError(t, err)
	r.check(b, 5)
	r.bankCfg.Form = 0
	req := r.request(1, 2, 3)
	req.Output = party.OutputScore
	b, err = r.dial().Score(t.Context(), req)
	if err == nil { // the range may be widened past what policy allows
		for k, i := range []int{1, 2, 3} {
			want, _ := r.want(i)
			require.Equal(t, want, b.Results[k].Score)
		}
	}
}

// A tax node that was not told to trust a table runs oblivious transfer, and a
// bank that insists is told no.
func TestUntrustedTableFallsBack(t *testing.T) {
	r := newRig(t, wide, 300)
	r.withTable(false)
	b, err := r.dial().Score(t.Context(), r.request())
	require.NoError(t, err)
	r.check(b)
	require.Equal(t, partypb.Engine_ENGINE_TRANSFER, r.engine())
	r.bankCfg.Engine = score.EngineLattice
	_, err = r.dial().Score(t.Context(), r.request(1))
	require.ErrorIs(t, err, party.ErrUnsupported)

	require.NoError(t, r.stop())
	r.taxCfg.MaxTableBytes = 1000
	r.taxCfg.Trusted = func([32]byte) bool { return true }
	r.serve()
	_, err = r.dial().Score(t.Context(), r.request(1))
	require.ErrorIs(t, err, party.ErrUnsupported, "a table too large for the node")
	r.bankCfg.Engine = score.EngineOT
	b, err = r.dial().Score(t.Context(), r.request(1))
	require.NoError(t, err)
	r.check(b, 1)
}

// A table other than the trusted one, sent under its name, is refused.
func TestAlteredTableIsRefused(t *testing.T) {
	r := newRig(t, circuitstest.Shape{Features: 3, MinLevels: 30, MaxLevels: 30, Bands: 3, ScoreBits: 8}, 5)
	r.withTable(true)
	flipped := false
	r.bankCfg.Peers = pinned(t, r.taxID)
	r.wrap = func(c net.Conn) net.Conn { return c }
	l := r.dialWith(func(table []byte) { table[len(table)/2] ^= 1; flipped = true })
	require.Error(t, l)
	require.True(t, flipped)
}

// dialWith connects a bank whose table is altered on its way, and returns the
// error that the bank ends with.
func (r *rig) dialWith(alter func([]byte)) error {
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(r.t, err)
	party.AlterTable(bank, alter)
	_, err = bank.Dial(r.t.Context(), r.addr)
	return err
}

func TestResumeWithLattice(t *testing.T) {
	r := newRig(t, wide, 20_000)
	r.withTable(true)
	var left atomic.Int64
	left.Store(700_000)
	r.wrap = func(c net.Conn) net.Conn { return cutter{c, &left} }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := r.request()
	req.Progress = func(party.Progress) { cancel() }
	_, err := r.dial().Score(ctx, req)
	require.ErrorIs(t, err, party.ErrInterrupted)
	require.NoError(t, r.stop())
	r.serve()
	l := r.dialUncut()
	tasks, err := l.Unfinished()
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	b, err := l.Resume(t.Context(), tasks[0], nil)
	require.NoError(t, err)
	r.check(b)
	n, err := r.taxCfg.Journal.Evaluations(tasks[0])
	require.NoError(t, err)
	require.EqualValues(t, 20_000, n)
}

// Single companies, with what was prepared ahead and, once that is used up or
// does not fit, without.
func TestPreparedAhead(t *testing.T) {
	r := newRig(t, wide, 12)
	r.withTable(true)
	r.bankCfg.Ready = 3
	l := r.dial()
	var with uint64
	for i := range 8 {
		b, err := l.Score(t.Context(), r.request(i))
		require.NoError(t, err)
		r.check(b, i)
		with = b.Stats.BytesToBank
	}
	b, err := l.Score(t.Context(), r.request(3, 4)) // two companies
	require.NoError(t, err)
	r.check(b, 3, 4)
	require.NoError(t, l.Close())

	r.bankCfg.Ready = 0
	b, err = r.dial().Score(t.Context(), r.request(1))
	require.NoError(t, err)
	r.check(b, 1)
	require.Greater(t, b.Stats.BytesToBank, with+3000, "the corrections travelled online")

	r.bankCfg.Ready = 2
	r.bankCfg.Form = score.OneTable
	req := r.request(2)
	req.Output = party.OutputScore
	if b, err = r.dial().Score(t.Context(), req); err == nil {
		want, _ := r.want(2)
		require.Equal(t, want, b.Results[0].Score)
	}
}
