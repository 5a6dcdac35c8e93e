package transport

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// Memory is a network within a process, for tests: the same TLS over streams that are kept in memory. It is the
// net.Listener for NewListener, and dials itself.
type Memory struct {
	incoming chan net.Conn
	once     sync.Once
	closed   chan struct{}
}

// NewMemory returns a network of one listener.
func NewMemory() *Memory {
	return &Memory{incoming: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial connects to the listener, as transport.Dial does over TCP.
func (m *Memory) Dial(ctx context.Context, cfg Config) (*Conn, error) {
	nc, err := m.DialRaw(ctx)
	if err != nil {
		return nil, err
	}
	return Client(ctx, nc, cfg)
}

// DialRaw returns a stream to the listener with no handshake on it.
func (m *Memory) DialRaw(ctx context.Context) (net.Conn, error) {
	near, far := Pipe()
	select {
	case m.incoming <- far:
		return near, nil
	case <-m.closed:
		return nil, fmt.Errorf("%w: nobody listens", ErrHandshake)
	case <-ctx.Done():
		return nil, because(ctx, ctx.Err())
	}
}

// Accept implements net.Listener.
func (m *Memory) Accept() (net.Conn, error) {
	select {
	case nc := <-m.incoming:
		return nc, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (m *Memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

// Addr implements net.Listener.
func (m *Memory) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }
