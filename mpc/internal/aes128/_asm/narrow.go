package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The 128-bit kernels have sixteen registers: eight carry blocks, round keys are read again each round.

func narrow() {
	narrowCTR()
	narrowMMO()
	narrowHash("hashNI", hashSignature, "hashNI hashes each block of src.", false)
	narrowHash("expandNI", expandSignature, "expandNI hashes each sum of a row and an offset; there are 2^shift offsets.", true)
}

func xmms(n int) []reg.VecVirtual {
	out := make([]reg.VecVirtual, n)
	for i := range out {
		out[i] = XMM()
	}
	return out
}

// narrowRounds takes x through AES.
func narrowRounds(round reg.Register, x []reg.VecVirtual) {
	k := XMM()
	for r := 0; r <= rounds; r++ {
		MOVOU(Mem{Base: round, Disp: block * r}, k)
		for _, v := range x {
			switch r {
			case 0:
				PXOR(k, v)
			case rounds:
				AESENCLAST(k, v)
			default:
				AESENC(k, v)
			}
		}
	}
}

func narrowCTR() {
	TEXT("ctrNI", NOSPLIT, "func(round *[176]byte, dst *byte, groups int, lo, hi uint64)")
	Pragma("noescape")
	Doc("ctrNI writes groups of 8 blocks of key stream.")
	round, dst := Load(Param("round"), GP64()), Load(Param("dst"), GP64())
	groups, hi, lo := Load(Param("groups"), GP64()), Load(Param("hi"), GP64()), Load(Param("lo"), GP64())
	x := xmms(state)
	Label("loop")
	for _, v := range x {
		MOVQ(lo, v)
		PINSRQ(Imm(1), hi, v)
		INCQ(lo)
	}
	narrowRounds(round, x)
	for i, v := range x {
		MOVOU(v, Mem{Base: dst, Disp: block * i})
	}
	ADDQ(U32(block*state), dst)
	DECQ(groups)
	JNZ(LabelRef("loop"))
	RET()
}

func narrowMMO() {
	TEXT("mmoNI", NOSPLIT, "func(round *[176]byte, dst, src *byte, groups int)")
	Pragma("noescape")
	Doc("mmoNI compresses groups of 8 blocks; dst may be src.")
	round, dst := Load(Param("round"), GP64()), Load(Param("dst"), GP64())
	src, groups := Load(Param("src"), GP64()), Load(Param("groups"), GP64())
	x, t := xmms(state), XMM()
	Label("loop")
	for i, v := range x {
		MOVOU(Mem{Base: src, Disp: block * i}, v)
	}
	narrowRounds(round, x)
	for i, v := range x {
		MOVOU(Mem{Base: src, Disp: block * i}, t)
		PXOR(t, v)
		MOVOU(v, Mem{Base: dst, Disp: block * i})
	}
	ADDQ(U32(block*state), src)
	ADDQ(U32(block*state), dst)
	DECQ(groups)
	JNZ(LabelRef("loop"))
	RET()
}

// narrowHash keeps pi(x) of its group on the stack while each output goes through the second permutation.
func narrowHash(name, signature, doc string, expand bool) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
	round, dst := Load(Param("round"), GP64()), Load(Param("dst"), GP64())
	groups := Load(Param("groups"), GP64())
	Load(Param("shift"), reg.RCX)
	y := AllocLocal(block * state)
	var src, offsets, mask reg.Register
	index := GP64()
	if expand {
		src, offsets = Load(Param("rows"), GP64()), Load(Param("offsets"), GP64())
		m := GP64()
		MOVQ(I32(1), m)
		SHLQ(reg.CL, m)
		DECQ(m)
		mask = m
		XORQ(index, index)
	} else {
		src = Load(Param("src"), GP64())
		Load(Param("first"), index)
	}
	x, t, u := xmms(state), XMM(), GP64()

	Label("group")
	for i, v := range x {
		if !expand {
			MOVOU(Mem{Base: src, Disp: block * i}, v)
			continue
		}
		LEAQ(Mem{Base: index, Disp: i}, u)
		w := GP64()
		MOVQ(u, w)
		ANDQ(mask, w)
		SHRQ(reg.CL, u)
		SHLQ(Imm(4), u)
		SHLQ(Imm(4), w)
		MOVOU(Mem{Base: src, Index: u, Scale: 1}, v)
		MOVOU(Mem{Base: offsets, Index: w, Scale: 1}, t)
		PXOR(t, v)
	}
	narrowRounds(round, x)
	for i, v := range x {
		MOVOU(v, y.Offset(block*i))
	}

	Comment("One output of each block of the group per turn; outputs of one block lie side by side.")
	j, hi, out, stride := GP64(), GP64(), GP64(), GP64()
	Load(Param("blocks"), j)
	Load(Param("hi"), hi)
	MOVQ(dst, out)
	MOVQ(j, stride)
	SHLQ(Imm(4), stride)
	Label("output")
	for i, v := range x {
		LEAQ(Mem{Base: index, Disp: i}, u)
		SHRQ(reg.CL, u)
		lo, _ := Param("lo").Resolve()
		ADDQ(lo.Addr, u)
		MOVQ(u, v)
		PINSRQ(Imm(1), hi, v)
		MOVOU(y.Offset(block*i), t)
		PXOR(t, v)
	}
	narrowRounds(round, x)
	MOVQ(out, u)
	for i, v := range x {
		MOVOU(y.Offset(block*i), t)
		PXOR(t, v)
		MOVOU(v, Mem{Base: u})
		ADDQ(stride, u)
	}
	ADDQ(Imm(block), out)
	INCQ(hi)
	DECQ(j)
	JNZ(LabelRef("output"))

	SHLQ(Imm(3), stride) // a group of 8 blocks
	ADDQ(stride, dst)
	ADDQ(Imm(state), index)
	if !expand {
		ADDQ(U32(block*state), src)
	}
	DECQ(groups)
	JNZ(LabelRef("group"))
	RET()
}
