package gf128

import (
	"encoding/binary"
	"math/bits"
)

// hashGeneric multiplies block by block, three 64-bit products each (Karatsuba).
func hashGeneric(acc *Accumulator, chi, data []byte) {
	w0, w1, w2, w3 := acc[0], acc[1], acc[2], acc[3]
	for i := 0; i < len(data); i += Size {
		a0, a1 := binary.LittleEndian.Uint64(chi[i:]), binary.LittleEndian.Uint64(chi[i+8:])
		b0, b1 := binary.LittleEndian.Uint64(data[i:]), binary.LittleEndian.Uint64(data[i+8:])
		l1, l0 := clmul(a0, b0)
		h1, h0 := clmul(a1, b1)
		m1, m0 := clmul(a0^a1, b0^b1)
		m0 ^= l0 ^ h0
		m1 ^= l1 ^ h1
		w0 ^= l0
		w1 ^= l1 ^ m0
		w2 ^= h0 ^ m1
		w3 ^= h1
	}
	acc[0], acc[1], acc[2], acc[3] = w0, w1, w2, w3
}

// nibbles selects the lowest bit of every four.
const nibbles = 0x1111111111111111

// clmul returns the carry-less product of x and y in constant time.
//
// Integer multiplication is carry-less where carries have room: with only every fourth bit set in both factors, and at
// most 15 such bits in one of them, a column of the product sums to at most 15 and stays within its four bits, whose
// lowest is the parity wanted. So x gives its lower 60 bits, in four classes, to sixteen integer products, and its upper
// four bits to masked shifts.
func clmul(x, y uint64) (hi, lo uint64) {
	top := x >> 60
	x &= 1<<60 - 1
	var xs, ys [4]uint64
	for i := range 4 {
		xs[i] = x & (nibbles << i)
		ys[i] = y & (nibbles << i)
	}
	for k := range 4 {
		var h, l uint64
		for i := range 4 {
			ph, pl := bits.Mul64(xs[i], ys[(k-i)&3])
			h ^= ph
			l ^= pl
		}
		hi |= h & (nibbles << k)
		lo |= l & (nibbles << k)
	}
	for i := range 4 {
		mask := -(top >> i & 1)
		lo ^= y << (60 + i) & mask
		hi ^= y >> (4 - i) & mask
	}
	return hi, lo
}
