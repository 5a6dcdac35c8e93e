// Package mpctest helps to test protocols over mpc: fixed seeds, an in-memory
// Channel, a pair of connected Conns, and a man in the middle.
package mpctest

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
)

// Seed returns a fixed seed, for frozen vectors.
func Seed(b byte) mpc.Seed {
	raw := make([]byte, mpc.SeedSize)
	for i := range raw {
		raw[i] = b
	}
	s, _ := mpc.RestoreSeed(raw) // the length is right
	return s
}

type message struct {
	label uint8
	body  []byte
}

type pipe struct {
	in, out chan message
	tamper  func(label uint8, msg []byte) []byte
}

// Pipe returns the two ends of an in-memory Channel. Each tamper function, if
// not nil, sees and may replace what that end sends.
func Pipe(tamperA, tamperB func(label uint8, msg []byte) []byte) (a, b mpc.Channel) {
	x, y := make(chan message, 64), make(chan message, 64)
	return &pipe{x, y, tamperA}, &pipe{y, x, tamperB}
}

func (p *pipe) Send(ctx context.Context, label uint8, msg []byte) error {
	msg = append([]byte(nil), msg...)
	if p.tamper != nil {
		msg = p.tamper(label, msg)
	}
	select {
	case p.out <- message{label, msg}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", mpc.ErrInterrupted, ctx.Err())
	}
}

func (p *pipe) Recv(ctx context.Context, label uint8, size int) ([]byte, error) {
	select {
	case m := <-p.in:
		if m.label != label || len(m.body) != size {
			return nil, fmt.Errorf("%w: wanted message %d of %d bytes, got %d of %d", mpc.ErrPeer, label, size, m.label, len(m.body))
		}
		return m.body, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", mpc.ErrInterrupted, ctx.Err())
	}
}

// Loopback returns two connected TCP streams on the loopback interface.
func Loopback(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	type accepted struct {
		c   net.Conn
		err error
	}
	ch := make(chan accepted, 1)
	go func() {
		c, err := l.Accept()
		ch <- accepted{c, err}
	}()
	a, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	got := <-ch
	require.NoError(t, got.err)
	t.Cleanup(func() { a.Close(); got.c.Close() })
	return a, got.c
}

// Conns returns two connected Conns with the given idle time.
func Conns(t testing.TB, idle time.Duration) (a, b *mpc.Conn) {
	t.Helper()
	x, y := Loopback(t)
	return mpc.NewConn(x, idle), mpc.NewConn(y, idle)
}
