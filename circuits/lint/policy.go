package lint

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/blindscore/blindscore/circuits"
)

// What went wrong. Every error of this package wraps one of these, or is the context's.
var (
	// ErrPolicy: the policy is malformed or does not fit the model.
	ErrPolicy = errors.New("lint: bad policy")
	// ErrTooLarge: the model is beyond what is counted exactly (see the Max constants). It says nothing about the
	// model's leakage: round its points, or do not approve it.
	ErrTooLarge = errors.New("lint: model is too large to be counted")
	// ErrRemedy: a remedy does not fit the card that it is applied to.
	ErrRemedy = errors.New("lint: remedy does not fit the card")
)

// What is counted exactly; beyond is ErrTooLarge.
const (
	MaxRange     = 1 << 16 // score range: hi - lo of Model.Range is below it, in units
	MaxFeatures  = 64
	MaxLevels    = 4096    // of a feature
	MaxOwnValues = 1 << 16 // values of the own points for which some threshold cuts the range
	MaxWindows   = 1 << 20 // those values times the number of bands
)

// Output is what the bank gets of one company. The zero Output is invalid.
type Output uint8

const (
	OutputBand  Output = iota + 1 // the number of thresholds at or below the score
	OutputScore                   // the score itself
)

var outputNames = []string{"", "band", "score"}

func (o Output) String() string { return name(outputNames, int(o)) }

// MarshalText is "band" or "score".
func (o Output) MarshalText() ([]byte, error) { return marshalName(outputNames, int(o)) }

// UnmarshalText reads what MarshalText writes.
func (o *Output) UnmarshalText(text []byte) error {
	return unmarshalName(outputNames, text, (*uint8)(o))
}

// Clamp cuts the tails of a score output: of base + sum of the tables (own points are added afterwards), what is
// below Low is given out as Low and what is above High as High. In units, both ends included.
type Clamp struct {
	Low  int64 `json:"low"`
	High int64 `json:"high"`
}

// Policy is what is given out, and how the lint weighs it.
type Policy struct {
	Output Output
	// Bits are what the consent grants and the budget is charged; 0 for what the model needs (BandBits or ScoreBits).
	Bits int
	// Clamp holds for OutputScore alone; nil for none.
	Clamp *Clamp
	// Prior is what a bank may believe of a company beforehand: for each feature of the model the probability of each
	// level, features taken as independent. Nil for uniform alone. Each row sums to 1 within 1e-6.
	Prior [][]float64
	// K is the least number of bin combinations that an output has to stand for, 2 to 2^31-1; 0 for 5.
	K int
}

const defaultK = 5

// check fills in the defaults.
func (p Policy) check(m *circuits.Model) (Policy, error) {
	if m == nil {
		return p, fmt.Errorf("%w: want a model, got nil", ErrPolicy)
	}
	if p.K == 0 {
		p.K = defaultK
	}
	switch {
	case p.Output != OutputBand && p.Output != OutputScore:
		return p, fmt.Errorf("%w: output: want band or score, got %d", ErrPolicy, p.Output)
	case p.Bits < 0 || p.Bits > 64:
		return p, fmt.Errorf("%w: bits: want 0 to 64, got %d", ErrPolicy, p.Bits)
	case p.K < 2 || p.K > math.MaxInt32:
		return p, fmt.Errorf("%w: k: want 2 to 2^31-1, got %d", ErrPolicy, p.K)
	case p.Clamp != nil && p.Output != OutputScore:
		return p, fmt.Errorf("%w: clamp: want none for a band", ErrPolicy)
	case p.Clamp != nil && p.Clamp.Low > p.Clamp.High:
		return p, fmt.Errorf("%w: clamp: want low <= high", ErrPolicy)
	}
	levels := m.Levels()
	if p.Prior != nil && len(p.Prior) != len(levels) {
		return p, fmt.Errorf("%w: prior: want %d features, got %d", ErrPolicy, len(levels), len(p.Prior))
	}
	for f, row := range p.Prior {
		if err := checkPrior(row, levels[f]); err != nil {
			return p, fmt.Errorf("%w: prior[%d]: %w", ErrPolicy, f, err)
		}
	}
	return p, nil
}

func checkPrior(row []float64, levels int) error {
	if len(row) != levels {
		return fmt.Errorf("want %d levels, got %d", levels, len(row))
	}
	sum := 0.0
	for l, x := range row {
		if !(x >= 0 && x <= 1) {
			return fmt.Errorf("level %d: want a probability", l)
		}
		sum += x
	}
	if math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("want a sum of 1, got %v", sum)
	}
	return nil
}

// needed are the bits that tell so many outputs apart, at least 1.
func needed(outputs int) int { return max(1, bits.Len(uint(max(outputs, 1)-1))) }
