package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/blindscore/blindscore/circuits"
)

// Apply makes the change: the card and the policy with which to compile and Check again; neither argument is changed,
// and the new card shares predicates with the old. The card has to be the one that the linted model was compiled from.
// Merged bands keep the name of the lowest of them. Rounding is that of the tables exactly as long as no feature has
// two characteristics, whose points are rounded one by one here. Errors wrap ErrRemedy.
func (r *Remedy) Apply(card *circuits.Scorecard, p Policy) (*circuits.Scorecard, Policy, error) {
	if card == nil {
		return nil, p, fmt.Errorf("%w: want a card, got nil", ErrRemedy)
	}
	changed := *card
	switch r.Kind {
	case MergeBands:
		for _, t := range r.Drop {
			if t < 0 || t >= len(card.Thresholds) || len(card.Bands) != len(card.Thresholds)+1 {
				return nil, p, fmt.Errorf("%w: want a threshold %d with a band on either side", ErrRemedy, t)
			}
		}
		changed.Thresholds, changed.Bands = without(card.Thresholds, r.Drop, 0), without(card.Bands, r.Drop, 1)
	case ClampScore:
		p.Clamp, p.Bits = r.Clamp, 0
	case UseBands:
		p.Output, p.Clamp, p.Bits = OutputBand, nil, 0
	case RoundPoints:
		if p.Output == OutputScore {
			p.Bits = 0
		}
		var err error
		if changed.Characteristics, err = r.round(card); err != nil {
			return nil, p, err
		}
	default:
		return nil, p, fmt.Errorf("%w: want a kind, got %d", ErrRemedy, r.Kind)
	}
	return &changed, p, nil
}

// round rounds the points of all characteristics that read features of the schema.
func (r *Remedy) round(card *circuits.Scorecard) ([]circuits.Characteristic, error) {
	places := len(strconv.FormatInt(r.Scale, 10)) - 1
	if r.Step < 1 || r.Scale < 1 {
		return nil, fmt.Errorf("%w: want a step and a scale of 1 or more, got %d and %d", ErrRemedy, r.Step, r.Scale)
	}
	own := make(map[string]bool)
	for _, f := range card.Own {
		own[f.Name] = true
	}
	all := slices.Clone(card.Characteristics)
	for i := range all {
		ch := &all[i]
		features := ch.Features()
		if len(features) == 0 || own[features[0]] {
			continue
		}
		ch.Attributes = slices.Clone(ch.Attributes)
		for j := range ch.Attributes {
			units, err := inUnits(ch.Attributes[j].Points, places)
			if err != nil {
				return nil, err
			}
			if ch.Attributes[j].Points, err = circuits.NewDecimal(roundTo(units, r.Step)*r.Step, places); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrRemedy, err)
			}
		}
	}
	return all, nil
}

// inUnits is d * 10^places.
func inUnits(d circuits.Decimal, places int) (int64, error) {
	if d.Places() > places {
		return 0, fmt.Errorf("%w: want points of at most %d places, got %d", ErrRemedy, places, d.Places())
	}
	digits := strings.Replace(d.String(), ".", "", 1) + strings.Repeat("0", places-d.Places())
	units, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || units > 1<<53 || units < -1<<53 {
		return 0, fmt.Errorf("%w: want points below 2^53 units", ErrRemedy)
	}
	return units, nil
}
