package score

import (
	"context"
	"encoding/binary"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lookup"
	"github.com/blindscore/blindscore/mpc/ot"
)

// transfer is stage 1 by oblivious transfer, EngineOT: for every company and
// feature one look-up in the bank's table, masked by a fresh r; and then the
// tax node's share, hidden by its random index.
type transfer struct {
	p     Params
	words []lookup.Words // one a feature
	at    []int          // first digit of each feature's look-up
	all   []int
}

func newTransfer(p Params) (*transfer, error) {
	e := &transfer{p: p}
	for _, l := range p.Levels {
		w, err := lookup.NewWords(l)
		if err != nil {
			return nil, err
		}
		e.words = append(e.words, w)
		e.at = append(e.at, len(e.all))
		e.all = append(e.all, w.Split().Digits()...)
	}
	return e, nil
}

func (e *transfer) digits() []int  { return e.all }
func (e *transfer) front(int) int  { return 0 }
func (e *transfer) positions() int { return len(e.words) }

// between: the masked tables, and the tax node's share less its index.
func (e *transfer) between(n int) []int {
	tables := 0
	for _, w := range e.words {
		tables += n * w.Bytes()
	}
	return []int{tables, packedBytes(n, e.p.indexBits())}
}

// transferBank is EngineOT at the bank.
type transferBank struct {
	*transfer
	tables [][]uint16
}

// share sends T_f[v] - r_(i,f) + pad for all i, f, v, and returns the turn of
// every company: what a table of stage 2 is turned by so that the entry at the
// tax node's index is that of the score.
func (e *transferBank) share(ctx context.Context, blk *mpc.Block, _ []byte, n int, rows *ot.SenderRows, h hasher) ([]uint16, error) {
	dst, err := blk.Next()
	if err != nil {
		return nil, err
	}
	prg := blk.Seed().Derive("shares").PRG()
	share, r, raw := make([]uint16, n), make([]uint16, n), make([]byte, 2*n)
	done := 0
	for f, w := range e.words {
		prg.Fill(raw)
		for i := range r {
			r[i] = binary.LittleEndian.Uint16(raw[2*i:])
			share[i] += r[i]
		}
		w.Mask(dst[done:][:n*w.Bytes()], e.tables[f], r, senderRows(rows, w.Split(), e.at[f]), h.engineAt(f))
		done += n * w.Bytes()
		blk.Final(done)
	}
	if err := blk.Send(ctx); err != nil {
		return nil, err
	}

	return e.p.recvLess(ctx, blk, share)
}

// transferTax is EngineOT at the tax node.
type transferTax struct{ *transfer }

func (e *transferTax) first([]byte, *mpc.Block, *features, []uint16) error { return nil }

// choices are the digits of the levels.
func (e *transferTax) choices(x *features) [][]uint8 {
	var c [][]uint8
	for f, w := range e.words {
		c = append(c, w.Split().Choices(x.levels[f])...)
	}
	return c
}

// share opens one entry of each table; their sum is this side's share, which goes
// out less the random index.
func (e *transferTax) share(ctx context.Context, t *Tax, blk *mpc.Block, x *features, index []uint16, rows *ot.ReceiverRows, h hasher) error {
	tables, err := blk.Recv(ctx)
	if err != nil {
		return err
	}
	n := len(index)
	share := make([]uint16, n)
	for f, w := range e.words {
		w.Open(share, tables[:n*w.Bytes()], x.levels[f], digitRows(rows, w.Split(), e.at[f]), h.engineAt(f))
		tables = tables[n*w.Bytes():]
	}
	return t.sendLess(ctx, blk, share, index)
}

// sendLess is the flight of an engine whose share is not the index: it sends the
// share less the random index, which hides it.
func (t *Tax) sendLess(ctx context.Context, blk *mpc.Block, share, index []uint16) error {
	message, err := blk.Next()
	if err != nil {
		return err
	}
	for i := range share {
		share[i] -= index[i]
	}
	pack(message, share, t.p.indexBits())
	return t.send(ctx, blk, message)
}

// recvLess is the other end of sendLess: the bank's share becomes its turn.
func (p Params) recvLess(ctx context.Context, blk *mpc.Block, share []uint16) ([]uint16, error) {
	message, err := blk.Recv(ctx)
	if err != nil {
		return nil, err
	}
	turn := make([]uint16, len(share))
	if err := unpack(turn, message, p.indexBits()); err != nil {
		return nil, err
	}
	for i := range turn {
		turn[i] = (turn[i] + share[i]) & (1<<p.indexBits() - 1)
	}
	return turn, nil
}
