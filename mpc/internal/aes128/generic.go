package aes128

import (
	"crypto/cipher"
	"encoding/binary"
)

// The generic body needs no scratch: each block's words wait in registers while crypto/aes works in place in dst.

func load(b []byte) (lo, hi uint64) {
	return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:BlockSize])
}

func store(b []byte, lo, hi uint64) {
	binary.LittleEndian.PutUint64(b, lo)
	binary.LittleEndian.PutUint64(b[8:BlockSize], hi)
}

func ctrGeneric(pi cipher.Block, dst []byte, hi, lo uint64) {
	for ; len(dst) > 0; dst = dst[BlockSize:] {
		store(dst, lo, hi)
		pi.Encrypt(dst, dst)
		lo++
	}
}

func mmoGeneric(pi cipher.Block, dst, src []byte) {
	for i := 0; i < len(src); i += BlockSize {
		x0, x1 := load(src[i:])
		d := dst[i : i+BlockSize]
		pi.Encrypt(d, src[i:])
		y0, y1 := load(d)
		store(d, x0^y0, x1^y1)
	}
}

func hashGeneric(pi cipher.Block, dst, rows []byte, blocks int, hi, lo uint64) {
	if blocks == 0 {
		return
	}
	for ; len(rows) > 0; rows = rows[BlockSize:] {
		x0, x1 := load(rows)
		tmmoGeneric(pi, dst[:blocks*BlockSize], x0, x1, hi, lo)
		dst = dst[blocks*BlockSize:]
		lo++
	}
}

func expandGeneric(pi cipher.Block, dst, rows, offsets []byte, blocks int, hi, lo uint64) {
	if blocks == 0 {
		return
	}
	for ; len(rows) > 0; rows = rows[BlockSize:] {
		x0, x1 := load(rows)
		for o := 0; o < len(offsets); o += BlockSize {
			o0, o1 := load(offsets[o:])
			tmmoGeneric(pi, dst[:blocks*BlockSize], x0^o0, x1^o1, hi, lo)
			dst = dst[blocks*BlockSize:]
		}
		lo++
	}
}

// tmmoGeneric fills dst with pi(pi(x) ^ (lo, hi+j)) ^ pi(x) for j = 0, 1, ...; dst is not empty.
func tmmoGeneric(pi cipher.Block, dst []byte, x0, x1, hi, lo uint64) {
	store(dst, x0, x1)
	pi.Encrypt(dst, dst)
	y0, y1 := load(dst)
	for ; len(dst) > 0; dst = dst[BlockSize:] {
		store(dst, y0^lo, y1^hi)
		pi.Encrypt(dst, dst)
		z0, z1 := load(dst)
		store(dst, y0^z0, y1^z1)
		hi++
	}
}
