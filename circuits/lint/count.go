package lint

import (
	"fmt"
	"math"
	"math/big"
)

// Count is an exact number of combinations. In JSON it is a text of decimal digits, since it exceeds what readers of
// JSON numbers hold. The zero Count is 0.
type Count struct{ n *big.Int }

// maxCountDigits bounds what UnmarshalJSON reads: MaxLevels^MaxFeatures = 2^768 has 232 digits.
const maxCountDigits = 256

func newCount(n *big.Int) Count { return Count{new(big.Int).Set(n)} }

// Int is the number (a copy).
func (c Count) Int() *big.Int {
	if c.n == nil {
		return new(big.Int)
	}
	return new(big.Int).Set(c.n)
}

// Log2 is the binary logarithm, -Inf for 0.
func (c Count) Log2() float64 {
	x, _ := c.Int().Float64() // at most 2^768
	return math.Log2(x)
}

// Cmp compares as big.Int.Cmp does.
func (c Count) Cmp(d Count) int { return c.Int().Cmp(d.Int()) }

// String is the number in decimal up to 15 digits, and as a power of two beyond.
func (c Count) String() string {
	if n := c.Int(); n.BitLen() <= 50 {
		return n.String()
	}
	return fmt.Sprintf("2^%.1f", c.Log2())
}

// MarshalJSON writes all digits, in quotes.
func (c Count) MarshalJSON() ([]byte, error) { return []byte(`"` + c.Int().String() + `"`), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Count) UnmarshalJSON(data []byte) error {
	if len(data) < 3 || len(data) > maxCountDigits+2 || data[0] != '"' || data[len(data)-1] != '"' {
		return fmt.Errorf("lint: want a count of 1 to %d digits in quotes", maxCountDigits)
	}
	for _, d := range data[1 : len(data)-1] {
		if d < '0' || d > '9' {
			return fmt.Errorf("lint: want a count in decimal digits")
		}
	}
	c.n, _ = new(big.Int).SetString(string(data[1:len(data)-1]), 10)
	return nil
}
