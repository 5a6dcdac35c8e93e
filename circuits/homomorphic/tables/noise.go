package tables

import (
	"fmt"
	"math"

	"github.com/tuneinsight/lattigo/v5/he/heint"
	"github.com/tuneinsight/lattigo/v5/utils/bignum"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

const (
	// tail is the number of standard deviations that bounds a coefficient: exp(-12^2/2) = 2^-103.
	tail = 12
	// slotTail is the probability, 2^-slotTail, with which a rounding may exceed its bound in any slot.
	slotTail = 40
	// settledAt is how much noise, in roundings, an evaluated band may have.
	settledAt = 2
)

// rounding is the standard deviation of the noise that a rescaling leaves: d0 + d1 s, d uniform in [-1/2, 1/2], s a sum
// of Holders uniform ternary polynomials.
func (s Set) rounding() float64 {
	return math.Sqrt((1 + float64(s.Holders)*float64(s.n())*2/3) / 12)
}

// slot bounds the value in any slot (at any root of X^N + 1) of a polynomial with coefficients of that standard
// deviation: sigma sqrt(N) sqrt(ln N + slotTail ln 2), since the square is exponentially distributed.
func (s Set) slot(sigma float64) float64 {
	n := float64(s.n())
	return sigma * math.Sqrt(n*(math.Log(n)+slotTail*math.Ln2))
}

// NoiseBits bounds the noise of an evaluated band together with that of the encryption of zero that Finish adds: every
// coefficient is below 2^NoiseBits but with probability 2^-80. The first is a rounding and what is left of earlier noise,
// which Compile holds to one more; the second is a rounding, of the division by the special primes.
func (s Set) NoiseBits() int {
	return int(math.Ceil(math.Log2(tail * (settledAt + 1) * s.rounding())))
}

// FloodBits is the size of the flood: N coefficients of noise below 2^NoiseBits shift a uniform choice from
// [-2^FloodBits, 2^FloodBits) by a statistical distance of at most N 2^(NoiseBits-FloodBits-1) = 2^-40.
func (s Set) FloodBits() int { return s.NoiseBits() + s.LogN - 1 + securityBits }

// noise follows bounds of e in a slot through a circuit, where t phase = m + t e.
type noise struct {
	q        []float64 // primes by level
	message  float64   // of m, uniform modulo t
	rounding float64
}

func newNoise(s Set, p heint.Parameters) noise {
	n := noise{message: s.slot(T / math.Sqrt(12)), rounding: s.slot(s.rounding())}
	for _, q := range p.Q() {
		n.q = append(n.q, float64(q))
	}
	return n
}

// rescale is the noise after the prime of a level is divided away.
func (n noise) rescale(e float64, level int) float64 { return e/n.q[level] + n.rounding }

// mul is the noise of a product: (m1 + t e1)(m2 + t e2)/t in each slot.
func (n noise) mul(a, b float64) float64 { return (n.message + T*a) * (n.message + T*b) / T }

// polynomial is the noise of a polynomial of that many coefficients at a ciphertext of noise e at a level, evaluated by
// Paterson and Stockmeyer's method as lattigo does, after its final rescaling. It follows the path of the most noise:
// baby steps with coefficients up to t/2, then one product with a power 2^i of X at each giant step.
func (n noise) polynomial(e float64, coefficients, level int) (float64, error) {
	depth := depthOf(coefficients)
	if level-depth < baseLevel {
		return 0, fmt.Errorf("%w: want %d levels above the base, got %d", homomorphic.ErrNoise, depth, level-baseLevel)
	}
	power := make([]float64, depth) // of X^(2^i), at level - i; all powers below 2^(i+1) are as good
	for i := range power {
		power[i] = e
		if i > 0 {
			at := level - i + 1
			product := n.mul(power[i-1], power[i-1])
			if err := n.survives(product, at); err != nil {
				return 0, err
			}
			power[i] = n.rescale(product, at)
		}
	}
	split := min(bignum.OptimalSplit(depth), depth)
	worst := 0.0
	for _, p := range power[:max(1, split)] {
		worst = max(worst, p)
	}
	baby := T / 2 * worst * math.Exp2(float64(split))
	sum, last := baby, level-depth+1
	for i := split; i < depth; i++ {
		at := last + depth - i // the level at which this sum is made
		if err := n.survives(sum, min(at, level)); err != nil {
			return 0, err
		}
		sum = n.mul(n.rescale(sum, min(at, level)), power[i]) + baby
	}
	if err := n.survives(sum, last); err != nil {
		return 0, err
	}
	return n.rescale(sum, last), nil
}

// survives is ErrNoise unless m + t e stays below half of the modulus.
func (n noise) survives(e float64, level int) error {
	logQ := -1.0
	for _, q := range n.q[:level+1] {
		logQ += math.Log2(q)
	}
	if need := math.Log2(T*e + T); need > logQ {
		return fmt.Errorf("%w: %.0f bits at a level of %.0f", homomorphic.ErrNoise, need, logQ)
	}
	return nil
}

// settled is ErrNoise unless the noise of a band is what NoiseBits assumes.
func (n noise) settled(e float64) error {
	if e > settledAt*n.rounding {
		return fmt.Errorf("%w: %.2f roundings in a band, want at most %d", homomorphic.ErrNoise, e/n.rounding, settledAt)
	}
	return nil
}
