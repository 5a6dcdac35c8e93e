package transport

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// onEach runs a test on every transport that authenticates.
func onEach(t *testing.T, test func(t *testing.T, start func(*testing.T, Config) *network)) {
	for name, start := range secureNetworks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start)
		})
	}
}

// TestWrongIdentity: whatever is wrong with either side, Dial says so, the listener accepts nothing, and it goes on.
func TestWrongIdentity(t *testing.T) {
	good, tax := configs(t)
	stranger := selfSigned(t, bankName) // the bank's name, another key
	ca, err := NewCA("test.example", time.Hour)
	require.NoError(t, err)
	otherCA, err := NewCA("test.example", time.Hour)
	require.NoError(t, err)
	issued := func(ca *CA, name Name, from, to time.Duration) *Identity {
		key, err := NewKey()
		require.NoError(t, err)
		der, err := ca.Issue(key.Public().(ed25519.PublicKey), name, time.Now().Add(from), time.Now().Add(to))
		require.NoError(t, err)
		id, err := NewIdentity(key, der)
		require.NoError(t, err)
		return id
	}
	other := Name{"test.example", RoleBank, "inland"}
	withRoots := func(cfg *Config) { cfg.Peers.Roots = ca.Roots() }
	cases := map[string]struct {
		bank, tax func(*Config)
		says      string // of the error at the bank, where the bank finds out
	}{
		"bank has another key":   {bank: func(c *Config) { c.Identity = stranger }},
		"bank is unknown":        {bank: func(c *Config) { c.Identity = selfSigned(t, other) }},
		"bank is a tax node":     {bank: func(c *Config) { c.Identity = selfSigned(t, Name{"test.example", RoleTax, "harbour"}) }},
		"bank of another CA":     {bank: func(c *Config) { c.Identity = issued(otherCA, other, -time.Hour, time.Hour) }, tax: withRoots},
		"bank's CA certificate":  {bank: func(c *Config) { c.Identity = issued(ca, other, -2*time.Hour, -time.Hour) }, tax: withRoots},
		"pin beats CA":           {bank: func(c *Config) { c.Identity = issued(ca, bankName, -time.Hour, time.Hour) }, tax: withRoots},
		"bank expired":           {tax: func(c *Config) { c.Time = func() time.Time { return time.Now().Add(2 * time.Hour) } }},
		"bank not yet valid":     {tax: func(c *Config) { c.Time = func() time.Time { return time.Now().Add(-2 * time.Hour) } }},
		"tax node's key differs": {bank: func(c *Config) { c.Peers.Pins = map[Name]Pin{taxName: {1}} }, says: "with key blindscore1:0100"},
		"tax node unknown":       {bank: func(c *Config) { c.Peers.Pins = map[Name]Pin{bankName: {1}} }, says: "not a known peer"},
		"another tax node":       {bank: func(c *Config) { c.Peer = Name{"test.example", RoleTax, "city"} }, says: "wanted spiffe://test.example/tax/city, got spiffe://test.example/tax/province"},
		"tax node is no bank":    {bank: func(c *Config) { c.PeerRole = RoleBank }, says: "wanted a bank node, got spiffe://test.example/tax/province"},
		"tax node expired":       {bank: func(c *Config) { c.Time = func() time.Time { return time.Now().Add(2 * time.Hour) } }, says: "is valid from"},
		"tax node of another CA": {bank: func(c *Config) { c.Peers = Peers{Roots: otherCA.Roots()} }, says: "from a known authority"},
	}
	onEach(t, func(t *testing.T, start func(*testing.T, Config) *network) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				bank, tax := good, tax
				if c.tax != nil {
					c.tax(&tax)
				}
				n := open(t, start, tax)
				if c.bank != nil {
					c.bank(&bank)
				}
				_, err := n.dial(t.Context(), bank)
				require.ErrorIs(t, err, ErrIdentity)
				require.ErrorContains(t, err, c.says)
				if c.says == "" {
					n.rejects(t, ErrIdentity)
				} else {
					n.rejects(t, ErrHandshake)
				}
				require.Empty(t, n.ready)
			})
		}
		t.Run("CA", func(t *testing.T) {
			bank := Config{Identity: issued(ca, other, -time.Hour, time.Hour), PeerRole: RoleTax, Peers: Peers{Roots: ca.Roots()}}
			tax := Config{Identity: issued(ca, taxName, -time.Hour, time.Hour), PeerRole: RoleBank, Peers: Peers{Roots: ca.Roots()}}
			_, server := connect(t, open(t, start, tax), bank)
			require.Equal(t, other, server.Peer().Name)
			require.Equal(t, bank.Identity.Public(), server.Peer().Key)
		})
	})
}

// TestOtherProtocols: whoever speaks something else is refused.
func TestOtherProtocols(t *testing.T) {
	bank, tax := configs(t)
	cert := bank.Identity.tls()
	clients := map[string]*tls.Config{
		"TLS 1.2":        {MaxVersion: tls.VersionTLS12, NextProtos: []string{protocolName}, Certificates: []tls.Certificate{cert}},
		"no ALPN":        {Certificates: []tls.Certificate{cert}},
		"other ALPN":     {NextProtos: []string{"h2"}, Certificates: []tls.Certificate{cert}},
		"no certificate": {NextProtos: []string{protocolName}},
	}
	onEach(t, func(t *testing.T, start func(*testing.T, Config) *network) {
		n := open(t, start, tax)
		for name, cfg := range clients {
			nc, err := n.raw()
			require.NoError(t, err)
			cfg := cfg.Clone()
			cfg.InsecureSkipVerify = true
			tc := tls.Client(nc, cfg)
			_ = tc.SetDeadline(time.Now().Add(5 * time.Second))
			_, err = tc.Read(make([]byte, 1))
			require.ErrorContains(t, err, "tls:", name) // an alert
			require.NotErrorIs(t, err, io.EOF)
			_ = nc.Close()
		}
		n.rejects(t, ErrHandshake)

		nc, err := n.raw()
		require.NoError(t, err)
		_, err = nc.Write([]byte("GET / HTTP/1.1\r\nHost: tax.example\r\n\r\n"))
		require.NoError(t, err)
		_ = nc.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err = io.ReadAll(nc)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the stream is closed, not left open")
		connect(t, n, bank)
	})
}

// TestSlowHandshakes: clients that say nothing keep nobody out, are ended, and are bounded in number.
func TestSlowHandshakes(t *testing.T) {
	bank, tax := configs(t)
	tax.MaxHandshakes = 4
	onEach(t, func(t *testing.T, start func(*testing.T, Config) *network) {
		n := open(t, start, tax)
		var idle []net.Conn
		for range 12 {
			nc, err := n.raw()
			require.NoError(t, err)
			_, _ = nc.Write([]byte{0x16, 3, 1})
			idle = append(idle, nc)
		}
		connect(t, n, bank)
		_ = idle[0].SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err := idle[0].Read(make([]byte, 1))
		require.Error(t, err)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
		n.rejects(t, errCrowded)
		require.LessOrEqual(t, n.pendingHandshakes(), 4)
		require.NoError(t, n.Close(), "Close does not wait for them either")
		for _, nc := range idle {
			_ = nc.Close()
		}
	})
}

func (l *Listener) pendingHandshakes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pending.Len()
}

func TestHandshakeTimeout(t *testing.T) {
	bank, tax := configs(t)
	tax.HandshakeTimeout, bank.HandshakeTimeout = 20*time.Millisecond, 20*time.Millisecond
	onEach(t, func(t *testing.T, start func(*testing.T, Config) *network) {
		n := open(t, start, tax)
		nc, err := n.raw()
		require.NoError(t, err)
		defer nc.Close()
		n.rejects(t, ErrHandshake)
	})
	near, _ := Pipe()
	_, err := Client(t.Context(), near, bank)
	require.ErrorIs(t, err, ErrHandshake)
	require.ErrorContains(t, err, "no handshake within 20ms")
}

func TestCancelledDial(t *testing.T) {
	bank, _ := configs(t)
	near, far := Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = far.Read(make([]byte, 1))
		cancel()
	}()
	_, err := Client(ctx, near, bank)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, ErrHandshake)
}

func TestListenerCloses(t *testing.T) {
	bank, tax := configs(t)
	onEach(t, func(t *testing.T, start func(*testing.T, Config) *network) {
		n := open(t, start, tax)
		waiting, err := n.dial(t.Context(), bank) // and nobody accepts it
		require.NoError(t, err)
		accepted := make(chan error, 1)
		n2 := open(t, start, tax)
		go func() { _, err := n2.Accept(); accepted <- err }()
		require.NoError(t, n2.Close())
		require.ErrorIs(t, <-accepted, net.ErrClosed)
		require.NoError(t, n.Close())
		_, err = n.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = waiting.Read(make([]byte, 1))
		require.Error(t, err)
		_, err = n.dial(t.Context(), bank)
		require.ErrorIs(t, err, ErrHandshake)
	})
}

func TestConfigIsChecked(t *testing.T) {
	bank, _ := configs(t)
	for _, change := range []func(*Config){
		func(c *Config) { c.Identity = nil },
		func(c *Config) { c.PeerRole = 0 },
		func(c *Config) { c.Peers = Peers{} },
		func(c *Config) { c.MaxHandshakes = -1 },
	} {
		cfg := bank
		change(&cfg)
		_, err := Dial(t.Context(), "127.0.0.1:1", cfg)
		require.ErrorIs(t, err, ErrConfig)
		_, err = Listen("127.0.0.1:0", cfg)
		require.ErrorIs(t, err, ErrConfig)
		near, far := Pipe()
		_, err = Server(t.Context(), near, cfg)
		require.ErrorIs(t, err, ErrConfig)
		_, err = far.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	}
}
