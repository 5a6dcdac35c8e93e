package homomorphic

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// SecretKey is a uniform ternary key. It does not print, log or serialise; its bytes leave it by Reveal alone. (lattigo's
// own key prints and serialises itself: keep it wrapped.)
type SecretKey struct {
	params rlwe.Parameters
	key    *rlwe.SecretKey
}

// NewSecretKey draws a key from rnd, under parameters that CheckParameters admits.
func NewSecretKey(p rlwe.Parameters, rnd io.Reader) (*SecretKey, error) {
	if err := CheckParameters(p); err != nil {
		return nil, err
	}
	s, err := TernaryPoly(p.RingQ(), 0, rnd)
	if err != nil {
		return nil, err
	}
	signs := s.Coeffs[0]
	for i, v := range signs {
		signs[i] = code(v)
	}
	return fromCodes(p, signs), nil
}

// code is 0, 1 or 2 for a coefficient of 0, 1 or -1 modulo a prime: -1 alone is beyond 1, and even.
func code(v uint64) uint64 { return v&1 | min(v>>1, 1)<<1 }

// fromCodes makes the key of such codes, modulo every prime, in NTT and Montgomery form.
func fromCodes(p rlwe.Parameters, codes []uint64) *SecretKey {
	key := rlwe.NewSecretKey(p)
	expand := func(r *ring.Ring, coeffs [][]uint64) {
		for i, c := range coeffs {
			minus := r.SubRings[i].Modulus - 1
			for j, v := range codes {
				c[j] = v&1 | minus&-(v>>1)
			}
		}
	}
	expand(p.RingQ(), key.Value.Q.Coeffs)
	expand(p.RingP(), key.Value.P.Coeffs)
	rqp := p.RingQP()
	rqp.NTT(key.Value, key.Value)
	rqp.MForm(key.Value, key.Value)
	return &SecretKey{p, key}
}

// RLWE is the key as lattigo's evaluators want it. It is the key itself and not a copy: it must not be changed, printed
// or marshalled.
func (k *SecretKey) RLWE() *rlwe.SecretKey { return k.key }

// Parameters are those that the key was made under.
func (k *SecretKey) Parameters() rlwe.Parameters { return k.params }

// Reveal returns the key as N/4 bytes, 2 bits a coefficient (0, 1, or 2 for -1), for a store under the caller's care.
func (k *SecretKey) Reveal() []byte {
	r := k.params.RingQ().AtLevel(0)
	s := ring.NewPoly(r.N(), 0)
	r.IMForm(ring.Poly{Coeffs: k.key.Value.Q.Coeffs[:1]}, s)
	r.INTT(s, s)
	for i, v := range s.Coeffs[0] {
		s.Coeffs[0][i] = code(v)
	}
	return AppendBits(nil, s.Coeffs[0], 2)
}

// RestoreSecretKey is the key that Reveal returned under the same parameters.
func RestoreSecretKey(p rlwe.Parameters, b []byte) (*SecretKey, error) {
	if err := CheckParameters(p); err != nil {
		return nil, err
	}
	if err := wantBytes("a secret key", b, p.N()/4); err != nil {
		return nil, err
	}
	codes := make([]uint64, p.N())
	ReadBits(codes, b, 2)
	for _, v := range codes {
		if v == 3 {
			return nil, fmt.Errorf("%w: a secret key has coefficients 0, 1 and -1", ErrEncoding)
		}
	}
	return fromCodes(p, codes), nil
}

const redacted = "homomorphic.SecretKey(secret)"

// Format implements fmt.Formatter; it prints no secret, whatever the verb.
func (k *SecretKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer; it logs no secret.
func (k *SecretKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON refuses.
func (k *SecretKey) MarshalJSON() ([]byte, error) { return nil, ErrSecret }

// MarshalText refuses.
func (k *SecretKey) MarshalText() ([]byte, error) { return nil, ErrSecret }

// MarshalBinary refuses.
func (k *SecretKey) MarshalBinary() ([]byte, error) { return nil, ErrSecret }

// GobEncode refuses.
func (k *SecretKey) GobEncode() ([]byte, error) { return nil, ErrSecret }
