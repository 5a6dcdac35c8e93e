package lookup

import (
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/tablemask"
)

// Planes is a look-up in tables of 2^M entries of Width bits, bit-sliced: a
// table is Width planes of 2^M bits, bit w of plane p (bit w%8 of byte w/8)
// being bit p of entry w.
type Planes struct {
	M, Width int
	split    Split
}

// Bounds of Planes: an index digit has 6 to 8 bits, so that a plane is a whole
// number of 64-bit words.
const (
	MinPlaneBits = 6
	MaxPlaneBits = 16
	MaxWidth     = 16
)

// NewPlanes returns the look-up for indices of m bits and entries of width bits.
func NewPlanes(m, width int) (Planes, error) {
	if m < MinPlaneBits || m > MaxPlaneBits || width < 1 || width > MaxWidth {
		return Planes{}, fmt.Errorf("%w: tables of 2^%d entries of %d bits, want 2^%d to 2^%d of 1 to %d",
			mpc.ErrParams, m, width, MinPlaneBits, MaxPlaneBits, MaxWidth)
	}
	lo := max(6, m-8)
	return Planes{M: m, Width: width, split: Split{Hi: m - lo, Lo: lo}}, nil
}

// Split returns how an index is cut into OT digits.
func (p Planes) Split() Split { return p.split }

// Bytes returns the size of one table.
func (p Planes) Bytes() int { return p.Width << p.M / 8 }

func (p Planes) blocks(bits int) int { return (p.Width<<bits + 127) / 128 }

// Mask XORs the pads of n instances into dst, which holds their tables,
// n*Bytes() long, the first of them being instance `first` of the extension.
func (p Planes) Mask(dst []byte, first, n int, s Sender, hash Hash) {
	na, nb := p.blocks(p.split.Lo)<<p.split.Hi, p.blocks(p.split.Hi)<<p.split.Lo
	if p.split.Hi == 0 {
		na = 0
	}
	shape := tablemask.PlanesShape{Planes: p.Width, Hi: p.split.Hi, Lo: p.split.Lo}
	pads := takePads(chunk*na, chunk*nb)
	defer pads.release()
	for i := 0; i < n; i += chunk {
		m := min(chunk, n-i)
		rows, lo := s.from(first+i, first+i+m), uint64(first+i)
		tables := dst[i*p.Bytes() : (i+m)*p.Bytes()]
		if na > 0 {
			hash.Key.ExpandApart(pads.a[:m*na*16], rows.Hi, s.OffsetsHi, na>>p.split.Hi, hash.tweak(false), lo)
			shape.XorRows(tables, pads.a, m)
		}
		hash.Key.ExpandApart(pads.b[:m*nb*16], rows.Lo, s.OffsetsLo, nb>>p.split.Lo, hash.tweak(true), lo)
		shape.XorColumns(tables, pads.b, m)
	}
}

// Open writes to out[i] the entry of instance i at index[i] < 2^M.
func (p Planes) Open(out []uint16, src []byte, index []uint16, rows Rows, hash Hash) {
	na, nb := p.blocks(p.split.Lo), p.blocks(p.split.Hi)
	if p.split.Hi == 0 {
		na = 0
	}
	pads := takePads(openChunk*na, openChunk*nb)
	defer pads.release()
	for i := 0; i < len(index); i += openChunk {
		m := min(openChunk, len(index)-i)
		cut := rows.from(i, i+m)
		if na > 0 {
			hash.Key.Hash(pads.a[:m*na*16], cut.Hi, na, hash.tweak(false), uint64(i))
		}
		hash.Key.Hash(pads.b[:m*nb*16], cut.Lo, nb, hash.tweak(true), uint64(i))
		for k, w := range index[i : i+m] {
			out[i+k] = p.open(src[(i+k)*p.Bytes():][:p.Bytes()], pads.a[k*na*16:][:na*16], pads.b[k*nb*16:][:nb*16], int(w))
		}
	}
}

// open returns entry w of one table. a is empty if there is no high digit.
func (p Planes) open(table, a, b []byte, w int) uint16 {
	h, l := w>>p.split.Lo, w&(1<<p.split.Lo-1)
	var v uint
	for plane := range p.Width {
		bit := bitAt(table, plane<<p.M|w) ^ bitAt(b, plane<<p.split.Hi|h)
		if len(a) > 0 {
			bit ^= bitAt(a, plane<<p.split.Lo|l)
		}
		v |= bit & 1 << plane
	}
	return uint16(v)
}

// bitAt returns bit i of b, below bits that say nothing.
func bitAt(b []byte, i int) uint { return uint(b[i>>3]) >> (i & 7) }
