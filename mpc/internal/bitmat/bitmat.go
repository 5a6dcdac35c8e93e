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

// Combine adds up parts of a column matrix, multiplied by powers of x in GF(2^128) (x^128+x^7+x^2+x+1): part j, for j
// below parts, at most 8, is the width bytes of each column from j*width, and part 0 becomes the sum of x^j times part j,
// row by row. Column c is at m[c*stride:]; width is a multiple of 16, and stride at least parts*width.
//
// On columns the product with x^j is a shift: column c goes to column c+j, and what falls off the end, column 128+e with
// e below 7, returns as x^e(x^7+x^2+x+1), which lies below x^14 and so never falls off again.
func Combine(m []byte, stride, width, parts int) { combine(best, m, stride, width, parts) }

func combine(b body, m []byte, stride, width, parts int) {
	if width == 0 || parts < 2 {
		return
	}
	m = m[:(Columns-1)*stride+parts*width]
	for c := range Columns + parts - 1 {
		// The sum is over the parts j that have a column c-j, from column c-from on downwards.
		from, to := max(1, c-Columns+1), min(parts-1, c)
		if c < Columns {
			addColumns(b, m[c*stride:][:width], m, (c-from)*stride+from*width, width-stride, to-from+1)
			continue
		}
		for _, t := range [...]int{0, 1, 2, 7} {
			dst := m[(c-Columns+t)*stride:][:width]
			addColumns(b, dst, m, (c-from)*stride+from*width, width-stride, to-from+1)
		}
	}
}

// addColumns adds count columns to dst, the first at m[at:] and each a step from the last.
func addColumns(b body, dst, m []byte, at, step, count int) {
	if count <= 0 {
		return
	}
	if b == bodyGFNI {
		addColumnsAsm(&dst[0], &m[at], step, count, len(dst))
		return
	}
	for range count {
		XorInto(dst, m[at:])
		at += step
	}
}
