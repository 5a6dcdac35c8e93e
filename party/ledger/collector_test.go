package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

// TestCollector: co-signatures come one by one while the log grows, and a quorum of them is attached.
func TestCollector(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	l := memoryLedger(t, w)
	fill(t, l, w.Setup(t)...)
	c, err := ledger.NewCollector(l, w.Policy, time.Hour)
	require.NoError(t, err)
	_, err = ledger.NewCollector(nil, w.Policy, 0)
	require.ErrorIs(t, err, ledger.ErrConfig)
	a, b := w.Witness(t, 0), w.Witness(t, 1)
	sign := func(x *ledger.Witness, msg []byte) []byte {
		line, err := ledger.Ask(l, w.Policy, x, msg)
		require.NoError(t, err)
		return append(append([]byte(nil), msg...), line...)
	}
	require.ErrorIs(t, c.Add(sign(a, checkpoint(t, l))), ledger.ErrStale, "nothing was proposed")
	first, err := c.Candidate()
	require.NoError(t, err)
	require.ErrorIs(t, c.Add(first), ledger.ErrQuorum)
	require.ErrorIs(t, c.Add([]byte("x")), ledger.ErrInvalid)
	require.NoError(t, c.Add(sign(a, first)))
	require.NoError(t, c.Add(sign(a, first)), "again")
	none, err := l.Witnessed()
	require.NoError(t, err)
	require.Nil(t, none)
	fill(t, l, w.Score(t, "a")...)
	same, err := c.Candidate()
	require.NoError(t, err)
	require.Equal(t, first, same, "it waits for its quorum")
	require.NoError(t, c.Add(sign(b, first)))
	msg, err := l.Witnessed()
	require.NoError(t, err)
	cp, err := w.Policy.Open(msg)
	require.NoError(t, err)
	require.EqualValues(t, 4, cp.Size)
	second, err := c.Candidate()
	require.NoError(t, err)
	require.Equal(t, checkpoint(t, l), second)
	var stale *ledger.StaleError
	require.ErrorAs(t, c.Add(msg), &stale)
	require.EqualValues(t, 8, stale.Size)

	// A checkpoint of another history, signed by the log, is evidence.
	other := ledgertest.NewWorld(t, 3)
	forked := memoryLedger(t, other)
	fill(t, forked, other.Setup(t)...)
	fill(t, forked, other.Score(t, "x")...)
	line, err := ledger.Ask(forked, w.Policy, w.Witness(t, 2), checkpoint(t, forked))
	require.NoError(t, err)
	require.ErrorIs(t, c.Add(append(checkpoint(t, forked), line...)), ledger.ErrFork)
}
