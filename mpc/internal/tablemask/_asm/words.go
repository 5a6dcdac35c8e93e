package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// words masks tables in tiles of 8 rows by 16 words: a tile takes one block of 16 pads of the low digit, which it
// transposes, and two blocks of 8 pads of the high digit. Registers hold two rows each.
func words() {
	const (
		rowsOfTile = 8
		rowOfTile  = 32 // bytes
	)
	// From two registers of four pads each, l = 0..7 of 8 words, to pairs of words of one pad each, one after the other:
	// lane e of the result is word e of all pads, or word 4+e.
	gather := func(first int) func(i int) int {
		return func(i int) int { return i%8*8 + first + i/8 }
	}
	shortsOf := func(name string, at func(i int) int) Mem {
		m := GLOBL(name, RODATA|NOPTR)
		for i := range width / 2 {
			DATA(2*i, U16(at(i)))
		}
		return m
	}
	lower := shortsOf("lowerWords", gather(0))
	upper := shortsOf("upperWords", gather(4))
	// From two registers, lane by lane in turn: their lower lanes, or their upper ones.
	turns := func(first int) func(i int) int {
		return func(i int) int { return i/2%2*lanes + first + i/4*2 + i%2 }
	}
	lowerLanes := wordsOf("lowerLanes", turns(0))
	upperLanes := wordsOf("upperLanes", turns(4))

	TEXT("wordsAVX512", NOSPLIT, "func(dst *byte, table, r *uint16, a, b *byte, n, hi, lo int)")
	Pragma("noescape")
	Doc("wordsAVX512 masks n tables, at least one, of 8*hi rows of 16*lo words.")
	dst, table := Load(Param("dst"), GP64()), Load(Param("table"), GP64())
	r, n := Load(Param("r"), GP64()), Load(Param("n"), GP64())
	a, b := Load(Param("a"), GP64()), Load(Param("b"), GP64())
	words := [2]reg.VecVirtual{load(lower), load(upper)}
	pairs := [2]reg.VecVirtual{load(lowerLanes), load(upperLanes)}
	row, apartA := GP64(), GP64()
	Load(Param("lo"), row)
	SHLQ(Imm(5), row)
	Load(Param("hi"), apartA)
	SHLQ(Imm(7), apartA)
	IMULQ(n, apartA)
	next, at, pa, pb, across := GP64(), GP64(), GP64(), GP64(), GP64()
	down := AllocLocal(8) // there is no register for it
	share := ZMM()

	Label("table")
	VPBROADCASTW(Mem{Base: r}, share)
	XORQ(at, at)
	MOVQ(b, next)
	Load(Param("hi"), pa)
	MOVQ(pa, down)
	Label("down")
	MOVQ(a, pa)
	MOVQ(next, pb)
	Load(Param("lo"), across)
	Label("across")

	// turned[p] has rows 2p and 2p+1 of the tile, transposed pads.
	var turned, plain [4]reg.VecVirtual
	var half [2][2]reg.VecVirtual // of the pads, of the words
	for i := range half {
		z0, z1 := load(Mem{Base: pb, Disp: 2 * width * i}), load(Mem{Base: pb, Disp: 2*width*i + width})
		for w := range words {
			v := ZMM()
			VMOVDQA64(words[w], v)
			VPERMI2W(z1, z0, v)
			half[i][w] = v
		}
	}
	second := GP64()
	LEAQ(Mem{Base: pa, Index: apartA, Scale: 1}, second)
	for p := range turned {
		turned[p], plain[p] = ZMM(), ZMM()
		VMOVDQA64(pairs[p%2], turned[p])
		VPERMI2Q(half[1][p/2], half[0][p/2], turned[p])
		VMOVDQU64(Mem{Base: pa, Disp: p / 2 * width}, plain[p])
		VPERMT2Q(Mem{Base: second, Disp: p / 2 * width}, pairs[p%2], plain[p])
	}
	for p, v := range turned {
		odd, t, high := GP64(), ZMM(), YMM()
		LEAQ(Mem{Base: at, Index: row, Scale: 1}, odd)
		VMOVDQU64(Mem{Base: table, Index: at, Scale: 1}, t.AsY())
		VINSERTI64X4(Imm(1), Mem{Base: table, Index: odd, Scale: 1}, t, t)
		VPADDW(plain[p], v, v)
		VPSUBW(share, t, t)
		VPADDW(t, v, v)
		VMOVDQU64(v.AsY(), Mem{Base: dst, Index: at, Scale: 1})
		VEXTRACTI64X4(Imm(1), v, high)
		VMOVDQU64(high, Mem{Base: dst, Index: odd, Scale: 1})
		LEAQ(Mem{Base: odd, Index: row, Scale: 1}, at)
	}
	back := GP64()
	MOVQ(row, back)
	SHLQ(Imm(3), back)
	SUBQ(back, at)
	ADDQ(Imm(rowOfTile), at)
	ADDQ(U32(16*block), pb)
	LEAQ(Mem{Base: pa, Index: apartA, Scale: 2}, pa)
	DECQ(across)
	JNZ(LabelRef("across"))

	Comment("One row of the eight is behind.")
	rest := GP64()
	MOVQ(row, rest)
	SHLQ(Imm(3), rest)
	SUBQ(row, rest)
	ADDQ(rest, at)
	ADDQ(U32(rowsOfTile*block), a) // in the end, the next table's
	apartB := GP64()               // from one block of the pads of the low digit to the next
	Load(Param("lo"), apartB)
	SHLQ(Imm(8), apartB)
	count, _ := Param("n").Resolve()
	IMULQ(count.Addr, apartB)
	ADDQ(apartB, next)
	DECQ(down)
	JNZ(LabelRef("down"))
	ADDQ(at, dst)
	ADDQ(Imm(2), r)
	Load(Param("lo"), across)
	SHLQ(Imm(8), across)
	ADDQ(across, b)
	DECQ(n)
	JNZ(LabelRef("table"))
	VZEROUPPER()
	RET()
}
