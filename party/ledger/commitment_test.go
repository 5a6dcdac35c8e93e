package ledger_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
)

func TestCommitment(t *testing.T) {
	a, err := ledger.NewSalt()
	require.NoError(t, err)
	b, err := ledger.NewSalt()
	require.NoError(t, err)
	c, err := ledger.Commit(a, "company", []byte("one"), []byte("two"))
	require.NoError(t, err)
	require.True(t, c.Opens(a, "company", []byte("one"), []byte("two")))
	require.False(t, c.Opens(b, "company", []byte("one"), []byte("two")), "without the salt it says nothing")
	require.False(t, c.Opens(a, "companyone", []byte("two")), "lengths are part of it")
	require.False(t, c.Opens(a, "company", []byte("onetwo")))
	require.False(t, c.Opens(a, "company", []byte("one"), []byte("two"), nil))
	require.False(t, c.Opens(a, "other", []byte("one"), []byte("two")))
	require.False(t, c.Opens(ledger.Salt{}, "company"))

	back, err := ledger.RestoreSalt(a.Reveal())
	require.NoError(t, err)
	require.True(t, c.Opens(back, "company", []byte("one"), []byte("two")))
	for _, bad := range [][]byte{nil, make([]byte, 31), make([]byte, 32)} {
		_, err := ledger.RestoreSalt(bad)
		require.ErrorIs(t, err, ledger.ErrInvalid)
	}
	for name, try := range map[string]func() error{
		"salt":    func() error { _, err := ledger.Commit(ledger.Salt{}, "c"); return err },
		"company": func() error { _, err := ledger.Commit(a, ""); return err },
		"parts":   func() error { _, err := ledger.Commit(a, "c", make([][]byte, 17)...); return err },
		"size":    func() error { _, err := ledger.Commit(a, "c", make([]byte, 1<<20+1)); return err },
	} {
		require.ErrorIs(t, try(), ledger.ErrInvalid, name)
	}
}

func TestSaltDoesNotPrint(t *testing.T) {
	s, err := ledger.RestoreSalt([]byte(strings.Repeat("secret!!", 4)))
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "salt", s)
	out := fmt.Sprintf("%v %+v %#v %s %x %d %q", s, s, s, s, s, s, struct{ S ledger.Salt }{s}) + log.String()
	require.NotContains(t, out, "secret!!")
	require.NotContains(t, out, "115 101 99")
	require.NotContains(t, out, "736563")
	_, err = json.Marshal(s)
	require.Error(t, err)
}
