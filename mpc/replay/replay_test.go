package replay_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
)

// Honest sessions are cleared, on both sides: several on one link, whole or in
// samples, and the bank's side shows what it learned.
func TestHonestSessionsAreCleared(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			k := newCase(t, kind.engine, kind.form, 130, 24)
			c := connect(t, k.Params.OT)
			for _, blocks := range [][]int{count(6), nil, {1, 4, 5}} {
				r := c.run(t, k.Case, blocks)
				for _, sample := range samples(blocks) {
					var mu sync.Mutex
					learned := map[int][]uint16{}
					r.bank.Values = func(block int, v []uint16) error {
						mu.Lock()
						defer mu.Unlock()
						learned[block] = v
						return nil
					}
					found, err := r.bank.Replay(t.Context(), sample, r.load)
					require.NoError(t, err)
					require.Empty(t, found)
					require.Len(t, learned, len(sample))
					for block, v := range learned {
						require.Equal(t, r.values[block], v)
					}
					found, err = r.tax.Replay(t.Context(), sample, r.load)
					require.NoError(t, err)
					require.Empty(t, found)
				}
			}
		})
	}
}

// samples are all superblocks of a longer session, and some of them.
func samples(blocks []int) [][]int {
	if len(blocks) < 4 {
		return [][]int{blocks}
	}
	return [][]int{blocks, {blocks[1], blocks[3]}}
}

// The payloads of the side that is replayed are not needed.
func TestOwnPayloadsAreNotNeeded(t *testing.T) {
	k := newCase(t, score.EngineOT, score.OneTable, 40, 20)
	c := connect(t, k.Params.OT)
	r := c.run(t, k.Case, count(2))
	for _, role := range []mpc.Role{mpc.RoleBank, mpc.RoleTax} {
		less := &recorded{flights: map[int][]mpc.Flight{}}
		for b, fs := range r.flights {
			for _, f := range fs {
				if f.From == role {
					f.Payload = nil
				}
				less.flights[b] = append(less.flights[b], f)
			}
		}
		one, other := r.bank.Replay, r.tax.Replay
		if role == mpc.RoleTax {
			one, other = other, one
		}
		found, err := one(t.Context(), count(2), less.load)
		require.NoError(t, err)
		require.Empty(t, found)
		_, err = other(t.Context(), count(2), less.load)
		require.Error(t, err)
	}
}
