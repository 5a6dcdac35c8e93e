package cumcm2020c

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
)

// ErrSample: the firms do not make a scorecard.
var ErrSample = errors.New("cumcm2020c: no scorecard from this sample")

// The card's points: 600 at odds of 10 to 1 of repaying, 30 more for every doubling, one decimal place.
var scaling = circuits.Scaling{BasePoints: 600, BaseOdds: 10, PDO: 30}

const places = 1

// Bands by the probability of default at their lower end.
var (
	bandNames = []string{"decline", "watch", "standard", "good", "prime"}
	bandsFrom = []float64{0.40, 0.20, 0.10, 0.05}
)

// Derive makes a scorecard from labelled firms. The labels are what became of the loans; a rating that somebody gave
// with the outcome in hand is no feature and must not be one.
func Derive(schema *circuits.Schema, firms []Firm) (*circuits.Scorecard, error) {
	for i, f := range firms {
		if len(f.Levels) != schema.Len() {
			return nil, fmt.Errorf("%w: firm %d has %d levels, the schema has %d features", ErrSample, i, len(f.Levels), schema.Len())
		}
	}
	if t := count(firms); t.good < 10 || t.bad < 10 {
		return nil, fmt.Errorf("%w: %v good and %v bad firms, want 10 of each", ErrSample, t.good, t.bad)
	}
	var features []*binned
	for i := range schema.Len() {
		if b, useful := cut(schema, i, firms); useful {
			features = append(features, b)
		}
	}
	features, b, err := fit(features, firms)
	if err != nil {
		return nil, err
	}
	card := &circuits.Scorecard{Name: "cumcm2020c SME card", Version: "1", Reasons: circuits.PointsBelow, Bands: slices.Clone(bandNames)}
	if card.Base, err = scaling.Base(b[0], places); err != nil {
		return nil, err
	}
	for _, p := range bandsFrom {
		t, err := circuits.RoundDecimal(scaling.Score(circuits.Logit(1-p)), places)
		if err != nil {
			return nil, err
		}
		card.Thresholds = append(card.Thresholds, t)
	}
	for i, f := range features {
		ch, err := f.characteristic(b[i+1])
		if err != nil {
			return nil, err
		}
		card.Characteristics = append(card.Characteristics, ch)
	}
	return card, card.Validate()
}

// fit weighs the features. One whose coefficient has the wrong sign repeats what others say better: the worst goes, and
// the rest is weighed again.
func fit(features []*binned, firms []Firm) ([]*binned, []float64, error) {
	y := make([]bool, len(firms))
	for i, f := range firms {
		y[i] = !f.Defaulted
	}
	for len(features) > 0 {
		x := make([][]float64, len(firms))
		for i, firm := range firms {
			for _, f := range features {
				x[i] = append(x[i], f.of(firm.Levels[f.index]))
			}
		}
		b, err := logit(x, y)
		if err != nil {
			return nil, nil, err
		}
		worst := slices.Index(b[1:], slices.Min(b[1:]))
		if b[1+worst] > 0 {
			return features, b, nil
		}
		features = slices.Delete(features, worst, worst+1)
	}
	return nil, nil, fmt.Errorf("%w: no feature says anything", ErrSample)
}

// characteristic turns a feature's bins into attributes, with cut-offs on the grid.
func (b *binned) characteristic(coefficient float64) (circuits.Characteristic, error) {
	name := b.feature.Name()
	ch := circuits.Characteristic{Name: name, ReasonCode: name}
	add := func(p circuits.Predicate, woe float64) error {
		points, err := scaling.Points(coefficient, woe, places)
		ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: p, Points: points})
		return err
	}
	if err := add(circuits.IsMissing(name), b.missing); err != nil {
		return ch, err
	}
	cuts := b.feature.Cuts()
	for i, x := range b.bins[:len(b.bins)-1] {
		// Level x.to begins at the cut before it.
		end := cuts[x.to-1]
		below := circuits.Less(name, end.At)
		if end.After {
			below = circuits.Compare(name, circuits.OpLessOrEqual, circuits.Number(end.At))
		}
		if err := add(below, b.woe[i]); err != nil {
			return ch, err
		}
	}
	return ch, add(circuits.True(), b.woe[len(b.woe)-1])
}

// AUC is the probability that a firm that repaid scores higher than one that defaulted, ties counted half; 0.5 is
// chance. It needs firms of both kinds.
func AUC(scores []float64, defaulted []bool) float64 {
	at := make([]int, len(scores))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(i, j int) int { return cmp.Compare(scores[i], scores[j]) })
	var below, won, good float64 // defaulted firms seen so far
	for from := 0; from < len(at); {
		to, bad, fine := from, 0.0, 0.0
		for ; to < len(at) && scores[at[to]] == scores[at[from]]; to++ {
			if defaulted[at[to]] {
				bad++
			} else {
				fine++
			}
		}
		won += fine * (below + bad/2)
		below, good, from = below+bad, good+fine, to
	}
	return won / (below * good)
}
