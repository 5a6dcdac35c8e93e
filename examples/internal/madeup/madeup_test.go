package madeup_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

func TestCardFitsTheSchema(t *testing.T) {
	schema, err := madeup.Schema()
	require.NoError(t, err)
	card, err := madeup.Card()
	require.NoError(t, err)
	model, alignment, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	require.Empty(t, alignment.Moved)
	require.Empty(t, alignment.Unreached)
	require.EqualValues(t, 100, alignment.Scale)
	require.Len(t, model.Levels(), 12)
	require.LessOrEqual(t, slices.Max(model.Levels()), 256)
	require.LessOrEqual(t, model.ScoreBits(), 11, "wider scores make the look-up of the band larger")
	require.Equal(t, 3, model.BandBits())
}

// The database and the plain way agree on every level, and the companies spread over the bands as a real book does.
func TestDatabaseAgreesWithValues(t *testing.T) {
	companies := madeup.Companies(7, 3000)
	require.Len(t, companies, 3015)
	require.Equal(t, 3015, madeup.Count(3000))
	files, err := madeup.WriteFiles(t.Context(), t.TempDir(), slices.Values(companies))
	require.NoError(t, err)
	schema, err := madeup.Schema()
	require.NoError(t, err)
	card, err := madeup.Card()
	require.NoError(t, err)
	mapping, err := records.ReadMapping(files.Mapping, schema)
	require.NoError(t, err)
	source, err := records.Open(t.Context(), mapping, files.Database, records.Options{})
	require.NoError(t, err)
	defer source.Close()
	var ids []uscc.ID
	for i := range companies {
		ids = append(ids, companies[i].ID)
	}
	chunk, err := source.Fetch(t.Context(), ids)
	require.NoError(t, err)
	bands := make([]int, len(card.Bands))
	for i := range companies {
		c := &companies[i]
		require.Equal(t, c.Known, chunk.Known[i])
		result, err := card.Evaluate(schema.Normal(c.Values()))
		require.NoError(t, err)
		bands[result.Band]++
		if !c.Known {
			continue
		}
		for f, level := range schema.Levels(c.Values()) {
			require.Equal(t, level, chunk.Levels[f][i], schema.At(f).Name())
		}
	}
	for band, n := range bands {
		require.Greater(t, n, len(companies)/100, "band %s: %v", card.Bands[band], bands)
		require.Less(t, n, len(companies)/2, "band %s: %v", card.Bands[band], bands)
	}
	t.Log(bands)
}

func TestSeeds(t *testing.T) {
	require.Equal(t, madeup.Companies(1, 50), madeup.Companies(1, 50))
	require.NotEqual(t, madeup.Companies(1, 50), madeup.Companies(2, 50))
	require.Empty(t, madeup.Companies(1, 0))
}
