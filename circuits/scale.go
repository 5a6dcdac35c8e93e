package circuits

import (
	"fmt"
	"math"
	"slices"
)

// Rounding says what rounding points to fewer places changed.
type Rounding struct {
	FromPlaces, ToPlaces int
	Changed              int     // how many partial scores changed, the base included
	MaxPoint             Decimal // the largest change of one partial score, or of the base
	MaxScore             Decimal // no score changed by more
}

// scale fixes the units, and reports what rounding does.
func (c *compiler) scale() error {
	places, err := c.card.unit()
	if err != nil {
		return err
	}
	if c.opts.Default != nil {
		places = max(places, c.opts.Default.Places())
	}
	r := c.report
	r.Places = places
	if c.opts.Round {
		if c.opts.Places < 0 || c.opts.Places > MaxPlaces {
			return fmt.Errorf("%w: round: want 0 to %d places, got %d", ErrCard, MaxPlaces, c.opts.Places)
		}
		if r.Places = min(places, c.opts.Places); r.Places < places {
			if r.Rounding, err = c.rounding(places, r.Places); err != nil {
				return err
			}
		}
	}
	r.Scale = pow10[r.Places]
	return nil
}

func (c *compiler) rounding(from, to int) (*Rounding, error) {
	r := &Rounding{FromPlaces: from, ToPlaces: to}
	// change is |d - d rounded|; it counts and remembers the largest.
	change := func(d Decimal) Decimal {
		n, _ := d.round(to)
		diff, err := d.Sub(reduce(n, to))
		if err != nil || diff == (Decimal{}) {
			return Decimal{} // magnitudes below 2^53 units cannot fail
		}
		diff.unscaled = max(diff.unscaled, -diff.unscaled)
		r.Changed++
		if diff.Compare(r.MaxPoint) > 0 {
			r.MaxPoint = diff
		}
		return diff
	}
	var err error
	r.MaxScore = change(c.card.Base)
	for i := range c.card.Characteristics {
		worst := Decimal{}
		for j := range c.card.Characteristics[i].Attributes {
			if d := change(c.card.Characteristics[i].Attributes[j].Points); d.Compare(worst) > 0 {
				worst = d
			}
		}
		if c.opts.Default != nil {
			n, _ := c.opts.Default.round(to)
			if d, err := c.opts.Default.Sub(reduce(n, to)); err == nil {
				d.unscaled = max(d.unscaled, -d.unscaled)
				if d.Compare(worst) > 0 {
					worst = d
				}
			}
		}
		if r.MaxScore, err = r.MaxScore.Add(worst); err != nil {
			return nil, fmt.Errorf("%w: round: the change of the score does not fit: %w", ErrLimit, err)
		}
	}
	return r, nil
}

// assemble adds the parts up to tables and makes the model.
func (c *compiler) assemble(parts []part) (*Model, error) {
	m := &Model{
		name: c.card.Name, version: c.card.Version, schema: c.schema.Digest(), places: c.report.Places,
		bands: slices.Clone(c.card.Bands), reasons: c.card.Reasons, parts: parts,
	}
	if len(m.bands) == 0 {
		m.bands = []string{"all"}
	}
	m.base, _ = c.card.Base.round(m.places)
	for _, t := range c.card.Thresholds {
		n, ok := t.ceil(m.places)
		if !ok {
			return nil, fmt.Errorf("%w: thresholds: %s does not fit", ErrLimit, t)
		}
		m.thresholds = append(m.thresholds, n)
	}
	for i := range parts {
		if parts[i].constant {
			r, err := parts[i].match(nil)
			if err != nil {
				return nil, err
			}
			m.base += r.units
		}
	}
	if err := m.addTables(c.schema); err != nil {
		return nil, err
	}
	read := make(map[string]bool)
	for i := range parts {
		for j := range parts[i].rows {
			if parts[i].own() {
				_ = parts[i].rows[j].when.walk(0, func(p *Predicate, _ int) error { read[p.Feature] = true; return nil })
			}
		}
	}
	for _, f := range c.card.Own {
		if read[f.Name] {
			m.own = append(m.own, f.Name)
		}
	}
	return m, nil
}

// addTables fills the tables, one for each feature that is read, in schema order.
func (m *Model) addTables(s *Schema) error {
	readers := make([][]*part, s.Len())
	for i := range m.parts {
		if p := &m.parts[i]; p.level != nil {
			readers[p.schemaIndex] = append(readers[p.schemaIndex], p)
		}
	}
	for i, ps := range readers {
		if len(ps) > 0 {
			for _, p := range ps {
				p.feature = len(m.indexes)
			}
			m.indexes = append(m.indexes, i)
			m.features = append(m.features, s.At(i).Name())
			m.tables = append(m.tables, make([]int32, s.At(i).Levels()))
		}
	}
	if len(m.tables) == 0 {
		return fmt.Errorf("%w: no characteristic reads a feature of the schema", ErrUnsupported)
	}
	for at, i := range m.indexes {
		low, high := int64(math.MaxInt64), int64(math.MinInt64)
		for l := range m.tables[at] {
			sum := int64(0)
			for _, p := range readers[i] {
				sum += p.row(int(p.level[l])).units
			}
			if sum < math.MinInt32 || sum > math.MaxInt32 {
				return fmt.Errorf("%w: feature %s: the points of level %d do not fit 32 bits in units of 1/%d point; round to fewer places",
					ErrLimit, quoteShort(m.features[at]), l, pow10[m.places])
			}
			m.tables[at][l] = int32(sum)
			low, high = min(low, sum), max(high, sum)
		}
		m.low, m.high = m.low+low, m.high+high
	}
	for i := range m.parts {
		if p := &m.parts[i]; p.own() {
			low, high := p.bounds()
			m.ownLow, m.ownHigh = m.ownLow+low, m.ownHigh+high
		}
	}
	if m.ownLow <= -maxUnits || m.ownHigh >= maxUnits {
		return fmt.Errorf("%w: own points may exceed 2^53 units", ErrLimit)
	}
	return nil
}
