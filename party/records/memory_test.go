package records_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/records/recordstest"
	"github.com/blindscore/blindscore/party/uscc"
)

var (
	_ records.ColumnSource = (*records.Memory)(nil)
	_ records.ColumnSource = (*records.SQL)(nil)
)

func suiteSchema(t testing.TB) *circuits.Schema {
	t.Helper()
	schema, err := recordstest.Schema()
	require.NoError(t, err)
	return schema
}

func TestMemory(t *testing.T) {
	recordstest.Run(t, func(t *testing.T, held []recordstest.Record) records.Source {
		m := records.NewMemory(suiteSchema(t)).KeepValues()
		for _, r := range held {
			require.NoError(t, m.Put(r.ID, r.Time, r.Values))
		}
		require.Equal(t, len(held), m.Len())
		return m
	})
}

func TestMemoryChanges(t *testing.T) {
	m := records.NewMemory(suiteSchema(t))
	id, at := uscc.Synthetic(1), time.Unix(5, 0)
	fetch := func() *records.Chunk {
		c, err := m.Fetch(context.Background(), []uscc.ID{id})
		require.NoError(t, err)
		return c
	}
	require.False(t, fetch().Known[0])
	require.ErrorIs(t, m.Put(uscc.ID{}, at, nil), records.ErrRequest)
	err := m.Put(id, at, map[string]circuits.Value{"nope": circuits.Number(1)})
	require.ErrorIs(t, err, records.ErrMapping)
	require.ErrorContains(t, err, `"nope"`)
	require.False(t, fetch().Known[0], "a refused record changes nothing")

	require.NoError(t, m.Put(id, at, map[string]circuits.Value{"months": circuits.Number(12)}))
	require.Equal(t, uint16(2), fetch().Levels[1][0])
	require.NoError(t, m.Put(id, at, nil))
	require.Equal(t, uint16(0), fetch().Levels[1][0], "Put replaces the whole record")
	m.Delete(id)
	require.False(t, fetch().Known[0])
	require.Zero(t, m.Len())
}

// A table that keeps levels only does not make values up.
func TestMemoryWithoutValues(t *testing.T) {
	m := records.NewMemory(suiteSchema(t))
	id := uscc.Synthetic(1)
	require.NoError(t, m.Put(id, time.Time{}, nil))
	e := records.Encoding{Columns: 1, Encode: func(map[string]circuits.Value) []int64 { return []int64{7} }}
	_, err := m.FetchColumns(t.Context(), []uscc.ID{id}, e)
	require.ErrorIs(t, err, records.ErrRequest)
	c, err := m.FetchColumns(t.Context(), []uscc.ID{uscc.Synthetic(2)}, e)
	require.NoError(t, err)
	require.Equal(t, records.Columns{{7}}, c.Columns)
}
