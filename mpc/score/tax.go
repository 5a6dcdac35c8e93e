package score

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
)

// Input gives the levels of the companies [from, to) of the batch, feature by
// feature: levels[f][i] < Params.Levels[f]. It is called from several
// goroutines at once, once for each superblock.
type Input func(ctx context.Context, from, to int) (levels [][]uint16, err error)

// Tax is the tax node's side of a batch. It is immutable.
type Tax struct {
	p     Params
	plan  *plan
	input Input
	tap   func(flight int, payload []byte) // in tests: sees and may replace what is sent
}

// NewTax checks p, which came from the bank.
func NewTax(p Params, input Input) (*Tax, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	pl, err := newPlan(p)
	if err != nil {
		return nil, err
	}
	return &Tax{p: p, plan: pl, input: input}, nil
}

// Run serves the given superblocks on a fresh session.
func (t *Tax) Run(ctx context.Context, s *mpc.Session, conn *mpc.Conn, receiver *ot.Receiver, blocks []int) error {
	ext, err := receiver.Reserve(len(blocks))
	if err != nil {
		return err
	}
	return s.Run(ctx, conn, blocks, t.plan.flights, func(ctx context.Context, blk *mpc.Block) error {
		at, _ := slices.BinarySearch(blocks, blk.Index)
		return t.block(ctx, blk, ext, at)
	})
}

// block is the tax node's side of one superblock, flight by flight.
func (t *Tax) block(ctx context.Context, blk *mpc.Block, ext *ot.ReceiverRange, at int) error {
	levels, err := t.levels(ctx, blk.Index)
	if err != nil {
		return err
	}
	from, to := t.p.Span(blk.Index)
	n := to - from
	key := hashKey(blk)

	// Flight 1: OT corrections. The choices of stage 1 are the levels, that of
	// stage 2 is a random index.
	index := randomIndex(blk.Seed().Derive("index"), n, t.p.ScoreBits)
	corrections, err := blk.Next()
	if err != nil {
		return err
	}
	rows, err := ext.Extend(at, t.plan.shape(n), t.choices(levels, index), blk.Binding(), blk.Seed().Derive("ot"), corrections)
	if err != nil {
		return err
	}
	if err := t.send(ctx, blk, 1, corrections); err != nil {
		return err
	}

	// Flight 2: one masked table a company and feature; the sum of what opens
	// is this side's share of the score.
	tables, err := blk.Recv(ctx)
	if err != nil {
		return err
	}
	share := make([]uint16, n)
	for f, w := range t.plan.stage1 {
		w.Open(share, tables[:n*w.Bytes()], levels[f], digitRows(rows, w.Split(), t.plan.digit1[f]), t.plan.hash(key, f))
		tables = tables[n*w.Bytes():]
	}

	// Flight 3: the share, hidden by the random index.
	message, err := blk.Next()
	if err != nil {
		return err
	}
	for i := range share {
		share[i] -= index[i]
	}
	pack(message, share, t.p.ScoreBits)
	if err := t.send(ctx, blk, 3, message); err != nil {
		return err
	}

	// Flight 4: one table a company; the entry at the random index opens.
	bands, err := blk.Recv(ctx)
	if err != nil {
		return err
	}
	out := make([]uint16, n)
	t.plan.stage2.Open(out, bands, index, digitRows(rows, t.plan.stage2.Split(), t.plan.digit2), t.plan.hash(key, len(t.plan.stage1)))

	// Flight 5: those b bits a company, and nothing else, are released.
	message, err = blk.Next()
	if err != nil {
		return err
	}
	pack(message, out, t.p.OutputBits)
	return t.send(ctx, blk, 5, message)
}

func (t *Tax) send(ctx context.Context, blk *mpc.Block, flight int, payload []byte) error {
	if t.tap != nil {
		t.tap(flight, payload)
	}
	return blk.Send(ctx)
}

// levels fetches and checks the features of a superblock: a level outside its
// grid would open nothing and must not reach the choices.
func (t *Tax) levels(ctx context.Context, block int) ([][]uint16, error) {
	from, to := t.p.Span(block)
	levels, err := t.input(ctx, from, to)
	if err != nil {
		return nil, err
	}
	if len(levels) != len(t.p.Levels) {
		return nil, fmt.Errorf("%w: levels of %d features, want %d", mpc.ErrParams, len(levels), len(t.p.Levels))
	}
	for f, column := range levels {
		if len(column) != to-from {
			return nil, fmt.Errorf("%w: feature %d: levels of %d companies, want %d", mpc.ErrParams, f, len(column), to-from)
		}
		if len(column) > 0 && int(slices.Max(column)) >= t.p.Levels[f] {
			return nil, fmt.Errorf("%w: feature %d: a level is outside its grid of %d", mpc.ErrParams, f, t.p.Levels[f])
		}
	}
	return levels, nil
}

// choices lists the OT choices in the order of the plan's digits.
func (t *Tax) choices(levels [][]uint16, index []uint16) [][]uint8 {
	var c [][]uint8
	for f, w := range t.plan.stage1 {
		c = append(c, w.Split().Choices(levels[f])...)
	}
	return append(c, t.plan.stage2.Split().Choices(index)...)
}

// randomIndex draws n indices of m bits.
func randomIndex(seed mpc.Seed, n, m int) []uint16 {
	raw := make([]byte, 2*n)
	seed.PRG().Fill(raw)
	index := make([]uint16, n)
	for i := range index {
		index[i] = binary.LittleEndian.Uint16(raw[2*i:]) & uint16(1<<m-1)
	}
	return index
}
