package linear

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/tuneinsight/lattigo/v5/ring"
)

// torus turns residues modulo q0 and q1 into v 2^64/Q: the real number v/Q as a turn of 64 bits, on which addition wraps
// as it does modulo Q. By the Chinese remainder theorem v/Q = y0/q0 + y1/q1 modulo 1, y_i = v (Q/q_i)^-1 mod q_i.
type torus struct {
	limbs [2]limb
	ulp   float64 // Q/2^64
}

type limb struct {
	q, inverse, mred uint64 // inverse in Montgomery form
	reciprocal       uint64 // floor(2^(64+shift)/q)
	shift            uint
}

func newTorus(r *ring.Ring) torus {
	q := r.ModulusAtLevel[1]
	f, _ := new(big.Float).SetInt(q).Float64()
	t := torus{ulp: math.Ldexp(f, -64)}
	for i := range t.limbs {
		s := r.SubRings[i]
		prime := new(big.Int).SetUint64(s.Modulus)
		inv := new(big.Int).Div(q, prime)
		inv.ModInverse(inv, prime)
		l := &t.limbs[i]
		l.q, l.mred = s.Modulus, s.MRedConstant
		l.inverse = ring.MForm(inv.Uint64(), s.Modulus, s.BRedConstant)
		l.shift = uint(prime.BitLen()) - 1
		l.reciprocal = prime.Div(new(big.Int).Lsh(big.NewInt(1), 64+l.shift), prime).Uint64()
	}
	return t
}

// turn is v 2^64/Q, too small by less than 6: each of two products by less than 2 for the reciprocal and 1 for the floor.
func (t *torus) turn(v0, v1 uint64) uint64 { return t.limbs[0].turn(v0) + t.limbs[1].turn(v1) }

func (l *limb) turn(v uint64) uint64 {
	hi, lo := bits.Mul64(ring.MRed(v, l.inverse, l.q, l.mred), l.reciprocal)
	return hi<<(64-l.shift) | lo>>l.shift
}
