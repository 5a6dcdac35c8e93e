package sharing

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/sharing/group"
)

func TestSecretsDoNotPrint(t *testing.T) {
	_, shares, err := FeldmanSplit(scalar("print"), params(t, 2, 3), deterministic(80))
	require.NoError(t, err)
	_, pshares, err := PedersenSplit(scalar("print"), params(t, 2, 3), deterministic(81))
	require.NoError(t, err)
	v, openings, keys, _ := escrowed(t, 1, 2, 82)
	seed, err := v.Recover(openings)
	require.NoError(t, err)
	vector, err := NewVector(ring(t, 32, 0), 0, 2, 0, []uint32{0xdeadbeef})
	require.NoError(t, err)

	hexOf := func(s *group.Scalar) string { return hex.EncodeToString(appendScalar(nil, s)[:4]) }
	for name, c := range map[string]struct {
		value   any
		copied  any
		secrets []string
	}{
		"Share":         {shares[0], *shares[0], []string{hexOf(shares[0].value)}},
		"PedersenShare": {pshares[0], *pshares[0], []string{hexOf(pshares[0].value), hexOf(pshares[0].blind)}},
		"AuditorKey":    {keys[0], *keys[0], []string{hexOf(keys[0].x)}},
		"Opening":       {openings[0], *openings[0], []string{openings[0].s.String()[:8]}},
		"Seed":          {&seed, seed, []string{hex.EncodeToString(testSeed[:4]), "seedseed", "115 101"}},
		"Vector":        {vector, *vector, []string{"deadbeef", "3735928559"}},
	} {
		for _, v := range []any{c.value, c.copied} {
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", v)
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", v)
			out := log.String()
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%08b"} {
				out += fmt.Sprintf(verb, v) + fmt.Sprintf(verb, []any{v})
			}
			if v == c.value || name == "Seed" {
				out += fmt.Sprintf("%p", v)
			}
			require.Contains(t, out, redacted, name)
			for _, s := range c.secrets {
				require.NotContains(t, strings.ToLower(out), s, name)
			}
			_, err := json.Marshal(v)
			require.ErrorIs(t, err, ErrPrint, name)
			m, isText := v.(interface{ MarshalText() ([]byte, error) })
			require.True(t, isText)
			_, err = m.MarshalText()
			require.ErrorIs(t, err, ErrPrint, name)
		}
	}
}

func TestErrorsKeepSecrets(t *testing.T) {
	c, shares, err := FeldmanSplit(scalar("print"), params(t, 2, 3), deterministic(83))
	require.NoError(t, err)
	wrong := tampered(shares[1])
	_, err = c.Recover([]*Share{shares[0], wrong})
	require.EqualError(t, err, "sharing: wrong share: of holder 2")
	require.EqualError(t, &DealerError{Indexes: []int{1, 7}}, "sharing: wrong dealing: of dealer 1, 7")
}
