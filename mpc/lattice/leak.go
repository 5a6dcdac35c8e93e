package lattice

import "math"

// maxLeak is the most that NewParams accepts of GuardLeak.
const maxLeak = 0.05

// GuardLeak bounds, in bits for one evaluation, what the guard bits of a whole block can tell a bank about all levels of
// one company in it, beyond that company's own output. It holds for a bank that knows every other company's levels, and
// that gives up one of its b output bits in all 256 slots to read the guard bit instead.
//
// With the half-step H and d = H/2^cut, the guard bit of a slot is 1 with probability x/d for noise that puts x in (0, d),
// where the bank's own view makes x uniform over H values. A part of the noise with variance v moves x; a bit of
// probability x/d then tells v/(2 ln 2 d^2 (x/d)(1 - x/d)) bits to second order, and less than a bit within sqrt(v) of
// the ends, in all v/(H d ln 2) (ln(d/sqrt v) + 2) at most. Slot i takes one coefficient of each of the company's F
// entries, so that v = F sigma^2, and there are 256 slots.
func (p Params) GuardLeak() float64 {
	return Block * p.guardLeak(float64(len(p.levels))*p.set.errorVariance())
}

// guardLeak is the bound for one slot and a part of the noise with variance v.
func (p Params) guardLeak(v float64) float64 {
	half := math.Exp2(float64(p.shift()))
	window := half / math.Exp2(float64(p.cut))
	return v / (half * window * math.Ln2) * (max(0, math.Log(window/math.Sqrt(v))) + 2)
}
