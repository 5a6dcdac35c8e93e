package lint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

// The card that was drawn from the real book.
func TestBook(t *testing.T) {
	dir := filepath.Join("..", "..", "examples", "cumcm2020c")
	text, err := os.ReadFile(filepath.Join(dir, "card.json"))
	if os.IsNotExist(err) {
		t.Skip("no card in examples/cumcm2020c")
	}
	require.NoError(t, err)
	card, err := circuits.ParseScorecard(text)
	require.NoError(t, err)
	text, err = os.ReadFile(filepath.Join(dir, "schema.json"))
	require.NoError(t, err)
	schema, err := circuits.ParseSchema(text)
	require.NoError(t, err)
	m, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)

	r := check(t, m, Policy{Output: OutputBand})
	t.Log(r.Text())
	require.True(t, r.Passed())
	require.Empty(t, found(r, CodePinnedOutput))
	require.Empty(t, found(r, CodeUnique))
	require.Equal(t, m.BandBits(), r.Bits)

	r = check(t, m, Policy{Output: OutputScore})
	t.Log(r.Text())
	require.NotEmpty(t, found(r, CodePinnedOutput), "the tails of a score are thin on any card of few features")
}
