package circuits

import (
	"fmt"
	"io"
	"log/slog"
	"math/bits"
	"slices"
)

// Model is a compiled scorecard: score = Base + sum over features of Tables[f][level of f] + own points, and the band
// is the number of thresholds at or below the score. All points are whole units, Scale of them to a point.
//
// A Model is immutable and safe for concurrent use; Compile makes it. It is the bank's secret and does not print.
type Model struct {
	name, version   string
	schema          [32]byte
	places          int
	features        []string
	indexes         []int
	tables          [][]int32
	base            int64
	low, high       int64
	own             []string
	ownLow, ownHigh int64
	thresholds      []int64
	bands           []string
	reasons         ReasonMethod
	parts           []part
}

// part is one characteristic: on one feature of the schema (level holds the row of each level), on own features, or
// constant (its points are in the base).
type part struct {
	name        string
	baseline    Decimal
	feature     int // index into Model.Features, or -1
	schemaIndex int // index into the schema, or -1
	rows        []row
	fallback    *row    // what matches where no row does; may be nil
	level       []int16 // index into rows, or -1 for fallback; nil for own and constant ones
	constant    bool
}

type row struct {
	units int64
	code  string
	when  Predicate // evaluated for own characteristics alone
}

func (p *part) own() bool { return p.level == nil && !p.constant }

func (p *part) row(i int) *row {
	if i < 0 {
		return p.fallback
	}
	return &p.rows[i]
}

// bounds are the least and the most that the rows give.
func (p *part) bounds() (low, high int64) {
	low, high = p.rows[0].units, p.rows[0].units
	for i := range p.rows {
		low, high = min(low, p.rows[i].units), max(high, p.rows[i].units)
	}
	if p.fallback != nil {
		low, high = min(low, p.fallback.units), max(high, p.fallback.units)
	}
	return low, high
}

// Name and Version are the card's.
func (m *Model) Name() string    { return m.name }
func (m *Model) Version() string { return m.version }

// SchemaDigest is the digest of the schema that the tables are for.
func (m *Model) SchemaDigest() [32]byte { return m.schema }

// Features are the schema's features that the model reads, in schema order: at least one (a copy).
func (m *Model) Features() []string { return slices.Clone(m.features) }

// FeatureIndexes are the positions of Features in the schema, ascending (a copy).
func (m *Model) FeatureIndexes() []int { return slices.Clone(m.indexes) }

// Tables are the points of each feature's levels, in units. The caller must not change them.
func (m *Model) Tables() [][]int32 { return m.tables }

// Levels are the lengths of the tables.
func (m *Model) Levels() []int {
	n := make([]int, len(m.tables))
	for i, t := range m.tables {
		n[i] = len(t)
	}
	return n
}

// Base is the initial score in units, constant characteristics included.
func (m *Model) Base() int64 { return m.base }

// Range is the least and the greatest sum of one entry of each table, without Base and own points.
func (m *Model) Range() (lo, hi int64) { return m.low, m.high }

// ScoreBits is the smallest m >= 1 with hi - lo < 2^m.
func (m *Model) ScoreBits() int { return max(1, bits.Len64(uint64(m.high-m.low))) }

// Thresholds are the band thresholds in units, ascending (a copy). Neighbours are equal where no whole score lies
// between them.
func (m *Model) Thresholds() []int64 { return slices.Clone(m.thresholds) }

// Bands are the names of the bands, lowest score first: one more than thresholds (a copy).
func (m *Model) Bands() []string { return slices.Clone(m.bands) }

// BandBits is the smallest b >= 1 with 2^b >= number of bands.
func (m *Model) BandBits() int { return max(1, bits.Len(uint(len(m.bands)-1))) }

// Scale is the number of units per point: 1, 10, 100, ...
func (m *Model) Scale() int64 { return pow10[m.places] }

// Points is a number of units in points.
func (m *Model) Points(units int64) Decimal { return reduce(units, m.places) }

// OwnFeatures are the bank's own features that the model reads (a copy).
func (m *Model) OwnFeatures() []string { return slices.Clone(m.own) }

// OwnPoints is the sum, in units, of the characteristics on the bank's own features: 0 if there are none. A feature
// that is not in the map is missing; ErrNoMatch if a characteristic has no points for these values.
func (m *Model) OwnPoints(values map[string]Value) (int64, error) {
	sum := int64(0)
	for i := range m.parts {
		if p := &m.parts[i]; p.own() {
			r, err := p.match(values)
			if err != nil {
				return 0, err
			}
			sum += r.units
		}
	}
	return sum, nil
}

func (p *part) match(values map[string]Value) (*row, error) {
	for i := range p.rows {
		if p.rows[i].when.Evaluate(values) == IsTrue {
			return &p.rows[i], nil
		}
	}
	if p.fallback == nil {
		return nil, fmt.Errorf("%w: characteristic %s", ErrNoMatch, quoteShort(p.name))
	}
	return p.fallback, nil
}

// OwnRange bounds OwnPoints for any values.
func (m *Model) OwnRange() (lo, hi int64) { return m.ownLow, m.ownHigh }

// Select picks the model's features from the levels of a whole schema (see Schema.Levels), and checks them.
func (m *Model) Select(schemaLevels []uint16) ([]uint16, error) {
	levels := make([]uint16, len(m.indexes))
	for i, at := range m.indexes {
		if at >= len(schemaLevels) {
			return nil, fmt.Errorf("%w: want the levels of %d features or more, got %d", ErrLevels, at+1, len(schemaLevels))
		}
		levels[i] = schemaLevels[at]
	}
	return levels, m.CheckLevels(levels)
}

// CheckLevels wants one level below Levels()[i] for each feature.
func (m *Model) CheckLevels(levels []uint16) error {
	if len(levels) != len(m.tables) {
		return fmt.Errorf("%w: want %d levels, got %d", ErrLevels, len(m.tables), len(levels))
	}
	for i, l := range levels {
		if int(l) >= len(m.tables[i]) {
			return fmt.Errorf("%w: feature %s: want a level below %d", ErrLevels, quoteShort(m.features[i]), len(m.tables[i]))
		}
	}
	return nil
}

// Score is the plain evaluator on levels: Base + own + the sum of the tables, in units. The levels must pass
// CheckLevels; like an index of a slice, others are a mistake of the caller.
func (m *Model) Score(levels []uint16, own int64) int64 {
	score := m.base + own
	for i, t := range m.tables {
		score += int64(t[levels[i]])
	}
	return score
}

// Band is the number of thresholds at or below a score in units.
func (m *Model) Band(score int64) int {
	band := 0
	for band < len(m.thresholds) && m.thresholds[band] <= score {
		band++
	}
	return band
}

// Format prints the model's name and size, never its content.
func (m *Model) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, m.redacted()) }

// LogValue logs the model's name and size, never its content.
func (m *Model) LogValue() slog.Value { return slog.StringValue(m.redacted()) }

// MarshalJSON refuses.
func (m *Model) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("%w: a model", ErrSecret) }

func (m *Model) redacted() string {
	if m == nil {
		return "Model(nil)"
	}
	return fmt.Sprintf("Model(%s, %d features, %d bands)", quoteShort(m.name), len(m.features), len(m.bands))
}
