package party_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/journal"
)

// cutter closes a stream once so many bytes were read from it.
type cutter struct {
	net.Conn
	left *atomic.Int64
}

func (c cutter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.left.Add(int64(-n)) < 0 {
		_ = c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

func (r *rig) taxTask(task [32]byte) (answers []*journal.StoredAnswer) {
	for a, err := range r.taxCfg.Journal.Answers(task) {
		require.NoError(r.t, err)
		answers = append(answers, a)
	}
	return answers
}

// Cut the stream at many places of the tax node's messages, then resume, with
// the tax node restarted each time, until the batch is complete: every company
// is right, every superblock was answered exactly once, and what had been
// answered was sent again byte for byte.
func TestResumeAfterEveryKindOfCut(t *testing.T) {
	shape := circuitstest.Shape{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10, Own: 1}
	r := newRig(t, shape, 9000) // nine superblocks
	for _, cut := range []int64{30_000, 600_000, 1_500_000, 3_000_000, 3_850_000} {
		var left atomic.Int64
		left.Store(cut)
		r.wrap = func(c net.Conn) net.Conn { return cutter{c, &left} }
		l := r.dial()
		_, err := l.Score(t.Context(), r.request())
		require.ErrorIs(t, err, party.ErrInterrupted, "cut after %d bytes", cut)

		tasks, err := r.dialUncut().Unfinished()
		require.NoError(t, err)
		if len(tasks) == 0 {
			require.Less(t, cut, int64(100_000), "cut before the task was admitted")
			continue
		}
		require.Len(t, tasks, 1)
		before := r.taxTask(tasks[0])

		// Both nodes are restarted.
		require.NoError(t, r.stop())
		r.serve()
		require.NoError(t, r.bankCfg.Journal.Close())
		r.openBankJournal()

		b, err := r.dialUncut().Resume(t.Context(), tasks[0], nil)
		require.NoError(t, err, "cut after %d bytes", cut)
		r.check(b)
		require.Greater(t, b.Stats.Attempts, 1)

		after := r.taxTask(tasks[0])
		blocks := map[int]*journal.StoredAnswer{}
		companies := 0
		for _, a := range after {
			_, twice := blocks[a.Block]
			require.False(t, twice)
			blocks[a.Block] = a
			companies += int(a.Companies)
		}
		require.Equal(t, len(r.ids), companies, "every company is evaluated once")
		for _, a := range before {
			require.Equal(t, a, blocks[a.Block], "a stored answer never changes")
		}
		tasks, err = r.dialUncut().Unfinished()
		require.NoError(t, err)
		require.Empty(t, tasks)
	}
}

func (r *rig) dialUncut() *party.Link {
	r.wrap = nil
	return r.dial()
}

// A bank that is told that the batch is complete but lost the receipt gets
// everything again, without a single evaluation.
func TestResumeOfACompleteBatchEvaluatesNothing(t *testing.T) {
	r := newRig(t, small, 50)
	ctx, cancel := context.WithCancel(t.Context())
	req := r.request()
	req.Progress = func(p party.Progress) {
		if p.Done == p.Total {
			cancel() // all results are here, the receipt is not
		}
	}
	_, err := r.dial().Score(ctx, req)
	require.ErrorIs(t, err, party.ErrInterrupted)
	tasks, err := r.dial().Unfinished()
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	before := r.taxTask(tasks[0])
	b, err := r.dial().Resume(t.Context(), tasks[0], nil)
	require.NoError(t, err)
	r.check(b)
	require.Equal(t, before, r.taxTask(tasks[0]))
}

func TestResumeNeedsTheSameModelAndTheRightPeer(t *testing.T) {
	r := newRig(t, small, 50)
	ctx, cancel := context.WithCancel(t.Context())
	req := r.request()
	req.Progress = func(party.Progress) { cancel() }
	_, err := r.dial().Score(ctx, req)
	require.ErrorIs(t, err, party.ErrInterrupted)
	l := r.dial()
	tasks, err := l.Unfinished()
	require.NoError(t, err)
	require.Len(t, tasks, 1)

	_, err = l.Resume(t.Context(), [32]byte{1}, nil)
	require.ErrorIs(t, err, party.ErrTask)

	other := newRig(t, small, 51) // another random model on another schema of the same shape
	kept := r.bankCfg.Model
	r.bankCfg.Model = other.made.Model
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(t, err)
	if l2, err := bank.Dial(t.Context(), r.addr); err == nil {
		_, err = l2.Resume(t.Context(), tasks[0], nil)
		require.ErrorIs(t, err, party.ErrTask)
	} else {
		require.ErrorIs(t, err, party.ErrUnsupported)
	}
	r.bankCfg.Model = kept
	b, err := r.dial().Resume(t.Context(), tasks[0], nil)
	require.NoError(t, err)
	r.check(b)
}

func TestJournalRefusesASecondAnswer(t *testing.T) {
	r := newRig(t, small, 10)
	_, err := r.dial().Score(t.Context(), r.request())
	require.NoError(t, err)
	tasks := 0
	for id, err := range r.taxCfg.Journal.Tasks() {
		require.NoError(t, err)
		require.ErrorIs(t, r.taxCfg.Journal.PutAnswer(id, r.taxTask(id)[0]), journal.ErrExists)
		tasks++
	}
	require.Equal(t, 1, tasks)
}
