// Command _asm writes the assembly bodies of package rowadd.
//
// The sum stays in registers while rows stream past it. Lines of the row some offsets ahead are fetched meanwhile; past
// the last offset the last row is fetched again, which costs nothing and reads nothing out of range.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	signature = "func(acc *[256]uint32, table, offs *uint32, n int)"
	rowBytes  = 1024
	line      = 64
	// ahead is how many rows before its use a row is fetched.
	ahead = 3
)

func main() {
	ConstraintExpr("!purego")
	wide()
	narrow()
	Generate()
}

// wide reads whole cache lines and shifts the row out of each pair of neighbours. Unaligned reads would touch every line
// twice, and the reads are the limit. The first and the last line may hold words outside the table, never whole lines
// outside of it, so they are readable; the shift drops those words.
func wide() {
	iota := GLOBL("iota", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(i))
	}
	TEXT("rotAddAVX512", NOSPLIT, signature)
	Pragma("noescape")
	Doc("rotAddAVX512 adds n rows, at least one.")
	acc, table := Load(Param("acc"), GP64()), Load(Param("table"), GP64())
	offs, n := Load(Param("offs"), GP64()), Load(Param("n"), GP64())
	last := GP64()
	LEAQ(Mem{Base: offs, Index: n, Scale: 4, Disp: -4}, last)
	index := ZMM()
	VMOVDQU32(iota, index)
	sum := make([]reg.VecVirtual, rowBytes/line)
	for i := range sum {
		sum[i] = ZMM()
		VMOVDQU32(Mem{Base: acc, Disp: line * i}, sum[i])
	}
	Label("loop")
	o, next, end, within := GP64(), GP64(), GP64(), GP64()
	coming(offs, last, next)
	LEAQ(Mem{Base: table, Index: next, Scale: 4}, next)
	MOVL(Mem{Base: offs}, o.As32())
	LEAQ(Mem{Base: table, Index: o, Scale: 4}, o)
	// A row that starts on a line ends on the sixteenth: the last line read is that of its last byte.
	LEAQ(Mem{Base: o, Disp: rowBytes - 1}, end)
	MOVQ(o, within)
	ANDQ(I8(-line), o)
	ANDQ(I8(-line), end)
	SHRQ(Imm(2), within)
	ANDL(Imm(15), within.As32())
	shift := ZMM()
	VPBROADCASTD(within.As32(), shift)
	VPADDD(index, shift, shift)
	cur := ZMM()
	VMOVDQU32(Mem{Base: o}, cur)
	for i, v := range sum {
		PREFETCHT0(Mem{Base: next, Disp: line * i})
		after := ZMM()
		if i < len(sum)-1 {
			VMOVDQU32(Mem{Base: o, Disp: line * (i + 1)}, after)
		} else {
			VMOVDQU32(Mem{Base: end}, after)
		}
		VPERMT2D(after, shift, cur)
		VPADDD(cur, v, v)
		cur = after
	}
	ADDQ(Imm(4), offs)
	CMPQ(offs, last)
	JLS(LabelRef("loop"))
	for i, v := range sum {
		VMOVDQU32(v, Mem{Base: acc, Disp: line * i})
	}
	VZEROUPPER()
	RET()
}

// narrow adds unaligned vectors. The sum has more words than fit its registers: each part makes a pass over the offsets.
func narrow() {
	const (
		width = 32
		parts = 4
		part  = rowBytes / parts
	)
	TEXT("rotAddAVX2", NOSPLIT, signature)
	Pragma("noescape")
	Doc("rotAddAVX2 adds n rows, at least one.")
	acc, table := Load(Param("acc"), GP64()), Load(Param("table"), GP64())
	offs, n := Load(Param("offs"), GP64()), Load(Param("n"), GP64())
	last := GP64()
	LEAQ(Mem{Base: offs, Index: n, Scale: 4, Disp: -4}, last)
	for p := range parts {
		at := GP64()
		MOVQ(offs, at)
		sum := make([]reg.VecVirtual, part/width)
		for i := range sum {
			sum[i] = YMM()
			VMOVDQU(Mem{Base: acc, Disp: part*p + width*i}, sum[i])
		}
		loop := fmt.Sprintf("part%d", p)
		Label(loop)
		o, next := GP64(), GP64()
		coming(at, last, next)
		MOVL(Mem{Base: at}, o.As32())
		for i, v := range sum {
			if width*i%line == 0 {
				PREFETCHT0(Mem{Base: table, Index: next, Scale: 4, Disp: part*p + width*i})
			}
			VPADDD(Mem{Base: table, Index: o, Scale: 4, Disp: part*p + width*i}, v, v)
		}
		ADDQ(Imm(4), at)
		CMPQ(at, last)
		JLS(LabelRef(loop))
		for i, v := range sum {
			VMOVDQU(v, Mem{Base: acc, Disp: part*p + width*i})
		}
	}
	VZEROUPPER()
	RET()
}

// coming loads the offset that is a few places past at, or the last one.
func coming(at, last reg.Register, next reg.GPVirtual) {
	LEAQ(Mem{Base: at, Disp: 4 * ahead}, next)
	CMPQ(next, last)
	CMOVQHI(last, next)
	MOVL(Mem{Base: next}, next.As32())
}
