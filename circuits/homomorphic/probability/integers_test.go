package probability

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Integer columns are the very values that are encrypted: the message is the same to the last bit, by either way.
func TestIntegers(t *testing.T) {
	const n = 60
	s, m := mixed(t)
	c, err := Compile(m, s, Options{OutputBits: 8, MaxError: 1})
	require.NoError(t, err)
	l := c.Layout()
	records := mixedRecords(n, 5)
	columns := make([][]int64, l.Columns())
	for _, r := range records {
		x, err := l.Integers(r)
		require.NoError(t, err)
		require.Len(t, x, l.Columns())
		for i, v := range x {
			columns[i] = append(columns[i], v)
		}
	}
	direct, err := l.Values(records)
	require.NoError(t, err)
	read, err := l.FromIntegers(columns)
	require.NoError(t, err)
	require.Equal(t, n, read.Companies())
	key, err := NewKey(l, stream(1))
	require.NoError(t, err)
	want, err := key.Encrypt(direct, stream(2))
	require.NoError(t, err)
	got, err := key.Encrypt(read, stream(2))
	require.NoError(t, err)
	require.Equal(t, want, got)

	indicator := -1
	for i, c := range l.columns {
		if c.of != columnValue {
			indicator = i
		}
	}
	require.GreaterOrEqual(t, indicator, 0)
	const one = 1 << FractionBits
	for name, spoil := range map[string]func(x [][]int64) [][]int64{
		"no columns":      func([][]int64) [][]int64 { return nil },
		"a column less":   func(x [][]int64) [][]int64 { return x[1:] },
		"a company less":  func(x [][]int64) [][]int64 { x[1] = x[1][1:]; return x },
		"no company":      func(x [][]int64) [][]int64 { return make([][]int64, len(x)) },
		"above its range": func(x [][]int64) [][]int64 { x[0] = append([]int64{one + 1}, x[0][1:]...); return x },
		"below its range": func(x [][]int64) [][]int64 { x[0] = append([]int64{math.MinInt64}, x[0][1:]...); return x },
		"half of a truth": func(x [][]int64) [][]int64 {
			x[indicator] = append([]int64{one / 2}, x[indicator][1:]...)
			return x
		},
	} {
		_, err := l.FromIntegers(spoil(append([][]int64(nil), columns...)))
		require.ErrorIs(t, err, homomorphic.ErrRange, name)
	}
	complete, err := NewLayout(s, LayoutSpec{Set: 1, OutputBits: 8, Features: l.Spec().Features, Complete: true})
	require.NoError(t, err)
	_, err = complete.Integers(record{})
	require.ErrorIs(t, err, homomorphic.ErrRange)
}
