package lattice

import (
	"encoding/binary"
	"math/bits"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/negamul"
)

type (
	poly = negamul.Poly
	vec  = negamul.Vec
)

const polyBytes = 4 * Block

// Sampling takes the same steps whatever is drawn: a fixed number of random bytes for each coordinate, and arithmetic
// without branches or look-ups. (OnesCount64 is one instruction, or masks and adds; the narrower ones may use a table.)

// sampler draws polynomials from a generator through a buffer of its own.
type sampler struct {
	prg *mpc.PRG
	buf [8 * Block]byte
}

// secret fills v with the centred binomial distribution: the difference of two sums of eta bits, eta at most 16.
func (s *sampler) secret(v *vec, eta int) {
	raw := s.buf[:4*Block]
	s.prg.Fill(raw)
	mask := uint64(1)<<eta - 1
	for i := range v {
		x := uint64(binary.LittleEndian.Uint32(raw[4*i:]))
		v[i] = int16(bits.OnesCount64(x&mask) - bits.OnesCount64(x>>16&mask))
	}
}

// addError adds to each coefficient x1 + x2 - x3 - x4, with four uniform integers of w bits, w at most 14.
func (s *sampler) addError(a *poly, w int) {
	s.prg.Fill(s.buf[:])
	mask := (uint64(1)<<w - 1) * 0x0001_0001_0001_0001
	for i := range a {
		x := binary.LittleEndian.Uint64(s.buf[8*i:]) & mask
		x += x >> 32 // x1 + x2 in the low 16 bits, x3 + x4 in the next
		a[i] += uint32(x&0xffff) - uint32(x>>16&0xffff)
	}
}

// addBits adds to each coefficient a uniform integer of w bits, w at most 32.
func (s *sampler) addBits(a *poly, w int) {
	raw := s.buf[:4*Block]
	s.prg.Fill(raw)
	mask := uint32(uint64(1)<<w - 1)
	for i := range a {
		a[i] += binary.LittleEndian.Uint32(raw[4*i:]) & mask
	}
}

// wipe forgets the random bytes.
func (s *sampler) wipe() { clear(s.buf[:]) }

// normVec and normPoly are squared Euclidean norms; the coefficients of the latter count as signed.
func normVec(v *vec) (n float64) {
	for _, x := range v {
		n += float64(x) * float64(x)
	}
	return n
}

func normPoly(a *poly) (n float64) {
	for _, x := range a {
		n += float64(int32(x)) * float64(int32(x))
	}
	return n
}
