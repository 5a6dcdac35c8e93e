package vaultdemo

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/madeup"
)

// TestCard wants the card to fit the plan, and the compiled model to be the card.
func TestCard(t *testing.T) {
	schema, err := madeup.Schema()
	require.NoError(t, err)
	plan, err := newPlan(schema)
	require.NoError(t, err)
	require.Equal(t, features, plan.Features())
	model, err := newModel(schema)
	require.NoError(t, err)
	_, err = plan.Compile(model)
	require.NoError(t, err)
	lo, hi := model.Range()
	require.Less(t, hi-lo, int64(20<<steps), "in steps of ten units")

	card, err := newCard()
	require.NoError(t, err)
	var bands [6]int
	for c := range madeup.All(3, 2000) {
		values := schema.Normal(c.Values())
		want, err := card.Evaluate(values)
		require.NoError(t, err)
		levels := make([]uint16, schema.Len())
		for i := range levels {
			f := schema.At(i)
			levels[i] = uint16(f.Level(values[f.Name()]))
		}
		x, err := model.Select(levels)
		require.NoError(t, err)
		require.Equal(t, want.Band, model.Band(model.Score(x, 0)))
		bands[want.Band]++
	}
	for band, n := range bands {
		require.Positive(t, n, "band %d is never given", band)
	}
	_, err = plan.Compile(mustCompile(t, schema))
	require.Error(t, err, "the whole card has points of the bank's own")
}

func mustCompile(t *testing.T, schema *circuits.Schema) *circuits.Model {
	card, err := madeup.Card()
	require.NoError(t, err)
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	return model
}
