package homomorphic

import (
	"fmt"
	"math/big"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// MaxLogQP is, for each admitted logN, the most bits of the product of all primes, the special ones included: 128 bits
// against classical attacks, uniform ternary secret, error of standard deviation 3.2. Zero for any other logN. The figures
// are those of the Homomorphic Encryption Standard (Albrecht et al., IACR ePrint 2019/939, table 1).
func MaxLogQP(logN int) int {
	switch logN {
	case 12:
		return 109
	case 13:
		return 218
	case 14:
		return 438
	case 15:
		return 881
	}
	return 0
}

// minSigma is the least standard deviation of errors, minBound the least bound of a truncated one in units of it.
const (
	minSigma = 3.2
	minBound = 6 * (1 - 1e-9) // 6 * 3.2 is not 19.2 in floating point
)

// CheckParameters admits parameters of 128-bit security and returns ErrParams for all others: lattigo itself judges none.
// The secret is uniform ternary (sparse ones are refused), the error a discrete Gaussian of standard deviation 3.2 at
// least, cut at 6 of them or later; the primes are distinct, of at most 60 bits, and 1 modulo the ring's root order. For
// the conjugate-invariant ring logN is that of the ring itself, whose lattices have dimension N.
func CheckParameters(p rlwe.Parameters) error {
	limit := MaxLogQP(p.LogN())
	if limit == 0 || p.RingQ() == nil {
		return fmt.Errorf("%w: want logN 12 to 15, got %d", ErrParams, p.LogN())
	}
	if xs, ok := p.Xs().(ring.Ternary); !ok || xs != (ring.Ternary{P: 2.0 / 3}) {
		return fmt.Errorf("%w: want a uniform ternary secret, got %+v", ErrParams, p.Xs())
	}
	if xe, ok := p.Xe().(ring.DiscreteGaussian); !ok || !(xe.Sigma >= minSigma) || !(xe.Bound >= minBound*xe.Sigma) {
		return fmt.Errorf("%w: want a Gaussian error of standard deviation %v or more, cut at 6 of them or later, got %+v",
			ErrParams, minSigma, p.Xe())
	}
	product := big.NewInt(1)
	seen := make(map[uint64]bool)
	for _, q := range append(p.Q(), p.P()...) {
		n := new(big.Int).SetUint64(q)
		switch {
		case seen[q]:
			return fmt.Errorf("%w: prime %d occurs twice", ErrParams, q)
		case n.BitLen() > rlwe.MaxModuliSize+1 || q%uint64(p.NthRoot()) != 1 || !n.ProbablyPrime(16):
			return fmt.Errorf("%w: %d is not a prime that is 1 modulo %d", ErrParams, q, p.NthRoot())
		}
		seen[q] = true
		product.Mul(product, n)
	}
	if product.BitLen() > limit {
		return fmt.Errorf("%w: want at most %d bits in all primes for logN %d, got %d", ErrParams, limit, p.LogN(), product.BitLen())
	}
	return nil
}
