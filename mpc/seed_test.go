package mpc_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
)

func TestSeedDoesNotLeave(t *testing.T) {
	s := mpctest.Seed(0xab)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "seed", s, "prg", s.PRG())
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%x %+v %#v %s %d", s, s, s, s, s), fmt.Sprintf("%v %#v", s.PRG(), s.PRG()), fmt.Sprintf("%v", []mpc.Seed{s}), log.String()} {
		require.NotContains(t, text, "abab")
		require.NotContains(t, text, "171")
	}
	_, err := json.Marshal(s)
	require.Error(t, err)
	require.Error(t, gob.NewEncoder(&log).Encode(s))
	_, err = mpc.RestoreSeed(make([]byte, 31))
	require.ErrorIs(t, err, mpc.ErrParams)
}

func TestSeedTree(t *testing.T) {
	s := mpctest.Seed(7)
	seen := map[string]bool{}
	for _, c := range []mpc.Seed{s, s.Derive("a"), s.Derive("b"), s.Derive("a", 0), s.Derive("a", 1), s.Derive("a", 0, 0), s.Derive("a", 1<<8), s.Derive("a").Derive("b")} {
		k := hex.EncodeToString(c.Reveal())
		require.False(t, seen[k])
		seen[k] = true
	}
	// Frozen: a change of the derivation would make old sessions impossible to replay.
	require.Equal(t, frozenChild, hex.EncodeToString(s.Derive("frozen", 1, 2).Reveal()))
	c := s.Commitment()
	require.Equal(t, frozenCommitment, hex.EncodeToString(c[:]))
	stream := make([]byte, 40)
	s.PRG().Fill(stream)
	require.Equal(t, frozenStream, hex.EncodeToString(stream))

	x, err := mpc.NewSeed()
	require.NoError(t, err)
	y, err := mpc.NewSeed()
	require.NoError(t, err)
	require.NotEqual(t, x.Reveal(), y.Reveal())
}
