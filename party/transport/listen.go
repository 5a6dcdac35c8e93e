package transport

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Listener accepts connections from known peers. Each handshake runs in a goroutine of its own, at most MaxHandshakes at
// once: when one more comes, the oldest is given up, since an honest one takes milliseconds.
type Listener struct {
	inner net.Listener
	cfg   Config
	serve func(ctx context.Context, nc net.Conn) (*Conn, error)
	ready chan *Conn

	ctx    context.Context // ends on Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	pending *list.List // of context.CancelCauseFunc, the oldest first
}

// Listen accepts connections at the TCP address addr (host:port). Errors wrap ErrConfig.
func Listen(addr string, cfg Config) (*Listener, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	inner, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return NewListener(inner, cfg)
}

// NewListener accepts the connections of inner, which it closes on Close. Errors wrap ErrConfig.
func NewListener(inner net.Listener, cfg Config) (*Listener, error) {
	if err := cfg.check(); err != nil {
		_ = inner.Close()
		return nil, err
	}
	return newListener(inner, cfg, func(ctx context.Context, nc net.Conn) (*Conn, error) { return Server(ctx, nc, cfg) }), nil
}

func newListener(inner net.Listener, cfg Config, serve func(context.Context, net.Conn) (*Conn, error)) *Listener {
	cfg.MaxHandshakes = cmp.Or(cfg.MaxHandshakes, DefaultMaxHandshakes)
	l := &Listener{inner: inner, cfg: cfg, serve: serve, ready: make(chan *Conn, cfg.MaxHandshakes), pending: list.New()}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.wg.Go(l.run)
	return l
}

// Addr returns the address that the Listener accepts at.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Accept returns the next connection whose handshake is done. After Close it returns an error that wraps net.ErrClosed.
func (l *Listener) Accept() (*Conn, error) {
	if l.ctx.Err() == nil {
		select {
		case c := <-l.ready:
			return c, nil
		case <-l.ctx.Done():
		}
	}
	return nil, fmt.Errorf("transport: listener: %w", net.ErrClosed)
}

// Close stops accepting, ends the handshakes under way and waits for them; connections that nobody accepted are closed.
func (l *Listener) Close() error {
	l.cancel()
	err := l.inner.Close()
	l.wg.Wait()
	for {
		select {
		case c := <-l.ready:
			_ = c.Close()
		default:
			return err
		}
	}
}

// run accepts streams until the Listener closes. An error that passes, such as too many open files, is waited out.
func (l *Listener) run() {
	pause := 5 * time.Millisecond
	for {
		nc, err := l.inner.Accept()
		if err == nil {
			pause = 5 * time.Millisecond
			l.start(nc)
			continue
		}
		if errors.Is(err, net.ErrClosed) || l.ctx.Err() != nil {
			return
		}
		l.reject(l.inner.Addr(), fmt.Errorf("%w: accept: %w", ErrHandshake, err))
		select {
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		case <-l.ctx.Done():
			return
		}
	}
}

var (
	errCrowded = errors.New("given up for a newer connection, too many handshakes are under way")
	errIdle    = errors.New("too many connections wait to be accepted")
)

// start runs one handshake.
func (l *Listener) start(nc net.Conn) {
	ctx, cancel := context.WithCancelCause(l.ctx)
	l.mu.Lock()
	if l.pending.Len() >= l.cfg.MaxHandshakes {
		oldest := l.pending.Front()
		if give, ok := l.pending.Remove(oldest).(context.CancelCauseFunc); ok {
			give(errCrowded)
		}
	}
	self := l.pending.PushBack(cancel)
	l.mu.Unlock()
	l.wg.Go(func() {
		defer cancel(nil)
		remote := nc.RemoteAddr()
		c, err := l.serve(ctx, nc)
		l.mu.Lock()
		l.pending.Remove(self) // does nothing if it was given up
		l.mu.Unlock()
		if err != nil {
			l.reject(remote, err)
			return
		}
		select {
		case l.ready <- c:
		default:
			_ = c.Close()
			l.reject(remote, fmt.Errorf("%w: %w", ErrHandshake, errIdle))
		}
	})
}

func (l *Listener) reject(remote net.Addr, err error) {
	if l.cfg.Rejected != nil && l.ctx.Err() == nil {
		l.cfg.Rejected(remote, err)
	}
}
