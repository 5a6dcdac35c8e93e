package estimate

import "math"

// Binomial describes a coordinate with the centred binomial distribution of parameter eta, the difference of two sums
// of eta bits: its standard deviation and its entropy in bits.
func Binomial(eta int) (std, entropy float64) {
	p := math.Exp2(-2 * float64(eta))
	for k := 0; k <= 2*eta; k++ {
		entropy -= p * math.Log2(p)
		p *= float64(2*eta-k) / float64(k+1)
	}
	return math.Sqrt(float64(eta) / 2), entropy
}
