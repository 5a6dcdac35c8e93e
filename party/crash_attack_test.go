package party_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/party"
)

// A tax node whose disk fails at the worst moment, with all tables of the bank
// in hand, releases nothing: what is not stored does not leave.
func TestAnswerThatIsNotStoredDoesNotLeave(t *testing.T) {
	r := newTapRig(t, small, 20, nil)
	h := r.hostileBank()
	task, p := h.admitted()
	fresh, reply := h.start(task, 1, false)
	values, err := h.run(t.Context(), p, fresh, reply, func(mpc.Answer) error { return r.taxCfg.Journal.Close() })
	require.Error(t, err)
	require.Nil(t, values)
	require.ErrorIs(t, r.waitEnd(), party.ErrInternal)
}

// A bank whose disk fails before it could store what a late answer must fit
// sends no table, so that no answer can be lost; it goes on from its journal.
func TestTablesThatCannotBeAnsweredLateDoNotLeave(t *testing.T) {
	r := newTapRig(t, small, 20, nil)
	fromBank, fromTax := r.conversation()
	done := r.evaluated()
	var sent int
	o := r.through(func(n int, f mpctest.Frame) []mpctest.Frame {
		if f.Kind() == mpctest.KindFlight {
			sent++
		}
		return []mpctest.Frame{f}
	}, func(n int, f mpctest.Frame) []mpctest.Frame {
		if n == lastFlight(fromTax)-1 {
			require.NoError(t, r.bankCfg.Journal.Close())
		}
		return []mpctest.Frame{f}
	})
	require.ErrorIs(t, o.err, party.ErrInternal)
	require.ErrorIs(t, o.taxErr, party.ErrInterrupted)
	require.Equal(t, done, r.evaluated())
	flights := 0
	for _, f := range fromBank {
		if f.Kind() == mpctest.KindFlight {
			flights++
		}
	}
	require.Equal(t, flights-1, sent, "all but the last")

	r.openBankJournal()
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(t, err)
	l, err := bank.Connect(t.Context(), r.straight())
	require.NoError(t, err)
	tasks, err := l.Unfinished()
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	b, err := l.Resume(t.Context(), tasks[0], nil)
	require.NoError(t, err)
	r.check(b)
	require.Equal(t, 2, b.Stats.Attempts)
	require.NoError(t, l.Close())
	require.NoError(t, r.waitEnd())
	require.Equal(t, done+20, r.evaluated())
}
