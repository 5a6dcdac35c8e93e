package score

import (
	"context"
	"encoding/binary"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lookup"
	"github.com/blindscore/blindscore/mpc/ot"
)

// twoTables is stage 2 by two small look-ups a company: four flights, and for
// an index of 11 bits and 8 bands a quarter of the bytes of oneTable.
//
// The index w = h<<l | low is split at Params.WindowBits = l. A window is the
// 2^l entries with the same h; the bank makes sure that at most one threshold,
// at offset t of it (2^l if there is none), lies in each (see windows), so that
// the band at w is base_h + [low >= t_h]. Random mu, nu below 2^b and rho below
// 2^(l+1) are drawn for each company, and all arithmetic is modulo these:
//
//	bank  -- for all h: base_h + mu, t_h + rho                    --> table 1, opened at h
//	bank  <-- d = (t_h + rho) - low - c                           --  c random, fixed in flight 1
//	bank  -- for all v: [v + d - rho <= 0 as a signed number] + nu --> table 2, opened at c
//	bank  <-- the sum of what opened, b bits                       --
//
// The tax node returns the sum only: base and comparison apart would tell the
// bank in which window the score lies. Every message but the last is masked by
// what its receiver does not know: d by c, entries by mu, rho, nu.
type twoTables struct {
	p      Params
	table1 lookup.Planes // over h: b planes of base, l+1 of t
	table2 lookup.Planes // over delta
}

func newTwoTables(p Params) (*twoTables, error) {
	t := &twoTables{p: p}
	var err error
	if t.table1, err = lookup.NewPlanes(p.indexBits()-p.WindowBits, p.OutputBits+p.WindowBits+1); err != nil {
		return nil, err
	}
	t.table2, err = lookup.NewPlanes(p.WindowBits+1, p.OutputBits)
	return t, err
}

func (t *twoTables) digits() []int {
	return append(t.table1.Split().Digits(), t.table2.Split().Digits()...)
}
func (t *twoTables) bank() bankForm { return t }
func (t *twoTables) sizes(n int) []int {
	return []int{n * t.table1.Bytes(), packedBytes(n, t.p.WindowBits+1), n * t.table2.Bytes(), packedBytes(n, t.p.OutputBits)}
}

// second is the first digit of table 2.
func (t *twoTables) second(first int) int { return first + len(t.table1.Split().Digits()) }

// mask is the randomness of one company.
type mask struct{ mu, rho, nu uint16 }

func (t *twoTables) masks(block mpc.Seed, n int) []mask {
	raw := make([]byte, 6*n)
	block.Derive("masks").PRG().Fill(raw)
	m := make([]mask, n)
	value := uint16(1<<t.p.OutputBits - 1)
	for i := range m {
		r := raw[6*i:]
		m[i] = mask{
			mu:  binary.LittleEndian.Uint16(r) & value,
			rho: binary.LittleEndian.Uint16(r[2:]) & uint16(2<<t.p.WindowBits-1),
			nu:  binary.LittleEndian.Uint16(r[4:]) & value,
		}
	}
	return m
}

func (t *twoTables) unmask(block mpc.Seed, values []uint16) {
	for i, m := range t.masks(block, len(values)) {
		values[i] = (values[i] - m.mu - m.nu) & (1<<t.p.OutputBits - 1)
	}
}

func (t *twoTables) serve(ctx context.Context, b *Bank, blk *mpc.Block, turn []uint16, rows *ot.SenderRows, first int, h hasher) error {
	n := len(turn)
	from, _ := t.p.Span(blk.Index)
	masks := t.masks(blk.Seed(), n)

	dst, err := blk.Next()
	if err != nil {
		return err
	}
	size := t.table1.Bytes()
	var c circle
	for i := range n {
		b.f.windows.at(&c, b.start(from+i))
		b.f.windows.table(dst[i*size:(i+1)*size], &c, int(turn[i]), masks[i])
	}
	t.table1.Mask(dst, 0, n, senderRows(rows, t.table1.Split(), first), h.formAt(0))
	if err := blk.Send(ctx); err != nil {
		return err
	}

	message, err := blk.Recv(ctx)
	if err != nil {
		return err
	}
	d := make([]uint16, n)
	if err := unpack(d, message, t.p.WindowBits+1); err != nil {
		return err
	}
	if dst, err = blk.Next(); err != nil {
		return err
	}
	size = t.table2.Bytes()
	for i := range n {
		t.comparison(dst[i*size:(i+1)*size], d[i], masks[i])
	}
	t.table2.Mask(dst, 0, n, senderRows(rows, t.table2.Split(), t.second(first)), h.formAt(1))
	return blk.Send(ctx)
}

// comparison writes table 2: [x <= 0] + nu for x = v + d - rho as a signed
// number of l+1 bits. Those v are an interval of 2^l, taken cyclically.
func (t *twoTables) comparison(dst []byte, d uint16, m mask) {
	size := 2 << t.p.WindowBits
	begin := (size/2 + 1 + int(m.rho) - int(d)) & (size - 1)
	plain, plus := m.nu, m.nu+1
	for p := range t.p.OutputBits {
		plane := dst[p*size/8:][:size/8]
		fill(plane, -uint64(plain>>p&1))
		if (plain^plus)>>p&1 == 1 {
			flip(plane, begin, size/2)
		}
	}
}

// choices draws c and returns the OT choices, with the state of the tax node.
func (t *twoTables) choices(index []uint16, seed mpc.Seed) ([][]uint8, taxForm) {
	s := &twoTablesTax{twoTables: t, high: make([]uint16, len(index))}
	for i, w := range index {
		s.high[i] = w >> t.p.WindowBits
	}
	s.c = randomIndex(seed.Derive("window"), len(index), t.p.WindowBits+1)
	return append(t.table1.Split().Choices(s.high), t.table2.Split().Choices(s.c)...), s
}

// twoTablesTax is the tax node's side of one superblock.
type twoTablesTax struct {
	*twoTables
	high, c []uint16
}

func (s *twoTablesTax) open(ctx context.Context, t *Tax, blk *mpc.Block, index []uint16, rows *ot.ReceiverRows, first int, h hasher) ([]uint16, error) {
	tables, err := blk.Recv(ctx)
	if err != nil {
		return nil, err
	}
	n := len(index)
	sum, d := make([]uint16, n), make([]uint16, n)
	s.table1.Open(d, tables, s.high, digitRows(rows, s.table1.Split(), first), h.formAt(0))
	for i, x := range d {
		sum[i] = x // its low bits are base + mu
		d[i] = x>>s.p.OutputBits - index[i]&(1<<s.p.WindowBits-1) - s.c[i]
	}
	message, err := blk.Next()
	if err != nil {
		return nil, err
	}
	pack(message, d, s.p.WindowBits+1)
	if err := t.send(ctx, blk, message); err != nil {
		return nil, err
	}

	if tables, err = blk.Recv(ctx); err != nil {
		return nil, err
	}
	above := make([]uint16, n)
	s.table2.Open(above, tables, s.c, digitRows(rows, s.table2.Split(), s.second(first)), h.formAt(1))
	for i := range sum {
		sum[i] = (sum[i] + above[i]) & (1<<s.p.OutputBits - 1)
	}
	return sum, nil
}
