package mpc

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is kept stays within its bound, and no buffer is handed out twice.
func TestSpares(t *testing.T) {
	var s spares
	rng := rand.New(rand.NewPCG(1, 1))
	out := map[*byte][]byte{}
	for range 3000 {
		if len(out) > 0 && rng.IntN(2) == 0 {
			for k, b := range out {
				delete(out, k)
				s.give(b)
				break
			}
			continue
		}
		n := 1 + rng.IntN(8<<20)
		if rng.IntN(2) == 0 {
			n = 1 + rng.IntN(1000)
		}
		b := s.take(n)
		require.Len(t, b, n)
		require.Nil(t, out[&b[:1][0]], "handed out already")
		out[&b[:1][0]] = b
		sum := 0
		for _, k := range s.buffers {
			sum += cap(k)
		}
		require.Equal(t, sum, s.bytes)
		require.LessOrEqual(t, sum, maxSpare)
	}
	s.give(make([]byte, maxSpare+1))
	require.LessOrEqual(t, s.bytes, maxSpare)
}
