package vaultdemo

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets a demo start its processes as this binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Prefix {
		os.Exit(Child(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// TestRun runs the whole demo on few companies: every band right, those who did not consent or revoked not shown, and a
// task without one of the holders.
func TestRun(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("evaluates under encryption for some ten seconds")
	}
	var out, stderr bytes.Buffer
	require.NoError(t, Run(context.Background(), Options{Companies: 120, Seed: 2, JSON: true}, &out, &stderr), "%s", stderr.Bytes())
	var s Summary
	require.NoError(t, json.Unmarshal(out.Bytes(), &s))
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
		require.Len(t, task.Answered, needed)
	}
	require.Contains(t, s.Tasks[0].Answered, holderName(2))
	require.NotContains(t, s.Tasks[1].Answered, holderName(2))
	require.Empty(t, stderr.String())
}

func TestBounds(t *testing.T) {
	for _, n := range []int{-1, 0, MaxCompanies + 1} {
		require.Error(t, Run(context.Background(), Options{Companies: n}, &bytes.Buffer{}, &bytes.Buffer{}))
	}
	for _, args := range [][]string{nil, {"tax"}, {"nobody", t.TempDir()}} {
		require.Equal(t, 1, Child(args))
	}
}
