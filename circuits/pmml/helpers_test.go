package pmml

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// example reads a published example from the real data, or skips the test.
func example(t *testing.T, name string) string {
	t.Helper()
	data := os.Getenv("BLINDSCORE_DATA")
	if data == "" {
		root, err := os.Getwd()
		require.NoError(t, err)
		for {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
			require.NotEqual(t, filepath.Dir(root), root, "no go.mod above the test")
			root = filepath.Dir(root)
		}
		data = filepath.Join(root, "..", "shared", "data")
	}
	text, err := os.ReadFile(filepath.Join(data, "pmml", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the real data has no pmml/%s; set BLINDSCORE_DATA to its directory", name)
	}
	require.NoError(t, err)
	return string(text)
}

// testdata reads a document of our own.
func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(text)
}

func read(text string, opts Options) (*Document, error) { return Read(strings.NewReader(text), opts) }

// swap replaces exactly one occurrence, so that a test cannot silently test nothing.
func swap(t testing.TB, text, old, replacement string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, old), "want %q once", old)
	return strings.Replace(text, old, replacement, 1)
}
