package circuits

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"12.50": "12.5", "-0.03": "-0.03", "0": "0", "-0": "0", "-0.000": "0", ".5": "0.5", "5.": "5", "+7": "7",
		"1.5E-3": "0.0015", "2e3": "2000", "1200e-2": "12", "000123.4500": "123.45", "0.000000000000000001": "0.000000000000000001",
		"9223372036854775807": "9223372036854775807", "-9223372036854775808": "-9223372036854775808",
		"0e-60": "0", "1.00000000000000000000": "1",
	} {
		d, err := ParseDecimal(text)
		require.NoError(t, err, text)
		require.Equal(t, want, d.String(), text)
	}
	for _, text := range []string{
		"", "-", ".", "e5", "1e", "1e65", "1e19", "9223372036854775808", "0.0000000000000000001", "1.2.3", "1,2", " 1", "1 ", "0x10",
		"NaN", "Inf", "--1", "+-1", "1_0", "１", "1e1e1", "12345678901234567890123456789012345678901234567890123456789012345",
	} {
		_, err := ParseDecimal(text)
		require.ErrorIs(t, err, ErrDecimal, text)
	}
}

// rat is the value of a decimal by an independent way.
func rat(t *testing.T, d Decimal) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(d.String())
	require.True(t, ok)
	return r
}

func TestDecimalArithmeticIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	edges := []int64{0, 1, -1, 10, -10, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, 5, -5, 15, 25}
	random := func() Decimal {
		n := edges[rng.IntN(len(edges))]
		if rng.IntN(2) == 0 {
			n = rng.Int64() >> rng.IntN(64)
		}
		d, err := NewDecimal(n, rng.IntN(MaxPlaces+1))
		require.NoError(t, err)
		return d
	}
	for range 3000 {
		a, b := random(), random()
		require.Equal(t, rat(t, a).Cmp(rat(t, b)), a.Compare(b))
		require.Equal(t, a.Compare(b) == 0, a == b)
		if sum, err := a.Add(b); err == nil {
			require.Zero(t, rat(t, sum).Cmp(new(big.Rat).Add(rat(t, a), rat(t, b))), "%s + %s", a, b)
		}
		if diff, err := a.Sub(b); err == nil {
			require.Zero(t, rat(t, diff).Cmp(new(big.Rat).Sub(rat(t, a), rat(t, b))), "%s - %s", a, b)
		}
		places := rng.IntN(MaxPlaces + 1)
		unit := new(big.Rat).SetFrac64(1, pow10[places])
		if n, ok := a.ceil(places); ok {
			up := new(big.Rat).Mul(unit, new(big.Rat).SetInt64(n))
			gap := new(big.Rat).Sub(up, rat(t, a))
			require.True(t, gap.Sign() >= 0 && gap.Cmp(unit) < 0, "ceil of %s at %d", a, places)
		}
		if n, ok := a.round(places); ok {
			gap := new(big.Rat).Sub(new(big.Rat).Mul(unit, new(big.Rat).SetInt64(n)), rat(t, a))
			gap.Mul(gap, big.NewRat(2, 1))
			half := gap.Abs(gap).Cmp(unit)
			require.LessOrEqual(t, half, 0, "round of %s at %d", a, places)
			if half == 0 {
				away := new(big.Rat).Abs(new(big.Rat).Mul(unit, new(big.Rat).SetInt64(n)))
				require.Positive(t, away.Cmp(new(big.Rat).Abs(rat(t, a))), "halves go away from zero")
			}
		}
	}
}

func TestDecimalOverflow(t *testing.T) {
	least, greatest := Int(math.MinInt64), Int(math.MaxInt64)
	for _, pair := range [][2]Decimal{{least, least}, {greatest, Int(1)}, {least, Int(-1)}, {greatest, {1, 1}}} {
		_, err := pair[0].Add(pair[1])
		require.ErrorIs(t, err, ErrDecimal)
	}
	_, err := Int(1).Sub(least)
	require.ErrorIs(t, err, ErrDecimal)
	sum, err := least.Add(greatest)
	require.NoError(t, err)
	require.Equal(t, Int(-1), sum)
	for _, places := range []int{-1, MaxPlaces + 1} {
		_, err := NewDecimal(1, places)
		require.ErrorIs(t, err, ErrDecimal)
		_, err = RoundDecimal(1, places)
		require.ErrorIs(t, err, ErrDecimal)
	}
}

func TestRoundDecimal(t *testing.T) {
	for _, c := range []struct {
		x      float64
		places int
		want   string
	}{
		{0.5, 0, "1"}, {-0.5, 0, "-1"}, {2.5, 0, "3"}, {0.49999999999999994, 0, "0"}, {1.005, 2, "1"}, // the float lies below 1.005
		{-2.9875, 4, "-2.9875"}, {1e-300, 5, "0"}, {0.1, 18, "0.100000000000000006"}, {math.Copysign(0, -1), 2, "0"},
	} {
		d, err := RoundDecimal(c.x, c.places)
		require.NoError(t, err)
		require.Equal(t, c.want, d.String(), "%v to %d places", c.x, c.places)
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e19, -1e300} {
		_, err := RoundDecimal(x, 0)
		require.ErrorIs(t, err, ErrDecimal)
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"12.50", "-3", ".5", "1e5", "1.5E-3", "9223372036854775807", "0.000000000000000001", "", "-."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDecimal(text)
		if err != nil {
			require.ErrorIs(t, err, ErrDecimal)
			return
		}
		again, err := ParseDecimal(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
		exact, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		require.Zero(t, exact.Cmp(rat(t, d)))
	})
}
