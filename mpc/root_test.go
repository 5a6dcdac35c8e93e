package mpc_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
)

// TestRootGivesEachSeedOnce, under concurrency too, and whoever opens the escrow
// finds each again.
func TestRootGivesEachSeedOnce(t *testing.T) {
	root, err := mpc.NewRoot()
	require.NoError(t, err)
	var opened mpc.Seed
	require.NoError(t, root.Escrow(func(secret [mpc.SeedSize]byte) error {
		opened, err = mpc.RestoreSeed(secret[:])
		return err
	}))
	require.Equal(t, mpc.RootSetUp(opened).Reveal(), root.SetUp().Reveal())

	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := make(map[[32]byte]uint64)
	for range 8 {
		wg.Go(func() {
			for range 50 {
				f, index := root.Fresh()
				mu.Lock()
				seen[f.Commitment()] = index
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, 400)
	for c, index := range seen {
		require.Equal(t, c, mpc.RootSession(opened, index).Commitment())
		require.NotZero(t, index)
	}
	other, err := mpc.NewRoot()
	require.NoError(t, err)
	f, _ := other.Fresh()
	require.NotContains(t, seen, f.Commitment())
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %x", root, root, root, root), fmt.Sprintf("%x", opened.Reveal()[:4]))
}
