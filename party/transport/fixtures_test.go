package transport

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	bankName = Name{"test.example", RoleBank, "harbour"}
	taxName  = Name{"test.example", RoleTax, "province"}
)

func selfSigned(t testing.TB, name Name) *Identity {
	t.Helper()
	key, err := NewKey()
	require.NoError(t, err)
	id, err := SelfSigned(key, name, time.Hour)
	require.NoError(t, err)
	return id
}

// configs returns the configurations of a bank and a tax node that know each other by pin.
func configs(t testing.TB) (bank, tax Config) {
	t.Helper()
	b, x := selfSigned(t, bankName), selfSigned(t, taxName)
	bank = Config{Identity: b, PeerRole: RoleTax, Peer: taxName, Peers: Peers{Pins: map[Name]Pin{taxName: x.Pin()}}}
	tax = Config{Identity: x, PeerRole: RoleBank, Peers: Peers{Pins: map[Name]Pin{bankName: b.Pin()}}}
	return bank, tax
}

// network is a transport under test: where a tax node listens and banks dial.
type network struct {
	dial func(ctx context.Context, cfg Config) (*Conn, error)
	raw  func() (net.Conn, error) // a stream with no handshake
	*Listener

	mu       sync.Mutex
	rejected []error
}

func (n *network) reject(_ net.Addr, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rejected = append(n.rejected, err)
}

// rejects waits until the listener has rejected a connection with an error that wraps want.
func (n *network) rejects(t *testing.T, want error) {
	t.Helper()
	require.Eventually(t, func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, err := range n.rejected {
			if errors.Is(err, want) {
				return true
			}
		}
		return false
	}, 10*time.Second, 5*time.Millisecond)
}

// secureNetworks are the transports that authenticate.
var secureNetworks = map[string]func(t *testing.T, cfg Config) *network{
	"tcp": func(t *testing.T, cfg Config) *network {
		n := new(network)
		cfg.Rejected = n.reject
		l, err := Listen("127.0.0.1:0", cfg)
		require.NoError(t, err)
		addr := l.Addr().String()
		n.Listener = l
		n.dial = func(ctx context.Context, cfg Config) (*Conn, error) { return Dial(ctx, addr, cfg) }
		n.raw = func() (net.Conn, error) { return net.Dial("tcp", addr) }
		return n
	},
	"memory": func(t *testing.T, cfg Config) *network {
		n, m := new(network), NewMemory()
		cfg.Rejected = n.reject
		l, err := NewListener(m, cfg)
		require.NoError(t, err)
		n.Listener = l
		n.dial = m.Dial
		n.raw = func() (net.Conn, error) { return m.DialRaw(context.Background()) }
		return n
	},
}

// open starts a network with a listener that is closed at the end of the test.
func open(t *testing.T, start func(*testing.T, Config) *network, cfg Config) *network {
	n := start(t, cfg)
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// connect returns both ends of a connection.
func connect(t *testing.T, n *network, cfg Config) (client, server *Conn) {
	t.Helper()
	client, err := n.dial(t.Context(), cfg)
	require.NoError(t, err)
	server, err = n.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return client, server
}

// pairs are all transports, as the two ends of a connection.
func pairs() map[string]func(t *testing.T) (client, server *Conn) {
	all := make(map[string]func(t *testing.T) (client, server *Conn))
	for name, start := range secureNetworks {
		all[name] = func(t *testing.T) (*Conn, *Conn) {
			bank, tax := configs(t)
			return connect(t, open(t, start, tax), bank)
		}
		all[name+" slow"] = func(t *testing.T) (*Conn, *Conn) {
			bank, tax := configs(t)
			bank.Wrap = func(nc net.Conn) net.Conn { return Slow(nc, 2*time.Millisecond, 200<<20) }
			tax.Wrap = bank.Wrap
			return connect(t, open(t, start, tax), bank)
		}
	}
	all["insecure tcp"] = func(t *testing.T) (*Conn, *Conn) {
		bank, tax := selfSigned(t, bankName).Peer(), selfSigned(t, taxName).Peer()
		l, err := InsecureListen("127.0.0.1:0", InsecureConfig{Local: tax, Remote: bank})
		require.NoError(t, err)
		client, err := InsecureDial(t.Context(), l.Addr().String(), InsecureConfig{Local: bank, Remote: tax})
		require.NoError(t, err)
		server, err := l.Accept()
		require.NoError(t, err)
		t.Cleanup(func() { _, _, _ = client.Close(), server.Close(), l.Close() })
		return client, server
	}
	all["insecure pipe"] = func(t *testing.T) (*Conn, *Conn) {
		client, server := InsecurePipe(selfSigned(t, bankName).Peer(), selfSigned(t, taxName).Peer())
		t.Cleanup(func() { _, _ = client.Close(), server.Close() })
		return client, server
	}
	return all
}
