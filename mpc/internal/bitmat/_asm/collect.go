package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// collect brings 512 rows together. Columns that lie a power of two apart compete for the same few cache lines; so each
// line is read once, whole.
func collect() {
	TEXT("collectAVX2", NOSPLIT, "func(dst *[8192]byte, cols *byte, stride int)")
	Pragma("noescape")
	Doc("collectAVX2 copies 64 bytes of each of 128 columns.")
	dst, cols := Load(Param("dst"), GP64()), Load(Param("cols"), GP64())
	stride := Load(Param("stride"), GP64())
	const unroll = 8
	n, three := GP64(), GP64()
	MOVQ(I32(128/unroll), n)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
	Label("loop")
	for i := range unroll {
		from := Mem{Base: cols}
		switch i % 4 {
		case 1, 2:
			from = Mem{Base: cols, Index: stride, Scale: uint8(i % 4)}
		case 3:
			from = Mem{Base: cols, Index: three, Scale: 1}
		}
		a, b := YMM(), YMM()
		VMOVDQU(from, a)
		VMOVDQU(from.Offset(32), b)
		PREFETCHT1(from.Offset(128))
		VMOVDQU(a, Mem{Base: dst, Disp: 64 * i})
		VMOVDQU(b, Mem{Base: dst, Disp: 64*i + 32})
		if i%4 == 3 {
			LEAQ(Mem{Base: cols, Index: stride, Scale: 4}, cols)
		}
	}
	ADDQ(U32(64*unroll), dst)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
