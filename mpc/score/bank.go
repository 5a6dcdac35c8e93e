package score

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/aes128"
	"github.com/blindscore/blindscore/mpc/ot"
)

// Bank is the bank's side of a batch: it holds the model and its own points for
// each company. It is immutable and may run several sessions (attempts at one
// batch), each with a seed of its own.
type Bank struct {
	p    Params
	plan *plan
	f    *function
	own  []int64
}

// NewBank checks that the model fits p. own holds the bank's own points of each
// company, or is nil if the model has none.
func NewBank(p Params, model *circuits.Model, own []int64) (*Bank, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if own != nil && len(own) != p.Companies {
		return nil, fmt.Errorf("%w: own points of %d companies for a batch of %d", mpc.ErrParams, len(own), p.Companies)
	}
	f, err := newFunction(p, model)
	if err != nil {
		return nil, err
	}
	pl, err := newPlan(p)
	if err != nil {
		return nil, err
	}
	return &Bank{p: p, plan: pl, f: f, own: slices.Clone(own)}, nil
}

// Run evaluates the given superblocks on a fresh session and calls result for
// each as it completes, from several goroutines at once, with the transcript
// hash of the whole superblock. Value i of a
// superblock is the band of its i-th company, or, for OutputScore, what Score
// turns into a score. An error of result ends the session.
func (b *Bank) Run(ctx context.Context, s *mpc.Session, conn *mpc.Conn, sender *ot.Sender, blocks []int, result func(block int, digest mpc.Digest, values []uint16) error) error {
	ext, err := sender.Reserve(len(blocks))
	if err != nil {
		return err
	}
	return s.Run(ctx, conn, blocks, b.plan.flights, func(ctx context.Context, blk *mpc.Block) error {
		at, _ := slices.BinarySearch(blocks, blk.Index)
		values, err := b.block(ctx, blk, ext, at)
		if err != nil {
			return err
		}
		return result(blk.Index, blk.Digest(), values)
	})
}

// block is the bank's side of one superblock, flight by flight.
func (b *Bank) block(ctx context.Context, blk *mpc.Block, ext *ot.SenderRange, at int) ([]uint16, error) {
	from, to := b.p.Span(blk.Index)
	n := to - from
	key := hashKey(blk)

	// Flight 1: the tax node's choices, hidden in OT corrections. Extend checks
	// them before anything that depends on Delta is computed.
	corrections, err := blk.Recv(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := ext.Extend(at, b.plan.shape(n), blk.Binding(), corrections)
	if err != nil {
		return nil, err
	}

	// Flight 2: the masked tables of stage 1. What the bank subtracts is its
	// share of the score.
	tables, err := blk.Next()
	if err != nil {
		return nil, err
	}
	share := b.maskTables(tables, n, rows, blk.Seed().Derive("shares").PRG(), key)
	if err := blk.Send(ctx); err != nil {
		return nil, err
	}

	// Flight 3: d = the tax node's share less its random index.
	message, err := blk.Recv(ctx)
	if err != nil {
		return nil, err
	}
	turn := make([]uint16, n)
	if err := unpack(turn, message, b.p.ScoreBits); err != nil {
		return nil, err
	}
	for i := range turn {
		turn[i] += share[i]
	}

	// Flight 4: the tables of stage 2, turned so that the random index finds
	// the entry of the score.
	masks := Masks(b.p, blk.Seed(), n)
	bands, err := blk.Next()
	if err != nil {
		return nil, err
	}
	b.bandTables(bands, from, turn, masks, rows, key)
	if err := blk.Send(ctx); err != nil {
		return nil, err
	}

	// Flight 5: b masked bits a company.
	message, err = blk.Recv(ctx)
	if err != nil {
		return nil, err
	}
	return unmask(b.p, message, masks)
}

// maskTables writes flight 2 and returns the bank's shares, modulo 2^16.
func (b *Bank) maskTables(dst []byte, n int, rows *ot.SenderRows, prg *mpc.PRG, key *aes128.Key) []uint16 {
	share := make([]uint16, n)
	r := make([]uint16, n)
	raw := make([]byte, 2*n)
	for f, w := range b.plan.stage1 {
		prg.Fill(raw)
		for i := range r {
			r[i] = binary.LittleEndian.Uint16(raw[2*i:])
			share[i] += r[i]
		}
		w.Mask(dst[:n*w.Bytes()], b.f.tables[f], r, senderRows(rows, w.Split(), b.plan.digit1[f]), b.plan.hash(key, f))
		dst = dst[n*w.Bytes():]
	}
	return share
}

// bandTables writes flight 4. Entry w of a table belongs to the shifted sum
// (turn + w) mod 2^m.
func (b *Bank) bandTables(dst []byte, from int, turn, masks []uint16, rows *ot.SenderRows, key *aes128.Key) {
	pl := b.plan
	snd := senderRows(rows, pl.stage2.Split(), pl.digit2)
	hash := pl.hash(key, len(pl.stage1))
	size := pl.stage2.Bytes()
	modulus := uint16(1<<b.p.ScoreBits - 1)
	const piece = 64 // tables that are written and masked while they are in cache
	for i := 0; i < len(turn); i += piece {
		j := min(i+piece, len(turn))
		for k := i; k < j; k++ {
			start := b.f.base
			if b.own != nil {
				start += b.own[from+k]
			}
			b.f.steps.table(dst[k*size:(k+1)*size], start, int(turn[k]&modulus), masks[k])
		}
		pl.stage2.Mask(dst[i*size:j*size], i, j-i, snd, hash)
	}
}

// Masks returns the bank's one-time masks of the outputs of a superblock of n
// companies, from the superblock's seed.
func Masks(p Params, block mpc.Seed, n int) []uint16 {
	raw := make([]byte, 2*n)
	block.Derive("masks").PRG().Fill(raw)
	m := make([]uint16, n)
	for i := range m {
		m[i] = binary.LittleEndian.Uint16(raw[2*i:]) & (1<<p.OutputBits - 1)
	}
	return m
}

func unmask(p Params, message []byte, masks []uint16) ([]uint16, error) {
	values := make([]uint16, len(masks))
	if err := unpack(values, message, p.OutputBits); err != nil {
		return nil, err
	}
	for i := range values {
		values[i] ^= masks[i]
	}
	return values, nil
}

// Unmask reads the stored last flight of a superblock of an earlier session,
// whose seed the bank has kept.
func Unmask(p Params, session mpc.Seed, block int, payload []byte) ([]uint16, error) {
	from, to := p.Span(block)
	return unmask(p, payload, Masks(p, mpc.BlockSeed(session, block), to-from))
}

// Score turns a value of OutputScore into the scaled score of company i of the
// batch, the bank's own points included.
func (b *Bank) Score(i int, value uint16) int64 {
	s := b.f.base + int64(value)
	if b.own != nil {
		s += b.own[i]
	}
	return s
}
