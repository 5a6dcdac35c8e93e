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
	indexes    Mem // the indexes of a group's blocks: vector i holds 4i, 4i+1, 4i+2, 4i+3 in the low words
	nextGroup  Mem // the size of a group in the low words
	pairSteps  Mem // 0, 0, 1, 1 in the high words
	quadSteps  Mem // 0, 1, 2, 3 in the high words
	nextQuad   Mem // 4 in the high words
	nextOutput Mem // 1 in the high words
	quadMasks  Mem // for n < 4 blocks, a byte with the lowest 2n bits set
)

func wide() {
	indexes = GLOBL("indexes", RODATA|NOPTR)
	for i := range wideGroup {
		DATA(block*i, U64(i))
		DATA(block*i+8, U64(0))
	}
	nextGroup = words("nextGroup", [2]uint64{wideGroup, 0})
	pairSteps = words("pairSteps", [2]uint64{0, 0}, [2]uint64{0, 0}, [2]uint64{0, 1}, [2]uint64{0, 1})
	quadSteps = words("quadSteps", [2]uint64{0, 0}, [2]uint64{0, 1}, [2]uint64{0, 2}, [2]uint64{0, 3})
	nextQuad = words("nextQuad", [2]uint64{0, lanes})
	nextOutput = words("nextOutput", [2]uint64{0, 1})
	quadMasks = GLOBL("quadMasks", RODATA|NOPTR)
	for n := range lanes {
		DATA(n, U8(1<<(2*n)-1))
	}
	wideCTR()
	wideMMO()
	for _, expand := range []bool{false, true} {
		wideSingle(expand)
		widePairs(expand)
		wideQuads(expand)
	}
	wideApart()
}

// words makes a constant of (low, high) words for each lane in turn; one pair serves all.
func words(name string, pairs ...[2]uint64) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range lanes {
		p := pairs[i%len(pairs)]
		DATA(block*i, U64(p[0]))
		DATA(block*i+8, U64(p[1]))
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

// Words of a lane, as a mask over the eight words of a register.
const (
	lowWords  = 0x55
	highWords = 0xaa
)

// broadcast fills the chosen words with v and clears the others.
func broadcast(v reg.Register, chosen uint32) reg.VecVirtual {
	bits, mask, z := GP32(), K(), ZMM()
	MOVL(U32(chosen), bits)
	KMOVW(bits, mask)
	VPBROADCASTQ_Z(v, mask, z)
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
