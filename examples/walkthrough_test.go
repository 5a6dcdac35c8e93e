package examples_test

import (
	"context"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

// TestWalkthrough runs the script that a newcomer reads, on the first real firms: every step, the servers as processes of
// their own, the audit. That the bands are right is TestRealFirms' concern.
func TestWalkthrough(t *testing.T) {
	const firms = 25
	if testing.Short() {
		t.Skip("runs some eighty processes")
	}
	vat, err := filepath.Abs(dataFile(t, "cumcm2020c/monthly_vat_by_firm.csv"))
	require.NoError(t, err)
	script, err := filepath.Abs(filepath.Join(realFiles, "walkthrough.sh"))
	require.NoError(t, err)
	for _, name := range []string{"walkthrough.sh", "schema.json", "card.json", "import.yaml", "mapping.yaml", "codes/main.go"} {
		require.FileExists(t, filepath.Join(realFiles, name)) // also tells the cache of test results what this depends on
	}
	for _, tool := range []string{"sh", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not there", tool)
		}
	}
	bin, dir := t.TempDir(), t.TempDir()
	built, err := exec.Command("go", "build", "-o", bin, "./"+realFiles+"/codes").CombinedOutput()
	require.NoError(t, err, "%s", built)

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", script, vat, strconv.Itoa(firms))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // the script stops what it started
	cmd.WaitDelay = 10 * time.Second
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Contains(t, string(said), "25 companies scored, 0 refused")
	require.Contains(t, string(said), "bank, superblocks replayed: 1: cleared")
	require.Contains(t, string(said), "tax node, superblocks replayed: 1: cleared")
	require.Contains(t, string(said), "admitted 25 of 25: clear 25, withheld 0, violating 0, open 0, not disclosed 0")

	bands, err := os.ReadFile(filepath.Join(dir, "bands.csv"))
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(bands))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+firms)
	for i, row := range rows[1:] {
		require.Equal(t, []string{uscc.Synthetic(uint64(i + 1)).String(), "ok"}, row[:2])
	}
	for _, page := range []string{"report.html", "firm.html"} {
		text, err := os.ReadFile(filepath.Join(dir, page))
		require.NoError(t, err)
		require.Contains(t, string(text), "</html>", page)
	}
}
