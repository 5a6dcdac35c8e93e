// Command _asm writes the assembly bodies of package aes128.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

const (
	block  = 16
	rounds = 10
	// state is the number of registers that go through the rounds together: enough to hide the latency of a round.
	state = 8
)

func main() {
	ConstraintExpr("!purego")
	schedule()
	narrow()
	wide()
	Generate()
}

// A group is what one turn of a kernel's loop takes: 8 blocks in 128-bit registers, 32 blocks in 512-bit ones. Every
// kernel runs whole groups, and at least one; blocks is at least 1 too.

// hashSignature: blocks outputs for each x = src[i], with tweak words lo+((first+i)>>shift) and hi+j.
const hashSignature = "func(round *[176]byte, dst, src *byte, groups, blocks int, shift, first, lo, hi uint64)"

// expandSignature: the same with x = rows[i>>shift] ^ offsets[i mod 2^shift].
const expandSignature = "func(round *[176]byte, dst, rows, offsets *byte, groups, blocks int, shift, lo, hi uint64)"

// apartSignature: expandSignature with output j of everything apart*j bytes from dst.
const apartSignature = "func(round *[176]byte, dst, rows, offsets *byte, groups, blocks, apart int, shift, lo, hi uint64)"

// schedule expands a key by the instruction made for it, which needs no table in memory.
func schedule() {
	TEXT("scheduleNI", NOSPLIT, "func(round *[176]byte, key *[16]byte)")
	Pragma("noescape")
	Doc("scheduleNI expands a key into its eleven round keys (FIPS 197, section 5.2).")
	out, key := Load(Param("round"), GP64()), Load(Param("key"), GP64())
	k, t, s := XMM(), XMM(), XMM()
	MOVOU(Mem{Base: key}, k)
	MOVOU(k, Mem{Base: out})
	for i, rcon := range []uint8{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36} {
		AESKEYGENASSIST(Imm(uint64(rcon)), k, t)
		PSHUFD(Imm(0xff), t, t)
		// Word w of the new key is the sum of the old words 0..w, and t: a prefix sum in two steps.
		for _, shift := range []uint64{4, 8} {
			MOVO(k, s)
			PSLLDQ(Imm(shift), s)
			PXOR(s, k)
		}
		PXOR(t, k)
		MOVOU(k, Mem{Base: out, Disp: block * (i + 1)})
	}
	RET()
}
