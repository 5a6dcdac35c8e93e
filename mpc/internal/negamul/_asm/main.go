// Command _asm writes the kernels of package negamul.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	coefficients = 256
	group        = 4
)

// kernel says what differs between the two bodies.
type kernel struct {
	name      string
	lanes     int                          // 32-bit words of a register
	vectors   int                          // registers of a chunk of coefficients
	vec       func() reg.VecVirtual        // a register
	broadcast func(Mem, reg.VecVirtual)    // a 32-bit word to all lanes
	load      func(Mem, reg.VecVirtual)    // unaligned
	store     func(reg.VecVirtual, Mem)    // unaligned
	dot       func(u, w, a reg.VecVirtual) // a += the sum of products of signed 16-bit pairs
}

func main() {
	ConstraintExpr("!purego")
	kernel{
		name: "mulAddVNNI", lanes: 16, vectors: 4, vec: ZMM,
		broadcast: func(m Mem, r reg.VecVirtual) { VPBROADCASTD(m, r) },
		load:      func(m Mem, r reg.VecVirtual) { VMOVDQU32(m, r) },
		store:     func(r reg.VecVirtual, m Mem) { VMOVDQU32(r, m) },
		dot:       func(u, w, a reg.VecVirtual) { VPDPWSSD(u, w, a) },
	}.write()
	kernel{
		name: "mulAddAVX2", lanes: 8, vectors: 2, vec: YMM,
		broadcast: func(m Mem, r reg.VecVirtual) { VPBROADCASTD(m, r) },
		load:      func(m Mem, r reg.VecVirtual) { VMOVDQU(m, r) },
		store:     func(r reg.VecVirtual, m Mem) { VMOVDQU(r, m) },
		dot: func(u, w, a reg.VecVirtual) {
			t := YMM()
			VPMADDWD(u, w, t)
			VPADDD(t, a, a)
		},
	}.write()
	Generate()
}

// write makes the function. For each chunk of coefficients the accumulators of all products stay in registers while the
// window slides down two words for each pair of coefficients of the small factors.
func (k kernel) write() {
	TEXT(k.name, NOSPLIT, "func(acc *[4][256]uint32, w *[512]uint32, v *[4][256]int16)")
	Doc(k.name + " adds w*v[g] to acc[g] for four g.")
	Pragma("noescape")
	acc := Load(Param("acc"), GP64())
	win := Load(Param("w"), GP64())
	v := Load(Param("v"), GP64())
	ADDQ(U32(4*coefficients), win) // the word of the coefficient 0

	chunks, size := GP64(), 4*k.lanes*k.vectors
	MOVQ(U32(uint32(4*coefficients/size)), chunks)
	Label(k.name + "Chunk")

	sums := make([][]reg.VecVirtual, group)
	for g := range sums {
		sums[g] = make([]reg.VecVirtual, k.vectors)
		for j := range sums[g] {
			sums[g][j] = k.vec()
			k.load(Mem{Base: acc, Disp: 4*coefficients*g + 4*k.lanes*j}, sums[g][j])
		}
	}
	row, pair, pairs := GP64(), GP64(), GP64()
	MOVQ(win, row)
	MOVQ(v, pair)
	MOVQ(U32(coefficients/2/2), pairs)
	Label(k.name + "Pair")
	for step := range 2 {
		words := make([]reg.VecVirtual, k.vectors)
		for j := range words {
			words[j] = k.vec()
			k.load(Mem{Base: row, Disp: 4*k.lanes*j - 8*step}, words[j])
		}
		for g := range sums {
			u := k.vec()
			k.broadcast(Mem{Base: pair, Disp: 2*coefficients*g + 4*step}, u)
			for j := range words {
				k.dot(u, words[j], sums[g][j])
			}
		}
	}
	SUBQ(U8(16), row)
	ADDQ(U8(8), pair)
	DECQ(pairs)
	JNZ(LabelRef(k.name + "Pair"))

	for g := range sums {
		for j := range sums[g] {
			k.store(sums[g][j], Mem{Base: acc, Disp: 4*coefficients*g + 4*k.lanes*j})
		}
	}
	ADDQ(U32(uint32(size)), win)
	ADDQ(U32(uint32(size)), acc)
	DECQ(chunks)
	JNZ(LabelRef(k.name + "Chunk"))
	VZEROUPPER()
	RET()
}
