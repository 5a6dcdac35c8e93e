package circuits

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"math/bits"
	"slices"
)

// IntegerModel is a linear model on values of full precision, as an engine computes it: score = Base + sum of weights
// times columns, and the band is the number of thresholds at or below the score. Scale units of it are a point.
//
// It is immutable and safe for concurrent use; Linear.Integer makes it. It is the bank's secret and does not print; its
// Columns are public.
type IntegerModel struct {
	name, version string
	columns       *Columns
	weights       []int32
	base          int64
	low, high     int64
	scale         float64
	thresholds    []int64
	bands         []string
}

// Name and Version are the model's.
func (m *IntegerModel) Name() string    { return m.name }
func (m *IntegerModel) Version() string { return m.version }

// Columns are the public half.
func (m *IntegerModel) Columns() *Columns { return m.columns }

// Values are the columns of a company.
func (m *IntegerModel) Values(values map[string]Value) []int64 { return m.columns.Values(values) }

// Weights are the weights of the columns, 16 bits with the sign (a copy).
func (m *IntegerModel) Weights() []int32 { return slices.Clone(m.weights) }

// Base is added to the dot product.
func (m *IntegerModel) Base() int64 { return m.base }

// Scale is the units of the score in a point, a power of two that may be below 1.
func (m *IntegerModel) Scale() float64 { return m.scale }

// Range bounds the dot product, without the base.
func (m *IntegerModel) Range() (lo, hi int64) { return m.low, m.high }

// ScoreBits is the smallest m >= 1 with hi - lo < 2^m.
func (m *IntegerModel) ScoreBits() int { return max(1, bits.Len64(uint64(m.high-m.low))) }

// Thresholds are in units of the score, ascending (a copy).
func (m *IntegerModel) Thresholds() []int64 { return slices.Clone(m.thresholds) }

// Bands are the names of the bands, lowest score first: one more than thresholds (a copy).
func (m *IntegerModel) Bands() []string { return slices.Clone(m.bands) }

// BandBits is the smallest b >= 1 with 2^b >= the number of bands.
func (m *IntegerModel) BandBits() int { return max(1, bits.Len(uint(len(m.bands)-1))) }

// Score is the plain evaluator, on columns; ErrLevels if they are not those of the model.
func (m *IntegerModel) Score(columns []int64) (int64, error) {
	if len(columns) != len(m.weights) {
		return 0, fmt.Errorf("%w: want %d columns, got %d", ErrLevels, len(m.weights), len(columns))
	}
	score := m.base
	for i, x := range columns {
		if x < 0 || x > m.columns.most[i] {
			return 0, fmt.Errorf("%w: column %d is out of its range", ErrLevels, i)
		}
		score += int64(m.weights[i]) * x
	}
	return score, nil
}

// Band is the number of thresholds at or below the score.
func (m *IntegerModel) Band(score int64) int {
	band := 0
	for band < len(m.thresholds) && m.thresholds[band] <= score {
		band++
	}
	return band
}

// Commit is a commitment to the whole model, of the kind of Model.Commit.
func (m *IntegerModel) Commit(salt [32]byte) [32]byte {
	e := &encoder{}
	e.text("blindscore integer model commitment v1")
	e.digest(salt)
	e.text(m.name)
	e.text(m.version)
	m.columns.encode(e)
	for _, w := range m.weights {
		e.i64(int64(w))
	}
	e.i64(m.base)
	e.f64(m.scale)
	e.u32(len(m.thresholds))
	for _, t := range m.thresholds {
		e.i64(t)
	}
	for _, b := range m.bands {
		e.text(b)
	}
	return sha256.Sum256(e.b)
}

func (m *IntegerModel) redacted() string {
	if m == nil {
		return "IntegerModel(nil)"
	}
	return fmt.Sprintf("IntegerModel(%s, %d columns, %d bands)", quoteShort(m.name), m.columns.Len(), len(m.bands))
}

// Format prints the model's name and size, never its content.
func (m *IntegerModel) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, m.redacted()) }

// LogValue logs the model's name and size, never its content.
func (m *IntegerModel) LogValue() slog.Value { return slog.StringValue(m.redacted()) }

// MarshalJSON refuses.
func (m *IntegerModel) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("%w: an integer model", ErrSecret)
}
