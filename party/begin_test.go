package party_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/partytest"
)

// places is a gate that lets so many tasks be under way.
type places struct {
	*partytest.Gate
	most, open, begun atomic.Int64
}

func (p *places) Begin(string) (func(), error) {
	if p.open.Add(1) > p.most.Load() {
		p.open.Add(-1)
		return nil, admission.ErrFull
	}
	p.begun.Add(1)
	return func() { p.open.Add(-1) }, nil
}

// A task takes one of its bank's places, from its proposal on, and gives it back
// however it ends; a bank that has none left comes again.
func TestTasksUnderWay(t *testing.T) {
	r := newRig(t, small, 5)
	gate := &places{Gate: r.gate}
	gate.most.Store(1)
	r.restart(func() { r.taxCfg.Admission = gate })
	l := r.dial()
	for n := range int64(3) {
		_, err := l.Score(t.Context(), r.request())
		require.NoError(t, err)
		require.Equal(t, n+1, gate.begun.Load(), "one for the proposal and its session")
	}
	require.NoError(t, l.Close())
	require.Eventually(t, func() bool { return gate.open.Load() == 0 }, 10*time.Second, time.Millisecond)

	gate.most.Store(0)
	_, err := r.dial().Score(t.Context(), r.request())
	require.ErrorIs(t, err, party.ErrBusy)

	gate.most.Store(1)
	r.gate.Do(func() { r.gate.Denied = admission.ErrDenied })
	_, err = r.dial().Score(t.Context(), r.request())
	require.ErrorIs(t, err, party.ErrRefused)
	require.NoError(t, r.stop())
	require.Zero(t, gate.open.Load())
}
