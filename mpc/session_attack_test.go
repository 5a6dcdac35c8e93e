package mpc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
)

// What one superblock finds out ends all others: the error of the session is
// what was found out, and never how the others noticed.
func TestFirstErrorIsTheSessions(t *testing.T) {
	boom := errors.New("boom")
	for range 300 {
		a, b := mpctest.Conns(t, time.Second)
		bank, tax := mpctest.Sessions(t, [32]byte{})
		done := make(chan error, 1)
		go func() { done <- tax.Run(t.Context(), b, count(3), toyPlan, toyBody(mpc.RoleTax)) }()
		err := bank.Run(t.Context(), a, count(3), toyPlan, func(ctx context.Context, blk *mpc.Block) error {
			if _, err := blk.Recv(ctx); err != nil || blk.Index != 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return boom
		})
		require.ErrorIs(t, err, boom)
		require.Error(t, <-done)
	}
}
