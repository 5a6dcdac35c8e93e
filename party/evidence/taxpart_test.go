package evidence

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Columns come back as they were, their commitment is to every value, in its place, and not that of any levels.
func TestTaxPartOfColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 7, 100} {
		p := &TaxPart{Salt: [32]byte{9}, Columns: make([][]int64, 3)}
		for c := range p.Columns {
			p.Columns[c] = make([]int64, n)
			for i := range p.Columns[c] {
				p.Columns[c][i] = []int64{0, -1, math.MaxInt64, math.MinInt64, rng.Int64()}[rng.IntN(5)]
			}
		}
		b := p.Encode()
		q, err := ParseTaxPart(b, n)
		require.NoError(t, err)
		require.Equal(t, p, q)
		for _, bad := range [][]byte{b[:len(b)-1], append(b[:len(b):len(b)], 0), b[:34]} {
			_, err := ParseTaxPart(bad, n)
			require.ErrorIs(t, err, ErrInvalid)
		}
		leaves := p.Leaves(8)
		require.Len(t, leaves, (n+7)/8)
		if n == 0 {
			continue
		}
		q.Columns[2][n-1] ^= 1
		other := q.Leaves(8)
		require.NotEqual(t, leaves[len(leaves)-1], other[len(leaves)-1])
		require.Equal(t, leaves[:len(leaves)-1], other[:len(leaves)-1])
		zeros := &TaxPart{Salt: p.Salt, Columns: [][]int64{make([]int64, n)}}
		same := &TaxPart{Salt: p.Salt, Levels: [][]uint16{make([]uint16, n)}}
		require.NotEqual(t, zeros.Leaves(8), same.Leaves(8))
	}
	mixed := append(make([]byte, 32), 2, 0, 1, 5, 8, 1, 2, 3, 4, 5, 6, 7, 8)
	_, err := ParseTaxPart(mixed, 1)
	require.ErrorIs(t, err, ErrInvalid)
}

// What a part will take is known before it is made.
func TestTaxPartBytes(t *testing.T) {
	p := &TaxPart{Columns: [][]int64{make([]int64, 5), make([]int64, 5)}}
	require.Len(t, p.Encode(), ColumnsBytes(2, 5))
	p = &TaxPart{Levels: [][]uint16{make([]uint16, 5), {256, 0, 0, 0, 0}}}
	require.Len(t, p.Encode(), LevelsBytes([]int{256, 257}, 5))
}
