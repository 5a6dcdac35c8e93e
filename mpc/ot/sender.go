package ot

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/aes128"
)

// errDead is what a Sender says after a failed check.
var errDead = fmt.Errorf("%w: this link failed a check before; set up anew with new base OTs", mpc.ErrCheck)

// Sender is the bank's side of a link: base-OT receiver, PPRF receiver, VOLE
// receiver, and OT sender. It is safe for concurrent use and does not print.
// Once a check has failed it is dead for ever.
type Sender struct {
	opaque
	p        Params
	id       [32]byte
	delta    [seedBytes]byte
	keys     []*aes128.Key // leaf Delta_i ^ y of tree i at i*q + y; nil for y = 0
	extended counter
	dead     atomic.Bool
}

// NewSender runs the bank's side of the set-up with the tax node's NewReceiver
// at the other end of ch. sid names this set-up, the same for both sides and
// never used before; all randomness, Delta included, comes from seed, which is
// used for nothing else.
//
// Errors: ErrParams; ErrPeer where the tax node's messages are malformed,
// ErrCheck where they are inconsistent; those of ch. After any of them, start
// anew with fresh sid and seed.
func NewSender(ctx context.Context, ch mpc.Channel, p Params, sid [32]byte, seed mpc.Seed) (*Sender, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	s := &Sender{p: p, id: p.setup(sid)}
	delta, leaves, err := setUpSender(ctx, ch, p, &s.id, seed)
	if err != nil {
		return nil, fmt.Errorf("ot: setting up as sender: %w", err)
	}
	s.delta = delta
	s.keys = leafKeys(leaves, p.q())
	return s, nil
}

// Params returns the parameters of the link.
func (s *Sender) Params() Params { return s.p }

// Reserve hands out the next n extensions, 0 to MaxReserve. Both sides reserve
// in the same order. It fails with ErrCheck on a dead Sender.
func (s *Sender) Reserve(n int) (*SenderRange, error) {
	if s.dead.Load() {
		return nil, errDead
	}
	ns, err := s.extended.reserve(n)
	if err != nil {
		return nil, err
	}
	return &SenderRange{sender: s, numbers: ns}, nil
}

// Next returns the number of the next extension that Reserve will hand out: how
// many it did. Both sides have the same between sessions; a session's superblocks
// take the numbers from there on, in the order in which they are given to Run.
func (s *Sender) Next() uint64 { return s.extended.following() }

// SenderRange is a range of extensions, each to be run once, in any order, also
// concurrently.
type SenderRange struct {
	opaque
	sender  *Sender
	numbers numbers
}

// Extend runs extension i of the range on the tax node's message and returns
// the rows Q, after the check. shape and binding are those of the tax node's
// Extend.
//
// Errors: ErrParams, which leaves extension i unused; ErrUsed; ErrPeer for a
// message of the wrong size; ErrCheck where the check fails, now and for every
// later call on any range of this Sender.
func (g *SenderRange) Extend(i int, shape Shape, binding [32]byte, msg []byte) (*SenderRows, error) {
	s := g.sender
	if s.dead.Load() {
		return nil, errDead
	}
	if err := g.numbers.check(i); err != nil {
		return nil, err
	}
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	number, err := g.numbers.take(i)
	if err != nil {
		return nil, err
	}
	if want := shape.CorrectionBytes(s.p); len(msg) != want {
		return nil, wrongSize("OT extension message", want, len(msg))
	}
	out, ok := s.extend(number, shape, &binding, msg)
	if !ok {
		s.dead.Store(true)
		return nil, mpc.ErrCheck
	}
	if s.dead.Load() { // by another extension meanwhile
		out.Wipe()
		return nil, errDead
	}
	return out, nil
}

// extend returns the rows and whether the check held. The rows leave this
// package only if it did.
func (s *Sender) extend(number uint64, shape Shape, binding *[32]byte, msg []byte) (*SenderRows, bool) {
	b := takeBuffers(s.p, shape)
	defer b.release()
	out := &SenderRows{rows: newRows(shape), delta: s.delta}

	corrections, msg := cut(s.p, maskUnit, msg)
	s.correct(maskUnit, number, b, corrections)
	check := newColumnHash(&s.id, number, shape, binding, corrections, b.chi)
	check.mask(b.v)

	for u := range shape.units() {
		corrections, msg = cut(s.p, u, msg)
		s.correct(u, number, b, corrections)
		check.challenge(u, corrections)
		check.add(b.v)
		combine(u, b.v, out.padded(u.digit))
	}
	if !check.verify(&s.delta, msg) {
		out.Wipe()
		return nil, false
	}
	return out, true
}

// correct leaves Q of unit u in b.v: the columns of W plus the corrections
// times Delta.
func (s *Sender) correct(u unit, number uint64, b *buffers, corrections []byte) {
	width := u.width() * blockSize
	out := columns{u: b.u[:width], stride: columnStride(width)}
	for i := range s.p.voles() {
		out.c = corrections[i*width:][:width]
		out.x, out.v = out.c, b.v[i*s.p.K*out.stride:]
		for bit := range s.p.K {
			out.masks[bit] = -bitOf(s.delta[:], i*s.p.K+bit)
		}
		expand(s.p, s.keys, i, u, number, &out, b.streams)
	}
}
