package homomorphic

import (
	"fmt"
	"math/big"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// NoiseBits measures a ciphertext: the bits of the largest coefficient, in absolute value, of its decryption minus the
// plaintext that it should hold (0 if they are equal). Ciphertext and plaintext are at the same level and in the same
// domain, coefficients or NTT, neither in Montgomery form. For tests and for choosing parameters: it needs the key, and
// tells about it.
func NoiseBits(k *SecretKey, ct *rlwe.Ciphertext, want ring.Poly) (int, error) {
	if ct == nil || ct.MetaData == nil || ct.IsMontgomery || len(ct.Value) == 0 {
		return 0, fmt.Errorf("%w: want a ciphertext with metadata, not in Montgomery form", ErrParams)
	}
	level := len(ct.Value[0].Coeffs) - 1
	for _, c := range append(ct.Value[:len(ct.Value):len(ct.Value)], want) {
		if err := checkPoly(k.params.RingQ(), level, c); err != nil {
			return 0, err
		}
	}
	r := k.params.RingQ().AtLevel(level)
	s := ring.Poly{Coeffs: k.key.Value.Q.Coeffs[:level+1]}
	sum, term := ring.NewPoly(r.N(), level), ring.NewPoly(r.N(), level)
	for i := len(ct.Value) - 1; i >= 0; i-- { // Horner's rule
		r.MulCoeffsMontgomery(sum, s, sum)
		term.CopyLvl(level, ct.Value[i])
		if i == 0 {
			r.Sub(term, want, term)
		}
		if !ct.IsNTT {
			r.NTT(term, term)
		}
		r.Add(sum, term, sum)
	}
	r.INTT(sum, sum)
	coeffs := make([]*big.Int, r.N())
	for i := range coeffs {
		coeffs[i] = new(big.Int)
	}
	r.PolyToBigintCentered(sum, 1, coeffs)
	most := 0
	for _, c := range coeffs {
		most = max(most, c.BitLen())
	}
	return most, nil
}
