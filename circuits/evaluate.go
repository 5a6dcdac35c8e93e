package circuits

import (
	"cmp"
	"fmt"
)

// maxUnits bounds every sum of points in units: nothing below overflows, and a float64 holds it exactly.
const maxUnits = 1 << 53

// unit is the number of decimal places of the card's points and base: the units in which scores are whole numbers.
// It fails with ErrLimit if a score, a threshold or a baseline might not fit in those units.
func (c *Scorecard) unit() (places int, err error) {
	places = c.Base.Places()
	for i := range c.Characteristics {
		for j := range c.Characteristics[i].Attributes {
			places = max(places, c.Characteristics[i].Attributes[j].Points.Places())
		}
	}
	total, ok := magnitude(c.Base, places)
	for i := range c.Characteristics {
		worst := int64(0)
		for j := range c.Characteristics[i].Attributes {
			m, fits := magnitude(c.Characteristics[i].Attributes[j].Points, places)
			worst, ok = max(worst, m), ok && fits
		}
		total += worst // at most 513 * 2^53
	}
	for _, t := range c.Thresholds {
		_, fits := magnitude(t, places)
		ok = ok && fits
	}
	if !ok || total >= maxUnits {
		return 0, fmt.Errorf("%w: points: with %d decimal places the score may exceed 2^53 units", ErrLimit, places)
	}
	return places, nil
}

// magnitude is |d| in units of 10^-places, rounded up, and whether it is below maxUnits.
func magnitude(d Decimal, places int) (int64, bool) {
	n, ok := d.ceil(places)
	if !ok || n >= maxUnits || n <= -maxUnits {
		return 0, false
	}
	return max(n, -n), true
}

// Result is what a scorecard says about one company.
type Result struct {
	Score    Decimal
	Band     int    // number of thresholds <= Score
	BandName string // empty if the card names no bands
	Partials []Partial
	// Reasons are ranked, the strongest first; empty if the card has no reason codes.
	Reasons []Reason
}

// Partial is the partial score of one characteristic.
type Partial struct {
	Characteristic string
	Attribute      int // the attribute that matched
	Points         Decimal
}

// Reason is one reason code and why it ranks where it does.
type Reason struct {
	Code           string
	Characteristic string
	Difference     Decimal // from the baseline, in the direction of the card's ReasonMethod; may be negative
}

// Evaluate scores raw values as PMML defines it: in each characteristic the first attribute whose predicate is true
// gives its points; if none is, the result is invalid (ErrNoMatch). A feature that is not in the map is missing.
// The card must be valid (see Validate); what a card that is not would say is unspecified.
func (c *Scorecard) Evaluate(values map[string]Value) (Result, error) {
	r := Result{Score: c.Base, Partials: make([]Partial, 0, len(c.Characteristics))}
	for i := range c.Characteristics {
		ch := &c.Characteristics[i]
		a, err := ch.match(func(feature string) Value { return values[feature] })
		if err != nil {
			return Result{}, err
		}
		points := ch.Attributes[a].Points
		if r.Score, err = r.Score.Add(points); err != nil {
			return Result{}, err
		}
		r.Partials = append(r.Partials, Partial{ch.Name, a, points})
	}
	for r.Band < len(c.Thresholds) && c.Thresholds[r.Band].Compare(r.Score) <= 0 {
		r.Band++
	}
	if r.Band < len(c.Bands) {
		r.BandName = c.Bands[r.Band]
	}
	var err error
	r.Reasons, err = c.reasons(r.Partials)
	return r, err
}

// match is the first attribute whose predicate is true.
func (ch *Characteristic) match(value func(feature string) Value) (int, error) {
	for i := range ch.Attributes {
		if ch.Attributes[i].Predicate.evaluate(value) == IsTrue {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: characteristic %s", ErrNoMatch, quoteShort(ch.Name))
}

// reasons ranks the reason codes of the characteristics that have one.
func (c *Scorecard) reasons(partials []Partial) ([]Reason, error) {
	if c.Reasons == 0 {
		return nil, nil
	}
	var rs []Reason
	for i, p := range partials {
		ch := &c.Characteristics[i]
		code := cmp.Or(ch.Attributes[p.Attribute].ReasonCode, ch.ReasonCode)
		if code == "" {
			continue
		}
		d, err := c.Reasons.difference(ch.Baseline, p.Points)
		if err != nil {
			return nil, fmt.Errorf("characteristic %s: baseline: %w", quoteShort(ch.Name), err)
		}
		rs = append(rs, Reason{code, ch.Name, d})
	}
	rank(rs)
	return rs, nil
}
