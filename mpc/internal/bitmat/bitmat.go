// Package bitmat works on bit matrices as oblivious-transfer extension leaves them: 128 columns, one for each base OT,
// each column a bit string over the rows (the transfers). It transposes them into 128-bit rows, and multiplies all rows
// at once by a small power of x in GF(2^128).
//
// # Layout
//
// A column matrix has column c at cols[c*stride:]; bit i of a column is row i, which is bit i%8 of byte i/8. A row is
// 16 bytes, bit c at byte c/8, position c%8: the same bytes are the element of GF(2^128) whose coefficient of x^c is
// bit c (as in package gf128).
//
// # Adversary
//
// Contents are secret, sizes are public: no branch and no address depends on a bit. Three bodies compute the same
// result: GFNI on 512-bit registers, AVX2, and Go, which alone is built on other architectures and with the tag purego.
// Sizes are the caller's; one that does not fit its slice ends in the runtime's own bounds check.
package bitmat

import "crypto/subtle"

// Columns is the number of columns of a matrix: the bits of a row.
const Columns = 128

// RowSize is the size of a row in bytes.
const RowSize = Columns / 8

// unit is the number of rows that a body transposes at a time.
const unit = 128

// body names one of the implementations of the transpose.
type body uint8

const (
	bodyGeneric body = iota + 1
	bodyAVX2
	bodyGFNI
)

// Transpose128 writes the rows of a column matrix in natural order: bit c of row i goes to dst[16*i+c/8]>>(c%8).
// rows is a multiple of 128, stride at least rows/8 unless rows is 0; dst holds rows*16 bytes and does not overlap cols.
// For large matrices choose a stride that is no multiple of 512, such as rows/8+16: columns that lie a power of two apart
// compete for the same lines of a cache, and the transpose then takes twice as long.
func Transpose128(dst, cols []byte, stride, rows int) {
	transpose(best, dst, cols, stride, rows)
}

func transpose(b body, dst, cols []byte, stride, rows int) {
	units := rows / unit
	if units <= 0 {
		return
	}
	dst = dst[:units*unit*RowSize]
	cols = cols[:(Columns-1)*stride+units*unit/8]
	if b == bodyGeneric {
		transposeGeneric(dst, cols, stride, units)
		return
	}
	transposeAsm(b, dst, cols, stride, units)
}

// Xor sets dst[i] = a[i] ^ b[i] for all i below len(dst); dst equals a or b or overlaps neither.
func Xor(dst, a, b []byte) {
	subtle.XORBytes(dst, a[:len(dst)], b[:len(dst)])
}

// XorInto sets dst[i] ^= a[i] for all i below len(dst).
func XorInto(dst, a []byte) {
	subtle.XORBytes(dst, dst, a[:len(dst)])
}

// MulX adds x^j times src to dst, row by row in GF(2^128) = GF(2)[x]/(x^128+x^7+x^2+x+1), for j in 0..7. Both are column
// matrices of 128 columns of width bytes, column c at [c*stride:]; they do not overlap.
//
// On columns the product is a shift: column c goes to column c+j, and what falls off the end, column 128+e with e below
// 7, returns as x^e(x^7+x^2+x+1), which lies below x^14 and so never falls off again.
func MulX(dst, src []byte, stride, width, j int) {
	column := func(m []byte, c int) []byte { return m[c*stride : c*stride+width] }
	for c := range Columns {
		s := column(src, c)
		if c+j < Columns {
			XorInto(column(dst, c+j), s)
			continue
		}
		for _, t := range [...]int{0, 1, 2, 7} {
			XorInto(column(dst, c+j-Columns+t), s)
		}
	}
}
