package examples_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/examples/internal/vaultdemo"
)

// TestVaultDemo runs the demo of the offline channel as its user does: every band right, nobody shown who did not consent or
// revoked, and a task without one of the holders.
func TestVaultDemo(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("three holders make a key, and a card is evaluated six times under encryption")
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "demo", "-vault", "-companies", "120", "-seed", "2", "-json")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "%s", stderr.Bytes())
	require.Empty(t, stderr.String())
	var s vaultdemo.Summary
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &s))
	require.Equal(t, 120, s.Companies)
	require.Equal(t, 108, s.Consented)
	require.Len(t, s.Tasks, 2)
	for i, shown := range []int{108, 106} {
		task := s.Tasks[i]
		require.Equal(t, shown, task.Shown)
		require.Zero(t, task.Mismatches)
		total := 0
		for _, n := range task.Bands {
			total += n
		}
		require.Equal(t, shown, total)
		require.Len(t, task.Answered, 2)
	}
	require.NotEqual(t, s.Tasks[0].Answered, s.Tasks[1].Answered)
}

// TestVaultUsage refuses what -vault does not take.
func TestVaultUsage(t *testing.T) {
	for _, args := range [][]string{{"-companies", "0"}, {"-companies", "100001"}, {"-engine", "ot"}} {
		err := exec.CommandContext(t.Context(), "demo", append([]string{"-vault"}, args...)...).Run()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 2, exit.ExitCode())
	}
}
