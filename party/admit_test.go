package party

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// A task whose levels no record could hold is refused before anything is looked up
// or charged.
func TestTaskTooLargeToRecord(t *testing.T) {
	made, err := circuitstest.Random(rand.New(rand.NewPCG(1, 1)), circuitstest.Shape{Features: 256, MinLevels: 257, MaxLevels: 257, ScoreBits: 12})
	require.NoError(t, err)
	n := &TaxNode{cfg: TaxConfig{Schema: made.Schema}} // no records to look at
	task := &partypb.Task{Engine: partypb.Engine_ENGINE_TRANSFER, Features: made.Model.Features(), Parameters: &partypb.Parameters{}}
	_, err = n.lookUp(t.Context(), task, make([]uscc.ID, partypb.MaxCompanies))
	require.ErrorIs(t, err, ErrTask)
	require.ErrorContains(t, err, "ask for fewer at a time")
}
