package audit

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
)

// again replays entries of a world's ledger into another one of the same log: all that keep wants, in the order of by.
func (w *world) again(list [][]byte) ledger.Ledger {
	w.Helper()
	log, err := ledger.NewMemory(w.Config)
	require.NoError(w, err)
	w.Cleanup(func() { _ = log.Close() })
	for _, raw := range list {
		p, err := log.Submit(w.Context(), raw)
		require.NoError(w, err)
		_, err = p.Index(w.Context())
		require.NoError(w, err)
	}
	return log
}

// rewritten is a stream of another history, with a checkpoint by the log alone or by a policy that wants no witnesses.
func (w *world) rewritten(log ledger.Ledger) ([]byte, *ledger.Policy) {
	w.Helper()
	msg, err := log.Checkpoint()
	require.NoError(w, err)
	var b bytes.Buffer
	require.NoError(w, ledger.Export(&b, log, w.Policy, msg))
	return b.Bytes(), w.Policy.LogAlone()
}

// An operator who drops, reorders or inserts entries after others kept a checkpoint is named, with both checkpoints.
func TestForks(t *testing.T) {
	for name, change := range map[string]func(w *world, list [][]byte) [][]byte{
		"drops the last entry before the checkpoint": func(w *world, list [][]byte) [][]byte {
			// The receipt of the tax node, its last entry; then others go on.
			return append(list[:len(list)-1:len(list)-1], w.sealed(3)...)
		},
		"reorders two parties' entries": func(w *world, list [][]byte) [][]byte {
			n := len(list) // both receipts: by different authors
			list[n-1], list[n-2] = list[n-2], list[n-1]
			return append(list, w.sealed(1)...)
		},
		"dates an entry back, before what was witnessed": func(w *world, list [][]byte) [][]byte {
			n := len(list)
			return append(append(list[:n-1:n-1], w.sealed(1)...), list[n-1])
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.consents(w.Bank, nil, 1)
			w.run(w.Bank, 1)
			kept := w.witness()
			cp, err := w.Policy.Open(kept)
			require.NoError(t, err)
			list, err := w.log.Entries(0, int(cp.Size))
			require.NoError(t, err)
			other := w.again(change(w, list))
			stream, alone := w.rewritten(other)
			q := w.inquiry()
			q.Ledger, q.Policy, q.Earlier = bytes.NewReader(stream), alone, [][]byte{kept}
			q.Disclosures, q.Asked = nil, func(ledger.Key) bool { return false }
			r, err := q.Verify(t.Context())
			require.NoError(t, err)
			require.Equal(t, map[string]Kind{"ledger.example": KindFork}, accused(r))
			findings := r.Findings(w.now)
			require.Len(t, findings, 1)
			require.NoError(t, findings[0].Check())
			require.Equal(t, w.Operator.Key, findings[0].Party)
			require.Zero(t, findings[0].Role)

			// The same from the error itself, and not with somebody else's key.
			_, err = ledger.VerifyLog(t.Context(), bytes.NewReader(stream), alone, nil, kept)
			var fork *ledger.ForkError
			require.True(t, errors.As(err, &fork))
			f, err := ForkFinding(w.Genesis, w.Operator.Key, fork, w.now)
			require.NoError(t, err)
			require.NoError(t, f.Check())
			f, err = ForkFinding(w.Genesis, w.Bank.Key, fork, w.now)
			require.NoError(t, err)
			require.ErrorIs(t, f.Check(), ErrFinding)
			f, err = ForkFinding(w.Genesis, w.Operator.Key, &ledger.ForkError{A: fork.A, B: fork.A}, w.now)
			require.NoError(t, err)
			require.ErrorIs(t, f.Check(), ErrFinding)

			// A quorum does not take the other history.
			q = w.inquiry()
			q.Ledger = bytes.NewReader(stream)
			_, err = q.Verify(t.Context())
			require.ErrorIs(t, err, ErrEvidence)
			require.ErrorIs(t, err, ledger.ErrQuorum)
		})
	}
}

// sealed are entries of the regulator that continue its own.
func (w *world) sealed(n int) (list [][]byte) {
	w.Helper()
	for range n {
		w.last[w.Regulator]++
		e, err := ledger.Seal(w.Genesis, w.Regulator.Key, w.Regulator.Sign, w.last[w.Regulator], w.now, &ledger.SchemaPublished{
			Schema: ledger.Digest{byte(w.last[w.Regulator])}, Name: "more", Version: "1",
		})
		require.NoError(w, err)
		list = append(list, e.Bytes())
	}
	return list
}

// What somebody does to a stream on its way is no fork, and accuses nobody.
func TestCutStreams(t *testing.T) {
	w := newWorld(t)
	w.consents(w.Bank, nil, 1)
	w.run(w.Bank, 1)
	cp, err := w.Policy.Open(w.witness())
	require.NoError(t, err)
	list, err := w.log.Entries(0, int(cp.Size))
	require.NoError(t, err)
	short := w.again(list[:len(list)-1])
	stream, _ := w.rewritten(short)
	q := w.inquiry()
	q.Ledger, q.Checkpoint = bytes.NewReader(stream), w.witness()
	_, err = q.Verify(t.Context())
	require.ErrorIs(t, err, ErrEvidence)
	require.ErrorIs(t, err, ledger.ErrHistory)
	q = w.inquiry()
	q.Ledger = bytes.NewReader(nil)
	_, err = q.Verify(t.Context())
	require.ErrorIs(t, err, ErrEvidence)
	q = w.inquiry()
	broken := errors.New("disk")
	q.Disclosures = append(q.Disclosures, func() (io.ReadCloser, error) { return nil, broken })
	_, err = q.Verify(t.Context())
	require.ErrorIs(t, err, broken)
}
