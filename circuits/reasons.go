package circuits

import (
	"fmt"
	"slices"
)

// Characteristic reason codes, kept in the model for whoever computes them later.

// ReasonPart is what ranking needs to know about one characteristic of a model.
type ReasonPart struct {
	Characteristic string
	Feature        int // index into Model.Features, or -1 for own and constant characteristics
	Baseline       Decimal
	Points         []int64  // units by level; nil if Feature is -1
	Codes          []string // reason code by level, may be empty texts; nil if Feature is -1
}

// ReasonMethod is how the model ranks reason codes; zero if the card has none.
func (m *Model) ReasonMethod() ReasonMethod { return m.reasons }

// ReasonParts are the model's characteristics in the card's order.
func (m *Model) ReasonParts() []ReasonPart {
	parts := make([]ReasonPart, len(m.parts))
	for i := range m.parts {
		p := &m.parts[i]
		parts[i] = ReasonPart{Characteristic: p.name, Feature: p.feature, Baseline: p.baseline}
		for _, at := range p.level {
			r := p.row(int(at))
			parts[i].Points = append(parts[i].Points, r.units)
			parts[i].Codes = append(parts[i].Codes, r.code)
		}
	}
	return parts
}

// Reasons ranks the reason codes for levels and the bank's own values, in the clear, exactly as Scorecard.Evaluate
// does for raw values.
func (m *Model) Reasons(levels []uint16, own map[string]Value) ([]Reason, error) {
	if err := m.CheckLevels(levels); err != nil {
		return nil, err
	}
	var rs []Reason
	for i := range m.parts {
		p := &m.parts[i]
		var r *row
		if p.level != nil {
			r = p.row(int(p.level[levels[p.feature]]))
		} else {
			var err error
			if r, err = p.match(own); err != nil {
				return nil, err
			}
		}
		if r.code == "" || m.reasons == 0 {
			continue
		}
		d, err := m.reasons.difference(p.baseline, m.Points(r.units))
		if err != nil {
			return nil, fmt.Errorf("characteristic %s: baseline: %w", quoteShort(p.name), err)
		}
		rs = append(rs, Reason{r.code, p.name, d})
	}
	rank(rs)
	return rs, nil
}

// difference is what reason codes are ranked by.
func (method ReasonMethod) difference(baseline, points Decimal) (Decimal, error) {
	if method == PointsAbove {
		return points.Sub(baseline)
	}
	return baseline.Sub(points)
}

// rank sorts by the largest difference; ties keep the card's order.
func rank(rs []Reason) {
	slices.SortStableFunc(rs, func(a, b Reason) int { return b.Difference.Compare(a.Difference) })
}
