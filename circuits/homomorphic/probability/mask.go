package probability

import (
	"fmt"
	"io"
	"math/bits"

	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// slotsOf evaluates a polynomial modulo the two primes at the end (coefficients, not NTT) at the first n slots: its
// coefficients as integers from -Q/2 to Q/2, the slots with fraction bits. In constant time.
func (l *Layout) slotsOf(p ring.Poly, n int) []fixed {
	r := l.params.RingQ()
	q0, q1 := r.SubRings[0].Modulus, r.SubRings[1].Modulus
	bred := r.SubRings[1].BRedConstant
	inverse := ring.ModExp(q0%q1, q1-2, q1) // of q0 modulo q1
	hi, lo := bits.Mul64(q0, q1)
	modulus := fixed{hi, lo}
	half := modulus.shr(1)
	fraction := uint(l.shape.fraction())
	coefficients := make([]fixed, r.N())
	for i := range coefficients {
		// a = a_0 + q_0 ((a_1 - a_0) / q_0 mod q_1) (Garner), less Q beyond Q/2
		a0, a1 := p.Coeffs[0][i], p.Coeffs[1][i]
		d := ring.BRed(ring.CRed(a1+q1-ring.BRedAdd(a0, q1, bred), q1), inverse, q1, bred)
		hi, lo := bits.Mul64(q0, d)
		a := fixed{hi, lo}.add(fixed{0, a0})
		over := uint64(int64(half.sub(a).hi) >> 63)
		a = a.sub(fixed{modulus.hi & over, modulus.lo & over})
		coefficients[i] = a.shl(fraction)
	}
	return embeddings[l.shape.logN]().slots(coefficients)[:n]
}

// units is floor((x + dither) / U) modulo 2^(m+1), for a slot and a dither below U, an integer.
func (l *Layout) units(x fixed, dither uint64) uint32 {
	fraction := uint(l.shape.fraction())
	x = x.add(fixed{0, dither}.shl(fraction))
	return uint32(x.shr(fraction+l.unitBits()).lo) & (1<<(l.spec.OutputBits+1) - 1)
}

// encode interpolates a column as a plaintext's polynomial, in NTT form at the top level and scale 2^step.
func (l *Layout) encode(column []float64) ring.Poly {
	const fraction = FractionBits
	e := embeddings[l.shape.logN]()
	slots := make([]fixed, e.n)
	for i, x := range column {
		slots[i] = fromInt(int64(x * (1 << fraction))) // exact but for values that have more bits: |x| <= 1
	}
	shift := uint(fraction + l.shape.logN - l.shape.step)
	half := fixed{0, 1}.shl(shift - 1)
	r := l.params.RingQ()
	p := r.NewPoly()
	for i, a := range e.coefficients(slots) {
		v := a.add(half).shr(shift)
		for k, c := range p.Coeffs {
			s := r.SubRings[k]
			c[i] = ring.BRedAdd(v.lo+s.Modulus<<(63-bits.Len64(s.Modulus)), s.Modulus, s.BRedConstant)
		}
	}
	r.NTT(p, p)
	return p
}

// jointPoly is the public uniform polynomial at the end's level that the parties tossed together.
func (l *Layout) jointPoly(joint homomorphic.Seed) (ring.Poly, error) {
	a := ring.NewPoly(l.params.N(), endLevel)
	return a, homomorphic.ExpandSeed(l.rlwe(), endLevel, joint, 0, a)
}

// readFull reads random bytes.
func readFull(rnd io.Reader, b []byte) error {
	if _, err := io.ReadFull(rnd, b); err != nil {
		return fmt.Errorf("probability: no randomness: %w", err)
	}
	return nil
}

// readSeed reads a fresh seed.
func readSeed(rnd io.Reader) (seed homomorphic.Seed, err error) {
	return seed, readFull(rnd, seed[:])
}
