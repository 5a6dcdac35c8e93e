package circuits

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// MaxPlaces is the largest number of decimal places of a Decimal.
const MaxPlaces = 18

// Decimal is an exact decimal number, unscaled / 10^places, always in lowest terms, so that == compares values.
// Points, base scores and thresholds are Decimals: 12.50 is 125 / 10^1, not a float. The zero Decimal is 0.
type Decimal struct {
	unscaled int64
	places   uint8
}

var pow10 = func() (p [MaxPlaces + 1]int64) {
	p[0] = 1
	for i := 1; i <= MaxPlaces; i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// NewDecimal is unscaled / 10^places, with places in 0..18.
func NewDecimal(unscaled int64, places int) (Decimal, error) {
	if places < 0 || places > MaxPlaces {
		return Decimal{}, fmt.Errorf("%w: %d decimal places, want 0 to %d", ErrDecimal, places, MaxPlaces)
	}
	return reduce(unscaled, places), nil
}

// Int is the Decimal of a whole number.
func Int(n int64) Decimal { return Decimal{unscaled: n} }

func reduce(unscaled int64, places int) Decimal {
	for places > 0 && unscaled%10 == 0 {
		unscaled, places = unscaled/10, places-1
	}
	return Decimal{unscaled, uint8(places)}
}

// ParseDecimal reads a decimal exactly: an optional sign, digits with at most one point, an optional exponent
// ("12.50", "-3", ".5", "1.5E-3"). What needs more than 18 places or does not fit 64 bits is refused, never rounded.
func ParseDecimal(text string) (Decimal, error) {
	fail := func(why string) (Decimal, error) {
		return Decimal{}, fmt.Errorf("%w: %s, got %s", ErrDecimal, why, quoteShort(text))
	}
	if len(text) > 64 {
		return fail("want at most 64 bytes")
	}
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil || e < -64 || e > 64 {
			return fail("want an exponent of -64 to 64")
		}
		mantissa, exponent = text[:i], e
	}
	negative := strings.HasPrefix(mantissa, "-")
	if negative || strings.HasPrefix(mantissa, "+") {
		mantissa = mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return fail("want a decimal number")
	}
	places := len(fraction) - exponent
	digits = strings.TrimLeft(digits, "0")
	for places > 0 && strings.HasSuffix(digits, "0") {
		digits, places = digits[:len(digits)-1], places-1
	}
	if digits == "" {
		return Decimal{}, nil
	}
	if places < 0 {
		digits, places = digits+strings.Repeat("0", -places), 0
	}
	if places > MaxPlaces {
		return fail("want at most 18 decimal places")
	}
	if negative {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return fail("want a number that fits 64 bits without its point")
	}
	return reduce(n, places), nil
}

// RoundDecimal is x rounded to the given number of places, halves away from zero.
func RoundDecimal(x float64, places int) (Decimal, error) {
	if places < 0 || places > MaxPlaces {
		return Decimal{}, fmt.Errorf("%w: %d decimal places, want 0 to %d", ErrDecimal, places, MaxPlaces)
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Decimal{}, fmt.Errorf("%w: want a finite number, got %v", ErrDecimal, x)
	}
	// The float's exact value, not its product with a power of ten, is what is rounded.
	exact := new(big.Float).SetPrec(1200).SetFloat64(x)
	exact.Mul(exact, new(big.Float).SetInt64(pow10[places]))
	exact.Add(exact, new(big.Float).SetFloat64(math.Copysign(0.5, x)))
	n, _ := exact.Int64() // truncates towards zero, and saturates
	if n == math.MaxInt64 || n == math.MinInt64 {
		return Decimal{}, fmt.Errorf("%w: %v does not fit 64 bits with %d places", ErrDecimal, x, places)
	}
	return reduce(n, places), nil
}

// Places is the number of decimal places, in lowest terms (2.50 has 1).
func (d Decimal) Places() int { return int(d.places) }

// Float is the float64 nearest to d.
func (d Decimal) Float() float64 {
	x, _ := new(big.Rat).SetFrac64(d.unscaled, pow10[d.places]).Float64()
	return x
}

// String writes d without exponent: "12.5", "-0.03", "7".
func (d Decimal) String() string {
	if d.places == 0 {
		return strconv.FormatInt(d.unscaled, 10)
	}
	digits := strings.TrimPrefix(strconv.FormatInt(d.unscaled, 10), "-")
	if short := int(d.places) + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - int(d.places)
	sign := ""
	if d.unscaled < 0 {
		sign = "-"
	}
	return sign + digits[:point] + "." + digits[point:]
}

// Compare is -1, 0 or +1 as d is below, equal to or above e. It is exact.
func (d Decimal) Compare(e Decimal) int {
	if d.places == e.places {
		switch {
		case d.unscaled < e.unscaled:
			return -1
		case d.unscaled > e.unscaled:
			return 1
		}
		return 0
	}
	a := new(big.Int).Mul(big.NewInt(d.unscaled), big.NewInt(pow10[e.places]))
	return a.Cmp(new(big.Int).Mul(big.NewInt(e.unscaled), big.NewInt(pow10[d.places])))
}

// Add is d + e, exactly; it fails if the sum does not fit.
func (d Decimal) Add(e Decimal) (Decimal, error) {
	places := max(d.places, e.places)
	a, okA := d.scaled(int(places))
	b, okB := e.scaled(int(places))
	sum := a + b
	if !okA || !okB || (sum^a)&(sum^b) < 0 {
		return Decimal{}, fmt.Errorf("%w: a sum does not fit 64 bits", ErrDecimal)
	}
	return reduce(sum, int(places)), nil
}

// Sub is d - e, exactly; it fails if the difference does not fit.
func (d Decimal) Sub(e Decimal) (Decimal, error) {
	if e.unscaled == math.MinInt64 {
		return Decimal{}, fmt.Errorf("%w: a difference does not fit 64 bits", ErrDecimal)
	}
	return d.Add(Decimal{-e.unscaled, e.places})
}

// scaled is d * 10^places if that is a whole number that fits; d.places must not exceed places.
func (d Decimal) scaled(places int) (int64, bool) {
	up := places - int(d.places)
	if up < 0 || up > MaxPlaces {
		return 0, false
	}
	f := pow10[up]
	n := d.unscaled * f
	return n, f == 1 || (n/f == d.unscaled && d.unscaled != math.MinInt64)
}

// round is d * 10^places rounded half away from zero.
func (d Decimal) round(places int) (int64, bool) {
	if int(d.places) <= places {
		return d.scaled(places)
	}
	f := pow10[int(d.places)-places]
	q, r := d.unscaled/f, d.unscaled%f
	switch {
	case r >= f-r && r > 0:
		q++
	case -r >= f+r && r < 0:
		q--
	}
	return q, true
}

// ceil is the smallest integer >= d * 10^places.
func (d Decimal) ceil(places int) (int64, bool) {
	if int(d.places) <= places {
		return d.scaled(places)
	}
	f := pow10[int(d.places)-places]
	q := d.unscaled / f
	if d.unscaled%f > 0 {
		q++
	}
	return q, true
}

// quoteShort quotes outside text for an error message, cut to a readable length.
func quoteShort(s string) string {
	if len(s) > 40 {
		return strconv.Quote(s[:40]) + "..."
	}
	return strconv.Quote(s)
}
