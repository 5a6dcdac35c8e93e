package ot

import (
	"context"

	"github.com/blindscore/blindscore/mpc"
)

// setup identifies one set-up: the caller's sid and the parameters, under the
// names that both sides have for them.
func (p Params) setup(sid [32]byte) (id [32]byte) {
	h := oracle(tagSetup, &sid)
	writeIndex(h, uint64(p.K))
	h.Sum(id[:0])
	return id
}

// setUpSender is the bank's side of a set-up: Delta, and all leaves but those
// at Delta, relative to it (see puncture).
func setUpSender(ctx context.Context, ch mpc.Channel, p Params, id *[32]byte, seed mpc.Seed) (delta [seedBytes]byte, leaves [][seedBytes]byte, err error) {
	seed.Derive("ot delta").PRG().Fill(delta[:])
	base, err := newBaseReceiver(id, p.choices(delta), seed)
	if err != nil {
		return delta, nil, err
	}
	if err := ch.Send(ctx, labelBaseReceiver, base.msg); err != nil {
		return delta, nil, err
	}
	msg, err := ch.Recv(ctx, labelBaseSender, baseSenderBytes)
	if err != nil {
		return delta, nil, err
	}
	r, err := base.keys(msg)
	if err != nil {
		return delta, nil, err
	}
	defer clear(r[:])
	if size := p.voles() * p.pprfBytes(); size > 0 {
		if msg, err = ch.Recv(ctx, labelPPRF, size); err != nil {
			return delta, nil, err
		}
	} else {
		msg = nil
	}
	leaves, err = puncture(p, id, &r, &delta, msg)
	return delta, leaves, err
}

// setUpReceiver is the tax node's side: all leaves.
func setUpReceiver(ctx context.Context, ch mpc.Channel, p Params, id *[32]byte, seed mpc.Seed) (leaves [][seedBytes]byte, err error) {
	base, err := newBaseSender(id, seed)
	if err != nil {
		return nil, err
	}
	// B is ready before the bank's message arrives, and leaves after it has, so
	// that a channel without buffers does not block both sides.
	msg, err := ch.Recv(ctx, labelBaseReceiver, baseReceiverBytes)
	if err != nil {
		return nil, err
	}
	if err := ch.Send(ctx, labelBaseSender, base.msg); err != nil {
		return nil, err
	}
	r, err := base.keys(msg)
	if err != nil {
		return nil, err
	}
	defer clear(r[:])
	leaves, msg = growTrees(p, id, &r)
	if len(msg) > 0 {
		if err := ch.Send(ctx, labelPPRF, msg); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

// choices turns Delta into the choices of the base OTs: OT i*k+l delivers the
// sibling on level l of the path to Delta_i, so it takes the complement of bit
// k-1-l of Delta_i.
func (p Params) choices(delta [seedBytes]byte) (c [kappa / 8]byte) {
	for i := range p.voles() {
		for l := range p.K {
			bit := 1 ^ bitOf(delta[:], i*p.K+p.K-1-l)
			j := i*p.K + l
			c[j/8] |= bit << (j % 8)
		}
	}
	return c
}
