// Command _asm writes the assembly bodies of package bitmat.
//
// Both take 128 rows of 128 columns at a time, 16 bytes of each column, in two phases. The address of a bit has three
// parts of its column, c = 8g+k (group g of 4 bits, k of 3), and two of its row, i = 8b+r (byte b of 4, bit r of 3).
//
// Phase one takes 8 columns of one g (several g in the lanes of a register) and interleaves bytes three times, so that
// the 8 bytes of all k for one g and b lie together; each such 8x8 bit square is transposed where it lies. The result,
// bytes ordered by r, goes to scratch. Phase two interleaves the same b from different g until the 16 bytes of a row
// lie together.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const signature = "func(dst, cols *byte, stride, units int)"

func main() {
	ConstraintExpr("!purego")
	wide()
	narrow()
	collect()
	add()
	Generate()
}

// columns addresses the 8 columns of a group from its first one: multiples of the stride that the hardware can form.
type columns struct{ s1, s3, s5, s7 reg.GPVirtual }

func strides(stride reg.GPVirtual) columns {
	c := columns{stride, GP64(), GP64(), GP64()}
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, c.s3)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 4}, c.s5)
	LEAQ(Mem{Base: c.s3, Index: stride, Scale: 4}, c.s7)
	return c
}

func (c columns) at(base reg.Register, k int) Mem {
	switch k {
	case 1, 2, 4:
		return Mem{Base: base, Index: c.s1, Scale: uint8(k)}
	case 3, 6:
		return Mem{Base: base, Index: c.s3, Scale: uint8(k / 3)}
	case 5:
		return Mem{Base: base, Index: c.s5, Scale: 1}
	case 7:
		return Mem{Base: base, Index: c.s7, Scale: 1}
	}
	return Mem{Base: base}
}

// interleave merges the bytes of all registers, pair by pair, one round for each bit of their index, from the top: that
// bit becomes the lowest of a byte's place in its lane, and the highest bit of the place becomes that of the index.
func interleave(x []reg.VecVirtual, vector func() reg.VecVirtual) {
	for half := len(x) / 2; half > 0; half /= 2 {
		for i := range x {
			if i&half != 0 {
				continue
			}
			a, b, t := x[i], x[i+half], vector()
			VPUNPCKLBW(b, a, t)
			VPUNPCKHBW(b, a, b)
			x[i], x[i+half] = t, b
		}
	}
}
