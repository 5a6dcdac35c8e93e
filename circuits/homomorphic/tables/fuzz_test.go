package tables

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// FuzzReadBand changes a valid encoding: it is refused, or is another valid value with one encoding.
func FuzzReadBand(f *testing.F) {
	out, err := NewOutput(small)
	require.NoError(f, err)
	size := out.BandBytes(true)
	f.Add(0, []byte{0}, size)
	f.Add(5, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, size)
	f.Add(0, []byte{}, size-1)
	f.Add(size-1, []byte{0x80}, size+1)
	f.Fuzz(func(t *testing.T, at int, change []byte, n int) {
		if n < 0 || n > 2*size {
			return
		}
		b := make([]byte, n)
		if at >= 0 && at < n {
			copy(b[at:], change)
		}
		ct, err := out.ReadBand(b, true)
		if err != nil {
			require.ErrorIs(t, err, homomorphic.ErrEncoding)
			return
		}
		require.Len(t, b, size)
		again, err := out.AppendBand(nil, ct, true)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
