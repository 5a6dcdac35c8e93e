package regcmd

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/sharing"
)

// anOpening is an auditor's of an escrow that is made for it.
func anOpening(tb testing.TB) *sharing.Opening {
	tb.Helper()
	key, err := sharing.NewAuditorKey(rand.Reader)
	require.NoError(tb, err)
	a := &party.Auditors{Threshold: 1, Keys: []*sharing.AuditorPublicKey{key.Public()}}
	terms, err := a.Terms([32]byte{1}, make([]byte, 32))
	require.NoError(tb, err)
	e, err := sharing.NewEscrow(terms, [32]byte{2}, rand.Reader)
	require.NoError(tb, err)
	v, err := e.Verify(terms)
	require.NoError(tb, err)
	o, err := v.Open(key, rand.Reader)
	require.NoError(tb, err)
	return o
}

func TestOpeningsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "openings")
	links := [][32]byte{{1}, {2}}
	o := &openings{task: [32]byte{9}, of: map[[32]byte]*sharing.Opening{links[0]: anOpening(t), links[1]: anOpening(t)}}
	require.NoError(t, o.save(path, links))
	require.ErrorIs(t, o.save(path, links), os.ErrExist)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	again, err := readOpenings(path)
	require.NoError(t, err)
	require.Equal(t, o.task, again.task)
	for _, link := range links {
		require.Equal(t, o.of[link].Encode(), again.of[link].Encode())
	}
	_, err = readOpenings(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, cli.ErrInput)
}

// Whatever is in a file of openings, it parses to openings that write themselves the same way, or is refused.
func FuzzOpenings(f *testing.F) {
	path := filepath.Join(f.TempDir(), "openings")
	o := &openings{task: [32]byte{9}, of: map[[32]byte]*sharing.Opening{{1}: anOpening(f)}}
	require.NoError(f, o.save(path, [][32]byte{{1}}))
	text, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"blindscore_openings":1,"task":"","openings":null}`))
	f.Add([]byte(`{"blindscore_openings":1} {}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := parseOpenings(text)
		if err != nil {
			require.ErrorIs(t, err, errOpenings)
			return
		}
		for link, x := range o.of {
			again, err := sharing.DecodeOpening(x.Encode())
			require.NoError(t, err, "%x", link)
			require.Equal(t, x.Encode(), again.Encode())
		}
	})
}
