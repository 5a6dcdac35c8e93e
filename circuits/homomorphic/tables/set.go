package tables

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Set names a set of parameters: keys that are made for it serve every circuit compiled on it.
//
// The modulus is, from the bottom, three base primes that hold the flooded band, Steps primes that one multiplication
// each consumes, and one head prime, which takes back the noise of a weighted sum of fresh ciphertexts.
type Set struct {
	LogN  int // 14 or 15: 2^LogN companies to a ciphertext
	Steps int // depth: one for each doubling of a polynomial's length
	// Holders is the number of uniform ternary secrets whose sum is the decryption key: 1 for a local key, the number of
	// parties for a threshold key. 1 to MaxHolders; more holders are more noise.
	Holders int
}

const (
	// MaxHolders is the most shares that a decryption key has.
	MaxHolders = 16
	// baseLevel is the level of a finished band: the top of the base primes.
	baseLevel = 2
	headBits  = 22
	// securityBits bounds the statistical distance of a finished ciphertext from one made of the bands alone: 2^-securityBits.
	securityBits = 40
	maxSpecials  = 3
)

// stepBits is the size of a step prime: four times what a rounding leaves in a slot, times t. Then the noise of repeated
// squaring has a fixed point below twice the rounding; with a smaller prime the worst slot runs away.
func (s Set) stepBits() int { return int(math.Ceil(math.Log2(4 * T * s.slot(s.rounding())))) }

func (s Set) n() int { return 1 << s.LogN }

// baseBits is the size of each of the three base primes. They hold t times the band's noise and what floods it: that of
// Finish and as much again from a local key's holder, or that of every holder in a key switch; a bit for the sign and one
// to spare.
func (s Set) baseBits() int {
	need := 16 + s.FloodBits() + 1 + 2
	if s.Holders > 1 {
		need = bits.Len(T) + s.switchFloodBits() + bits.Len(uint(s.Holders+1)) + 2
	}
	return (need + baseLevel) / (baseLevel + 1)
}

// switchFloodBits is how wide holders flood in a key switch of package threshold: it covers the worst case of an encryption
// of zero under a key and with errors that are sums over the holders.
func (s Set) switchFloodBits() int {
	zero := bits.Len(uint(2*s.n()*s.Holders*homomorphic.ErrorBound + homomorphic.ErrorBound))
	return max(zero, s.NoiseBits()) + 1 + s.LogN - 1 + securityBits
}

// check bounds the fields; MaxSteps bounds Steps.
func (s Set) check() error {
	if s.LogN != 14 && s.LogN != 15 {
		return fmt.Errorf("%w: want logN 14 or 15, got %d", homomorphic.ErrParams, s.LogN)
	}
	if s.Holders < 1 || s.Holders > MaxHolders {
		return fmt.Errorf("%w: want 1 to %d holders, got %d", homomorphic.ErrParams, MaxHolders, s.Holders)
	}
	if most := s.MaxSteps(); s.Steps < 1 || s.Steps > most {
		return fmt.Errorf("%w: want 1 to %d steps at logN %d with %d holders, got %d", homomorphic.ErrParams, most, s.LogN, s.Holders, s.Steps)
	}
	return nil
}

// MaxSteps is the greatest depth that LogN and Holders admit: 9 at logN 14 and 21 at logN 15 for one holder.
func (s Set) MaxSteps() int {
	return (homomorphic.MaxLogQP(s.LogN) - 1 - (baseLevel+1)*s.baseBits() - headBits - s.stepBits()) / s.stepBits()
}

// specials is the number of special primes: as many, up to three, as the budget leaves room for. More of them make
// fewer digits, so a smaller and faster relinearisation key.
func (s Set) specials() int {
	spare := homomorphic.MaxLogQP(s.LogN) - 1 - (baseLevel+1)*s.baseBits() - headBits - s.Steps*s.stepBits()
	return min(maxSpecials, spare/s.stepBits())
}

// Parameters makes the parameters: the same primes on every machine. ErrParams for a set out of bounds.
func (s Set) Parameters() (heint.Parameters, error) {
	if err := s.check(); err != nil {
		return heint.Parameters{}, err
	}
	q := make([]int, 0, s.Steps+baseLevel+2)
	for range baseLevel + 1 {
		q = append(q, s.baseBits())
	}
	for range s.Steps {
		q = append(q, s.stepBits())
	}
	q = append(q, headBits)
	p := make([]int, s.specials())
	for i := range p {
		p[i] = s.stepBits()
	}
	params, err := heint.NewParametersFromLiteral(heint.ParametersLiteral{LogN: s.LogN, LogQ: q, LogP: p, PlaintextModulus: T})
	if err != nil {
		return heint.Parameters{}, fmt.Errorf("%w: %w", homomorphic.ErrParams, err)
	}
	return params, homomorphic.CheckParameters(params.Parameters.Parameters)
}

// headLevel is the level of the head prime, the top one.
func (s Set) headLevel() int { return baseLevel + s.Steps + 1 }

// levelAbove is the level at which a ciphertext has so many multiplications before it.
func levelAbove(depth int) int { return baseLevel + depth }

// depthOf is the depth of a polynomial with that many coefficients.
func depthOf(coefficients int) int { return bits.Len(uint(max(1, coefficients-1))) }

// meta is the metadata of a ciphertext at that scale: batched, in NTT form.
func meta(p heint.Parameters, scale rlwe.Scale) *rlwe.MetaData {
	m := heint.NewPlaintext(p, 0).MetaData.CopyNew()
	m.Scale = scale
	return m
}
