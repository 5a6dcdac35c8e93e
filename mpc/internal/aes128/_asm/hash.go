package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The hash kernels compute pi(x) for a group, then pi(pi(x) ^ tweak) ^ pi(x) for each output. They differ in how many
// outputs of one x lie side by side in a register, so that stores are whole: one, two (for blocks = 2), or four.

// hasher is what the kernels share: the state of a function that is being written.
type hasher struct {
	expand                        bool
	dst, groups                   reg.Register
	src, offsets, mask, at, shift reg.Register
	count                         reg.VecVirtual // the tweak's shift
	index                         reg.VecVirtual // the index of the group's first block, in low words
	k, y                          []reg.VecVirtual
}

// start opens a kernel, and the loop over its groups.
func start(suffix, what string, expand bool) *hasher {
	if expand {
		TEXT("expand"+suffix, 0, expandSignature)
		Doc("expand" + suffix + " hashes sums of a row and one of 2^shift offsets, at least 4, to " + what + ".")
	} else {
		TEXT("hash"+suffix, 0, hashSignature)
		Doc("hash" + suffix + " hashes blocks of src to " + what + ".")
	}
	return begin(expand)
}

// begin opens the loop of the kernel that TEXT has named.
func begin(expand bool) *hasher {
	h := &hasher{expand: expand}
	Pragma("noescape")
	h.dst, h.groups = Load(Param("dst"), GP64()), Load(Param("groups"), GP64())
	h.shift = Load(Param("shift"), reg.RCX)
	h.count = XMM()
	MOVQ(reg.RCX, h.count)
	if expand {
		h.src, h.offsets = Load(Param("rows"), GP64()), Load(Param("offsets"), GP64())
		mask, at := GP64(), GP64()
		MOVQ(I32(1), mask)
		SHLQ(reg.CL, mask)
		DECQ(mask)
		XORQ(at, at)
		h.mask, h.at = mask, at
		h.index = broadcast(at, lowWords)
	} else {
		h.src = Load(Param("src"), GP64())
		h.index = broadcast(Load(Param("first"), GP64()), lowWords)
	}
	h.k, h.y = wideKeys(), zmms(state)
	Label("group")
	for i, v := range h.y {
		if !expand {
			VPXORQ(Mem{Base: h.src, Disp: width * i}, h.k[0], v)
			continue
		}
		// With four offsets or more, the four blocks of a register share their row.
		r, o := GP64(), GP64()
		LEAQ(Mem{Base: h.at, Disp: lanes * i}, r)
		MOVQ(r, o)
		ANDQ(h.mask, o)
		SHRQ(reg.CL, r)
		SHLQ(Imm(4), r)
		SHLQ(Imm(4), o)
		VBROADCASTI32X4(Mem{Base: h.src, Index: r, Scale: 1}, v)
		VPTERNLOGQ(Imm(0x96), Mem{Base: h.offsets, Index: o, Scale: 1}, h.k[0], v)
	}
	wideRounds(h.k, h.y)
	return h
}

// tweaked sets v to pi(x) of the group's register i, plus the tweak that is given for index 0, plus the first round key.
func (h *hasher) tweaked(i int, tweak, v reg.VecVirtual) {
	VPADDQ(indexes.Offset(width*i), h.index, v)
	VPSRLQ(h.count, v, v)
	VPADDQ(tweak, v, v)
	VPTERNLOGQ(Imm(0x96), h.k[0], h.y[i], v)
}

// end closes the loop over groups, and the kernel.
func (h *hasher) end() {
	VPADDQ(nextGroup, h.index, h.index)
	if h.expand {
		ADDQ(Imm(wideGroup), h.at)
	} else {
		ADDQ(U32(width*state), h.src)
	}
	DECQ(h.groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

func wideSingle(expand bool) {
	h := start("VAES1", "one output each", expand)
	tweaks, x := tweak(), zmms(state)
	for i, v := range x {
		h.tweaked(i, tweaks, v)
	}
	wideRounds(h.k, x)
	for i, v := range x {
		VPXORQ(h.y[i], v, v)
		VMOVDQU64(v, Mem{Base: h.dst, Disp: width * i})
	}
	ADDQ(U32(width*state), h.dst)
	h.end()
}

// put leaves a group's blocks on the stack, as they are and with the low word of the tweak and the first round key
// added, to be read again in another arrangement. It returns what addresses them.
func (h *hasher) put() (plain, tweaked reg.GPVirtual) {
	ys, ts := AllocLocal(width*state), AllocLocal(width*state)
	lo := broadcast(Load(Param("lo"), GP64()), lowWords)
	for i, y := range h.y {
		VMOVDQU64(y, ys.Offset(width*i))
		t := ZMM()
		h.tweaked(i, lo, t)
		VMOVDQU64(t, ts.Offset(width*i))
	}
	plain, tweaked = GP64(), GP64()
	LEAQ(ys, plain)
	LEAQ(ts, tweaked)
	return plain, tweaked
}

// highs returns the high words of the tweaks of outputs that lie side by side.
func highs(steps Mem) reg.VecVirtual {
	z := broadcast(Load(Param("hi"), GP64()), highWords)
	VPADDQ(steps, z, z)
	return z
}

// widePairs puts two outputs of each of two neighbours in a register.
func widePairs(expand bool) {
	const pairs = state // in flight, of 16 in a group
	h := start("VAES2", "two outputs each", expand)
	plain, tweaked := h.put()
	high, turns := highs(pairSteps), GP64()
	MOVQ(I32(wideGroup/2/pairs), turns)
	Label("pairs")
	x := zmms(pairs)
	for i, v := range x {
		VBROADCASTI64X4(Mem{Base: tweaked, Disp: 2 * block * i}, v)
		VPXORQ(high, v, v)
	}
	wideRounds(h.k, x)
	for i, v := range x {
		y := ZMM()
		VBROADCASTI64X4(Mem{Base: plain, Disp: 2 * block * i}, y)
		VPXORQ(y, v, v)
		VSHUFI64X2(Imm(0b11_01_10_00), v, v, v) // output by output to block by block
		VMOVDQU64(v, Mem{Base: h.dst, Disp: width * i})
	}
	ADDQ(U32(2*block*pairs), plain)
	ADDQ(U32(2*block*pairs), tweaked)
	ADDQ(U32(width*pairs), h.dst)
	DECQ(turns)
	JNZ(LabelRef("pairs"))
	h.end()
}

// wideQuads puts four outputs of one block in a register; the last few of a number that four does not divide are stored
// under a mask.
func wideQuads(expand bool) {
	h := start("VAES4", "any number of outputs each", expand)
	plain, tweaked := h.put()
	turns := GP64()
	MOVQ(I32(wideGroup/state), turns)
	Label("blocks")
	high, left, out, stride := highs(quadSteps), GP64(), GP64(), GP64()
	Load(Param("blocks"), left)
	MOVQ(h.dst, out)
	MOVQ(left, stride)
	SHLQ(Imm(4), stride)
	Label("quad")
	x := zmms(state)
	for i, v := range x {
		VBROADCASTI32X4(Mem{Base: tweaked, Disp: block * i}, v)
		VPXORQ(high, v, v)
	}
	wideRounds(h.k, x)
	for i, v := range x {
		y := ZMM()
		VBROADCASTI32X4(Mem{Base: plain, Disp: block * i}, y)
		VPXORQ(y, v, v)
	}
	p := GP64()
	MOVQ(out, p)
	CMPQ(left, Imm(lanes))
	JLT(LabelRef("few"))
	for i, v := range x {
		VMOVDQU64(v, Mem{Base: p})
		if i < state-1 {
			ADDQ(stride, p)
		}
	}
	VPADDQ(nextQuad, high, high)
	ADDQ(Imm(width), out)
	SUBQ(Imm(lanes), left)
	JNZ(LabelRef("quad"))
	JMP(LabelRef("stored"))
	Label("few")
	table, bits, mask := GP64(), GP32(), K()
	LEAQ(quadMasks, table)
	MOVBLZX(Mem{Base: table, Index: left, Scale: 1}, bits)
	KMOVW(bits, mask)
	for i, v := range x {
		VMOVDQU64(v, mask, Mem{Base: p})
		if i < state-1 {
			ADDQ(stride, p)
		}
	}
	Label("stored")
	SHLQ(Imm(3), stride) // what 8 blocks become
	ADDQ(stride, h.dst)
	ADDQ(U32(block*state), plain)
	ADDQ(U32(block*state), tweaked)
	DECQ(turns)
	JNZ(LabelRef("blocks"))
	h.end()
}

// wideApart writes the outputs of a group one after the other, each as a whole, apart bytes from the last: nothing has to
// change its arrangement.
func wideApart() {
	TEXT("expandVAESApart", 0, apartSignature)
	Doc("expandVAESApart hashes sums of a row and one of 2^shift offsets, at least 4, to outputs that lie apart.")
	h := begin(true)
	tweaks, out, left, x := tweak(), GP64(), GP64(), zmms(state)
	apart := Load(Param("apart"), GP64())
	MOVQ(h.dst, out)
	Load(Param("blocks"), left)
	Label("output")
	for i, v := range x {
		h.tweaked(i, tweaks, v)
	}
	wideRounds(h.k, x)
	for i, v := range x {
		VPXORQ(h.y[i], v, v)
		VMOVDQU64(v, Mem{Base: out, Disp: width * i})
	}
	VPADDQ(nextOutput, tweaks, tweaks)
	ADDQ(apart, out)
	DECQ(left)
	JNZ(LabelRef("output"))
	ADDQ(U32(width*state), h.dst)
	h.end()
}
