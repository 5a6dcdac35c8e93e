package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// welcome is what the listening side sends first, once it has accepted the dialling side. Without it a TLS 1.3 client
// would take the connection for good before the server has looked at its certificate.
const welcome = 'w'

// Dial connects to the node at addr (host:port). It returns once both sides accepted each other. Errors wrap ErrIdentity,
// ErrHandshake or ErrConfig.
func Dial(ctx context.Context, addr string, cfg Config) (*Conn, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	ctx, cancel := cfg.within(ctx)
	defer cancel()
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, because(ctx, err)
	}
	return Client(ctx, nc, cfg)
}

// Client runs the dialling side of a handshake on nc, which belongs to it from here on and is closed on error.
func Client(ctx context.Context, nc net.Conn, cfg Config) (*Conn, error) {
	if err := cfg.check(); err != nil {
		_ = nc.Close()
		return nil, err
	}
	ctx, cancel := cfg.within(ctx)
	defer cancel()
	b := newBatch(cfg.wrap(nc))
	tc := tls.Client(b, cfg.tls(x509.ExtKeyUsageServerAuth))
	if err := tc.HandshakeContext(ctx); err != nil {
		_ = b.Close()
		return nil, because(ctx, err)
	}
	if err := awaitWelcome(ctx, tc); err != nil {
		_ = b.Close()
		return nil, err
	}
	return newConn(tc, b)
}

// awaitWelcome waits until the listening side has accepted this one. An alert now can only mean that it has not.
func awaitWelcome(ctx context.Context, tc *tls.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = tc.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var b [1]byte
	_, err := io.ReadFull(tc, b[:])
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "remote error":
		return fmt.Errorf("%w: the peer does not accept this node: %w", ErrIdentity, err)
	case err != nil:
		return because(ctx, err)
	case b[0] != welcome:
		return fmt.Errorf("%w: the peer speaks another protocol", ErrHandshake)
	case !stop(): // the deadline may have been set after the read
		return because(ctx, context.Cause(ctx))
	}
	return nil
}

// Server runs the listening side of a handshake on nc, which belongs to it from here on and is closed on error.
func Server(ctx context.Context, nc net.Conn, cfg Config) (*Conn, error) {
	if err := cfg.check(); err != nil {
		_ = nc.Close()
		return nil, err
	}
	ctx, cancel := cfg.within(ctx)
	defer cancel()
	b := newBatch(cfg.wrap(nc))
	tc := tls.Server(b, cfg.tls(x509.ExtKeyUsageClientAuth))
	err := tc.HandshakeContext(ctx)
	if err == nil {
		stop := context.AfterFunc(ctx, func() { _ = b.Close() })
		_, err = tc.Write([]byte{welcome})
		if !stop() && err == nil {
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		err = because(ctx, err)
		linger(ctx, b)
		return nil, err
	}
	return newConn(tc, b)
}

// linger closes b after the peer had a moment to read the alert: closing while there is something unread would reset the
// stream, and lose the alert with it.
func linger(ctx context.Context, b *batch) {
	defer context.AfterFunc(ctx, func() { _ = b.Close() })()
	_ = b.SetDeadline(time.Now().Add(250 * time.Millisecond))
	_, _ = io.CopyN(io.Discard, b, 64<<10)
	_ = b.Close()
}

// because explains why a handshake failed, by the end of ctx if that was the cause.
func because(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, ErrIdentity), errors.Is(err, ErrHandshake):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrHandshake, context.Cause(ctx))
	}
	return fmt.Errorf("%w: %w", ErrHandshake, err)
}
