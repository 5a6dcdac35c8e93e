package policy

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

// TestTable holds the table to a map.
func TestTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, companies := range []int{1, 7, 1000, 50_000} {
		table, want := newTable(), make(map[uscc.ID]uint32)
		for n := range uint32(3 * companies) {
			id := uscc.Synthetic(rng.Uint64N(uint64(companies)))
			require.Equal(t, want[id], table.get(&id))
			head := table.head(&id)
			require.Equal(t, want[id], *head)
			*head, want[id] = n, n
		}
		require.Equal(t, len(want), table.n)
		for i := range table.shards {
			require.LessOrEqual(t, 4*table.shards[i].n, 3*len(table.shards[i].entries))
		}
		got := make(map[uscc.ID]uint32)
		table.all(func(id *uscc.ID, head uint32) { got[*id] = head })
		require.Equal(t, want, got)
	}
	none := uscc.Synthetic(1)
	require.Zero(t, newTable().get(&none))
}
