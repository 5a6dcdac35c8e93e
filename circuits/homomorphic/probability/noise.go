package probability

import (
	"math"
	"math/bits"

	"github.com/tuneinsight/lattigo/v5/he/hefloat"
	"github.com/tuneinsight/lattigo/v5/utils/bignum"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// The noise, as standard deviations in a slot. A polynomial with independent coefficients of standard deviation x has
// slots of x sqrt(2N); slots of a product are products of slots. With N the degree of the ring and sigma that of errors:
//
//	fresh     sqrt(2N) sqrt(sigma^2 + 1/12)                        encryption, and rounding of the encoding
//	rescale   sqrt(2N/12) sqrt(1 + 4N/3)                           rounding of c_0 and of c_1, which meets s
//	switching 2N sigma sqrt(sum over digits q_j^2 / 12) / P        and a rescale by P
//	random    2N sigma sqrt(2/3) sqrt(2)                           u e + e_1 s of the fresh encryption of zero
//
// Errors of the Chebyshev polynomials add up in absolute value as they derive from one another, fresh rounding in squares.
// A product of two normal slots is beyond tail times its standard deviation with probability 2^-25, a normal one far less.

// tail is the noise that the bound admits, in standard deviations.
const tail = 16

// noiseModel is the noise of one set, in slots.
type noiseModel struct {
	fresh, rescale, switching, random float64 // in units of the ciphertext's integers
	delta, out                        float64 // scales: between, and at the end
}

func newNoiseModel(h shape, p hefloat.Parameters) noiseModel {
	n := float64(p.N())
	const sigma = homomorphic.ErrorSigma
	digits := 0.0
	for _, q := range p.Q()[:h.poly()+1] {
		digits += float64(q) * float64(q) / 12
	}
	m := noiseModel{
		fresh:   math.Sqrt(2 * n * (sigma*sigma + 1.0/12)),
		rescale: math.Sqrt(n / 6 * (1 + 4*n/3)),
		random:  2 * n * sigma * math.Sqrt(4.0/3),
		delta:   math.Exp2(float64(h.step)),
		out:     math.Exp2(float64(h.out)),
	}
	// a key switch happens at the scale of a product, and a rescale by about delta follows
	m.switching = (2*n*sigma*math.Sqrt(digits)/float64(p.P()[0]) + m.rescale) / m.delta
	return m
}

// step is the noise of one multiplication and rescaling, relative to a scale.
func (m noiseModel) step(scale float64) float64 { return math.Hypot(m.rescale, m.switching) / scale }

// linear is the noise of t, the linear term on its interval of -1 to 1, by the columns' weights.
func (m noiseModel) linear(weights []float64) float64 {
	sum := 0.0
	for _, w := range weights {
		sum += w * w
	}
	return math.Hypot(m.fresh*math.Sqrt(sum), m.rescale) / m.delta
}

// polynomial is the noise of the result, given that of t and the Chebyshev coefficients of degrees 0 to 2^depth - 1, along
// the way that lattigo evaluates them: powers T_1, ..., T_(2^split - 1), T_(2^split), T_(2^(split+1)), ... and Paterson-Stockmeyer.
func (m noiseModel) polynomial(noise float64, coefficients []float64) float64 {
	powers := map[int]float64{0: 0, 1: noise}
	var power func(n int) float64
	power = func(n int) float64 {
		if e, ok := powers[n]; ok {
			return e
		}
		a, b := n/2, n/2
		if n&(n-1) != 0 {
			k := bits.Len(uint(n-1)) - 1
			a, b = 1<<k-1, n+1-1<<k
		}
		// T_n = 2 T_a T_b - T_(a-b), and all are at most 1
		e := math.Hypot(2*(power(a)+power(b))+power(max(a-b, b-a)), m.step(m.delta))
		powers[n] = e
		return e
	}
	split := 1 << bignum.OptimalSplit(bits.Len(uint(len(coefficients)-1)))
	var divide func(c []float64) (noise, size float64)
	divide = func(c []float64) (noise, size float64) {
		if len(c) <= split {
			for k, x := range c {
				noise += math.Abs(x) * power(k)
				size += math.Abs(x)
			}
			return math.Hypot(noise, m.step(m.delta)), size
		}
		half := len(c) / 2 // c = q T_half + r, by 2 T_half T_k = T_(half+k) + T_(half-k)
		q, r := make([]float64, half), append([]float64(nil), c[:half]...)
		q[0] = c[half]
		for k := 1; k < half; k++ {
			q[k] = 2 * c[half+k]
			r[half-k] -= c[half+k]
		}
		qn, qs := divide(q)
		rn, rs := divide(r)
		return math.Hypot(qn+rn+qs*power(half), m.step(m.delta)), qs + rs
	}
	e, _ := divide(coefficients)
	return math.Hypot(e, math.Hypot(m.random, m.rescale)/m.out)
}
