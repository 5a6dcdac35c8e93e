package homomorphic

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// parameters makes parameters, or stops the test.
func parameters(t testing.TB, lit rlwe.ParametersLiteral) rlwe.Parameters {
	t.Helper()
	p, err := rlwe.NewParametersFromLiteral(lit)
	require.NoError(t, err)
	return p
}

// narrow has no special primes, and two primes whose coefficients are not of whole bytes.
func narrow(t testing.TB) rlwe.Parameters {
	return parameters(t, rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54, 53}, NTTFlag: true})
}

// wide has special primes.
func wide(t testing.TB) rlwe.Parameters {
	return parameters(t, rlwe.ParametersLiteral{LogN: 13, LogQ: []int{50, 40, 41}, LogP: []int{50}, NTTFlag: true})
}

// tiny is far from secure: rings for tests of the codec that take many turns.
func tiny(t testing.TB) rlwe.Parameters {
	return parameters(t, rlwe.ParametersLiteral{LogN: 4, LogQ: []int{13, 30}, LogP: []int{20}})
}

// source is a deterministic stream of bytes.
func source(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

// random draws a uniform polynomial, with the extremes of each prime in the first places.
func random(t testing.TB, r *ring.Ring, level int, seed byte) ring.Poly {
	t.Helper()
	p, err := UniformPoly(r, level, source(seed))
	require.NoError(t, err)
	for i := range p.Coeffs {
		p.Coeffs[i][0], p.Coeffs[i][1] = 0, r.SubRings[i].Modulus-1
	}
	return p
}
