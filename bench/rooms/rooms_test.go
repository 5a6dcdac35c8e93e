package rooms

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRooms runs every step once, for few companies: each compares its results.
func TestRooms(t *testing.T) {
	for _, k := range Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			heavy := strings.HasPrefix(k.Name, "vault")
			if heavy && (testing.Short() || underRace) {
				t.Skip("generates keys for three holders")
			}
			if heavy {
				whole := k.Open
				k.Open = func(ctx context.Context, dir string, n int) (*Room, error) {
					r, err := whole(ctx, dir, n)
					if err == nil {
						r.Steps = r.Steps[1:] // what Open did already
					}
					return r, err
				}
			}
			n := min(k.Companies[len(k.Companies)-1], 130)
			list, err := Measure(context.Background(), k, t.TempDir(), n, 0)
			require.NoError(t, err)
			require.NotEmpty(t, list)
			for _, f := range list {
				require.Equal(t, 1, f.Runs)
				require.Positive(t, f.Seconds)
				require.Contains(t, []int{0, n}, f.N)
				require.Equal(t, n, f.Opened)
				require.Equal(t, k.Name, f.Room)
			}
		})
	}
}

// TestCancelled ends a measurement with its context.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Measure(ctx, Kinds()[0], t.TempDir(), 1, 0)
	require.ErrorIs(t, err, context.Canceled)
}
