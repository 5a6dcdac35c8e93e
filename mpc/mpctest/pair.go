package mpctest

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/replay"
)

// Keys returns the fixed identity of a role.
func Keys(r mpc.Role) (ed25519.PublicKey, func([]byte) []byte) {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = byte(r)
	k := ed25519.NewKeyFromSeed(seed)
	return k.Public().(ed25519.PublicKey), func(msg []byte) []byte { return ed25519.Sign(k, msg) }
}

// Config returns a session configuration of the role with fixed identities.
func Config(r mpc.Role, binding [32]byte) mpc.Config {
	peer := mpc.RoleBank + mpc.RoleTax - r
	_, sign := Keys(r)
	pub, _ := Keys(peer)
	return mpc.Config{Role: r, Binding: binding, Sign: sign, PeerKey: pub}
}

// Session returns a session with a fresh seed.
func Session(t testing.TB, cfg mpc.Config) *mpc.Session {
	t.Helper()
	fresh, err := mpc.NewFresh()
	require.NoError(t, err)
	s, err := mpc.NewSession(cfg, fresh)
	require.NoError(t, err)
	_, err = mpc.NewSession(cfg, fresh)
	require.ErrorIs(t, err, mpc.ErrUsed)
	return s
}

// Sessions returns a fresh session for each side, bank first.
func Sessions(t testing.TB, binding [32]byte) (bank, tax *mpc.Session) {
	t.Helper()
	return Session(t, Config(mpc.RoleBank, binding)), Session(t, Config(mpc.RoleTax, binding))
}

// SeededSession returns a session that runs from a given seed, for frozen
// vectors and for comparing runs.
func SeededSession(t testing.TB, cfg mpc.Config, seed mpc.Seed) *mpc.Session {
	t.Helper()
	s, err := replay.NewSession.(func(mpc.Config, mpc.Seed) (*mpc.Session, error))(cfg, seed)
	require.NoError(t, err)
	return s
}
