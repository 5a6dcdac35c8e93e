package homomorphic

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/tuneinsight/lattigo/v5/ring"
)

// Samplers of our own, on a reader that the caller passes: the same bytes give the same polynomial on every machine, and
// an error of the reader is an error here. lattigo's panic on one, use floating point, and are wrong for wide Gaussians.

// fill reads exactly len(b) random bytes.
func fill(rnd io.Reader, b []byte) error {
	if _, err := io.ReadFull(rnd, b); err != nil {
		return fmt.Errorf("homomorphic: no randomness: %w", err)
	}
	return nil
}

// UniformPoly draws a polynomial uniform modulo Q at a level (independent and uniform modulo each prime), by rejection.
func UniformPoly(r *ring.Ring, level int, rnd io.Reader) (ring.Poly, error) {
	if err := checkLevel(r, level); err != nil {
		return ring.Poly{}, err
	}
	p := ring.NewPoly(r.N(), level)
	return p, uniform(r, p, rnd)
}

// uniform fills a polynomial: 8 bytes a candidate, whose low bits are taken if they are below the prime.
func uniform(r *ring.Ring, p ring.Poly, rnd io.Reader) error {
	buf := make([]byte, 8*r.N())
	for i, c := range p.Coeffs {
		q := r.SubRings[i].Modulus
		mask := uint64(1)<<width(q) - 1
		for at := 0; at < len(c); {
			chunk := buf[:8*(len(c)-at)]
			if err := fill(rnd, chunk); err != nil {
				return err
			}
			for ; len(chunk) > 0; chunk = chunk[8:] {
				if v := binary.LittleEndian.Uint64(chunk) & mask; v < q {
					c[at] = v
					at++
				}
			}
		}
	}
	return nil
}

// TernaryPoly draws coefficients uniform in {-1, 0, 1}, up to 2^-62: the secrets s and u. In constant time.
func TernaryPoly(r *ring.Ring, level int, rnd io.Reader) (ring.Poly, error) {
	return small(r, level, rnd, func(x uint64) int64 {
		hi, _ := bits.Mul64(x, 3)
		return int64(hi) - 1
	})
}

// eta is the parameter of ErrorPoly's distribution, whose variance is eta/2.
const eta = 21

// ErrorSigma is the standard deviation of ErrorPoly, the square root of 21/2; ErrorBound the largest absolute value.
const (
	ErrorSigma = 3.24037034920393
	ErrorBound = eta
)

// ErrorPoly draws centred binomial coefficients, CBD(21): the difference of the ones among 21 bits and 21 others. In
// constant time.
func ErrorPoly(r *ring.Ring, level int, rnd io.Reader) (ring.Poly, error) {
	const half = 1<<eta - 1
	return small(r, level, rnd, func(x uint64) int64 {
		return int64(bits.OnesCount64(x&half)) - int64(bits.OnesCount64(x>>eta&half))
	})
}

// small draws a polynomial of small coefficients, each from 8 random bytes.
func small(r *ring.Ring, level int, rnd io.Reader, draw func(uint64) int64) (ring.Poly, error) {
	if err := checkLevel(r, level); err != nil {
		return ring.Poly{}, err
	}
	buf := make([]byte, 8*r.N())
	if err := fill(rnd, buf); err != nil {
		return ring.Poly{}, err
	}
	p := ring.NewPoly(r.N(), level)
	for j := range r.N() {
		v := draw(binary.LittleEndian.Uint64(buf[8*j:]))
		for i, c := range p.Coeffs {
			c[j] = uint64(v) + r.SubRings[i].Modulus&uint64(v>>63)
		}
	}
	return p, nil
}

// FloodPoly draws coefficients uniform in [-2^b, 2^b), reduced modulo every prime: noise that drowns other noise up to a
// statistical distance of its size over 2^b. 2^(b+1) must be below the modulus at that level. It does not branch on what it
// draws, but for lattigo's conditional subtractions, which compile to moves.
func FloodPoly(r *ring.Ring, level, b int, rnd io.Reader) (ring.Poly, error) {
	if err := checkLevel(r, level); err != nil {
		return ring.Poly{}, err
	}
	if most := r.ModulusAtLevel[level].BitLen() - 2; b < 0 || b > most {
		return ring.Poly{}, fmt.Errorf("%w: want 0 to %d bits of noise, got %d", ErrParams, most, b)
	}
	words := b/64 + 1 // of the b+1 bits of value + 2^b
	topMask := ^uint64(0) >> (63 - b%64)
	buf := make([]byte, 8*words*r.N())
	if err := fill(rnd, buf); err != nil {
		return ring.Poly{}, err
	}
	p := ring.NewPoly(r.N(), level)
	for i, c := range p.Coeffs {
		s := r.SubRings[i]
		q, br := s.Modulus, s.BRedConstant
		radix := ring.BRedAdd(^uint64(0), q, br) + 1 // 2^64, below 2q
		offset := ring.BRedAdd(uint64(1)<<(b%64), q, br)
		for range b / 64 {
			offset = ring.BRed(offset, ring.CRed(radix, q), q, br)
		}
		for j := range c {
			word := buf[8*words*j : 8*words*(j+1)]
			mask := topMask
			var v uint64
			for k := words - 1; k >= 0; k-- {
				x := ring.BRedAdd(binary.LittleEndian.Uint64(word[8*k:])&mask, q, br)
				v = ring.CRed(ring.BRed(v, ring.CRed(radix, q), q, br)+x, q)
				mask = ^uint64(0)
			}
			c[j] = ring.CRed(v+q-offset, q)
		}
	}
	return p, nil
}
