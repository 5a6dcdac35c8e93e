package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// turn copies a window to the stack twice, one after the other, and reads it from where the turn begins. Both steps move
// bits by what is left of their offset after whole bytes.
func turn() {
	const largest = 512 // bytes of a window
	TEXT("turnAVX512", 0, "func(dst, plane *byte, shift, turn, size int, flip uint64)")
	Pragma("noescape")
	Doc("turnAVX512 writes size bytes, a multiple of 64, at most 512; shift is below 8, turn below 8*size.")
	dst, plane := Load(Param("dst"), GP64()), Load(Param("plane"), GP64())
	size, at, twice := Load(Param("size"), GP64()), GP64(), GP64()
	flips := ZMM()
	VPBROADCASTQ(Load(Param("flip"), GP64()), flips)
	scratch := AllocLocal(2*largest + width)
	LEAQ(scratch, twice)

	var right, left reg.VecVirtual
	shifts := func(by reg.Register) {
		right, left = XMM(), XMM()
		back := GP64()
		MOVQ(by, right)
		MOVQ(U32(64), back)
		SUBQ(by, back)
		MOVQ(back, left)
	}
	moved := func(base reg.Register) reg.VecVirtual {
		a, b := ZMM(), ZMM()
		VMOVDQU64(Mem{Base: base, Index: at, Scale: 1}, a)
		VMOVDQU64(Mem{Base: base, Index: at, Scale: 1, Disp: word}, b)
		VPSRLQ(right, a, a)
		VPSLLQ(left, b, b)
		VPORQ(b, a, a)
		return a
	}

	shifts(Load(Param("shift"), GP64()))
	second := GP64()
	LEAQ(Mem{Base: twice, Index: size, Scale: 1}, second)
	XORQ(at, at)
	Label("copy")
	v := moved(plane)
	VMOVDQU64(v, Mem{Base: twice, Index: at, Scale: 1})
	VMOVDQU64(v, Mem{Base: second, Index: at, Scale: 1})
	ADDQ(Imm(width), at)
	CMPQ(at, size)
	JLT(LabelRef("copy"))

	from, bits := Load(Param("turn"), GP64()), GP64()
	MOVQ(from, bits)
	SHRQ(Imm(3), from)
	ANDQ(Imm(7), bits)
	ADDQ(twice, from)
	shifts(bits)
	XORQ(at, at)
	Label("turn")
	v = moved(from)
	VPXORQ(flips, v, v)
	VMOVDQU64(v, Mem{Base: dst, Index: at, Scale: 1})
	ADDQ(Imm(width), at)
	CMPQ(at, size)
	JLT(LabelRef("turn"))
	VZEROUPPER()
	RET()
}
