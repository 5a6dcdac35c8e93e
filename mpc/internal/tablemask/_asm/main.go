// Command _asm writes the assembly bodies of package tablemask.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	block = 16
	word  = 8
	width = 64 // of a register
	// lanes is the number of words of a register, of pads in a group, and of bits in a byte.
	lanes = 8
	// pads is the number of pads whose bits make a word.
	pads = 64
)

func main() {
	ConstraintExpr("!purego")
	rows()
	columns()
	words()
	turn()
	Generate()
}

// bytesOf makes a constant of 64 bytes.
func bytesOf(name string, at func(i int) int) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range width {
		DATA(i, U8(at(i)))
	}
	return m
}

// wordsOf makes a constant of 8 words.
func wordsOf(name string, at func(i int) int) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range lanes {
		DATA(word*i, U64(at(i)))
	}
	return m
}

func load(m Mem) reg.VecVirtual {
	v := ZMM()
	VMOVDQU64(m, v)
	return v
}

// rows takes eight pads of one block at a time: their first words go to one plane, their second words to the next.
func rows() {
	even := wordsOf("evenWords", func(i int) int { return 2 * i })
	odd := wordsOf("oddWords", func(i int) int { return 2*i + 1 })
	TEXT("rowsAVX512", NOSPLIT, "func(tables, pads *byte, n, planes, keys int)")
	Pragma("noescape")
	Doc("rowsAVX512 adds the pads of rows of one word to n tables, at least one; keys is a multiple of 8.")
	table, from := Load(Param("tables"), GP64()), Load(Param("pads"), GP64())
	n, planes := Load(Param("n"), GP64()), Load(Param("planes"), GP64())
	keys := Load(Param("keys"), GP64())
	first, second := load(even), load(odd)
	apart, size, plane, next := GP64(), GP64(), GP64(), GP64()
	MOVQ(keys, size) // of an instance's blocks j
	SHLQ(Imm(4), size)
	MOVQ(size, apart)
	IMULQ(n, apart)
	MOVQ(keys, plane)
	SHLQ(Imm(3), plane)

	Label("table")
	left := GP64()
	MOVQ(planes, left)
	MOVQ(from, next)
	Label("pair")
	p, k := GP64(), GP64()
	MOVQ(next, p)
	MOVQ(keys, k)
	CMPQ(left, Imm(1))
	JEQ(LabelRef("last"))
	Label("both")
	a, b, c := load(Mem{Base: p}), load(Mem{Base: p, Disp: width}), ZMM()
	VMOVDQA64(a, c)
	VPERMT2Q(b, first, a)
	VPERMT2Q(b, second, c)
	VPXORQ(Mem{Base: table}, a, a)
	VMOVDQU64(a, Mem{Base: table})
	VPXORQ(Mem{Base: table, Index: plane, Scale: 1}, c, c)
	VMOVDQU64(c, Mem{Base: table, Index: plane, Scale: 1})
	ADDQ(U32(2*width), p)
	ADDQ(Imm(width), table)
	SUBQ(Imm(lanes), k)
	JNZ(LabelRef("both"))
	ADDQ(plane, table)
	ADDQ(apart, next)
	SUBQ(Imm(2), left)
	JNZ(LabelRef("pair"))
	JMP(LabelRef("done"))
	Label("last")
	a, b = load(Mem{Base: p}), load(Mem{Base: p, Disp: width})
	VPERMT2Q(b, first, a)
	VPXORQ(Mem{Base: table}, a, a)
	VMOVDQU64(a, Mem{Base: table})
	ADDQ(U32(2*width), p)
	ADDQ(Imm(width), table)
	SUBQ(Imm(lanes), k)
	JNZ(LabelRef("last"))
	Label("done")
	ADDQ(size, from)
	DECQ(n)
	JNZ(LabelRef("table"))
	VZEROUPPER()
	RET()
}
