package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The 512-bit kernels have thirty-two registers of four blocks: eight carry blocks, eleven hold the round keys, eight
// more hold pi(x) where it is needed again.

const (
	lanes     = 4
	wideGroup = lanes * state
	width     = lanes * block
)

// Constants, as vectors of four (low, high) words.
var (
	indexes   Mem // the indexes of a group's blocks: vector i holds 4i, 4i+1, 4i+2, 4i+3 in the low words
	nextGroup Mem // the size of a group in the low words
	nextHigh  Mem // 1 in the high words
)

func wide() {
	indexes = GLOBL("indexes", RODATA|NOPTR)
	for i := range wideGroup {
		DATA(block*i, U64(i))
		DATA(block*i+8, U64(0))
	}
	nextGroup, nextHigh = words("nextGroup", wideGroup, 0), words("nextHigh", 0, 1)
	wideCTR()
	wideMMO()
	wideHash("hashVAES", hashSignature, "hashVAES hashes each block of src.", false)
	wideHash("expandVAES", expandSignature,
		"expandVAES hashes each sum of a row and an offset; there are 2^shift offsets, at least 4.", true)
}

// words makes a constant with the same two words in every lane.
func words(name string, lo, hi uint64) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range lanes {
		DATA(block*i, U64(lo))
		DATA(block*i+8, U64(hi))
	}
	return m
}

func zmms(n int) []reg.VecVirtual {
	out := make([]reg.VecVirtual, n)
	for i := range out {
		out[i] = ZMM()
	}
	return out
}

func wideKeys() []reg.VecVirtual {
	round := Load(Param("round"), GP64())
	k := zmms(rounds + 1)
	for r := range k {
		VBROADCASTI32X4(Mem{Base: round, Disp: block * r}, k[r])
	}
	return k
}

// wideRounds takes x through the rounds after the first addition of a key.
func wideRounds(k, x []reg.VecVirtual) {
	for r := 1; r < rounds; r++ {
		for _, v := range x {
			VAESENC(k[r], v, v)
		}
	}
	for _, v := range x {
		VAESENCLAST(k[rounds], v, v)
	}
}

// tweak fills every lane with the parameters lo || hi, which are neighbours in the frame.
func tweak() reg.VecVirtual {
	lo, _ := Param("lo").Resolve()
	z := ZMM()
	VBROADCASTI32X4(lo.Addr, z)
	return z
}

// broadcast fills every lane's low word with v and clears the high ones.
func broadcast(v reg.Register) reg.VecVirtual {
	x, z := XMM(), ZMM()
	MOVQ(v, x)
	VSHUFI64X2(Imm(0), x.AsZ(), x.AsZ(), z)
	return z
}

func wideCTR() {
	TEXT("ctrVAES", NOSPLIT, "func(round *[176]byte, dst *byte, groups int, lo, hi uint64)")
	Pragma("noescape")
	Doc("ctrVAES writes groups of 32 blocks of key stream.")
	dst, groups := Load(Param("dst"), GP64()), Load(Param("groups"), GP64())
	counter := tweak()
	k, x := wideKeys(), zmms(state)
	Label("loop")
	for i, v := range x {
		VPADDQ(indexes.Offset(width*i), counter, v)
		VPXORQ(k[0], v, v)
	}
	VPADDQ(nextGroup, counter, counter)
	wideRounds(k, x)
	for i, v := range x {
		VMOVDQU64(v, Mem{Base: dst, Disp: width * i})
	}
	ADDQ(U32(width*state), dst)
	DECQ(groups)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func wideMMO() {
	TEXT("mmoVAES", NOSPLIT, "func(round *[176]byte, dst, src *byte, groups int)")
	Pragma("noescape")
	Doc("mmoVAES compresses groups of 32 blocks; dst may be src.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	groups := Load(Param("groups"), GP64())
	k, x := wideKeys(), zmms(state)
	Label("loop")
	for i, v := range x {
		VPXORQ(Mem{Base: src, Disp: width * i}, k[0], v)
	}
	wideRounds(k, x)
	for i, v := range x {
		VPXORQ(Mem{Base: src, Disp: width * i}, v, v)
		VMOVDQU64(v, Mem{Base: dst, Disp: width * i})
	}
	ADDQ(U32(width*state), src)
	ADDQ(U32(width*state), dst)
	DECQ(groups)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func wideHash(name, signature, doc string, expand bool) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
	dst, groups := Load(Param("dst"), GP64()), Load(Param("groups"), GP64())
	Load(Param("shift"), reg.RCX)
	shift := XMM()
	MOVQ(reg.RCX, shift)
	var index reg.VecVirtual
	var src, offsets, mask, at reg.GPVirtual
	if expand {
		src, offsets = Load(Param("rows"), GP64()).(reg.GPVirtual), Load(Param("offsets"), GP64()).(reg.GPVirtual)
		mask, at = GP64(), GP64()
		MOVQ(I32(1), mask)
		SHLQ(reg.CL, mask)
		DECQ(mask)
		XORQ(at, at)
		index = broadcast(at)
	} else {
		src = Load(Param("src"), GP64()).(reg.GPVirtual)
		index = broadcast(Load(Param("first"), GP64()))
	}
	k, x, y := wideKeys(), zmms(state), zmms(state)

	Label("group")
	for i, v := range y {
		if !expand {
			VPXORQ(Mem{Base: src, Disp: width * i}, k[0], v)
			continue
		}
		// With four offsets or more, the four blocks of a register share their row.
		r, o := GP64(), GP64()
		LEAQ(Mem{Base: at, Disp: lanes * i}, r)
		MOVQ(r, o)
		ANDQ(mask, o)
		SHRQ(reg.CL, r)
		SHLQ(Imm(4), r)
		SHLQ(Imm(4), o)
		VBROADCASTI32X4(Mem{Base: src, Index: r, Scale: 1}, v)
		VPTERNLOGQ(Imm(0x96), Mem{Base: offsets, Index: o, Scale: 1}, k[0], v)
	}
	wideRounds(k, y)

	Comment("One output of each block of the group per turn; outputs of one block lie side by side.")
	j, out, stride := GP64(), GP64(), GP64()
	Load(Param("blocks"), j)
	MOVQ(dst, out)
	MOVQ(j, stride)
	SHLQ(Imm(4), stride)
	tweaks := tweak()
	Label("output")
	for i, v := range x {
		VPADDQ(indexes.Offset(width*i), index, v)
		VPSRLQ(shift, v, v)
		VPADDQ(tweaks, v, v)
		VPTERNLOGQ(Imm(0x96), k[0], y[i], v)
	}
	wideRounds(k, x)
	CMPQ(stride, Imm(block))
	JNE(LabelRef("apart"))
	for i, v := range x {
		VPXORQ(y[i], v, v)
		VMOVDQU64(v, Mem{Base: out, Disp: width * i})
	}
	JMP(LabelRef("stored"))
	Label("apart")
	p, three := GP64(), GP64()
	MOVQ(out, p)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
	for i, v := range x {
		VPXORQ(y[i], v, v)
		VMOVDQU32(v.AsX(), Mem{Base: p})
		VEXTRACTI32X4(Imm(1), v, Mem{Base: p, Index: stride, Scale: 1})
		VEXTRACTI32X4(Imm(2), v, Mem{Base: p, Index: stride, Scale: 2})
		VEXTRACTI32X4(Imm(3), v, Mem{Base: p, Index: three, Scale: 1})
		LEAQ(Mem{Base: p, Index: stride, Scale: lanes}, p)
	}
	Label("stored")
	VPADDQ(nextHigh, tweaks, tweaks)
	ADDQ(Imm(block), out)
	DECQ(j)
	JNZ(LabelRef("output"))

	SHLQ(Imm(5), stride) // a group of 32 blocks
	ADDQ(stride, dst)
	VPADDQ(nextGroup, index, index)
	if expand {
		ADDQ(Imm(wideGroup), at)
	} else {
		ADDQ(U32(width*state), src)
	}
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}
