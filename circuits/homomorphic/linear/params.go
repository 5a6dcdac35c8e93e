package linear

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Block is the number of companies of a block: one for each coefficient of a polynomial.
const Block = 1 << logN

const (
	logN = 12
	// cut is the number of bits below the guard bit that travel of a masked score; see the package doc.
	cut = 2
	// maxFeatures keeps sums of lazily reduced products (2q < 2^56 each) below 2^64.
	maxFeatures = 64
	maxValue    = 1 << 40
	maxWeight   = 1 << 15
	maxRange    = 62
	// MinShareBits and MaxShareBits bound Config.ShareBits.
	MinShareBits, MaxShareBits = 8, 16
)

// q0 and q1 are the largest primes below 2^55 and 2^54 that are 1 modulo 2^13; log2 of their product Q is below 109.
const q0, q1 = 1<<55 - 311295, 1<<54 - 172031

// Interval bounds the values of a feature; both ends belong to it and are at most 2^40 in absolute value.
type Interval struct{ Min, Max int64 }

// Config is what both sides know of a model.
type Config struct {
	// Features bounds every feature, 1 to 64 of them.
	Features []Interval
	// RangeBits is K, 1 to 62: the dot product lies in a range of the bank's choice that FitRange says K holds.
	RangeBits int
	// ShareBits, 8 to 16, is the most bits of the score that the shares keep: the next stage's table grows with it.
	ShareBits int
}

// FitRange is the smallest RangeBits for a dot product from lo to hi: those with hi - lo <= 2^K - unit, where the unit is
// 1, or 2^(K - shareBits) if that is more. It is 0 if none fits.
func FitRange(lo, hi int64, shareBits int) int {
	if hi < lo || shareBits < 1 {
		return 0
	}
	for k := 1; k <= maxRange; k++ {
		if uint64(hi)-uint64(lo) <= uint64(1)<<k-uint64(1)<<max(0, k-shareBits) {
			return k
		}
	}
	return 0
}

// Params are checked parameters. The zero value is not valid.
type Params struct {
	rlwe     rlwe.Parameters
	torus    torus
	features []Interval
	k, m     int
	std      float64 // of the noise, in units of 2^-64 of Q
}

// NewParams checks a Config.
func NewParams(c Config) (Params, error) {
	if len(c.Features) == 0 || len(c.Features) > maxFeatures {
		return Params{}, fmt.Errorf("%w: want 1 to %d features, got %d", homomorphic.ErrParams, maxFeatures, len(c.Features))
	}
	if c.RangeBits < 1 || c.RangeBits > maxRange {
		return Params{}, fmt.Errorf("%w: want a range of 1 to %d bits, got %d", homomorphic.ErrParams, maxRange, c.RangeBits)
	}
	if c.ShareBits < MinShareBits || c.ShareBits > MaxShareBits {
		return Params{}, fmt.Errorf("%w: want shares of %d to %d bits, got %d", homomorphic.ErrParams, MinShareBits, MaxShareBits, c.ShareBits)
	}
	p := Params{features: slices.Clone(c.Features), k: c.RangeBits, m: min(c.RangeBits, c.ShareBits)}
	squares := 2.0
	for i, f := range c.Features {
		if f.Min > f.Max || f.Min < -maxValue || f.Max > maxValue {
			return Params{}, fmt.Errorf("%w: feature %d: want an interval within +-2^40, got %d to %d", homomorphic.ErrParams, i, f.Min, f.Max)
		}
		squares += f.size() * f.size()
	}
	var err error
	if p.rlwe, err = theRing(); err != nil {
		return Params{}, err
	}
	p.torus = newTorus(p.rlwe.RingQ())
	p.std = homomorphic.ErrorSigma * math.Sqrt(Block*squares) / p.torus.ulp
	if bound := p.NoiseBound(); bound > math.Ldexp(1, 54-p.m) || p.GuardLeak() > math.Ldexp(1, -20) {
		return Params{}, fmt.Errorf("%w: 2^%.0f of 2^64", homomorphic.ErrNoise, math.Log2(bound))
	}
	return p, nil
}

// theRing is the one ring of all parameters; its tables take a millisecond to make.
var theRing = sync.OnceValues(func() (rlwe.Parameters, error) {
	p, err := rlwe.NewParametersFromLiteral(rlwe.ParametersLiteral{LogN: logN, Q: []uint64{q0, q1}, NTTFlag: true})
	if err != nil {
		return p, fmt.Errorf("%w: %w", homomorphic.ErrParams, err)
	}
	return p, homomorphic.CheckParameters(p)
})

// size is the largest absolute value.
func (f Interval) size() float64 { return float64(max(f.Max, -f.Min)) }

// Features returns the intervals.
func (p Params) Features() []Interval { return slices.Clone(p.features) }

// RangeBits is K.
func (p Params) RangeBits() int { return p.k }

// ScoreBits is m: shares are modulo 2^(m+1), their last bit is the guard bit.
func (p Params) ScoreBits() int { return p.m }

// Unit is the score that one step of the shared value stands for: 1 if the range fits ScoreBits, so that the value is
// exact; else 2^(K-m), and the value is what Rounding says.
func (p Params) Unit() int64 { return 1 << (p.k - p.m) }

// Rounding bounds the value that the shares hold for a dot product of s - lo = x, lo being the least: floor(x/unit + d)
// for a dither d that the mask R draws anew for every company, within noise of [3/16, 13/16). So the value is one of the
// two multiples of the unit next to x, and the nearest if x is within 3/16 of a unit of it. low and high are equal where
// only one value is possible; noise is allowed for with 2^-10 of a unit. With a unit of 1 both are x.
func (p Params) Rounding(x int64) (low, high int64) {
	const scale = 1 << 10
	shift := p.k - p.m
	v := x >> shift
	if shift == 0 {
		return v, v
	}
	part := math.Ldexp(float64(x-v<<shift), 10-shift) // in 2^-10 of a unit; float64 is finer than that
	low, high = v, v
	if part >= scale*3/16+1 {
		low++
	}
	if part >= scale*3/16-1 {
		high++
	}
	if part < scale*13/16+1 {
		low = v
	}
	return low, high
}

// Threshold is the least shared value that counts as having reached t - lo = x, lo being the least dot product: 0 if every
// score has, 2^m if none has; else x if the unit is 1, and if it is not such that a score a unit or more away from the
// threshold (13/16 of one, and noise) is always on its right side.
func (p Params) Threshold(x int64) int64 {
	shift := p.k - p.m
	switch {
	case x <= 0:
		return 0
	case x > 1<<p.k-1:
		return 1 << p.m
	case shift == 0:
		return x
	}
	return x>>shift + 1
}

// NoiseStd is the standard deviation of the noise of a slot, in 2^-64 of Q; a step of the shared value is 2^(64-m) of
// these.
func (p Params) NoiseStd() float64 { return p.std }

// NoiseBound is exceeded by the noise of a slot with probability 2^-64 at most: sub-Gaussian noise beyond sqrt(2 ln 2^65)
// standard deviations, and in full the rounding of weights and of the conversions to 64 bits.
func (p Params) NoiseBound() float64 {
	fixed := 12.0
	for _, f := range p.features {
		fixed += f.size() / 2 / p.torus.ulp
	}
	return p.std*math.Sqrt(2*65*math.Ln2) + fixed
}

// GuardLeak bounds, in bits, what the guard bits of a whole block tell about one company beyond the bank's output: 4,096
// slots of 2^cut v/(H^2 ln 2) (ln(d/sqrt v) + 2), for v the variance of the noise; mpc/lattice has the argument.
func (p Params) GuardLeak() float64 {
	h := math.Ldexp(1, 63-p.m)
	d := math.Ldexp(h, -cut)
	v := p.std * p.std
	return Block * math.Ldexp(v/(h*h*math.Ln2), cut) * (math.Log(max(1, d/p.std)) + 2)
}

// TableBytes is the size of an encoded Table: one polynomial for the public key and one a feature.
func (p Params) TableBytes() int { return (1 + len(p.features)) * p.polyBytes() }

// MessageBytes is the size of a block of n companies: one polynomial, and m + 3 bits a company (companies counted in
// eights). 0 if n is not from 1 to 4,096.
func (p Params) MessageBytes(n int) int {
	if n < 1 || n > Block {
		return 0
	}
	return p.polyBytes() + (n+7)/8*p.sent()
}

func (p Params) polyBytes() int { return homomorphic.PolyBytes(p.rlwe.RingQ(), 1) }

// sent is the bits of a masked score that travel.
func (p Params) sent() int { return p.m + 1 + cut }

// valid refuses the zero value.
func (p Params) valid() error {
	if p.m == 0 {
		return fmt.Errorf("%w: parameters come from NewParams", homomorphic.ErrParams)
	}
	return nil
}

// span is the range of the dot product over the features' intervals.
func (p Params) span(weights []int32) (lo, hi int64) {
	for i, w := range weights {
		a, b := int64(w)*p.features[i].Min, int64(w)*p.features[i].Max
		lo += min(a, b)
		hi += max(a, b)
	}
	return lo, hi
}

// check returns the least dot product, after holding weights and range to the parameters.
func (p Params) check(weights []int32) (lo int64, err error) {
	if err := p.valid(); err != nil {
		return 0, err
	}
	if len(weights) != len(p.features) {
		return 0, fmt.Errorf("%w: want %d weights, got %d", homomorphic.ErrParams, len(p.features), len(weights))
	}
	for i, w := range weights {
		if w < -maxWeight || w >= maxWeight {
			return 0, fmt.Errorf("%w: weight %d does not fit 16 bits", homomorphic.ErrRange, i)
		}
	}
	lo, hi := p.span(weights)
	if fit := FitRange(lo, hi, p.m); fit == 0 || fit > p.k {
		return 0, fmt.Errorf("%w: the dot product's range has %d bits and does not fit %d", homomorphic.ErrRange, bits.Len64(uint64(hi)-uint64(lo)), p.k)
	}
	return lo, nil
}
