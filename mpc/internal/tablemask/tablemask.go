// Package tablemask puts the two kinds of pads of a two-dimensional look-up on a table, where package lookup's formula
//
//	entry(h, l) = plain(h, l) + A_h[l] + B_l[h]
//
// asks for A as it lies in memory and for B transposed. Tables of bit planes are masked by xor, tables of 16-bit words
// by addition. Turn writes what is masked, a plane that begins somewhere inside a window and wraps around.
//
// # Layout of pads
//
// A pad is a whole number of blocks of 16 bytes, and block j of all pads lies together: block j of pad k of instance i,
// with `keys` pads an instance and n instances, is at pads[((j*n+i)*keys+k)*16:], as aes128.Key.ExpandApart leaves it.
//
// # Adversary
//
// Contents are secret, sizes are public: no branch and no address depends on contents. Two bodies compute the same
// result: AVX-512 with VBMI and GFNI, for the shapes that matter, and Go, which alone is built on other architectures
// and with the tag purego. Sizes are the caller's; one that does not fit its slice ends in the runtime's own bounds check.
package tablemask

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/blindscore/blindscore/mpc/internal/bitmat"
)

// body names one of the implementations.
type body uint8

const (
	bodyGeneric body = iota + 1
	bodyAVX512
)

const (
	block = 16
	word  = 8
)

// A PlanesShape says what tables of bit planes look like: of Planes planes, each with 2^Hi rows of 2^Lo bits. Row h of
// plane p begins at bit (p<<Hi|h)<<Lo of the table. Lo is at least 6, so that rows are whole words.
type PlanesShape struct{ Planes, Hi, Lo int }

// rows is the number of rows of a table.
func (s PlanesShape) rows() int { return s.Planes << s.Hi }

// XorRows masks n tables by the pads of the high digit, of which each table has 2^Hi: bit l of row (p, h) is masked by
// bit p<<Lo|l of pad h.
func (s PlanesShape) XorRows(tables, pads []byte, n int) { s.xorRows(best, tables, pads, n) }

// XorColumns masks n tables by the pads of the low digit, of which each table has 2^Lo: bit l of row (p, h) is masked by
// bit p<<Hi|h of pad l.
func (s PlanesShape) XorColumns(tables, pads []byte, n int) { s.xorColumns(best, tables, pads, n) }

func blocks(bits int) int { return (bits + 8*block - 1) / (8 * block) }

func (s PlanesShape) xorRows(b body, tables, pads []byte, n int) {
	if n <= 0 {
		return
	}
	tables = tables[:n*s.rows()<<s.Lo/8]
	pads = pads[:blocks(s.Planes<<s.Lo)*n*block<<s.Hi]
	if b == bodyAVX512 && s.Lo == 6 && s.Hi >= 3 {
		rowsAsm(&tables[0], &pads[0], n, s.Planes, 1<<s.Hi)
		return
	}
	s.rowsGeneric(tables, pads, n)
}

func (s PlanesShape) xorColumns(b body, tables, pads []byte, n int) {
	if n <= 0 {
		return
	}
	tables = tables[:n*s.rows()<<s.Lo/8]
	pads = pads[:blocks(s.rows())*n*block<<s.Lo]
	if b == bodyAVX512 && s.Lo == 6 {
		columnsAsm(&tables[0], &pads[0], n, s.rows())
		return
	}
	s.columnsGeneric(tables, pads, n)
}

func (s PlanesShape) rowsGeneric(tables, pads []byte, n int) {
	width := 1 << s.Lo / 8
	span := min(width, block) // of a row, inside one block
	apart := n * block << s.Hi
	for i := range n {
		for p := range s.Planes {
			for h := range 1 << s.Hi {
				row := tables[((i*s.Planes+p)<<s.Hi|h)*width:][:width]
				for at := 0; at < width; at += span {
					bytes := p*width + at
					pad := pads[bytes/block*apart+(i<<s.Hi|h)*block+bytes%block:]
					xor(row[at:at+span], pad)
				}
			}
		}
	}
}

func (s PlanesShape) columnsGeneric(tables, pads []byte, n int) {
	const square = bitmat.Columns
	var in, out [square * block]byte
	width, size := 1<<s.Lo/8, s.rows()<<s.Lo/8
	for j := range blocks(s.rows()) {
		from := pads[j*n*block<<s.Lo:][:n*block<<s.Lo]
		// 128 pads are two tables' or a part of one's.
		for first := 0; first < len(from)/block; first += square {
			clear(in[copy(in[:], from[first*block:]):])
			bitmat.Transpose128(out[:], in[:], block, square)
			for k := 0; k < square && first+k < len(from)/block; k += min(square, 1<<s.Lo) {
				i, l := (first+k)>>s.Lo, (first+k)&(1<<s.Lo-1)
				span := min(width, block)
				for r := range min(square, s.rows()-j*square) {
					xor(tables[i*size+(j*square+r)*width+l/8:][:span], out[r*block+k/8:])
				}
			}
		}
	}
}

// xor is dst ^= src for 8 bytes, or 16.
func xor(dst, src []byte) {
	if len(dst) == word {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(dst)^binary.LittleEndian.Uint64(src))
		return
	}
	subtle.XORBytes(dst, dst, src[:len(dst)])
}
