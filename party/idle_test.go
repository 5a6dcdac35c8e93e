package party_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/evidence"
)

// A bank that connects, over and over, and runs nothing leaves no files behind, on
// neither side; one that ran something leaves one.
func TestIdleConnectionsLeaveNoFiles(t *testing.T) {
	r := newRig(t, small, 3)
	dirs := []string{filepath.Join(r.dir, "tax evidence"), filepath.Join(r.dir, "bank evidence")}
	archives := make([]*evidence.Archive, len(dirs))
	for i, dir := range dirs {
		var err error
		archives[i], err = evidence.Open(dir)
		require.NoError(t, err)
	}
	own, _ := auditors(t, 1, 1)
	r.restart(func() { r.taxCfg.Evidence, r.taxCfg.OwnAuditors = archives[0], own })
	r.bankCfg.Evidence = archives[1]
	for range 3 {
		require.NoError(t, r.dial().Close())
	}
	l := r.dial()
	_, err := l.Score(t.Context(), r.request())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, r.stop())
	for _, dir := range dirs {
		files, err := os.ReadDir(filepath.Join(dir, "links"))
		require.NoError(t, err)
		require.Len(t, files, 1, dir)
	}
}
