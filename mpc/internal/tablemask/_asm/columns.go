package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// columns transposes 64 pads by 64 bits at a time, half a block of each, into 64 rows of one word; or by 16 bits, if no
// more are wanted.
//
// Both ways bring byte c of all 64 pads together in a register, the eight bytes of pads 8g..8g+7 in word g. There each
// word is a square of 8 by 8 bits, which is transposed where it lies: byte b of word g becomes bit b of those pads. A
// byte permutation then collects row 8c+b from its eight words.
func columns() {
	// The affine map has the data for its matrix and these bytes for its arguments: argument r yields bit r of every
	// pad. It takes a matrix's last byte for bit 0 of a result, so that pads are brought together in reverse.
	identity := bytesOf("identity", func(i int) int { return 1 << (i % lanes) })
	order := bytesOf("byteOrder", func(i int) int { return i%lanes*lanes + i/lanes })
	// Eight pads' halves, of pad r in word 0 of lane r, or, from r = 4 on, in word 1 of lane r-4.
	half := bytesOf("halfOrder", func(i int) int {
		c, r := i/lanes, lanes-1-i%lanes
		return r%4*block + r/4*word + c
	})
	// Sixty-four pads' first two bytes in a pair of registers, of pad 4s+r in place s of lane r.
	var narrow [2]Mem
	for c := range narrow {
		narrow[c] = bytesOf(label("narrowOrder", c), func(i int) int {
			p := i/lanes*lanes + lanes - 1 - i%lanes
			return p/32*width + p%4*block + p%32/4*2 + c
		})
	}

	TEXT("columnsAVX512", NOSPLIT, "func(tables, pads *byte, n, rows int)")
	Pragma("noescape")
	Doc("columnsAVX512 adds the transposed pads to n tables, at least one, of rows of one word, at least one.")
	table, from := Load(Param("tables"), GP64()), Load(Param("pads"), GP64())
	n, rows := Load(Param("n"), GP64()), Load(Param("rows"), GP64())
	id, byteOrder, halves := load(identity), load(order), load(half)
	second := K() // the words that the second of two loads fills
	setMask(second, 0xaa)
	places := make([]reg.OpmaskVirtual, 5) // place s+1 of all lanes; there are no registers for places 6 and 7
	for s := range places {
		places[s] = K()
		setMask(places[s], 0x01010101<<(s+1))
	}
	apart := GP64() // from block j to j+1 of a pad
	MOVQ(n, apart)
	SHLQ(Imm(10), apart)
	left, at, turn, next := GP64(), GP64(), GP64(), GP64()

	finish := func(v reg.VecVirtual) {
		VGF2P8AFFINEQB(Imm(0), v, id, v)
		VPERMB(v, byteOrder, v)
	}
	w := ZMM() // the rows of a byte column, where they are stored
	// put adds the rows of the next byte column to the table, and leaves after the last.
	put := func(v reg.VecVirtual) {
		finish(v)
		VMOVDQA64(v, w)
		CMPQ(left, Imm(lanes))
		JLT(LabelRef("few"))
		VPXORQ(Mem{Base: table}, w, w)
		VMOVDQU64(w, Mem{Base: table})
		ADDQ(Imm(width), table)
		SUBQ(Imm(lanes), left)
		JEQ(LabelRef("done"))
	}

	Label("table")
	MOVQ(rows, left)
	MOVQ(from, next)
	XORQ(turn, turn)
	Label("half")
	Comment("The first half of a block, or the second.")
	LEAQ(Mem{Base: next, Index: turn, Scale: 1}, at)
	CMPQ(left, Imm(2*lanes))
	JLE(LabelRef("narrow"))
	z := make([]reg.VecVirtual, lanes)
	for g := range z {
		z[g] = load(Mem{Base: at, Disp: 2 * width * g})
		VMOVDQU64(Mem{Base: at, Disp: 2*width*g + width - word}, second, z[g])
		VPERMB(z[g], halves, z[g])
	}
	// Word c of register g goes to word g of column c: pairs of words first, then pairs of lanes, twice.
	var low, high [4]reg.VecVirtual
	for i := range low {
		low[i], high[i] = ZMM(), z[2*i+1]
		VPUNPCKLQDQ(z[2*i+1], z[2*i], low[i])
		VPUNPCKHQDQ(z[2*i+1], z[2*i], high[i])
	}
	const lanes02, lanes13 = 0x88, 0xdd
	shuffle := func(which uint64, a, b reg.VecVirtual) reg.VecVirtual {
		v := ZMM()
		VSHUFI64X2(Imm(which), b, a, v)
		return v
	}
	pairs := func(x [4]reg.VecVirtual, which uint64) [2]reg.VecVirtual {
		return [2]reg.VecVirtual{shuffle(which, x[0], x[1]), shuffle(which, x[2], x[3])}
	}
	quads := [4][2]reg.VecVirtual{pairs(low, lanes02), pairs(high, lanes02), pairs(low, lanes13), pairs(high, lanes13)}
	for c := range lanes {
		q := quads[c%4]
		which := uint64(lanes02)
		if c >= 4 {
			which = lanes13
		}
		put(shuffle(which, q[0], q[1]))
	}
	XORQ(Imm(word), turn)
	JNZ(LabelRef("half"))
	ADDQ(apart, next)
	JMP(LabelRef("half"))

	Label("narrow")
	var x [2]reg.VecVirtual
	for i := range x {
		from := Mem{Base: at, Disp: pads / 2 * block * i}
		x[i] = load(from)
		for s := 1; s < lanes; s++ {
			mask := K()
			if s <= len(places) {
				mask = places[s-1]
			} else {
				KSHIFTLD(Imm(uint64(s-len(places))), places[len(places)-1], mask)
			}
			VMOVDQU16(from.Offset((width-2)*s), mask, x[i])
		}
	}
	for c := range narrow {
		v := ZMM()
		VMOVDQU64(narrow[c], v)
		VPERMI2B(x[1], x[0], v)
		put(v)
	}

	Label("few")
	Comment("One to seven rows are left. A store under a mask would hold up the loads of the next table.")
	row, rotated := GP64(), ZMM()
	Label("row")
	VMOVQ(w.AsX(), row)
	XORQ(row, Mem{Base: table})
	VALIGNQ(Imm(1), w, w, rotated)
	VMOVDQA64(rotated, w)
	ADDQ(Imm(word), table)
	DECQ(left)
	JNZ(LabelRef("row"))
	Label("done")
	ADDQ(U32(pads*block), from)
	DECQ(n)
	JNZ(LabelRef("table"))
	VZEROUPPER()
	RET()
}

func setMask(k reg.OpmaskVirtual, bits uint32) {
	m := GP32()
	MOVL(U32(bits), m)
	KMOVD(m, k)
}

func label(s string, i int) string { return fmt.Sprintf("%s%d", s, i) }
