package aes128

import (
	"crypto/cipher"
	"encoding/binary"
)

func load(b []byte) (lo, hi uint64) {
	return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:BlockSize])
}

func store(b []byte, lo, hi uint64) {
	binary.LittleEndian.PutUint64(b, lo)
	binary.LittleEndian.PutUint64(b[8:BlockSize], hi)
}

// permutation is crypto/aes on a block of its own. What an interface method is handed escapes to the heap; one block a
// call does, so that the callers' slices, under every body, need not.
type permutation struct {
	cipher cipher.Block
	block  []byte
}

func newPermutation(c cipher.Block) permutation {
	return permutation{c, make([]byte, BlockSize)}
}

func (p permutation) of(lo, hi uint64) (uint64, uint64) {
	store(p.block, lo, hi)
	p.cipher.Encrypt(p.block, p.block)
	return load(p.block)
}

func ctrGeneric(c cipher.Block, dst []byte, hi, lo uint64) {
	pi := newPermutation(c)
	for ; len(dst) > 0; dst = dst[BlockSize:] {
		y0, y1 := pi.of(lo, hi)
		store(dst, y0, y1)
		lo++
	}
}

func mmoGeneric(c cipher.Block, dst, src []byte) {
	pi := newPermutation(c)
	for i := 0; i < len(src); i += BlockSize {
		x0, x1 := load(src[i:])
		y0, y1 := pi.of(x0, x1)
		store(dst[i:], x0^y0, x1^y1)
	}
}

func hashGeneric(c cipher.Block, dst, rows []byte, blocks int, hi, lo uint64) {
	var zero [BlockSize]byte
	expandGeneric(c, dst, rows, zero[:], blocks, hi, lo)
}

func expandGeneric(c cipher.Block, dst, rows, offsets []byte, blocks int, hi, lo uint64) {
	pi := newPermutation(c)
	for ; len(rows) > 0; rows = rows[BlockSize:] {
		x0, x1 := load(rows)
		for o := 0; o < len(offsets); o += BlockSize {
			o0, o1 := load(offsets[o:])
			y0, y1 := pi.of(x0^o0, x1^o1)
			for j := range uint64(blocks) {
				z0, z1 := pi.of(y0^lo, y1^(hi+j))
				store(dst, y0^z0, y1^z1)
				dst = dst[BlockSize:]
			}
		}
		lo++
	}
}
