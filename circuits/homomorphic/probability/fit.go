package probability

import (
	"math"
	"math/big"

	"github.com/tuneinsight/lattigo/v5/utils/bignum"
)

// Chebyshev series of the logistic function, in fixed point: the same coefficients on every machine.

const (
	nodes = 512 // of the quadrature: far beyond any degree in use
	// fitBits are the fractional bits of function values and coefficients.
	fitBits = 100
	// maxHalf is the widest interval: beyond it no set's degree comes near.
	maxHalf = 40.0
)

// fit are the Chebyshev coefficients of sigmoid(middle + half t) - 1/2 on -1 <= t <= 1.
type fit struct {
	middle, half float64
	series       []fixed
}

// newFit computes c_k = 2/n sum over nodes f(t_j) T_k(t_j), t_j = cos(pi (2j+1)/2n); c_0 half of that.
func newFit(middle, half float64) *fit {
	const prec = 160
	turns := turnsOf(9) // of pi / 2n
	values := make([]fixed, nodes)
	for j := range values {
		t := new(big.Float).SetPrec(prec).SetInt(bigOf(turns[2*j+1].re))
		t.SetMantExp(t, -turnBits)
		z := t.Mul(t, new(big.Float).SetPrec(prec).SetFloat64(-half))
		z.Sub(z, new(big.Float).SetPrec(prec).SetFloat64(middle))
		p := bignum.Exp(z)
		p.Quo(big.NewFloat(1), p.Add(p, big.NewFloat(1)))
		values[j] = fromFloat(p.Sub(p, big.NewFloat(0.5)), fitBits)
	}
	f := &fit{middle, half, make([]fixed, nodes)}
	for k := range f.series {
		var sum fixed
		for j, v := range values {
			angle := k * (2*j + 1) % (4 * nodes)
			term := v.scale(turns[angle%(2*nodes)].re)
			if angle >= 2*nodes {
				term = term.neg()
			}
			sum = sum.add(term)
		}
		f.series[k] = sum.shr(8) // 2/n
	}
	f.series[0] = f.series[0].shr(1)
	return f
}

// truncation bounds |polynomial of that degree - function| on the interval: the sum of the coefficients that it leaves out
// (|T_k| <= 1), and of those that were not computed. Those are at most 2 M rho^-k (Trefethen: Approximation Theory and
// Approximation Practice, theorem 8.1) for M the maximum on the ellipse rho, here the one whose imaginary half axis is 2:
// inside |Im z| <= 2, |1 + e^-z| >= sin 2, so that M < 1.6.
func (f *fit) truncation(degree int) float64 {
	sum := 0.0
	for _, c := range f.series[degree+1:] {
		sum += math.Abs(floatOf(c, fitBits))
	}
	axis := 2 / f.half
	rho := axis + math.Sqrt(1+axis*axis)
	rest := 4 * 1.6 * math.Pow(rho, -nodes) / (1 - 1/rho) // twice: aliases among the coefficients that were computed
	return sum + rest + 0x1p-64
}

// coefficients of degree 0 to degree, exactly those that are evaluated.
func (f *fit) coefficients(degree int) []*big.Float {
	out := make([]*big.Float, degree+1)
	for k := range out {
		out[k] = new(big.Float).SetPrec(128).SetInt(bigOf(f.series[k]))
		out[k].SetMantExp(out[k], -fitBits)
	}
	return out
}

// approximate is the polynomial at a linear term, in floating point: 1/2 + sum c_k T_k((z - middle)/half), by Clenshaw's
// recurrence.
func (f *fit) approximate(z float64, degree int) float64 {
	t := (z - f.middle) / f.half
	var b1, b2 float64
	for k := degree; k > 0; k-- {
		b1, b2 = 2*t*b1-b2+floatOf(f.series[k], fitBits), b1
	}
	return 0.5 + t*b1 - b2 + floatOf(f.series[0], fitBits)
}

// bigOf is the number without its binary point.
func bigOf(x fixed) *big.Int {
	v := new(big.Int).SetUint64(x.hi)
	v.Or(v.Lsh(v, 64), new(big.Int).SetUint64(x.lo))
	if x.hi>>63 == 1 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return v
}

// floatOf is the nearest float64.
func floatOf(x fixed, fraction int) float64 {
	f, _ := new(big.Float).SetInt(bigOf(x)).Float64()
	return math.Ldexp(f, -fraction)
}
