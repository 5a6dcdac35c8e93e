package lattice

import "math"

const (
	// failureBits bounds the probability that one company's score comes out wrong.
	failureBits = -64
	// slack bounds the squared norms of s and of the public key's error, over their expectations; Generate draws again
	// what exceeds it, one key in six.
	slack = 1.05
)

// errorVariance is sigma^2 of an error coordinate, x1 + x2 - x3 - x4 of uniform w-bit integers.
func (s set) errorVariance() float64 { return (math.Exp2(float64(2*s.width)) - 1) / 3 }

// secretVariance is the variance of a coordinate of s and u.
func (s set) secretVariance() float64 { return float64(s.eta) / 2 }

// dimension is the number of coordinates of s and of u.
func (s set) dimension() float64 { return float64(s.rank * Block) }

// NoiseStd is the standard deviation of the noise in a decrypted slot of a full block, in units of 2^-32 of the modulus:
// the most that the bound of FailureBits allows for. See the package documentation for the four terms.
func (p Params) NoiseStd() float64 {
	s := p.set
	norm := slack * s.dimension() * s.secretVariance()
	rounding := (math.Exp2(float64(2*p.drop)) - 1) / 12
	return math.Sqrt(s.errorVariance()*(float64(Block*len(p.levels))+norm) + norm*(s.errorVariance()+rounding))
}

// NoiseLimit is the noise up to which decryption is right: half of what a half-step leaves beside the bits of b' that do
// not travel, less the bias of rounding a'.
func (p Params) NoiseLimit() float64 {
	half := math.Exp2(float64(p.shift()))
	limit := (half - math.Exp2(float64(p.shift()-p.cut))) / 2
	if p.drop > 0 {
		s := p.set
		limit -= math.Sqrt(s.dimension()*slack*s.dimension()*s.secretVariance()) / 2
	}
	return limit - 1
}

// FailureBits is the base-2 logarithm of the bound on the probability that one slot decrypts wrongly: all terms of the
// noise are sub-Gaussian with their variances for parameters, so it is 2 exp(-limit^2 / (2 std^2)).
func (p Params) FailureBits() float64 {
	limit := p.NoiseLimit()
	if limit <= 0 {
		return 0
	}
	x := limit / p.NoiseStd()
	return 1 - x*x/2/math.Ln2
}
