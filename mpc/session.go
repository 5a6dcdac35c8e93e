package mpc

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Role is a party of a session.
type Role uint8

// The two parties. The tax node sends the odd flights of every superblock, the
// bank the even ones; so the tax node also sends the last.
const (
	RoleBank Role = iota + 1
	RoleTax
)

func (r Role) String() string {
	switch r {
	case RoleBank:
		return "bank"
	case RoleTax:
		return "tax node"
	}
	return "invalid role"
}

// sends reports whether r sends flight n (1, 2, ...).
func (r Role) sends(n int) bool { return (r == RoleTax) == (n%2 == 1) }

// Config is what a session is bound to.
type Config struct {
	Role    Role
	Binding [32]byte // task digest and attempt; enters every hash and key

	Sign    func(msg []byte) []byte // Ed25519, by this node's identity
	PeerKey ed25519.PublicKey       // of the peer's identity

	// Window is how many superblocks run at once, 1 to 64; it bounds memory and
	// is agreed by both sides. Zero means 3.
	Window int

	// Before, if set, is called with the transcript hash of a superblock right
	// before this side's last flight of it leaves. The tax node stores its
	// Answer there, the bank the hash that a stored answer will be checked
	// against. An error ends the session and nothing is sent.
	Before func(Answer) error

	// Record, if set, is called for every flight of every superblock, in the
	// order of the superblock: for one that this side sends before it leaves (and
	// before Before), for one that it received when its signature is verified and
	// before it is used. Superblocks run at once, and so may calls for different
	// ones. An error ends the session.
	Record func(Flight) error
}

// Session is one run of a protocol over superblocks. It runs once.
type Session struct {
	cfg       Config
	seed      Seed
	blockSeed func(block int) Seed // of a superblock
	used      atomic.Bool

	mu   sync.Mutex
	done map[int]Digest
}

// Fresh is a seed that was just drawn and has not been used. It is committed to
// while a session is being agreed on, before its binding is known, and is used
// up by NewSession.
type Fresh struct {
	seed  Seed
	block func(block int) Seed // in a replay that knows no more
	used  atomic.Bool
}

// NewFresh draws a seed from the operating system.
func NewFresh() (*Fresh, error) {
	s, err := NewSeed()
	if err != nil {
		return nil, err
	}
	return &Fresh{seed: s}, nil
}

// Commitment returns the commitment to the seed.
func (f *Fresh) Commitment() [32]byte { return f.seed.Commitment() }

// Block returns the seed of one superblock of the session to come, for work
// that is done ahead of it.
func (f *Fresh) Block(block int) Seed {
	if f.block != nil {
		return f.block(block)
	}
	return BlockSeed(f.seed, block)
}

// Format implements fmt.Formatter; it prints no secret.
func (f *Fresh) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// NewSession uses up a fresh seed and returns a session that can run once.
func NewSession(cfg Config, fresh *Fresh) (*Session, error) {
	if !fresh.used.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("%w: this seed has a session", ErrUsed)
	}
	return newSession(cfg, fresh.seed)
}

func newSession(cfg Config, seed Seed) (*Session, error) {
	if cfg.Window == 0 {
		cfg.Window = 3
	}
	switch {
	case cfg.Role != RoleBank && cfg.Role != RoleTax:
		return nil, fmt.Errorf("%w: %v", ErrParams, cfg.Role)
	case cfg.Sign == nil:
		return nil, fmt.Errorf("%w: no signing key", ErrParams)
	case len(cfg.PeerKey) != ed25519.PublicKeySize:
		return nil, fmt.Errorf("%w: the peer's key has %d bytes, want %d", ErrParams, len(cfg.PeerKey), ed25519.PublicKeySize)
	case cfg.Window < 1 || cfg.Window > 64:
		return nil, fmt.Errorf("%w: window %d, want 1 to 64", ErrParams, cfg.Window)
	}
	return &Session{
		cfg: cfg, seed: seed, done: make(map[int]Digest),
		blockSeed: func(block int) Seed { return BlockSeed(seed, block) },
	}, nil
}

// Seed returns the seed of this side, from which everything random in the
// session derives. A bank keeps it until the batch is complete.
func (s *Session) Seed() Seed { return s.seed }

// Binding returns what the session is bound to.
func (s *Session) Binding() [32]byte { return s.cfg.Binding }

// Window returns how many superblocks run at once.
func (s *Session) Window() int { return s.cfg.Window }

// BlockSeed returns the seed of one superblock's subtree. It is a function of
// the session seed, so that masks of a stored answer can be found again and a
// single superblock can be opened to an auditor.
func BlockSeed(session Seed, block int) Seed { return session.Derive("superblock", uint64(block)) }

// BlockDigest returns the transcript hash of a finished superblock.
func (s *Session) BlockDigest(block int) (Digest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.done[block]
	return d, ok
}

// Plan returns the payload sizes of the flights of a superblock, first to last.
type Plan func(block int) []int

// Run executes body once for every superblock, at most Window at a time, in
// the given order, which both sides agree on. It returns when all are done, or
// at the first error, by which time no goroutine of it is left. On error the
// Conn is dead and the peer has been told as far as it could be.
func (s *Session) Run(ctx context.Context, conn *Conn, blocks []int, plan Plan, body func(context.Context, *Block) error) error {
	if !s.used.CompareAndSwap(false, true) {
		return fmt.Errorf("%w: the session has run", ErrUsed)
	}
	if err := checkBlocks(blocks, plan); err != nil {
		return err
	}
	run, cancel := context.WithCancel(ctx)
	defer cancel()
	release := conn.bind(run)
	// Run is cancelled by the first error, but not by success. That error is on
	// record before the others can notice.
	var g sync.WaitGroup
	first := make(chan error, 1)
	launch := func(f func() error) {
		g.Go(func() {
			if err := f(); err != nil {
				select {
				case first <- err:
				default:
				}
				cancel()
			}
		})
	}

	d := newDemux(s, conn, blocks, plan)
	launch(func() error { return d.read(run) })
	window := make(chan struct{}, s.cfg.Window)
	for i, index := range blocks {
		select {
		case window <- struct{}{}:
		case <-run.Done():
		}
		if run.Err() != nil {
			break
		}
		b := d.open(i, index)
		launch(func() error {
			defer func() { <-window }()
			if err := body(run, b); err != nil {
				return err
			}
			return b.finish()
		})
	}
	g.Wait()
	release()
	var err error
	select {
	case err = <-first:
	default:
		if run.Err() == nil {
			return nil
		}
	}
	return s.fail(ctx, conn, err)
}

// fail chooses the error that says most: what this side found out about the
// peer, or heard from it, rather than how its own goroutines noticed the end.
func (s *Session) fail(ctx context.Context, conn *Conn, err error) error {
	first := conn.Err()
	conn.Abort()
	if first != nil && (errors.Is(err, context.Canceled) || errors.Is(err, ErrInterrupted)) {
		err = first
	}
	if ctx.Err() != nil && !errors.Is(err, ErrPeer) {
		return interrupted(ctx, nil)
	}
	return err
}

func checkBlocks(blocks []int, plan Plan) error {
	if !slices.IsSorted(blocks) || len(slices.Compact(slices.Clone(blocks))) != len(blocks) {
		return fmt.Errorf("%w: superblocks must be ascending, each once", ErrParams)
	}
	if len(blocks) > 0 && (blocks[0] < 0 || blocks[len(blocks)-1] > 1<<31-1) {
		return fmt.Errorf("%w: superblock out of range", ErrParams)
	}
	for _, i := range blocks {
		sizes := plan(i)
		if len(sizes) < 2 || len(sizes) > 255 || slices.Min(sizes) < 0 || slices.Max(sizes) > maxFlight {
			return fmt.Errorf("%w: superblock %d has flights of %v bytes, want 2 to 255 flights of at most %d", ErrParams, i, sizes, maxFlight)
		}
	}
	return nil
}

// maxFlight bounds the payload of one flight of one superblock.
const maxFlight = 1 << 28

// bindingOf returns a public value bound to the session and a superblock, for
// hash keys and challenges.
func (s *Session) bindingOf(block int) [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore superblock v1"))
	h.Write(s.cfg.Binding[:])
	var le [4]byte
	binary.LittleEndian.PutUint32(le[:], uint32(block))
	h.Write(le[:])
	return [32]byte(h.Sum(nil))
}

var errAnswer = fmt.Errorf("%w: stored answer does not continue the transcript under the peer's signature", ErrPeer)
