package approval_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party"
)

func model(t *testing.T) *circuits.Model {
	t.Helper()
	schema, err := madeup.Schema()
	require.NoError(t, err)
	card, err := madeup.Card()
	require.NoError(t, err)
	m, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	return m
}

func TestSeedKeepsTheTable(t *testing.T) {
	m, nonce := model(t), [32]byte{1}
	seed, err := approval.Encrypt(m, nonce)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "seed")
	require.NoError(t, seed.Save(path))
	require.ErrorIs(t, seed.Save(path), os.ErrExist)
	again, err := approval.Load(path)
	require.NoError(t, err)
	require.Equal(t, seed, again)
	table, err := again.Table(m)
	require.NoError(t, err)
	require.Equal(t, seed.Digest, table.Digest())
	require.NoError(t, approval.Approve(m, nonce, again))
	require.ErrorIs(t, approval.Approve(m, [32]byte{2}, again), party.ErrPeer)
	again.Digest[0] ^= 1
	require.ErrorIs(t, approval.Approve(m, nonce, again), party.ErrPeer)
	_, err = again.Table(m)
	require.ErrorIs(t, err, cli.ErrInput)

	for _, verb := range []string{"%v", "%+v", "%#v", "%x"} {
		want := fmt.Sprintf("table seed of %x", seed.Digest)
		require.Equal(t, want, fmt.Sprintf(verb, seed))
		require.Equal(t, want, fmt.Sprintf(verb, *seed))
	}
	other, err := approval.Encrypt(m, nonce)
	require.NoError(t, err)
	require.NotEqual(t, seed.Digest, other.Digest, "a seed is drawn anew each time")
}

func TestSeedFilesAreChecked(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	good := `{"blindscore_table_seed":1,"nonce":"` + hash + `","digest":"` + hash + `","seed":"` + hash + `"}`
	path := filepath.Join(t.TempDir(), "seed")
	load := func(text string) error {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := approval.Load(path)
		return err
	}
	require.NoError(t, load(good))
	for name, text := range map[string]string{
		"empty":         "",
		"no object":     "7",
		"other version": strings.Replace(good, ":1,", ":2,", 1),
		"short":         strings.Replace(good, `"seed":"ab`, `"seed":"`, 1),
		"no seed":       strings.Replace(good, `"seed":"`+hash, `"seed":"`, 1),
		"more":          good + good,
		"unknown":       strings.Replace(good, "{", `{"x":1,`, 1),
		"large":         good + strings.Repeat(" ", 5000),
	} {
		err := load(text)
		require.ErrorIs(t, err, cli.ErrInput, name)
		require.NotContains(t, err.Error(), hash, name)
	}
}
