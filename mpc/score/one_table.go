package score

import (
	"context"
	"encoding/binary"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lookup"
	"github.com/blindscore/blindscore/mpc/ot"
)

// oneTable is stage 2 by one look-up a company: two flights, b 2^(m+g) bits.
// Entry w of the bank's table is the output at the shifted sum turn + w, under a
// one-time mask of b bits; the tax node opens it at its random index and
// returns the bits.
type oneTable struct {
	p      Params
	planes lookup.Planes
}

func newOneTable(p Params) (*oneTable, error) {
	planes, err := lookup.NewPlanes(p.indexBits(), p.OutputBits)
	return &oneTable{p: p, planes: planes}, err
}

func (o *oneTable) digits() []int  { return o.planes.Split().Digits() }
func (o *oneTable) bank() bankForm { return o }
func (o *oneTable) sizes(n int) []int {
	return []int{n * o.planes.Bytes(), packedBytes(n, o.p.OutputBits)}
}

// masks are the bank's one-time masks of a superblock.
func (o *oneTable) masks(block mpc.Seed, n int) []uint16 {
	raw := make([]byte, 2*n)
	block.Derive("masks").PRG().Fill(raw)
	m := make([]uint16, n)
	for i := range m {
		m[i] = binary.LittleEndian.Uint16(raw[2*i:]) & (1<<o.p.OutputBits - 1)
	}
	return m
}

func (o *oneTable) unmask(block mpc.Seed, values []uint16) {
	for i, m := range o.masks(block, len(values)) {
		values[i] ^= m
	}
}

func (o *oneTable) serve(ctx context.Context, b *Bank, blk *mpc.Block, turn []uint16, rows *ot.SenderRows, first int, h hasher) error {
	dst, err := blk.Next()
	if err != nil {
		return err
	}
	from, _ := o.p.Span(blk.Index)
	masks := o.masks(blk.Seed(), len(turn))
	snd := senderRows(rows, o.planes.Split(), first)
	size := o.planes.Bytes()
	const piece = 64 // tables that are written and masked while they are in cache
	for i := 0; i < len(turn); i += piece {
		j := min(i+piece, len(turn))
		for k := i; k < j; k++ {
			b.f.steps.table(dst[k*size:(k+1)*size], b.start(from+k), int(turn[k]), masks[k])
		}
		o.planes.Mask(dst[i*size:j*size], i, j-i, snd, h.formAt(0))
		blk.Final(j * size)
	}
	return blk.Send(ctx)
}

func (o *oneTable) choices(index []uint16, _ mpc.Seed) ([][]uint8, taxForm) {
	return o.planes.Split().Choices(index), o
}

func (o *oneTable) open(ctx context.Context, _ *Tax, blk *mpc.Block, index []uint16, rows *ot.ReceiverRows, first int, h hasher) ([]uint16, error) {
	tables, err := blk.Recv(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]uint16, len(index))
	o.planes.Open(out, tables, index, digitRows(rows, o.planes.Split(), first), h.formAt(0))
	return out, nil
}
