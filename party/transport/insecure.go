package transport

import (
	"context"
	"fmt"
	"net"
)

// InsecureConfig names both ends of a connection that proves neither.
type InsecureConfig struct {
	Local, Remote Peer
	Wrap          func(net.Conn) net.Conn // if set, goes around the stream, such as Slow; returns no nil
}

func (cfg InsecureConfig) conn(nc net.Conn) *Conn {
	if cfg.Wrap != nil {
		nc = cfg.Wrap(nc)
	}
	return &Conn{Conn: nc, peer: cfg.Remote, exporter: insecureExporter(cfg.Local.Key, cfg.Remote.Key)}
}

// InsecureDial connects over TCP with no TLS: nothing is encrypted, nobody is authenticated, and Peer returns what cfg
// says. It exists to measure what TLS costs, on made-up data; never use it for anything else.
func InsecureDial(ctx context.Context, addr string, cfg InsecureConfig) (*Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, because(ctx, err)
	}
	return cfg.conn(nc), nil
}

// InsecureListen accepts what InsecureDial dials; the same warning holds.
func InsecureListen(addr string, cfg InsecureConfig) (*Listener, error) {
	inner, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return newListener(inner, Config{}, func(_ context.Context, nc net.Conn) (*Conn, error) { return cfg.conn(nc), nil }), nil
}

// InsecurePipe returns both ends of a stream in memory with no TLS; the same warning holds.
func InsecurePipe(a, b Peer) (*Conn, *Conn) {
	near, far := Pipe()
	return InsecureConfig{Local: a, Remote: b}.conn(near), InsecureConfig{Local: b, Remote: a}.conn(far)
}
