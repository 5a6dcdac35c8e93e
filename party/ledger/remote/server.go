package remote

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
)

// What ServerConfig takes where it is told nothing.
const (
	DefaultConns     = 256
	DefaultPeerConns = 8
	DefaultIdle      = 5 * time.Minute
	DefaultStall     = 10 * time.Second
)

// ServerConfig is what a server needs.
type ServerConfig struct {
	Ledger ledger.Ledger
	Policy *ledger.Policy              // of the ledger; its witnesses may co-sign
	Access func(transport.Peer) Access // who may do what, asked at every request; see Registered

	Conns     int           // at once; zero means DefaultConns
	PeerConns int           // of one key; zero means DefaultPeerConns
	Idle      time.Duration // until a connection without requests is closed; zero means DefaultIdle
	Stall     time.Duration // for the rest of a request, and for the peer to take an answer; zero means DefaultStall
	Hold      time.Duration // of a checkpoint that waits for its quorum; see ledger.NewCollector
	Logger    *slog.Logger  // nil for none
}

// Listener is where connections come from: a *transport.Listener.
type Listener interface {
	Accept() (*transport.Conn, error)
	Close() error
}

// Server serves one ledger. It does not close it.
type Server struct {
	ServerConfig
	id        ledger.Digest
	collector *ledger.Collector

	ctx    context.Context // ends on Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	listeners map[Listener]bool
	conns     map[*transport.Conn]bool
	peers     map[string]int // connections by key
}

// NewServer makes a server; Serve starts it. Errors wrap ledger.ErrConfig.
func NewServer(c ServerConfig) (*Server, error) {
	if c.Ledger == nil || c.Policy == nil || c.Access == nil || c.Conns < 0 || c.PeerConns < 0 || c.Idle < 0 || c.Stall < 0 {
		return nil, because(ledger.ErrConfig, "want a ledger, a policy, an access hook and no negative limits")
	}
	c.Conns, c.PeerConns = cmp.Or(c.Conns, DefaultConns), cmp.Or(c.PeerConns, DefaultPeerConns)
	c.Idle, c.Stall = cmp.Or(c.Idle, DefaultIdle), cmp.Or(c.Stall, DefaultStall)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	id, err := c.Policy.Genesis().ID()
	if err != nil {
		return nil, because(ledger.ErrConfig, "%v", err)
	}
	collector, err := ledger.NewCollector(c.Ledger, c.Policy, c.Hold)
	if err != nil {
		return nil, err
	}
	s := &Server{
		ServerConfig: c, id: id, collector: collector,
		listeners: make(map[Listener]bool), conns: make(map[*transport.Conn]bool), peers: make(map[string]int),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Serve serves the connections of a listener until the server or the listener is closed; then it returns nil. A server may
// serve several listeners at once, such as one for each role of peers.
func (s *Server) Serve(l Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errors.Join(ErrUnavailable, l.Close())
	}
	s.listeners[l] = true
	s.mu.Unlock()
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if !s.enter(nc) {
			_ = nc.Close()
			continue
		}
		go func() {
			defer s.wg.Done()
			defer s.leave(nc)
			newServing(s, nc).run()
		}()
	}
}

// Close closes the listeners and connections and waits for them. What was submitted is still recorded; the clients may not
// learn of it.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	var failed []error
	for l := range s.listeners {
		failed = append(failed, l.Close())
	}
	clear(s.listeners)
	s.cancel()
	for nc := range s.conns {
		_ = nc.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return errors.Join(failed...)
}

// enter admits a connection, unless there are too many.
func (s *Server) enter(nc *transport.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := string(nc.Peer().Key)
	if s.closed || len(s.conns) >= s.Conns || s.peers[key] >= s.PeerConns {
		s.Logger.Warn("ledger server: too many connections", "peer", nc.Peer().Name, "all", len(s.conns), "of the peer", s.peers[key])
		return false
	}
	s.conns[nc] = true
	s.peers[key]++
	s.wg.Add(1)
	return true
}

func (s *Server) leave(nc *transport.Conn) {
	_ = nc.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	key := string(nc.Peer().Key)
	delete(s.conns, nc)
	if s.peers[key]--; s.peers[key] == 0 {
		delete(s.peers, key)
	}
}
