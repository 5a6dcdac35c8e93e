package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// wide has the two upper bits of g in the four lanes of a register.
func wide() {
	identity := GLOBL("identity", RODATA|NOPTR)
	for i := range 8 {
		// The data is the matrix of the affine map, these bytes its arguments: argument r yields bit r of every column.
		// The instruction takes a matrix's last byte for bit 0 of a result, so columns are loaded in reverse.
		DATA(8*i, U64(0x8040201008040201))
	}
	// Phase two ends with four bytes of each of four rows in a lane: a row's words are at the same place of all lanes.
	gather := GLOBL("gather", RODATA|NOPTR)
	for row := range 4 {
		for lane := range 4 {
			DATA(4*(4*row+lane), U32(4*lane+row))
		}
	}

	TEXT("transposeGFNI", 0, signature)
	Pragma("noescape")
	Doc("transposeGFNI transposes units of 128 rows, at least one.")
	dst, cols := Load(Param("dst"), GP64()), Load(Param("cols"), GP64())
	units := Load(Param("units"), GP64())
	stride := Load(Param("stride"), GP64()).(reg.GPVirtual)
	c := strides(stride)
	scratch := AllocLocal(32 * 64)
	id, order := ZMM(), ZMM()
	VMOVDQU64(identity, id)
	VMOVDQU64(gather, order)
	masks := [4]reg.OpmaskVirtual{1: K(), 2: K(), 3: K()}
	for l := 1; l < 4; l++ {
		m := GP32()
		MOVL(U32(0xf<<(4*l)), m)
		KMOVW(m, masks[l])
	}

	Label("unit")
	// base[l] walks the groups of lane l, whose columns start at 32l.
	base := [4]reg.GPVirtual{GP64(), GP64(), GP64(), GP64()}
	step := GP64()
	MOVQ(stride, step)
	SHLQ(Imm(5), step)
	MOVQ(cols, base[0])
	for l := 1; l < 4; l++ {
		LEAQ(Mem{Base: base[l-1], Index: step, Scale: 1}, base[l])
	}
	SHRQ(Imm(2), step)
	for g := range 4 {
		x := make([]reg.VecVirtual, 8)
		for k := range x {
			x[k] = ZMM()
			VBROADCASTI32X4(c.at(base[0], 7-k), x[k])
			for l := 1; l < 4; l++ {
				VBROADCASTI32X4(c.at(base[l], 7-k), masks[l], x[k])
			}
		}
		for l := range base {
			ADDQ(step, base[l])
		}
		interleave(x, ZMM)
		for b, v := range x {
			VGF2P8AFFINEQB(Imm(0), v, id, v)
			VMOVDQU64(v, scratch.Offset(64*(8*g+b)))
		}
	}
	// Scratch index b has lost the lowest bit of a row's byte to the place of a word in its lane; the interleaves bring
	// it back, with the upper bit of r, as the index of a register.
	for b := range 8 {
		x := make([]reg.VecVirtual, 4)
		for g := range x {
			x[g] = ZMM()
			VMOVDQU64(scratch.Offset(64*(8*g+b)), x[g])
		}
		interleave(x, ZMM)
		for i, v := range x {
			VPERMD(v, order, v)
			VMOVDQU64(v, Mem{Base: dst, Disp: 64 * (4*b + i)})
		}
	}
	ADDQ(Imm(16), cols)
	ADDQ(U32(128*16), dst)
	DECQ(units)
	JNZ(LabelRef("unit"))
	VZEROUPPER()
	RET()
}
