package circuitstest

import (
	"fmt"
	"math/rand/v2"

	"github.com/blindscore/blindscore/circuits"
)

// Shape says what Random makes. Zero fields take the defaults in brackets.
type Shape struct {
	Features             int  // features that the card reads, 1 to 256 [3]
	Unread               int  // further features of the schema that it does not read
	MinLevels, MaxLevels int  // levels of each feature, 1 to 4096 [2 to 20]
	Bands                int  // 1 to 256 [5]
	ScoreBits            int  // exactly Model.ScoreBits, 1 to 30; needs a feature with two levels if above 1 [8]
	Places               int  // decimal places of points, 0 to 6
	Own                  int  // the bank's own features
	Reasons              bool // with reason codes
	// Wild cards have random predicate trees in place of one attribute a level; their score bits are what they are.
	Wild bool
}

// Case is a random model with all that it was made from.
type Case struct {
	Schema *circuits.Schema
	Card   *circuits.Scorecard
	Model  *circuits.Model
}

func (s Shape) withDefaults() Shape {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&s.Features, 3)
	set(&s.MinLevels, min(2, max(1, s.MaxLevels)))
	if s.MaxLevels == 0 {
		s.MaxLevels = max(20, s.MinLevels)
	}
	set(&s.Bands, 5)
	set(&s.ScoreBits, 8)
	return s
}

// Random makes a schema, a card and its model. It fails only for a shape that cannot be.
func Random(rng *rand.Rand, shape Shape) (*Case, error) {
	s := shape.withDefaults()
	if s.MinLevels < 1 || s.MaxLevels < s.MinLevels || s.ScoreBits > 30 || s.Places > 6 || s.Places < 0 {
		return nil, fmt.Errorf("circuitstest: impossible shape %+v", shape)
	}
	specs := make([]circuits.FeatureSpec, s.Features+s.Unread)
	for i := range specs {
		levels := s.MinLevels + rng.IntN(s.MaxLevels-s.MinLevels+1)
		if i == 0 && s.ScoreBits > 1 && s.MaxLevels > 1 {
			levels = max(2, levels)
		}
		specs[i] = RandomFeature(rng, fmt.Sprintf("f%d", i), levels)
	}
	order := rng.Perm(len(specs)) // so that unread features lie in between
	shuffled := make([]circuits.FeatureSpec, len(specs))
	for i, j := range order {
		shuffled[j] = specs[i]
	}
	schema, err := circuits.NewSchema("random", "1", shuffled...)
	if err != nil {
		return nil, err
	}
	features := make([]*circuits.Feature, s.Features)
	for i := range features {
		features[i] = schema.At(order[i])
	}
	card, err := randomCard(rng, features, s)
	if err != nil {
		return nil, err
	}
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	if err != nil {
		return nil, err
	}
	return &Case{schema, card, model}, nil
}

// Levels is a random row of levels of the model's features; a quarter of the rows are at the first or last levels, or
// where the score is least or greatest.
func (c *Case) Levels(rng *rand.Rand) []uint16 {
	tables := c.Model.Tables()
	row := make([]uint16, len(tables))
	mode := rng.IntN(16)
	for i, t := range tables {
		switch mode {
		case 0:
		case 1:
			row[i] = uint16(len(t) - 1)
		case 2, 3:
			for l, points := range t {
				if best := t[row[i]]; mode == 2 && points < best || mode == 3 && points > best {
					row[i] = uint16(l)
				}
			}
		default:
			row[i] = uint16(rng.IntN(len(t)))
		}
	}
	return row
}

// Company is a random row of raw values of the schema's features and of the bank's own.
func (c *Case) Company(rng *rand.Rand) map[string]circuits.Value {
	values := make(map[string]circuits.Value)
	for _, f := range c.Schema.Features() {
		values[f.Name()] = RandomValue(rng, f)
	}
	for _, f := range c.Card.Own {
		switch rng.IntN(3) {
		case 0:
			values[f.Name] = circuits.Number(float64(rng.IntN(21) - 10))
		case 1:
			values[f.Name] = circuits.Number(rng.NormFloat64() * 5)
		}
	}
	return values
}
