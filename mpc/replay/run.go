package replay

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/replay"
)

var blockSession = replay.BlockSession.(func(mpc.Config, func(block int) mpc.Seed) (*mpc.Session, error))

// side is what differs between the two parties.
type side interface {
	// setUp runs the OT set-up anew over ch.
	setUp(ctx context.Context, ch mpc.Channel) error
	// run runs a superblock after it. Several run at once.
	run(ctx context.Context, s *mpc.Session, conn *mpc.Conn, block int) ([]Deviation, error)
}

// maxWorkers bounds the memory, together with that of a superblock.
const maxWorkers = 8

// replayer replays one side of one session.
type replayer struct {
	role mpc.Role
	l    *Link
	s    *Session
	side side
	load Load

	public ed25519.PublicKey // of the peer that is played
	sign   func([]byte) []byte

	mu    sync.Mutex
	found []Deviation
}

// run replays the sample.
func (r *replayer) run(ctx context.Context, sample []int) ([]Deviation, error) {
	if r.load == nil {
		return nil, fmt.Errorf("%w: no flights", mpc.ErrParams)
	}
	if r.l.OT != r.s.Params.OT {
		return nil, malformed("a session for OTs with K = %d on a link with K = %d", r.s.Params.OT.K, r.l.OT.K)
	}
	if err := r.l.check(r.role); err != nil {
		return nil, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("replay: no randomness: %w", err)
	}
	r.public, r.sign = public, func(msg []byte) []byte { return ed25519.Sign(private, msg) }

	// If the set-up is not what this side says, nothing after it can be.
	ch := &setup{link: r.l}
	err = r.side.setUp(ctx, ch)
	switch {
	case err == nil && len(ch.found) > 0:
		return ch.found, nil
	case errors.Is(err, mpc.ErrPeer):
		return ch.refused(err), nil
	case err != nil:
		return nil, err
	}
	if err := r.superblocks(ctx, sample); err != nil {
		return nil, err
	}
	slices.SortFunc(r.found, func(a, b Deviation) int {
		return cmp.Or(cmp.Compare(a.Block, b.Block), cmp.Compare(a.Flight, b.Flight))
	})
	return r.found, nil
}

// superblocks hands the sample to a few workers and returns the first error.
func (r *replayer) superblocks(ctx context.Context, sample []int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var g sync.WaitGroup
	var once sync.Once
	var failed error
	for range min(runtime.GOMAXPROCS(0), maxWorkers, len(sample)) {
		g.Go(func() {
			for block := range next {
				if err := r.superblock(ctx, block); err != nil {
					once.Do(func() { failed = err })
					cancel(err)
					return
				}
			}
		})
	}
	for _, block := range sample {
		select {
		case next <- block:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	g.Wait()
	if failed != nil {
		return failed
	}
	return interrupted(ctx)
}

// superblock replays one.
func (r *replayer) superblock(ctx context.Context, block int) error {
	flights, err := r.flights(ctx, block)
	if err != nil {
		return err
	}
	p := newPlayer(r.role, r.s.Binding, flights, r.sign)
	session, err := blockSession(mpc.Config{
		Role: r.role, Binding: r.s.Binding, Sign: r.sign, PeerKey: r.public, Window: 1, Record: p.compare,
	}, r.s.Seeds)
	if err != nil {
		return err
	}
	conn := mpc.NewConn(p, 0)
	defer conn.Close()
	found, err := r.side.run(ctx, session, conn, block)
	var ours *callerError
	switch {
	case err == nil:
	case errors.As(err, &ours):
		return ours.err
	case ctx.Err() != nil:
		return interrupted(ctx)
	case errors.Is(err, mpc.ErrPeer):
		p.refused(err)
	default:
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found = append(append(r.found, found...), p.found...)
	return nil
}

// flights loads and checks those of a superblock.
func (r *replayer) flights(ctx context.Context, block int) ([]mpc.Flight, error) {
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	sizes, err := r.s.sizes(block)
	if err != nil {
		return nil, err
	}
	flights, err := r.load(ctx, block)
	if err != nil {
		return nil, err
	}
	if err := mpc.CheckFlights(r.s.Binding, block, sizes, flights); err != nil {
		return nil, malformed("%v", err)
	}
	for i, f := range flights {
		if f.From != r.role && len(f.Payload) != sizes[i] {
			return nil, malformed("superblock %d: flight %d of the peer is there as a hash only", block, i+1)
		}
	}
	return flights, nil
}

// callerError is an error of a function that the caller gave us: whatever it
// wraps, it says nothing about the record.
type callerError struct{ err error }

func (e *callerError) Error() string { return e.err.Error() }
func (e *callerError) Unwrap() error { return e.err }

func byCaller(err error) error {
	if err == nil {
		return nil
	}
	return &callerError{err}
}
