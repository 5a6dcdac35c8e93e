package lookup

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/bitmat"
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
	na, nb := p.blocks(p.split.Lo), p.blocks(p.split.Hi)
	var a []byte
	if p.split.Hi > 0 {
		a = make([]byte, chunk<<p.split.Hi*na*16)
	}
	b := make([]byte, chunk<<p.split.Lo*nb*16)
	turned := make([]byte, chunk<<p.split.Lo*nb*16)
	for i := 0; i < n; i += chunk {
		j := min(i+chunk, n)
		rows := s.from(first+i, first+j)
		if a != nil {
			hash.Key.Expand(a[:(j-i)<<p.split.Hi*na*16], rows.Hi, s.OffsetsHi, na, hash.tweak(false), uint64(first+i))
		}
		hash.Key.Expand(b[:(j-i)<<p.split.Lo*nb*16], rows.Lo, s.OffsetsLo, nb, hash.tweak(true), uint64(first+i))
		p.turn(turned, b, nb)
		for k := i; k < j; k++ {
			p.maskOne(dst[k*p.Bytes():(k+1)*p.Bytes()], k-i, a, turned, na)
		}
	}
}

// turn transposes the pads of the low digit. In b every low digit value of
// every instance has nb blocks, bit (plane, h) of each; wanted, for every
// (plane, h), is the word of all low digit values. 128 (instance, value) pairs
// are one transposition of 128 columns.
func (p Planes) turn(dst, b []byte, nb int) {
	groups := chunk << p.split.Lo / 128
	for g := range groups {
		for k := range nb {
			bitmat.Transpose128(dst[(g*nb+k)*2048:], b[g*128*nb*16+16*k:], nb*16, 128)
		}
	}
}

// maskOne XORs the pads of the k-th instance of a chunk into one table.
func (p Planes) maskOne(table []byte, k int, a, turned []byte, na int) {
	nb := p.blocks(p.split.Hi)
	wide := 1 << p.split.Lo / 8 // bytes of a plane per high digit value
	// The instance's low digit values start at bit k<<Lo of the chunk.
	group, at := k<<p.split.Lo/128, k<<p.split.Lo%128/8
	span := (wide + 15) / 16 // groups that one instance spans
	for plane := range p.Width {
		for h := range 1 << p.split.Hi {
			bit := plane<<p.split.Hi | h
			out := table[(plane<<p.split.Hi|h)*wide:][:wide]
			for g := range span {
				row := turned[((group+g)*nb+bit/128)*2048+bit%128*16+at:]
				piece := out[16*g : min(16*g+16, wide)]
				xor(piece, row[:len(piece)])
			}
			if a != nil {
				xor(out, a[(k<<p.split.Hi+h)*na*16+plane*wide:][:wide])
			}
		}
	}
}

// xor is dst ^= src for lengths that are multiples of 8; most are exactly 8.
func xor(dst, src []byte) {
	if len(dst) == 8 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(dst)^binary.LittleEndian.Uint64(src))
		return
	}
	subtle.XORBytes(dst, dst, src)
}

// Open writes to out[i] the entry of instance i at index[i] < 2^M.
func (p Planes) Open(out []uint16, src []byte, index []uint16, rows Rows, hash Hash) {
	na, nb := p.blocks(p.split.Lo), p.blocks(p.split.Hi)
	a := make([]byte, len(rows.Hi)*na)
	b := make([]byte, len(rows.Lo)*nb)
	hash.Key.Hash(a, rows.Hi, na, hash.tweak(false), 0)
	hash.Key.Hash(b, rows.Lo, nb, hash.tweak(true), 0)
	for i, w := range index {
		h, l := int(w>>p.split.Lo), int(w&(1<<p.split.Lo-1))
		table := src[i*p.Bytes():]
		var v uint16
		for plane := range p.Width {
			bit := bitAt(table, plane<<p.M|int(w)) ^ bitAt(b[i*nb*16:], plane<<p.split.Hi|h)
			if len(a) > 0 {
				bit ^= bitAt(a[i*na*16:], plane<<p.split.Lo|l)
			}
			v |= bit << plane
		}
		out[i] = v
	}
}

func bitAt(b []byte, i int) uint16 { return uint16(b[i>>3]>>(i&7)) & 1 }
