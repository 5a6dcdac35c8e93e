package linear

import (
	"fmt"
	"math"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// ModelConfig is the Config of an integer model: its columns, and the smallest range that its weights need. RangeBits is
// all that it tells about the weights.
func ModelConfig(m *circuits.IntegerModel, shareBits int) (Config, error) {
	c := Config{ShareBits: shareBits}
	for _, most := range m.Columns().Most() {
		c.Features = append(c.Features, Interval{0, most})
	}
	lo, hi := m.Range()
	if c.RangeBits = FitRange(lo, hi, shareBits); c.RangeBits == 0 {
		return Config{}, fmt.Errorf("%w: no range of %d bits or fewer holds the model", homomorphic.ErrRange, maxRange)
	}
	return c, nil
}

// ModelThresholds are the model's thresholds as shared values, from 0 to 2^m, by Params.Threshold: the band is the number
// of them at or below the value. own is what the bank adds to the score at home.
func ModelThresholds(p Params, m *circuits.IntegerModel, own int64) ([]int64, error) {
	if err := p.valid(); err != nil {
		return nil, err
	}
	if own < -math.MaxInt64/4 || own > math.MaxInt64/4 {
		return nil, fmt.Errorf("%w: own points must be below 2^61", homomorphic.ErrRange)
	}
	lo, _ := m.Range()
	out := m.Thresholds()
	for i, t := range out { // each below 2^61 in absolute value
		out[i] = p.Threshold(t - m.Base() - own - lo)
	}
	return out, nil
}
