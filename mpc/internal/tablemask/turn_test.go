package tablemask

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTurn compares every body with the definition, bit by bit, in the smallest plane that there may be.
func TestTurn(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{5})
	for _, size := range []int{64, 128, 256, 512, 1024, 2048, 4096, 8192} {
		for _, at := range []int{0, 1, 7, 8, 63, 64, 1000, 1001} {
			for _, turn := range []int{0, 1, 7, 8, 63, 64, 65, size / 2, size - 64, size - 2, size - 1, int(rng.Uint64() % uint64(size))} {
				turn %= size
				for flip := range uint64(2) {
					plane := random(rng, at/8+size/8+Slack)
					want := make([]byte, size/8)
					for w := range size {
						i := at + (turn+w)%size
						want[w/8] |= (plane[i/8]>>(i%8)&1 ^ byte(flip)) << (w % 8)
					}
					for _, body := range bodies() {
						got := append(make([]byte, size/8), 1, 2, 3)
						turnWindow(body, got[:size/8:size/8], plane, at, turn, flip)
						require.Equal(t, want, got[:size/8], "%v size=%d at=%d turn=%d", body, size, at, turn)
						require.Equal(t, []byte{1, 2, 3}, got[size/8:])
					}
				}
			}
		}
	}
}

func BenchmarkTurn(b *testing.B) {
	plane := make([]byte, 1024)
	for _, body := range bodies() {
		for _, size := range []int{64, 1024, 2048} {
			dst := make([]byte, size/8)
			b.Run(fmt.Sprintf("%v/bits=%d", body, size), func(b *testing.B) {
				i := 0
				for b.Loop() {
					turnWindow(body, dst, plane, i*31&255, i*37&(size-1), 1)
					i++
				}
			})
		}
	}
}
