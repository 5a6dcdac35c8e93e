package recordstest

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

// encoding writes every value down to its last bit.
func (s suite) encoding() records.Encoding {
	return records.Encoding{Columns: s.schema.Len(), Encode: func(values map[string]circuits.Value) []int64 {
		out := make([]int64, s.schema.Len())
		for f := range out {
			v := values[s.schema.At(f).Name()]
			if x, ok := v.Number(); ok {
				out[f] = int64(math.Float64bits(x))
			} else if text, ok := v.Text(); ok {
				h := fnv.New64a()
				_, _ = h.Write([]byte(text))
				out[f] = int64(h.Sum64())
			}
		}
		return out
	}}
}

// columns holds what a ColumnSource gives against what it was given.
func (s suite) columns(t *testing.T, source records.ColumnSource, ids []uscc.ID) {
	ctx, e := context.Background(), s.encoding()
	for _, n := range []int{0, 1, 6, 7, 8, len(ids)} {
		c, err := source.FetchColumns(ctx, ids[:n], e)
		require.NoError(t, err)
		require.Nil(t, c.Levels)
		require.Len(t, c.Known, n)
		require.Len(t, c.Times, n)
		require.Len(t, c.Columns, s.schema.Len())
		for i, id := range ids[:n] {
			record, known := s.held[id]
			require.Equal(t, known, c.Known[i])
			require.True(t, c.Times[i].Equal(record.Time))
			for f, want := range e.Encode(record.Values) {
				require.Equal(t, want, c.Columns[f][i], "company %d, feature %s", i, s.schema.At(f).Name())
			}
		}
	}
	short := func(map[string]circuits.Value) []int64 { return []int64{1} }
	for name, bad := range map[string]records.Encoding{
		"no function": {Columns: 3},
		"none":        {Columns: 0, Encode: e.Encode},
		"too many":    {Columns: records.MaxColumns + 1, Encode: e.Encode},
		"fewer":       {Columns: 2, Encode: short},
	} {
		_, err := source.FetchColumns(ctx, ids, bad)
		require.ErrorIs(t, err, records.ErrRequest, name)
	}
	_, err := source.FetchColumns(ctx, []uscc.ID{ids[0], ids[0]}, e)
	require.ErrorIs(t, err, records.ErrRequest)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = source.FetchColumns(cancelled, ids, e)
	require.ErrorIs(t, err, context.Canceled)

	c, err := source.FetchColumns(ctx, ids[:3], e)
	require.NoError(t, err)
	require.Equal(t, "records(redacted)", fmt.Sprintf("%+v", c.Columns))
	_, err = json.Marshal(c.Columns)
	require.Error(t, err)
}
