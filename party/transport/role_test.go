package transport

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A regulator's node that takes nodes of any role takes each, and no stranger; those that dial it want a regulator.
func TestAnyRole(t *testing.T) {
	ca, err := NewCA("test.example", time.Hour)
	require.NoError(t, err)
	issue := func(role Role, node string) *Identity {
		name, err := NewName("test.example", role, node)
		require.NoError(t, err)
		parsed, err := ParseName(name.String())
		require.NoError(t, err)
		require.Equal(t, name, parsed)
		key, err := NewKey()
		require.NoError(t, err)
		der, err := ca.Issue(key.Public().(ed25519.PublicKey), name, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		require.NoError(t, err)
		id, err := NewIdentity(key, der)
		require.NoError(t, err)
		return id
	}
	l, err := Listen("127.0.0.1:0", Config{Identity: issue(RoleRegulator, "ledger"), PeerRole: RoleAny, Peers: Peers{Roots: ca.Roots()}})
	require.NoError(t, err)
	defer l.Close()
	for _, role := range []Role{RoleBank, RoleTax, RoleRegulator} {
		c, err := Dial(t.Context(), l.Addr().String(), Config{Identity: issue(role, "a"), PeerRole: RoleRegulator, Peers: Peers{Roots: ca.Roots()}})
		require.NoError(t, err)
		require.NoError(t, c.Close())
		got, err := l.Accept()
		require.NoError(t, err)
		require.Equal(t, role, got.Peer().Name.Role())
		require.NoError(t, got.Close())
		_, err = Dial(t.Context(), l.Addr().String(), Config{Identity: issue(role, "a"), PeerRole: RoleTax, Peers: Peers{Roots: ca.Roots()}})
		require.ErrorIs(t, err, ErrIdentity)
	}
	key, err := NewKey()
	require.NoError(t, err)
	name, err := NewName("test.example", RoleBank, "stranger")
	require.NoError(t, err)
	stranger, err := SelfSigned(key, name, time.Hour)
	require.NoError(t, err)
	_, err = Dial(t.Context(), l.Addr().String(), Config{Identity: stranger, PeerRole: RoleRegulator, Peers: Peers{Roots: ca.Roots()}})
	require.ErrorIs(t, err, ErrIdentity)
	_, err = NewName("test.example", RoleAny, "a")
	require.ErrorIs(t, err, ErrConfig)
}
