// Package gf128 computes in GF(2^128) = GF(2)[x]/(x^128+x^7+x^2+x+1): products, and the inner products that a column
// hash is made of, such as the consistency check of SoftSpokenOT (Roy, CRYPTO 2022).
//
// An element is 16 bytes; its coefficient of x^i is bit i%8 of byte i/8 (little-endian, not GHASH's reflected order).
// Bytes that packages aes128 and bitmat call a row are elements as they stand. Addition is xor.
//
// # Adversary
//
// Elements are secret: no branch and no address depends on one. The Go body multiplies integers, in constant time on
// processors whose 64-bit multiplication is. Three bodies compute the same result: VPCLMULQDQ on 512-bit registers,
// PCLMULQDQ, and Go, which alone is built on other architectures and with the tag purego.
package gf128

import "encoding/binary"

// Size is the size of an element in bytes.
const Size = 16

// body names one of the implementations.
type body uint8

const (
	bodyGeneric body = iota + 1
	bodyCLMUL
	bodyVCLMUL
)

// Mul returns a*b.
func Mul(a, b [Size]byte) [Size]byte {
	var acc Accumulator
	hashBlocks(best, &acc, a[:], b[:])
	return acc.Sum()
}

// Accumulator is a sum of products that is reduced once, at the end: a polynomial of degree below 255, the coefficient
// of x^i being bit i%64 of word i/64. Its zero value is the empty sum.
type Accumulator [4]uint64

// HashBlocks adds the inner product of chi and data to acc: the sum over their 16-byte blocks of chi_i * data_i.
// Both have the same number of whole blocks; a chi shorter than data ends in the runtime's own bounds check.
func HashBlocks(acc *Accumulator, chi, data []byte) {
	hashBlocks(best, acc, chi, data)
}

func hashBlocks(b body, acc *Accumulator, chi, data []byte) {
	data = data[:len(data)&^(Size-1)]
	chi = chi[:len(data)]
	if len(data) == 0 {
		return
	}
	if b == bodyGeneric {
		hashGeneric(acc, chi, data)
		return
	}
	hashAsm(b, acc, chi, data)
}

// Sum returns the element that acc is congruent to. It leaves acc as it was.
func (acc *Accumulator) Sum() [Size]byte {
	w0, w1, h0, h1 := acc[0], acc[1], acc[2], acc[3]
	// x^128 = x^7+x^2+x+1: the upper half returns at four shifts, and the few bits that these push past x^128 return too.
	w0 ^= h0 ^ h0<<1 ^ h0<<2 ^ h0<<7
	w1 ^= h1 ^ (h1<<1 | h0>>63) ^ (h1<<2 | h0>>62) ^ (h1<<7 | h0>>57)
	t := h1>>63 ^ h1>>62 ^ h1>>57
	w0 ^= t ^ t<<1 ^ t<<2 ^ t<<7
	var out [Size]byte
	binary.LittleEndian.PutUint64(out[:], w0)
	binary.LittleEndian.PutUint64(out[8:], w1)
	return out
}
