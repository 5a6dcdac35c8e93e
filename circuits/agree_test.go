package circuits_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
)

// agree checks that the card on raw values and the model on levels say the same of random companies.
func agree(t *testing.T, rng *rand.Rand, c *circuitstest.Case, companies int) {
	t.Helper()
	for range companies {
		raw := c.Company(rng)
		want, err := c.Card.Evaluate(c.Schema.Normal(raw))
		require.NoError(t, err)

		levels, err := c.Model.Select(c.Schema.Levels(raw))
		require.NoError(t, err)
		own, err := c.Model.OwnPoints(raw)
		require.NoError(t, err)
		score := c.Model.Score(levels, own)
		require.Equal(t, want.Score.String(), c.Model.Points(score).String())
		require.Equal(t, want.Band, c.Model.Band(score))
		if len(c.Card.Bands) > 0 {
			require.Equal(t, want.BandName, c.Model.Bands()[want.Band])
		}
		reasons, err := c.Model.Reasons(levels, raw)
		require.NoError(t, err)
		require.Equal(t, want.Reasons, reasons)

		lo, hi := c.Model.Range()
		ownLo, ownHi := c.Model.OwnRange()
		require.GreaterOrEqual(t, own, ownLo)
		require.LessOrEqual(t, own, ownHi)
		require.GreaterOrEqual(t, score-own-c.Model.Base(), lo)
		require.LessOrEqual(t, score-own-c.Model.Base(), hi)
	}
}

func TestRawAndLevelsAgree(t *testing.T) {
	shapes := []circuitstest.Shape{
		{},
		{Features: 1, MinLevels: 1, MaxLevels: 1, ScoreBits: 1, Bands: 1},
		{Features: 1, MinLevels: 2, MaxLevels: 2, ScoreBits: 1, Bands: 2},
		{Features: 5, Unread: 3, MinLevels: 1, MaxLevels: 30, Places: 2, Bands: 16, Own: 2, Reasons: true},
		{Features: 12, MinLevels: 2, MaxLevels: 60, ScoreBits: 16, Bands: 8, Reasons: true},
		{Features: 4, MinLevels: 2, MaxLevels: 12, Wild: true, Places: 1, Own: 1, Reasons: true},
		{Features: 2, MinLevels: 1, MaxLevels: 40, Wild: true, Bands: 3},
	}
	for i, shape := range shapes {
		for seed := range 25 {
			t.Run(fmt.Sprintf("shape %d seed %d", i, seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(i), uint64(seed)))
				c, err := circuitstest.Random(rng, shape)
				require.NoError(t, err)
				agree(t, rng, c, 40)
			})
		}
	}
}

func TestRawAndLevelsAgreeWhenLarge(t *testing.T) {
	for i, shape := range []circuitstest.Shape{
		{Features: 64, MinLevels: 1, MaxLevels: 1024, ScoreBits: 12},
		{Features: 2, MinLevels: 4096, MaxLevels: 4096, ScoreBits: 30, Bands: 256},
		{Features: 256, MinLevels: 1, MaxLevels: 8, ScoreBits: 20},
	} {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		c, err := circuitstest.Random(rng, shape)
		require.NoError(t, err)
		require.Equal(t, shape.ScoreBits, c.Model.ScoreBits())
		require.Len(t, c.Model.Tables(), shape.Features)
		agree(t, rng, c, 10)
	}
}

// A value on either side of a cut, in the raw and in the level world, without Normal in between: where values have
// their feature's type, Normal changes nothing.
func TestNormalKeepsProperValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 300 {
		spec := circuitstest.RandomFeature(rng, "f", 1+i%50)
		s, err := circuits.NewSchema("s", "1", spec)
		require.NoError(t, err)
		f := s.At(0)
		require.Equal(t, 1+i%50, f.Levels())
		for range 50 {
			v := circuitstest.RandomValue(rng, f)
			require.Equal(t, f.Level(v), f.Level(f.Normal(v)))
			require.Equal(t, f.Normal(v), f.Normal(f.Normal(v)))
			require.Less(t, f.Level(v), f.Levels())
			require.GreaterOrEqual(t, f.Level(v), 0)
			if _, number := v.Number(); number && f.Numeric() && !f.Integer() || v.IsMissing() {
				require.Equal(t, v, f.Normal(v))
			}
		}
	}
}

func TestRandomCompaniesReachTheEndsOfTheRange(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	c, err := circuitstest.Random(rng, circuitstest.Shape{Features: 8, MinLevels: 3, MaxLevels: 9, ScoreBits: 10})
	require.NoError(t, err)
	lo, hi := c.Model.Range()
	least, greatest := int64(0), int64(0)
	for i := range 500 {
		s := c.Model.Score(c.Levels(rng), 0) - c.Model.Base()
		if i == 0 {
			least, greatest = s, s
		}
		least, greatest = min(least, s), max(greatest, s)
	}
	require.Equal(t, []int64{lo, hi}, []int64{least, greatest})
	require.Equal(t, 10, c.Model.ScoreBits())
}

func TestFilesRoundTrip(t *testing.T) {
	for seed := range 80 {
		rng := rand.New(rand.NewPCG(9, uint64(seed)))
		shape := circuitstest.Shape{Features: 4, MinLevels: 1, MaxLevels: 20, Wild: seed%2 == 0, Places: seed % 4, Own: seed % 3, Reasons: seed%5 == 0}
		c, err := circuitstest.Random(rng, shape)
		require.NoError(t, err)

		file, err := c.Schema.Encode()
		require.NoError(t, err)
		schema, err := circuits.ParseSchema(file)
		require.NoError(t, err, "%s", file)
		require.Equal(t, c.Schema.Digest(), schema.Digest())

		cardFile, err := c.Card.Encode()
		require.NoError(t, err)
		card, err := circuits.ParseScorecard(cardFile)
		require.NoError(t, err, "%s", cardFile)
		again, err := card.Encode()
		require.NoError(t, err)
		require.Equal(t, string(cardFile), string(again))

		model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
		require.NoError(t, err)
		require.Equal(t, c.Model.Commit([32]byte{1}), model.Commit([32]byte{1}))
	}
}

func TestRandomKeepsItsShape(t *testing.T) {
	for seed := range 150 {
		rng := rand.New(rand.NewPCG(11, uint64(seed)))
		shape := circuitstest.Shape{
			Features: 1 + rng.IntN(6), Unread: rng.IntN(3), MinLevels: 1, MaxLevels: 2 + rng.IntN(12), Bands: 1 + rng.IntN(20),
			ScoreBits: 1 + rng.IntN(16), Places: rng.IntN(4), Own: rng.IntN(2),
		}
		c, err := circuitstest.Random(rng, shape)
		require.NoError(t, err)
		require.Equal(t, shape.ScoreBits, c.Model.ScoreBits(), "seed %d", seed)
		require.Len(t, c.Model.Bands(), shape.Bands)
		require.Len(t, c.Model.OwnFeatures(), shape.Own)
		require.Len(t, c.Model.Features(), shape.Features)
		require.Equal(t, shape.Features+shape.Unread, c.Schema.Len())
		for _, levels := range c.Model.Levels() {
			require.LessOrEqual(t, levels, shape.MaxLevels)
		}
		require.NoError(t, c.Model.CheckLevels(c.Levels(rng)))
	}
}

func TestImpossibleShapes(t *testing.T) {
	for _, shape := range []circuitstest.Shape{
		{MinLevels: 5, MaxLevels: 4}, {ScoreBits: 31}, {Places: 7}, {Features: 257}, {MinLevels: 5000, MaxLevels: 5000},
	} {
		_, err := circuitstest.Random(rand.New(rand.NewPCG(1, 1)), shape)
		require.Error(t, err)
		require.False(t, errors.Is(err, circuits.ErrOffGrid))
	}
}
