package score

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
)

func TestPackRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for width := 1; width <= 16; width++ {
		for _, n := range []int{0, 1, 2, 7, 8, 9, 100} {
			values, got := make([]uint16, n), make([]uint16, n)
			for i := range values {
				values[i] = uint16(rng.Uint32()) & (1<<width - 1)
			}
			b := make([]byte, packedBytes(n, width))
			pack(b, values, width)
			require.NoError(t, unpack(got, b, width))
			require.Equal(t, values, got)
			for i, v := range values {
				for k := range width {
					at := i*width + k
					require.Equal(t, v>>k&1, uint16(b[at/8]>>(at%8))&1, "bits lie one after another")
				}
			}
			require.ErrorIs(t, unpack(got, append(b, 0), width), mpc.ErrPeer)
		}
	}
}

// Whatever unpacks has one encoding, and nothing panics.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte{0xff, 0x03}, 3, 3)
	f.Add([]byte{1}, 1, 8)
	f.Fuzz(func(t *testing.T, in []byte, n, width int) {
		if n < 0 || n > 1000 || width < 1 || width > 16 {
			return
		}
		values := make([]uint16, n)
		if err := unpack(values, in, width); err != nil {
			require.ErrorIs(t, err, mpc.ErrPeer)
			return
		}
		b := make([]byte, packedBytes(n, width))
		pack(b, values, width)
		require.Equal(t, in, b)
	})
}
