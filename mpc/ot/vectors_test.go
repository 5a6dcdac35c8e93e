package ot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc/mpctest"
)

// vector holds the SHA-256 of every message and result of one run from fixed
// seeds. A change here is a change of the protocol, which peers of an older
// version do not understand.
type vector struct {
	K            int
	BaseReceiver string // the bank's base OT message
	BaseSender   string // the tax node's
	PPRF         string
	Delta        string
	Extensions   []string // the messages of two extensions
	Answer       string   // u~ and the hash of V~ of the first, in full
	T, Q         []string // the rows, digit after digit, of both
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func run(t *testing.T, p Params) vector {
	v := vector{K: p.K}
	record := func(label uint8, msg []byte) []byte {
		switch label {
		case labelBaseReceiver:
			v.BaseReceiver = sum(msg)
		case labelBaseSender:
			v.BaseSender = sum(msg)
		case labelPPRF:
			v.PPRF = sum(msg)
		default:
			t.Errorf("message with the label %d", label)
		}
		return msg
	}
	s, r, errS, errR := link(p, 21, 22, record, record)
	require.NoError(t, errS)
	require.NoError(t, errR)
	v.Delta = sum(s.delta[:])
	gs, err := s.Reserve(2)
	require.NoError(t, err)
	gr, err := r.Reserve(2)
	require.NoError(t, err)
	shape := Shape{N: 4200, Digits: []int{4, 3, 8}}
	rng := rand.New(rand.NewPCG(23, 24))
	for i := range 2 {
		msg := make([]byte, shape.CorrectionBytes(p))
		T, err := gr.Extend(i, shape, randomChoices(rng, shape), [32]byte{25}, mpctest.Seed(26), msg)
		require.NoError(t, err)
		Q, err := gs.Extend(i, shape, [32]byte{25}, msg)
		require.NoError(t, err)
		v.Extensions = append(v.Extensions, sum(msg))
		if i == 0 {
			v.Answer = hex.EncodeToString(msg[len(msg)-checkBytes:])
		}
		for j := range shape.Digits {
			v.T = append(v.T, sum(T.Digit(j)))
			v.Q = append(v.Q, sum(Q.Digit(j)))
		}
	}
	return v
}

// TestVectors replays frozen runs, byte for byte. Set BLINDSCORE_UPDATE=1 to
// write the file anew after a deliberate change.
func TestVectors(t *testing.T) {
	file := filepath.Join("testdata", "vectors.json")
	var got []vector
	for _, p := range allParams {
		got = append(got, run(t, p))
	}
	if os.Getenv("BLINDSCORE_UPDATE") == "1" {
		b, err := json.MarshalIndent(got, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, append(b, '\n'), 0o644))
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var want []vector
	require.NoError(t, json.Unmarshal(b, &want))
	require.Len(t, want, len(got))
	for i := range want {
		require.Equal(t, want[i], got[i], fmt.Sprintf("k=%d", got[i].K))
	}
}
