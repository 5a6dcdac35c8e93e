package remote_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/transport"
)

func identity(t testing.TB, role transport.Role, node string) *transport.Identity {
	t.Helper()
	key, err := transport.NewKey()
	require.NoError(t, err)
	name, err := transport.NewName("test.example", role, node)
	require.NoError(t, err)
	id, err := transport.SelfSigned(key, name, time.Hour)
	require.NoError(t, err)
	return id
}

// network is a listener for banks, and a bank that may dial it.
type network struct {
	memory *transport.Memory
	listen *transport.Listener
	bank   transport.Config
}

func newNetwork(t testing.TB) *network {
	t.Helper()
	here, bank := identity(t, transport.RoleTax, "ledger"), identity(t, transport.RoleBank, "bank")
	n := &network{memory: transport.NewMemory()}
	var err error
	n.listen, err = transport.NewListener(n.memory, transport.Config{
		Identity: here, PeerRole: transport.RoleBank,
		Peers: transport.Peers{Pins: map[transport.Name]transport.Pin{bank.Name(): bank.Pin()}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = n.listen.Close() })
	n.bank = transport.Config{
		Identity: bank, PeerRole: transport.RoleTax, Peer: here.Name(),
		Peers: transport.Peers{Pins: map[transport.Name]transport.Pin{here.Name(): here.Pin()}},
	}
	return n
}

func (n *network) dial(ctx context.Context) (net.Conn, error) { return n.memory.Dial(ctx, n.bank) }

// rig is a ledger behind a server, with one client.
type rig struct {
	*network
	world  *ledgertest.World
	local  ledger.Ledger
	server *remote.Server
	client *remote.Client
}

func all(transport.Peer) remote.Access { return remote.AccessWrite }

func newRig(t testing.TB, w *ledgertest.World, change func(*remote.ServerConfig)) *rig {
	t.Helper()
	r := &rig{network: newNetwork(t), world: w}
	var err error
	r.local, err = ledger.NewMemory(w.Config)
	require.NoError(t, err)
	c := remote.ServerConfig{Ledger: r.local, Policy: w.Policy, Access: all}
	if change != nil {
		change(&c)
	}
	r.server, err = remote.NewServer(c)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(r.listen) }()
	t.Cleanup(func() {
		require.NoError(t, r.server.Close())
		require.NoError(t, <-served)
		_ = r.local.Close()
	})
	r.client = r.dialler(t, remote.ClientConfig{})
	return r
}

// dialler makes one more client.
func (r *rig) dialler(t testing.TB, c remote.ClientConfig) *remote.Client {
	t.Helper()
	c.Policy, c.Dial = r.world.Policy, r.dial
	client, err := remote.NewClient(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}
