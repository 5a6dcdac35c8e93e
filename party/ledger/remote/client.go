package remote

import (
	"bytes"
	"cmp"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
)

// What ClientConfig takes where it is told nothing.
const (
	DefaultTimeout = 15 * time.Second
	DefaultWindow  = 1024
)

// ClientConfig is what a client needs.
type ClientConfig struct {
	Policy *ledger.Policy // the ledger's: whom to believe
	// Dial connects to the server, such as with transport.Dial. It is called when there is something to say and no connection.
	Dial func(ctx context.Context) (net.Conn, error)

	Timeout time.Duration // for an answer, and for dialling; zero means DefaultTimeout
	Window  int           // submissions under way; zero means DefaultWindow
	Cache   string        // if set, a file that saves View from pulling everything after a restart; see ledger.MirrorConfig
}

// Client is a ledger.Ledger in another process. It dials when it has something to ask, and again after a connection was lost;
// what was under way then fails with ErrInterrupted, and an entry of it may still be recorded.
//
// View shows the records as of the newest checkpoint when it is called: the first one pulls the whole ledger, later ones what
// is new. They rest on the log's word (Witnessed and Mirror ask for more), and its history is held to never go back: with
// evidence against it View fails for good, see ledger.Mirror. Size is the last one known where the server does not answer.
//
// Errors of all methods also wrap ErrPeer, ErrInterrupted, ErrUnavailable or ErrAccess, or are those of Dial.
type Client struct {
	cfg    ClientConfig
	id     ledger.Digest
	hello  []byte
	alone  *ledger.Policy // the log's word suffices
	mirror *ledger.Mirror
	window chan struct{}

	ctx     context.Context // ends when everything is closed
	cancel  context.CancelCauseFunc
	closing chan struct{}
	once    sync.Once

	dialling chan struct{} // holds one token
	mu       sync.Mutex
	current  *session // nil before the first

	verified atomic.Pointer[ledger.Checkpoint] // the last one that was verified
	size     atomic.Uint64                     // the largest that was verified
}

var _ ledger.Ledger = (*Client)(nil)

// NewClient makes a client; it does not dial yet. Errors wrap ledger.ErrConfig, or are those of ledger.NewMirror about the
// cache.
func NewClient(cfg ClientConfig) (*Client, error) {
	if cfg.Policy == nil || cfg.Dial == nil || cfg.Timeout < 0 || cfg.Window < 0 {
		return nil, because(ledger.ErrConfig, "want a policy, a way to dial and no negative limits")
	}
	cfg.Timeout, cfg.Window = cmp.Or(cfg.Timeout, DefaultTimeout), cmp.Or(cfg.Window, DefaultWindow)
	id, err := cfg.Policy.Genesis().ID()
	if err != nil {
		return nil, because(ledger.ErrConfig, "%v", err)
	}
	c := &Client{
		cfg: cfg, id: id, hello: encodeHello(id), alone: cfg.Policy.LogAlone(), window: make(chan struct{}, cfg.Window),
		closing: make(chan struct{}), dialling: make(chan struct{}, 1),
	}
	c.dialling <- struct{}{}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.mirror, err = ledger.NewMirror(ledger.MirrorConfig{Policy: c.alone, Source: c, File: cfg.Cache})
	return c, err
}

// session returns the connection there is, or makes one.
func (c *Client) session(ctx context.Context) (*session, error) {
	select {
	case <-c.dialling:
		defer func() { c.dialling <- struct{}{} }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	c.mu.Lock()
	s := c.current
	c.mu.Unlock()
	if s != nil && s.ended() == nil {
		return s, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, because(ErrInterrupted, "no connection within %v", c.cfg.Timeout))
	defer cancel()
	nc, err := c.cfg.Dial(ctx)
	if err != nil {
		return nil, err
	}
	s, err = newSession(ctx, nc, c.hello, func(b []byte) error { return checkHello(b, c.id) }, c.cfg.Timeout)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = s
	if c.ctx.Err() != nil {
		s.end(ledger.ErrClosed)
		return nil, ledger.ErrClosed
	}
	return s, nil
}

func (c *Client) isClosed() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}

// ask makes one request and waits for its answer.
func (c *Client) ask(l label, body []byte) ([]byte, error) {
	if c.isClosed() {
		return nil, ledger.ErrClosed
	}
	ctx, cancel := context.WithTimeoutCause(c.ctx, 2*c.cfg.Timeout, because(ErrInterrupted, "no answer within %v", 2*c.cfg.Timeout))
	defer cancel()
	s, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	return s.ask(ctx, l, body)
}

// blame ends the connection to a server that did what it must not.
func (c *Client) blame(err error) error {
	c.mu.Lock()
	s := c.current
	c.mu.Unlock()
	if s != nil {
		s.end(err)
	}
	return err
}

// open verifies the log's signature on a checkpoint; the same one again costs nothing.
func (c *Client) open(msg []byte) (*ledger.Checkpoint, error) {
	if cp := c.verified.Load(); cp != nil && bytes.Equal(cp.Note, msg) {
		return cp, nil
	}
	cp, err := c.alone.OpenLog(msg)
	if err != nil {
		return nil, because(ErrPeer, "its checkpoint: %v", err)
	}
	c.verified.Store(cp)
	for known := c.size.Load(); cp.Size > known && !c.size.CompareAndSwap(known, cp.Size); known = c.size.Load() {
	}
	return cp, nil
}

// Close implements ledger.Ledger: it waits for what is under way, as long as the server answers in time. The server's ledger
// goes on.
func (c *Client) Close() (err error) {
	c.once.Do(func() {
		close(c.closing)
		for range cap(c.window) { // each one free is a submission that ended, or none
			c.window <- struct{}{}
		}
		c.cancel(ledger.ErrClosed)
		c.mu.Lock()
		s := c.current
		c.mu.Unlock()
		if s != nil {
			s.end(ledger.ErrClosed)
		}
		err = c.mirror.Close()
	})
	return err
}
