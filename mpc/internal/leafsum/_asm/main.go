// Command _asm writes the assembly bodies of package leafsum.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	width = 64
	pitch = 2048 + 64
	// The operations of a ternary instruction, as their truth tables.
	xor3   = 0x96 // a + b + c
	xorAnd = 0x78 // a + b & c
)

func main() {
	ConstraintExpr("!purego")
	for _, k := range []int{1, 2, 4} {
		sum(k)
	}
	Generate()
}

// sum writes the kernel for 2^k streams: a register of every stream is read, and they are added up as a tree.
func sum(k int) {
	TEXT(fmt.Sprintf("sum%dAVX512", k), NOSPLIT, "func(u, v, x, c, streams *byte, masks *[4]byte, stride, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("sum%dAVX512 adds up %d streams of n bytes, a multiple of 16, at least 16.", k, 1<<k))
	u, x := Load(Param("u"), GP64()), Load(Param("x"), GP64())
	c, streams := Load(Param("c"), GP64()), Load(Param("streams"), GP64())
	masks, stride := Load(Param("masks"), GP64()), Load(Param("stride"), GP64())
	n, at := Load(Param("n"), GP64()), GP64()
	v, chosen := make([]reg.Register, k), make([]reg.VecVirtual, k)
	for t := range v {
		chosen[t] = ZMM()
		VPBROADCASTB(Mem{Base: masks, Disp: t}, chosen[t])
		if t == 0 {
			v[t] = Load(Param("v"), GP64())
			continue
		}
		p := GP64()
		LEAQ(Mem{Base: v[t-1], Index: stride, Scale: 1}, p)
		v[t] = p
	}
	XORQ(at, at)
	here := func(base reg.Register) Mem { return Mem{Base: base, Index: at, Scale: 1} }

	// turn handles one register of everything; mask, if any, says which of its words exist.
	turn := func(mask reg.Register) {
		load := func(m Mem) reg.VecVirtual {
			z := ZMM()
			if mask != nil {
				VMOVDQU64_Z(m, mask, z)
			} else {
				VMOVDQU64(m, z)
			}
			return z
		}
		store := func(z reg.VecVirtual, m Mem) {
			if mask != nil {
				VMOVDQU64(z, mask, m)
			} else {
				VMOVDQU64(z, m)
			}
		}
		added := load(here(c))
		g := make([]reg.VecVirtual, 1<<k)
		for i := range g {
			g[i] = load(here(streams).Offset(pitch * i))
		}
		for t := range k {
			// g holds the sums of subtrees; the odd ones have bit t set.
			s := ZMM()
			VMOVDQA64(g[1], s)
			for i := 3; i < len(g); i += 4 {
				if i+2 < len(g) {
					VPTERNLOGQ(Imm(xor3), g[i+2], g[i], s)
				} else {
					VPXORQ(g[i], s, s)
				}
			}
			VPTERNLOGQ(Imm(xorAnd), chosen[t], added, s)
			store(s, here(v[t]))
			for i := range len(g) / 2 {
				VPXORQ(g[2*i+1], g[2*i], g[2*i])
				g[i] = g[2*i]
			}
			g = g[:len(g)/2]
		}
		plain := load(here(x))
		VPXORQ(plain, g[0], plain)
		store(plain, here(u))
	}

	SUBQ(Imm(width), n)
	JLT(LabelRef("rest"))
	Label("loop")
	turn(nil)
	ADDQ(Imm(width), at)
	SUBQ(Imm(width), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(width), n)
	JEQ(LabelRef("done"))
	ones, mask := GP64(), K()
	SHRQ(Imm(3), n)
	MOVQ(I32(-1), ones)
	BZHIQ(n, ones, ones)
	KMOVB(ones.As32(), mask)
	turn(mask)
	Label("done")
	VZEROUPPER()
	RET()
}
