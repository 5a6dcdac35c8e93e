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
	ahead = 2
)

func main() {
	ConstraintExpr("!purego")
	body("rotAddAVX512", "512-bit", 64, 1, ZMM)
	body("rotAddAVX2", "256-bit", 32, 4, YMM)
	Generate()
}

// body writes one kernel. Where the sum has more words than fit the registers, it makes a pass over the offsets for each
// of its parts.
func body(name, kind string, width, passes int, vector func() reg.VecVirtual) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds n rows, at least one, in %s registers.", name, kind))
	acc, table := Load(Param("acc"), GP64()), Load(Param("table"), GP64())
	offs, n := Load(Param("offs"), GP64()), Load(Param("n"), GP64())
	part := rowBytes / passes
	last := GP64()
	LEAQ(Mem{Base: offs, Index: n, Scale: 4, Disp: -4}, last)
	for pass := range passes {
		at := GP64()
		MOVQ(offs, at)
		sum := make([]reg.VecVirtual, part/width)
		for i := range sum {
			sum[i] = vector()
			move(width, Mem{Base: acc, Disp: part*pass + width*i}, sum[i])
		}
		loop := fmt.Sprintf("loop%d", pass)
		Label(loop)
		o, next := GP64(), GP64()
		LEAQ(Mem{Base: at, Disp: 4 * ahead}, next)
		CMPQ(next, last)
		CMOVQHI(last, next)
		MOVL(Mem{Base: next}, next.As32())
		MOVL(Mem{Base: at}, o.As32())
		for i, v := range sum {
			if width*i%line == 0 {
				PREFETCHT0(Mem{Base: table, Index: next, Scale: 4, Disp: part*pass + width*i})
			}
			VPADDD(Mem{Base: table, Index: o, Scale: 4, Disp: part*pass + width*i}, v, v)
		}
		ADDQ(Imm(4), at)
		CMPQ(at, last)
		JLS(LabelRef(loop))
		for i, v := range sum {
			move(width, v, Mem{Base: acc, Disp: part*pass + width*i})
		}
	}
	VZEROUPPER()
	RET()
}

// move copies a vector by the instruction that the body's processors have.
func move(width int, from, to Op) {
	if width == line {
		VMOVDQU32(from, to)
		return
	}
	VMOVDQU(from, to)
}
