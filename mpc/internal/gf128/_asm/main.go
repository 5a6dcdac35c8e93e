// Command _asm writes the assembly bodies of package gf128.
//
// Both add the four 64-bit products of each pair of blocks to three sums, low (a0*b0), middle (a0*b1 + a1*b0) and high
// (a1*b1), and put these together once, at the end.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	signature = "func(acc *[4]uint64, chi, data *byte, blocks int)"
	block     = 16
)

// Selectors of the halves that are multiplied: bit 0 chooses the first factor's, bit 4 the second's.
const (
	low    = 0x00
	cross1 = 0x01
	cross2 = 0x10
	high   = 0x11
)

func main() {
	ConstraintExpr("!purego")
	narrow()
	wide()
	Generate()
}

// finish adds the three sums to the accumulator: the middle one lies 64 bits above the low one.
func finish(acc reg.Register, lo, mid, hi reg.VecVirtual) {
	t := XMM()
	MOVO(mid, t)
	PSLLDQ(Imm(8), t)
	PSRLDQ(Imm(8), mid)
	PXOR(t, lo)
	PXOR(mid, hi)
	MOVOU(Mem{Base: acc}, t)
	PXOR(t, lo)
	MOVOU(lo, Mem{Base: acc})
	MOVOU(Mem{Base: acc, Disp: block}, t)
	PXOR(t, hi)
	MOVOU(hi, Mem{Base: acc, Disp: block})
}

func narrow() {
	TEXT("hashCLMUL", NOSPLIT, signature)
	Pragma("noescape")
	Doc("hashCLMUL adds the inner product of blocks blocks, at least one.")
	acc, chi := Load(Param("acc"), GP64()), Load(Param("chi"), GP64())
	data, blocks := Load(Param("data"), GP64()), Load(Param("blocks"), GP64())
	lo, mid, hi := XMM(), XMM(), XMM()
	for _, v := range []reg.VecVirtual{lo, mid, hi} {
		PXOR(v, v)
	}
	Label("loop")
	a, b := XMM(), XMM()
	MOVOU(Mem{Base: chi}, a)
	MOVOU(Mem{Base: data}, b)
	for _, p := range []struct {
		halves uint64
		sum    reg.VecVirtual
	}{{low, lo}, {cross1, mid}, {cross2, mid}, {high, hi}} {
		t := XMM()
		MOVO(a, t)
		PCLMULQDQ(Imm(p.halves), b, t)
		PXOR(t, p.sum)
	}
	ADDQ(Imm(block), chi)
	ADDQ(Imm(block), data)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	finish(acc, lo, mid, hi)
	RET()
}

func wide() {
	const (
		lanes  = 4
		unroll = 2
		group  = lanes * unroll
		width  = lanes * block
	)
	TEXT("hashVCLMUL", NOSPLIT, signature)
	Pragma("noescape")
	Doc("hashVCLMUL adds the inner product of blocks blocks, at least one.")
	acc, chi := Load(Param("acc"), GP64()), Load(Param("chi"), GP64())
	data, blocks := Load(Param("data"), GP64()), Load(Param("blocks"), GP64())
	lo, mid, hi := ZMM(), ZMM(), ZMM()
	for _, v := range []reg.VecVirtual{lo, mid, hi} {
		VPXORQ(v, v, v)
	}
	multiply := func(a, b reg.VecVirtual) {
		p := [4]reg.VecVirtual{ZMM(), ZMM(), ZMM(), ZMM()}
		for i, halves := range []uint64{low, cross1, cross2, high} {
			VPCLMULQDQ(Imm(halves), b, a, p[i])
		}
		VPXORQ(p[0], lo, lo)
		VPTERNLOGQ(Imm(0x96), p[1], p[2], mid)
		VPXORQ(p[3], hi, hi)
	}

	CMPQ(blocks, Imm(group))
	JLT(LabelRef("rest"))
	Label("groups")
	for i := range unroll {
		a, b := ZMM(), ZMM()
		VMOVDQU64(Mem{Base: chi, Disp: width * i}, a)
		VMOVDQU64(Mem{Base: data, Disp: width * i}, b)
		multiply(a, b)
	}
	ADDQ(U32(width*unroll), chi)
	ADDQ(U32(width*unroll), data)
	SUBQ(Imm(group), blocks)
	CMPQ(blocks, Imm(group))
	JGE(LabelRef("groups"))

	Label("rest")
	CMPQ(blocks, Imm(0))
	JLE(LabelRef("done"))
	Comment("Up to four blocks, two mask bits each; lanes past the end load as zero and read nothing.")
	bits, all, mask := GP64(), GP64(), K()
	MOVQ(I32(2*lanes), all)
	LEAQ(Mem{Base: blocks, Index: blocks, Scale: 1}, bits)
	CMPQ(bits, all)
	CMOVQGT(all, bits)
	count := reg.RCX
	MOVQ(bits, count)
	ones := GP64()
	MOVQ(I32(1), ones)
	SHLQ(reg.CL, ones)
	DECQ(ones)
	KMOVW(ones.As32(), mask)
	a, b := ZMM(), ZMM()
	VMOVDQU64_Z(Mem{Base: chi}, mask, a)
	VMOVDQU64_Z(Mem{Base: data}, mask, b)
	multiply(a, b)
	ADDQ(Imm(width), chi)
	ADDQ(Imm(width), data)
	SUBQ(Imm(lanes), blocks)
	JMP(LabelRef("rest"))

	Label("done")
	sums := [3]reg.VecVirtual{lo, mid, hi}
	folded := [3]reg.VecVirtual{}
	for i, v := range sums {
		h, x := YMM(), XMM()
		VEXTRACTI64X4(Imm(1), v, h)
		VPXOR(v.AsY(), h, h)
		VEXTRACTI128(Imm(1), h, x)
		VPXOR(h.AsX(), x, x)
		folded[i] = x
	}
	VZEROUPPER()
	finish(acc, folded[0], folded[1], folded[2])
	RET()
}
