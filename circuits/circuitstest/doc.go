// Package circuitstest makes random schemas, scorecards, models and companies for property tests, weighted towards the
// edges: values exactly on cuts and their neighbouring floats, missing and special values, infinities, unknown texts,
// thresholds at the ends of the score range. Everything follows from the generator that is handed in.
//
//	c, err := circuitstest.Random(rand.New(rand.NewPCG(1, 2)), circuitstest.Shape{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10})
//	levels := c.Levels(rng)                                // of the model's features
//	want := c.Model.Band(c.Model.Score(levels, own))
package circuitstest
