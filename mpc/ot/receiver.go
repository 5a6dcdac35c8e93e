package ot

import (
	"context"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/aes128"
)

// Receiver is the tax node's side of a link: base-OT sender, PPRF sender, VOLE
// sender, and OT receiver. It is safe for concurrent use and does not print.
type Receiver struct {
	opaque
	p        Params
	id       [32]byte
	keys     []*aes128.Key // leaf x of tree i at i*q + x
	extended counter
}

// NewReceiver runs the tax node's side of the set-up with the bank's NewSender
// at the other end of ch. sid names this set-up, the same for both sides and
// never used before; all randomness comes from seed, which is used for nothing
// else.
//
// Errors: ErrParams; ErrPeer where the bank's message is malformed; those of
// ch. After any of them, start anew with fresh sid and seed.
func NewReceiver(ctx context.Context, ch mpc.Channel, p Params, sid [32]byte, seed mpc.Seed) (*Receiver, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	r := &Receiver{p: p, id: p.setup(sid)}
	leaves, err := setUpReceiver(ctx, ch, p, &r.id, seed)
	if err != nil {
		return nil, fmt.Errorf("ot: setting up as receiver: %w", err)
	}
	r.keys = leafKeys(leaves, 0)
	return r, nil
}

// Params returns the parameters of the link.
func (r *Receiver) Params() Params { return r.p }

// Reserve hands out the next n extensions, 0 to MaxReserve. Both sides reserve
// in the same order.
func (r *Receiver) Reserve(n int) (*ReceiverRange, error) {
	ns, err := r.extended.reserve(n)
	if err != nil {
		return nil, err
	}
	return &ReceiverRange{receiver: r, numbers: ns}, nil
}

// Next returns the number of the next extension that Reserve will hand out: how
// many it did. Both sides have the same between sessions; a session's superblocks
// take the numbers from there on, in the order in which they are given to Run.
func (r *Receiver) Next() uint64 { return r.extended.following() }

// ReceiverRange is a range of extensions, each to be run once, in any order,
// also concurrently.
type ReceiverRange struct {
	opaque
	receiver *Receiver
	numbers  numbers
}

// Extend runs extension i of the range: it fills msg, of exactly
// shape.CorrectionBytes, for the bank, and returns the rows T. choices[j][n] is
// digit j of instance n, below 2^Digits[j]. binding is hashed into the check:
// whatever the two sides must agree on (a task, a superblock); where they do
// not, the check fails. The choices of the mask block come from seed, which is
// used for nothing else.
//
// Errors: ErrParams, which leaves extension i unused, and ErrUsed. What msg
// holds after an error must not be sent.
func (g *ReceiverRange) Extend(i int, shape Shape, choices [][]uint8, binding [32]byte, seed mpc.Seed, msg []byte) (*ReceiverRows, error) {
	r := g.receiver
	if err := g.numbers.check(i); err != nil {
		return nil, err
	}
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	if want := shape.CorrectionBytes(r.p); len(msg) != want {
		return nil, fmt.Errorf("%w: %d bytes for the message of this shape, got %d", mpc.ErrParams, want, len(msg))
	}
	if err := checkChoices(shape, choices); err != nil {
		return nil, err
	}
	number, err := g.numbers.take(i)
	if err != nil {
		return nil, err
	}
	return r.extend(number, shape, choices, &binding, seed, msg), nil
}

func (r *Receiver) extend(number uint64, shape Shape, choices [][]uint8, binding *[32]byte, seed mpc.Seed, msg []byte) *ReceiverRows {
	b := takeBuffers(r.p, shape)
	defer b.release()
	out := &ReceiverRows{rows: newRows(shape)}

	seed.Derive("ot mask").PRG().Fill(b.x[:blockSize])
	corrections, msg := cut(r.p, maskUnit, msg)
	r.correct(maskUnit, number, b, corrections)
	check := newColumnHash(&r.id, number, shape, binding, corrections, b.chi)
	check.mask(b.v)
	check.maskChoices(b.x)

	for u := range shape.units() {
		corrections, msg = cut(r.p, u, msg)
		pack(u, choices[u.digit], b.x[:u.width()*blockSize])
		r.correct(u, number, b, corrections)
		check.challenge(u, corrections)
		check.add(b.v)
		check.addChoices(b.x[:u.width()*blockSize])
		combine(u, b.v, out.padded(u.digit))
	}
	check.respond(msg)
	return out
}

// correct leaves V of unit u in b.v and writes the corrections, one column for
// each VOLE, for the choices in b.x.
func (r *Receiver) correct(u unit, number uint64, b *buffers, corrections []byte) {
	width := u.width() * blockSize
	out := columns{x: b.x[:width], stride: columnStride(width), c: b.x[:width]}
	for i := range r.p.voles() {
		out.u, out.v = corrections[i*width:][:width], b.v[i*r.p.K*out.stride:]
		expand(r.p, r.keys, i, u, number, &out, b.streams)
	}
}

// cut takes the corrections of unit u off the front of msg.
func cut(p Params, u unit, msg []byte) (corrections, rest []byte) {
	n := p.voles() * u.width() * blockSize
	return msg[:n], msg[n:]
}

// checkChoices returns ErrParams unless choices fit the shape. It looks at all
// of them and says nothing of any.
func checkChoices(shape Shape, choices [][]uint8) error {
	if len(choices) != len(shape.Digits) {
		return fmt.Errorf("%w: choices for %d digits, got %d", mpc.ErrParams, len(shape.Digits), len(choices))
	}
	for j, d := range shape.Digits {
		if len(choices[j]) != shape.N {
			return fmt.Errorf("%w: %d choices for digit %d, got %d", mpc.ErrParams, shape.N, j, len(choices[j]))
		}
		var all uint8
		for _, c := range choices[j] {
			all |= c
		}
		if int(all)>>d != 0 {
			return fmt.Errorf("%w: choices of digit %d exceed %d bits", mpc.ErrParams, j, d)
		}
	}
	return nil
}
