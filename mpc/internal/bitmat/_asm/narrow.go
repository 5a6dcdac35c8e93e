package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// narrow has the upper bit of g in the two lanes of a register, and transposes squares by swapping bits.
func narrow() {
	// Each step exchanges one bit of a square's row index with the same bit of its column index: places that have the
	// column's set trade with those that have the row's, shift higher.
	steps := []struct {
		shift uint64
		mask  Mem
	}{
		{7, mask("pairs", 0x00aa00aa00aa00aa)},
		{14, mask("quads", 0x0000cccc0000cccc)},
		{28, mask("octets", 0x00000000f0f0f0f0)},
	}

	TEXT("transposeAVX2", 0, signature)
	Pragma("noescape")
	Doc("transposeAVX2 transposes units of 128 rows, at least one.")
	dst, cols := Load(Param("dst"), GP64()), Load(Param("cols"), GP64())
	units := Load(Param("units"), GP64())
	stride := Load(Param("stride"), GP64()).(reg.GPVirtual)
	c := strides(stride)
	scratch := AllocLocal(64 * 32)

	Label("unit")
	// base[l] walks the groups of lane l, whose columns start at 64l.
	base, step := [2]reg.GPVirtual{GP64(), GP64()}, GP64()
	MOVQ(stride, step)
	SHLQ(Imm(6), step)
	MOVQ(cols, base[0])
	LEAQ(Mem{Base: cols, Index: step, Scale: 1}, base[1])
	SHRQ(Imm(3), step)
	for g := range 8 {
		x := make([]reg.VecVirtual, 8)
		for k := range x {
			x[k] = YMM()
			VBROADCASTI128(c.at(base[0], k), x[k])
			VINSERTI128(Imm(1), c.at(base[1], k), x[k], x[k])
		}
		for l := range base {
			ADDQ(step, base[l])
		}
		interleave(x, YMM)
		for b, v := range x {
			for _, s := range steps {
				t, u := YMM(), YMM()
				VPSRLQ(Imm(s.shift), v, t)
				VPXOR(v, t, t)
				VPAND(s.mask, t, t)
				VPSLLQ(Imm(s.shift), t, u)
				VPXOR(t, v, v)
				VPXOR(u, v, v)
			}
			VMOVDQU(v, scratch.Offset(32*(8*g+b)))
		}
	}
	for b := range 8 {
		x := make([]reg.VecVirtual, 8)
		for g := range x {
			x[g] = YMM()
			VMOVDQU(scratch.Offset(32*(8*g+b)), x[g])
		}
		interleave(x, YMM)
		for i, v := range x {
			VPERMQ(Imm(0b11_01_10_00), v, v) // the halves of a row lie in different lanes
			VMOVDQU(v, Mem{Base: dst, Disp: 32 * (8*b + i)})
		}
	}
	ADDQ(Imm(16), cols)
	ADDQ(U32(128*16), dst)
	DECQ(units)
	JNZ(LabelRef("unit"))
	VZEROUPPER()
	RET()
}

func mask(name string, v uint64) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 4 {
		DATA(8*i, U64(v))
	}
	return m
}
