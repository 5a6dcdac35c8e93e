// Package ottest sets up links of OT extension for the tests and benchmarks of
// the rooms above mpc/ot.
package ottest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot"
)

// Link returns the two ends of a fresh link, from fixed seeds: a function of p
// alone.
func Link(t testing.TB, p ot.Params) (*ot.Sender, *ot.Receiver) {
	t.Helper()
	a, b := mpctest.Pipe(nil, nil)
	type made struct {
		r   *ot.Receiver
		err error
	}
	ch := make(chan made, 1)
	sid := [32]byte{0x5e, byte(p.K)}
	go func() {
		r, err := ot.NewReceiver(t.Context(), b, p, sid, mpctest.Seed(0x02))
		ch <- made{r, err}
	}()
	s, err := ot.NewSender(t.Context(), a, p, sid, mpctest.Seed(0x01))
	require.NoError(t, err)
	got := <-ch
	require.NoError(t, got.err)
	return s, got.r
}
