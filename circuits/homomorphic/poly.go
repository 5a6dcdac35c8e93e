package homomorphic

import (
	"fmt"
	"math/bits"

	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"
)

// checkLevel refuses a level that the ring does not have.
func checkLevel(r *ring.Ring, level int) error {
	if r == nil || level < 0 || level >= len(r.SubRings) {
		return fmt.Errorf("%w: the ring has no level %d", ErrParams, level)
	}
	return nil
}

// checkPoly refuses a polynomial that is not of the ring at that level.
func checkPoly(r *ring.Ring, level int, p ring.Poly) error {
	if err := checkLevel(r, level); err != nil {
		return err
	}
	if len(p.Coeffs) != level+1 {
		return fmt.Errorf("%w: want a polynomial of level %d, got %d", ErrParams, level, len(p.Coeffs)-1)
	}
	for i, c := range p.Coeffs {
		if len(c) != r.N() {
			return fmt.Errorf("%w: want %d coefficients modulo prime %d, got %d", ErrParams, r.N(), i, len(c))
		}
	}
	return nil
}

// width is the bits of a coefficient modulo q.
func width(q uint64) int { return bits.Len64(q - 1) }

// PolyBytes is the exact size of an encoded polynomial at a level, 0 for a level that the ring does not have.
func PolyBytes(r *ring.Ring, level int) int {
	if checkLevel(r, level) != nil {
		return 0
	}
	n := 0
	for _, s := range r.SubRings[:level+1] {
		n += r.N() / 8 * width(s.Modulus)
	}
	return n
}

// AppendPoly appends the encoding of a polynomial. Its coefficients are taken modulo their primes, because some of
// lattigo's results are not reduced (shares of a key switch of ciphertexts that are not in NTT form).
func AppendPoly(dst []byte, r *ring.Ring, level int, p ring.Poly) ([]byte, error) {
	if err := checkPoly(r, level, p); err != nil {
		return dst, err
	}
	reduced := make([]uint64, r.N())
	for i, s := range r.SubRings[:level+1] {
		copy(reduced, p.Coeffs[i])
		s.Reduce(reduced, reduced)
		dst = AppendBits(dst, reduced, width(s.Modulus))
	}
	return dst, nil
}

// ReadPoly decodes a polynomial from exactly PolyBytes bytes: ErrEncoding for any other number, and for a coefficient that
// is not below its prime.
func ReadPoly(r *ring.Ring, level int, b []byte) (ring.Poly, error) {
	if err := checkLevel(r, level); err != nil {
		return ring.Poly{}, err
	}
	if err := wantBytes("a polynomial", b, PolyBytes(r, level)); err != nil {
		return ring.Poly{}, err
	}
	p := ring.NewPoly(r.N(), level)
	return p, readPoly(r, p, b)
}

// readPoly decodes into a polynomial of the right shape, from the right number of bytes.
func readPoly(r *ring.Ring, p ring.Poly, b []byte) error {
	for i, c := range p.Coeffs {
		q := r.SubRings[i].Modulus
		size := len(c) / 8 * width(q)
		ReadBits(c, b[:size], width(q))
		b = b[size:]
		for j, v := range c {
			if v >= q {
				return fmt.Errorf("%w: coefficient %d is not below prime %d", ErrEncoding, j, i)
			}
		}
	}
	return nil
}

// PolyQPBytes is the size of a polynomial modulo Q at levelQ and modulo the special primes at levelP; levelP is -1 where
// there are none.
func PolyQPBytes(r *ringqp.Ring, levelQ, levelP int) int {
	return PolyBytes(r.RingQ, levelQ) + PolyBytes(r.RingP, levelP)
}

// AppendPolyQP appends the part modulo Q and then that modulo P.
func AppendPolyQP(dst []byte, r *ringqp.Ring, levelQ, levelP int, p ringqp.Poly) ([]byte, error) {
	dst, err := AppendPoly(dst, r.RingQ, levelQ, p.Q)
	if err != nil || levelP < 0 && len(p.P.Coeffs) == 0 {
		return dst, err
	}
	return AppendPoly(dst, r.RingP, levelP, p.P)
}

// ReadPolyQP decodes exactly PolyQPBytes bytes.
func ReadPolyQP(r *ringqp.Ring, levelQ, levelP int, b []byte) (ringqp.Poly, error) {
	if err := checkLevel(r.RingQ, levelQ); err != nil {
		return ringqp.Poly{}, err
	}
	if err := wantBytes("a polynomial", b, PolyQPBytes(r, levelQ, levelP)); err != nil {
		return ringqp.Poly{}, err
	}
	q := PolyBytes(r.RingQ, levelQ)
	var p ringqp.Poly
	var err error
	if p.Q, err = ReadPoly(r.RingQ, levelQ, b[:q]); err != nil || levelP < 0 {
		return p, err
	}
	p.P, err = ReadPoly(r.RingP, levelP, b[q:])
	return p, err
}
