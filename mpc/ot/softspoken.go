package ot

import (
	"encoding/binary"

	"github.com/blindscore/blindscore/mpc/internal/aes128"
	"github.com/blindscore/blindscore/mpc/internal/bitmat"
	"github.com/blindscore/blindscore/mpc/internal/leafsum"
)

// Small-field VOLE: Roy 2022, section 3.1 and figure 7, for p = 2, q = 2^k, and
// the subspace VOLE of section 3.2 and figure 8 with the repetition code of length n_C =
// 128/k. Letters: G_(i,x) the key stream of leaf x of tree i.
//
//	tax node  u_i = sum_x G_(i,x)       v_i = sum_x x G_(i,x)
//	bank      w_i = sum_x (x + Delta_i) G_(i,x) = v_i + u_i Delta_i
//
// where the leaf that the bank misses has the factor 0. The tax node sends the
// corrections c_i = u_i + x for its choices x, the same for every i, and the
// bank adds c_i Delta_i. Multiplication by a bit of a column is all the field
// arithmetic there is: v_i is k bit columns, bit column i*k+b being the
// coefficient b, and F_q is never multiplied.
//
// Every leaf's key stream is AES-128 in counter mode, its block counter running
// over the units of an extension and its upper half holding the extension's
// number, so that extensions share nothing and can run in any order.

// leafKeys expands the leaves into cipher keys. A zero leaf, one the bank does
// not have, is left out; skip says how far apart these are, 0 for none.
func leafKeys(leaves [][seedBytes]byte, skip int) []*aes128.Key {
	keys := make([]*aes128.Key, len(leaves))
	for n := range leaves {
		if skip == 0 || n%skip != 0 {
			keys[n] = aes128.NewKey(leaves[n])
		}
	}
	clear(leaves)
	return keys
}

// groupBits is how many levels of a tree are summed at a time.
const groupBits = leafsum.MaxK

// group is the size of a group of leaves in bits.
func (p Params) group() int { return min(p.K, groupBits) }

// scratchBytes is how much memory expand needs: the streams of a group and, for
// trees of several groups, their plain sums, the sums over one of them, and
// zeros to add.
func (p Params) scratchBytes() int {
	columns := 1 << p.group()
	if p.K > groupBits {
		columns += 1<<(p.K-groupBits) + groupBits + 1
	}
	return columns * leafsum.Pitch
}

// columns says where expand writes the columns of one VOLE, and what it adds to
// them: u = u_i + x, and column b of v is that of v_i, or w_i, plus c if bit b
// is in masks.
type columns struct {
	u, x   []byte // the width of the unit
	v      []byte // k columns, stride bytes apart
	stride int
	c      []byte
	masks  [8]byte // of the bits, 0x00 or 0xff
}

// expand computes the columns of VOLE i over unit u: with v_i if all leaves are
// known, with w_i if leaf 0 is missing (and the others are relative to Delta_i);
// u_i is meaningless then. It works piece by piece, so that the leaves' streams
// stay in the first-level cache.
func expand(p Params, keys []*aes128.Key, i int, u unit, extension uint64, out *columns, scratch []byte) {
	keys = keys[i*p.q():][:p.q()]
	width := u.width() * blockSize
	for at := 0; at < width; at += leafsum.Piece {
		n := min(leafsum.Piece, width-at)
		sums := leafsum.Sums{K: p.group(), U: out.u[at:][:n], X: out.x[at:], V: out.v[at:], Stride: out.stride, C: out.c[at:]}
		copy(sums.Masks[:], out.masks[:])
		position := u.position + uint64(at/blockSize)
		if p.K > groupBits {
			expandGroups(p, keys, extension, position, sums, out.masks[groupBits:], scratch)
			continue
		}
		leafStreams(scratch, keys, n, extension, position)
		sums.Of(scratch)
	}
}

// leafStreams writes n bytes of each leaf's key stream, zeros for a missing leaf.
func leafStreams(dst []byte, keys []*aes128.Key, n int, extension, position uint64) {
	for x, key := range keys {
		stream := dst[x*leafsum.Pitch:][:n]
		if key == nil {
			clear(stream)
		} else {
			key.CTR(stream, extension, position)
		}
	}
}

// expandGroups sums a tree of more than one group: the leaves of each group to
// the lower columns, and to a plain sum, which is a stream of the upper tree.
func expandGroups(p Params, keys []*aes128.Key, extension, position uint64, out leafsum.Sums, upper []byte, scratch []byte) {
	const size = 1 << groupBits
	n := len(out.U)
	streams, plain := scratch, scratch[size*leafsum.Pitch:]
	lower := plain[p.q()/size*leafsum.Pitch:]
	zero := lower[groupBits*leafsum.Pitch:][:n]
	clear(zero)
	for h := range p.q() / size {
		leafStreams(streams, keys[h*size:][:size], n, extension, position)
		sums := out
		sums.U, sums.X = plain[h*leafsum.Pitch:][:n], zero
		if h > 0 {
			sums.V, sums.Stride, sums.C = lower, leafsum.Pitch, zero
		}
		sums.Of(streams)
		for b := 0; h > 0 && b < groupBits; b++ {
			bitmat.XorInto(out.V[b*out.Stride:][:n], lower[b*leafsum.Pitch:])
		}
	}
	out.K = p.K - groupBits
	out.V = out.V[groupBits*out.Stride:]
	copy(out.Masks[:], upper)
	out.Of(plain)
}

// addIf adds c to dst, blocks of the same length, if bit is 1, in constant time.
func addIf(bit byte, dst, c *[blockSize]byte) {
	for i := range dst {
		dst[i] ^= c[i] & -bit
	}
}

// pack sets x to the choices of unit u, column segment after column segment:
// bit b of row r of choices becomes bit r of segment b. Rows from len(choices)
// on are zero.
func pack(u unit, choices []uint8, x []byte) {
	clear(x)
	start := min(u.first*128, len(choices))
	choices = choices[start:min((u.first+u.rows)*128, len(choices))]
	segment := u.rows * blockSize
	for r := 0; r < len(choices); r += 8 {
		var eight [8]byte
		copy(eight[:], choices[r:])
		word := binary.LittleEndian.Uint64(eight[:])
		for b := range u.bits {
			// The multiplication gathers the lowest bits of eight bytes in the
			// top byte, in order.
			x[b*segment+r/8] = byte((word >> b & 0x0101010101010101) * 0x0102040810204080 >> 56)
		}
	}
}

// columnStride is how far apart columns of so many bytes lie in memory: an odd
// number of cache lines, so that columns do not compete for the same lines.
func columnStride(width int) int { return (width+63)/64*64 | 64 }

// combine turns the columns v of unit u into rows, which it writes to dst: the
// rows of bit b are multiplied by X^b in GF(2^128) and added up. It destroys v.
func combine(u unit, v, dst []byte) {
	stride, segment := columnStride(u.width()*blockSize), u.rows*blockSize
	bitmat.Combine(v, stride, segment, u.bits)
	bitmat.Transpose128(dst[u.first*128*blockSize:], v, stride, u.rows*128)
}
