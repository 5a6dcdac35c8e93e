package bench

import (
	"fmt"
	"math/rand/v2"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc/score"
)

// The shape that everything is compared at: scores of 10 bits in 8 bands.
const (
	ScoreBits = 10
	Bands     = 8
	BandBits  = 3

	// Field is K of the OT extension, as nodes run it.
	Field = 4
)

// Case is a made-up batch: a model with tables of random points, and companies
// with random levels. Equal arguments of NewCase give equal cases.
type Case struct {
	Schema *circuits.Schema
	Model  *circuits.Model
	Levels [][]uint16 // of each feature, of each company

	full *full // of NewFullCase, in place of Model and Levels
}

// bins is how many attributes a characteristic has, at most: a scorecard has ten
// or so, whatever the grid.
const bins = 64

// NewCase makes a batch of n companies and a model of so many features, each on
// a grid of so many levels (4 to 4,096, the last one for missing).
func NewCase(features, levels, n int) (*Case, error) {
	if features < 1 || features > 64 || levels < 4 || n < 0 {
		return nil, fmt.Errorf("bench: no batch of %d companies with %d features of %d levels", n, features, levels)
	}
	rng := rand.New(rand.NewPCG(uint64(features), uint64(levels)))
	cuts := make([]float64, levels-2) // level v is [v, v+1), the last level is that of a missing value
	for i := range cuts {
		cuts[i] = float64(i + 1)
	}
	card := &circuits.Scorecard{Name: "bench", Version: "1"}
	specs := make([]circuits.FeatureSpec, features)
	width := (1<<ScoreBits - 1) / features // of the points of a feature, so that the score takes all of its bits
	for f := range specs {
		specs[f] = circuits.FeatureSpec{
			Name: fmt.Sprintf("f%02d", f), Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
			Cuts: circuits.Before(cuts...),
		}
		card.Characteristics = append(card.Characteristics, characteristic(rng, specs[f].Name, levels, width))
	}
	for b := range Bands {
		card.Bands = append(card.Bands, fmt.Sprintf("band %d", b))
		if b > 0 {
			card.Thresholds = append(card.Thresholds, circuits.Int(int64(b*features*width/Bands)))
		}
	}
	c := &Case{}
	var err error
	if c.Schema, err = circuits.NewSchema("bench", "1", specs...); err != nil {
		return nil, err
	}
	if c.Model, _, err = circuits.Compile(card, c.Schema, circuits.CompileOptions{}); err != nil {
		return nil, err
	}
	c.Levels = make([][]uint16, features)
	for f := range c.Levels {
		c.Levels[f] = make([]uint16, n)
		for i := range c.Levels[f] {
			c.Levels[f][i] = uint16(rng.IntN(levels))
		}
	}
	return c, nil
}

// characteristic gives 0 to width points, both among them, to runs of levels.
func characteristic(rng *rand.Rand, name string, levels, width int) circuits.Characteristic {
	n := min(bins, levels-1)
	points := make([]int, n)
	for i := range points {
		points[i] = rng.IntN(width + 1)
	}
	points[rng.IntN(n/2)], points[n/2+rng.IntN(n-n/2)] = 0, width
	ch := circuits.Characteristic{Name: name}
	for i, x := range points {
		when := circuits.Less(name, float64((i+1)*(levels-1)/n))
		if i == n-1 { // and missing
			when = circuits.True()
		}
		ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: when, Points: circuits.Int(int64(x))})
	}
	return ch
}

// Companies is the number of companies.
func (c *Case) Companies() int {
	if c.full != nil {
		return len(c.full.records)
	}
	return len(c.Levels[0])
}

// Params are the parameters of the first n companies on an engine.
func (c *Case) Params(e Engine, output score.OutputKind, n int) (score.Params, error) {
	if e.Full() != (c.full != nil) {
		return score.Params{}, fmt.Errorf("bench: engine %q does not take this batch", e.Name)
	}
	var p score.Params
	var err error
	if e.Full() {
		p, err = c.full.params(e, output)
	} else {
		p, err = e.params(c.Model, output)
	}
	if err != nil {
		return p, err
	}
	p.Companies = n
	p.Superblock = p.DefaultSuperblock()
	return p, err
}

// Columns returns the levels of the companies [from, to), feature by feature.
func (c *Case) Columns(from, to int) [][]uint16 {
	x := make([][]uint16, len(c.Levels))
	for f := range x {
		x[f] = c.Levels[f][from:to]
	}
	return x
}

// Plain evaluates every company in the clear, on the grid.
func (c *Case) Plain() (scores []int64, bands []int) {
	if c.full != nil {
		return nil, nil // see full.check
	}
	x := make([]uint16, len(c.Levels))
	for i := range c.Companies() {
		for f := range x {
			x[f] = c.Levels[f][i]
		}
		s := c.Model.Score(x, 0)
		scores, bands = append(scores, s), append(bands, c.Model.Band(s))
	}
	return scores, bands
}
