package ot

import (
	"encoding/binary"

	"github.com/blindscore/blindscore/mpc/internal/aes128"
	"github.com/blindscore/blindscore/mpc/internal/bitmat"
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

// groupBits is how many levels of a tree are summed at a time, so that 2^4
// streams of some KiB stay in the first-level cache, also for k = 8.
const groupBits = 4

// scratchColumns is how many columns of scratch expand needs.
func (p Params) scratchColumns() int {
	group := min(p.K, groupBits)
	n := 1<<group + group
	if p.K > group {
		n += 1 << (p.K - group)
	}
	return n
}

// expand writes to v the k columns of VOLE i over unit u: v_i if all leaves are
// known, w_i if leaf 0 is missing (and the others are relative to Delta_i). It
// leaves u_i in the first column of scratch, meaningless where a leaf is
// missing.
func expand(p Params, keys []*aes128.Key, i int, u unit, extension uint64, v, scratch []byte) {
	width := u.width() * blockSize
	group := min(p.K, groupBits)
	n := 1 << group
	streams, sums, plain := scratch[:n*width], scratch[n*width:][:group*width], scratch[(n+group)*width:]
	for h := range p.q() / n {
		dst := sums
		if h == 0 {
			dst = v
		}
		for x, key := range keys[i*p.q()+h*n:][:n] {
			stream := streams[x*width:][:width]
			if key == nil {
				clear(stream)
			} else {
				key.CTR(stream, extension, u.position)
			}
			joinUp(group, x, width, dst, streams)
		}
		if h > 0 {
			bitmat.XorInto(v[:group*width], sums)
		}
		if p.K > group { // the plain sum of the group is one stream of the upper tree
			copy(plain[h*width:][:width], streams)
			joinUp(p.K-group, h, width, v[group*width:], plain)
		}
	}
	if p.K > group {
		copy(streams[:width], plain)
	}
}

// joinUp does every join of a tree of 2^k streams that stream x completes: one
// for each trailing 1 of x. After the last stream the k sums are in v, and the
// plain sum is in the first column of streams.
func joinUp(k, x, width int, v, streams []byte) {
	for b := 0; x>>b&1 == 1; b++ {
		join(k, b, width, v, streams[(x>>(b+1)<<(b+1))*width:])
	}
	if x == 1<<k-1 {
		copy(v[(k-1)*width:][:width], streams[width<<(k-1):])
	}
}

// join is one step in summing 2^k streams G_x, in place, to the plain sum of all
// and to the k sums over the x that have bit t set. A subtree of 2^b streams
// holds its plain sum in column 0, and its sum for bit t in column 2^t. Two
// neighbours make one of twice the size: sums are added column by column, and
// the plain sum of the upper one, in column 2^b, is already the sum for bit b.
// The sums of the last round, but that one, go to v. All in all this takes
// 2^(k+1) - k - 2 additions of columns.
func join(k, b, width int, v, streams []byte) {
	half := width << b
	bitmat.XorInto(streams[:width], streams[half:])
	for t := range b {
		at := width << t
		dst := streams[at : at+width]
		if b == k-1 {
			dst = v[t*width:][:width]
		}
		bitmat.Xor(dst, streams[at:], streams[at+half:])
	}
}

// addIf adds c to dst if bit is 1, in constant time. The slices have the same
// length, a multiple of 16. Steps of 64 bytes keep the loop's own cost small.
func addIf(bit byte, dst, c []byte) {
	mask := -uint64(bit)
	for len(dst) >= 64 && len(c) >= 64 {
		d, a := (*[64]byte)(dst), (*[64]byte)(c)
		for w := 0; w < 64; w += 16 {
			addMasked((*[16]byte)(d[w:w+16]), (*[16]byte)(a[w:w+16]), mask)
		}
		dst, c = dst[64:], c[64:]
	}
	for len(dst) >= 16 && len(c) >= 16 {
		addMasked((*[16]byte)(dst), (*[16]byte)(c), mask)
		dst, c = dst[16:], c[16:]
	}
}

func addMasked(d, a *[16]byte, mask uint64) {
	lo := binary.LittleEndian.Uint64(d[:8]) ^ binary.LittleEndian.Uint64(a[:8])&mask
	hi := binary.LittleEndian.Uint64(d[8:]) ^ binary.LittleEndian.Uint64(a[8:])&mask
	binary.LittleEndian.PutUint64(d[:8], lo)
	binary.LittleEndian.PutUint64(d[8:], hi)
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

// combine turns the columns v of unit u into rows, which it writes to dst: the
// rows of bit b are multiplied by X^b in GF(2^128) and added up. It destroys v.
func combine(u unit, v, dst []byte) {
	width, segment := u.width()*blockSize, u.rows*blockSize
	for b := 1; b < u.bits; b++ {
		bitmat.MulX(v, v[b*segment:], width, segment, b)
	}
	bitmat.Transpose128(dst[u.first*128*blockSize:], v, width, u.rows*128)
}
