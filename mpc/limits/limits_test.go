package limits

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLimits checks that something was measured; how much is the machine's
// affair.
func TestLimits(t *testing.T) {
	for name, measure := range map[string]func(time.Duration) float64{"AESBlocks": AESBlocks, "RowAdds": RowAdds} {
		require.Greater(t, measure(0), 1e4, "%s of no time is one slice", name)
		require.Greater(t, measure(5*time.Millisecond), 1e4, name)
	}
}

// TestBest counts the calls: every one of them is worth its units.
func TestBest(t *testing.T) {
	calls := 0
	rate := best(3*slice, 10, func() {
		calls++
		time.Sleep(50 * time.Microsecond)
	})
	require.Greater(t, calls, 4)
	require.Less(t, rate, 10/50e-6, "no call took less than it slept")
	require.Positive(t, rate)
}
