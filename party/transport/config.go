package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"time"
)

// What Config takes where it is told nothing.
const (
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultMaxHandshakes    = 64
)

const protocolName = "blindscore/1" // ALPN

// Config says who this node is and whom it talks to.
type Config struct {
	Identity *Identity // of this node; required
	Peers    Peers     // whom it accepts; pins or roots are required
	PeerRole Role      // what the peer must be, or RoleAny; required
	Peer     Name      // if set, who exactly the peer must be

	HandshakeTimeout time.Duration // for TCP and TLS together; zero means DefaultHandshakeTimeout
	MaxHandshakes    int           // under way at a Listener at once; zero means DefaultMaxHandshakes

	Wrap func(net.Conn) net.Conn // if set, goes around the stream below TLS, such as Slow; returns no nil
	Time func() time.Time        // if set, the clock that certificates are held against

	// Rejected, if set, is told of each connection that a Listener gave up, for the log. It may be called by several
	// goroutines at once.
	Rejected func(remote net.Addr, err error)
}

func (cfg *Config) check() error {
	switch {
	case cfg.Identity == nil:
		return fmt.Errorf("%w: no identity", ErrConfig)
	case !cfg.PeerRole.valid() && cfg.PeerRole != RoleAny:
		return fmt.Errorf("%w: no role of the peer", ErrConfig)
	case len(cfg.Peers.Pins) == 0 && cfg.Peers.Roots == nil:
		return fmt.Errorf("%w: no peer is known: neither pins nor roots", ErrConfig)
	case cfg.HandshakeTimeout < 0 || cfg.MaxHandshakes < 0:
		return fmt.Errorf("%w: negative limit", ErrConfig)
	}
	return nil
}

func (cfg *Config) now() time.Time {
	if cfg.Time != nil {
		return cfg.Time()
	}
	return time.Now()
}

func (cfg *Config) timeout() time.Duration {
	return cmp.Or(cfg.HandshakeTimeout, DefaultHandshakeTimeout)
}

func (cfg *Config) wrap(nc net.Conn) net.Conn {
	if cfg.Wrap != nil {
		return cfg.Wrap(nc)
	}
	return nc
}

// tls returns the TLS configuration for one side. Go's own verification is switched off because it knows DNS names only;
// VerifyConnection, which runs in every handshake before any data, takes its place and fails closed.
func (cfg *Config) tls(peerUsage x509.ExtKeyUsage) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{cfg.Identity.tls()},
		NextProtos:             []string{protocolName},
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true,
		SessionTicketsDisabled: true,
		Time:                   cfg.Time,
		VerifyConnection: func(state tls.ConnectionState) error {
			if state.Version != tls.VersionTLS13 || state.NegotiatedProtocol != protocolName || state.DidResume {
				return fmt.Errorf("%w: wanted a fresh TLS 1.3 connection for %s, got version %#x for %q",
					ErrHandshake, protocolName, state.Version, state.NegotiatedProtocol)
			}
			return cfg.verify(state, peerUsage)
		},
		// Bulk: full records from the first byte on.
		DynamicRecordSizingDisabled: true,
	}
}

// within bounds ctx by the handshake timeout.
func (cfg *Config) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, cfg.timeout(), fmt.Errorf("no handshake within %v", cfg.timeout()))
}
