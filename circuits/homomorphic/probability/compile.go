package probability

import (
	"fmt"
	"log/slog"
	"math"
	"math/big"

	"github.com/tuneinsight/lattigo/v5/utils/bignum"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Options say how exact a circuit is to be.
type Options struct {
	OutputBits int // m; see LayoutSpec
	// MaxError bounds truncation and noise together; zero means a quarter of the output's unit, 2^-(m+2). What rounding to
	// m bits adds is in Report.Bound.
	MaxError float64
	Complete bool // see LayoutSpec
	// Least is the first set to consider; zero means all.
	Least Set
}

// Report is what a circuit is and how exact. Low, High and Truncation tell about the weights: it is as secret as the model.
type Report struct {
	Set       Set
	Low, High float64 // least and greatest linear term for values in range
	// Truncation bounds |polynomial - logistic| on that interval, with the rounding of the weights.
	Truncation float64
	// Noise bounds the ciphertext's noise, in probability, but for 1 company in a million.
	Noise float64
	// Bound is the error of Circuit.Probability of the released number: both of these, and rounding to m bits.
	Bound float64
	// Wrong is the chance that a block's shares are worthless: that the mask wraps around the modulus.
	Wrong float64
	// GuardLeak are the bits about the noise in a slot that a released number can carry, see the package's section on it.
	GuardLeak float64
}

// Circuit is a compiled model: the bank's side. It is secret and does not print; it is immutable and safe for concurrent use.
type Circuit struct {
	layout  *Layout
	report  Report
	fit     *fit
	weights []*big.Int // of the columns, times the prime that is divided out
	bias    *big.Int   // times that prime and the scale
	poly    bignum.Polynomial
	span    int // K: shares' units in a probability of 1
}

// margin widens the interval for noise.
const margin = 1 + 0x1p-10

// Compile chooses the cheapest set whose error bound is good enough for the range that the linear term has over the declared
// ranges of its features. The model's Scaling, Places, Probabilities and Bands play no part (see Index), At must be nil.
// Errors wrap homomorphic.ErrParams (a model that does not fit the schema) or homomorphic.ErrNoise (no set is exact enough:
// the linear term ranges too widely, or MaxError is too small).
func Compile(m *circuits.Linear, s *circuits.Schema, opts Options) (*Circuit, error) {
	if m == nil {
		return nil, fmt.Errorf("%w: want a model", homomorphic.ErrParams)
	}
	if opts.MaxError == 0 {
		opts.MaxError = math.Ldexp(1, -opts.OutputBits-2)
	}
	if !(opts.MaxError > 0) {
		return nil, fmt.Errorf("%w: want a positive error bound, got %v", homomorphic.ErrParams, opts.MaxError)
	}
	first := max(opts.Least, 1)
	spec := LayoutSpec{Set: first, OutputBits: opts.OutputBits, Complete: opts.Complete}
	for i := range m.Terms {
		spec.Features = append(spec.Features, m.Terms[i].Feature)
	}
	layout, err := NewLayout(s, spec)
	if err != nil {
		return nil, err
	}
	lin, err := newLinear(m, layout)
	if err != nil {
		return nil, err
	}
	middle, half := lin.low/2+lin.high/2, max((lin.high-lin.low)/2, 0x1p-10)*margin
	if !(half <= maxHalf) || math.Abs(middle) > 10*maxHalf {
		return nil, fmt.Errorf("%w: the linear term ranges over %v, want at most %v: declare narrower ranges",
			homomorphic.ErrNoise, 2*half, 2*maxHalf)
	}
	f := newFit(middle, half)
	for set := first; set <= lastSet; set++ {
		spec.Set = set
		if layout, err = NewLayout(s, spec); err != nil {
			return nil, err
		}
		c := &Circuit{layout: layout, fit: f}
		c.quantise(lin)
		c.judge(lin)
		if c.report.Truncation+c.report.Noise <= opts.MaxError {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: no parameter set brings the error to %v or below: declare narrower ranges, or ask for fewer bits",
		homomorphic.ErrNoise, opts.MaxError)
}

// quantise turns weights and polynomial into what the evaluation multiplies by: t = (linear term - middle) / half.
func (c *Circuit) quantise(lin *linear) {
	l := c.layout
	q := l.params.Q()[l.shape.top()]
	times := func(x float64, bits int) *big.Int {
		v := new(big.Float).SetPrec(256).SetFloat64(x)
		v.Quo(v, big.NewFloat(c.fit.half))
		v.Mul(v, new(big.Float).SetUint64(q))
		return roundBig(v.SetMantExp(v, bits))
	}
	c.weights = make([]*big.Int, len(lin.weights))
	for i, w := range lin.weights {
		c.weights[i] = times(w, 0)
	}
	c.bias = times(lin.bias-c.fit.middle, l.shape.step)
	c.poly = bignum.NewPolynomial(bignum.Chebyshev, c.fit.coefficients(l.spec.Set.Degree()), [2]float64{-1, 1})
}

// judge computes the report.
func (c *Circuit) judge(lin *linear) {
	l := c.layout
	degree := l.spec.Set.Degree()
	model := newNoiseModel(l.shape, l.params)
	relative := make([]float64, len(lin.weights))
	for i, w := range lin.weights {
		relative[i] = w / c.fit.half
	}
	series := make([]float64, degree+1)
	for k := range series {
		series[k] = floatOf(c.fit.series[k], fitBits)
	}
	noise := model.polynomial(model.linear(relative), series)
	// the slope of the logistic is at most 1/4; a weight is off by half a unit of 1/q, over a column of at most 1
	weights := float64(len(lin.weights)+1) * 0.5 / float64(l.params.Q()[l.shape.top()]) * c.fit.half / 4
	r := Report{
		Set: l.spec.Set, Low: lin.low, High: lin.high,
		Truncation: c.fit.truncation(degree) + weights, Noise: tail * noise,
	}
	// A share of the tax node is dithered up by less than a unit: what is released covers K (p - 1/2) from 2 units below to 1
	// above. All of that lies within 2M units around M, by the choice of K.
	inner := math.Ceil((r.Truncation+r.Noise)*0x1p30) * 0x1p-30
	c.span = int(math.Floor((math.Ldexp(2, l.spec.OutputBits) - 4) / (1 + 2*inner)))
	r.Bound = r.Truncation + r.Noise + 2/float64(c.span)
	n := float64(l.Companies())
	r.Wrong = math.Sqrt(n) * math.Exp2(float64(l.shape.out-2*l.shape.base)) / 2
	unit := noise * float64(c.span)
	r.GuardLeak = 1
	if unit < 0.5 {
		r.GuardLeak = unit * unit * -math.Log2(unit)
	}
	c.report = r
}

// roundBig is the nearest integer, halves away from zero.
func roundBig(x *big.Float) *big.Int {
	half := big.NewFloat(0.5)
	if x.Signbit() {
		half.Neg(half)
	}
	v, _ := new(big.Float).SetPrec(x.Prec()+2).Add(x, half).Int(nil)
	return v
}

// Layout is the public side.
func (c *Circuit) Layout() *Layout { return c.layout }

// Report is how exact the circuit is.
func (c *Circuit) Report() Report { return c.report }

// Probability is that of a released number u, 0 to 2^m - 1; at most Report.Bound off the logistic of the linear term.
func (c *Circuit) Probability(u uint32) float64 {
	m := math.Ldexp(1, c.layout.spec.OutputBits)
	return min(max((2*float64(u)-m)/float64(c.span)+0.5, 0), 1)
}

// Index is the least u, at most 2^m, whose Probability is p or above: bands are cut by comparing u with it.
func (c *Circuit) Index(p float64) uint32 {
	m := math.Ldexp(1, c.layout.spec.OutputBits)
	u := math.Ceil(((p-0.5)*float64(c.span) + m) / 2)
	if !(u > 0) {
		return 0
	}
	return uint32(min(u, m))
}

// Plain is the polynomial of the circuit, evaluated in floating point at a linear term.
func (c *Circuit) Plain(z float64) float64 { return c.fit.approximate(z, c.layout.spec.Set.Degree()) }

// Format prints the set, never the model.
func (c *Circuit) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "probability.Circuit(%s)", c.layout.spec.Set)
}

// LogValue logs the set, never the model.
func (c *Circuit) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalJSON refuses.
func (c *Circuit) MarshalJSON() ([]byte, error) { return nil, homomorphic.ErrSecret }
