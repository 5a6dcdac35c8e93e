package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// add sums columns that lie a constant step apart.
func add() {
	const width = 64
	TEXT("addColumnsAVX512", NOSPLIT, "func(dst, src *byte, step, count, n int)")
	Pragma("noescape")
	Doc("addColumnsAVX512 adds count columns of n bytes, a multiple of 16, to dst; both at least one.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	step, count := Load(Param("step"), GP64()), Load(Param("count"), GP64())
	n := Load(Param("n"), GP64())
	from, left := GP64(), GP64()
	sum := ZMM()

	SUBQ(Imm(width), n)
	JLT(LabelRef("rest"))
	Label("loop")
	VMOVDQU64(Mem{Base: dst}, sum)
	MOVQ(src, from)
	MOVQ(count, left)
	Label("column")
	VPXORQ(Mem{Base: from}, sum, sum)
	ADDQ(step, from)
	DECQ(left)
	JNZ(LabelRef("column"))
	VMOVDQU64(sum, Mem{Base: dst})
	ADDQ(Imm(width), dst)
	ADDQ(Imm(width), src)
	SUBQ(Imm(width), n)
	JGE(LabelRef("loop"))

	Label("rest")
	ADDQ(Imm(width), n)
	JEQ(LabelRef("done"))
	ones, mask, part := GP64(), K(), ZMM()
	SHRQ(Imm(3), n)
	MOVQ(I32(-1), ones)
	BZHIQ(n, ones, ones)
	KMOVB(ones.As32(), mask)
	VMOVDQU64_Z(Mem{Base: dst}, mask, sum)
	Label("rests")
	VMOVDQU64_Z(Mem{Base: src}, mask, part)
	VPXORQ(part, sum, sum)
	ADDQ(step, src)
	DECQ(count)
	JNZ(LabelRef("rests"))
	VMOVDQU64(sum, mask, Mem{Base: dst})
	Label("done")
	VZEROUPPER()
	RET()
}
