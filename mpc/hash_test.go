package mpc

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"lukechampine.com/blake3"
)

// TestHashIsBLAKE3 compares with the library's streaming interface around every
// border of the tree.
func TestHashIsBLAKE3(t *testing.T) {
	message := make([]byte, 40*hashLeaf)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(message)
	sizes := []int{0, 1, 63, 64, 65, 5000, 100_003, len(message)}
	for chunks := 1; chunks <= 17; chunks++ {
		for _, border := range []int{chunks * 1024, chunks * hashLeaf, 1024 << chunks} {
			if border < len(message) {
				sizes = append(sizes, border-1, border, border+1)
			}
		}
	}
	for _, n := range sizes {
		require.Equal(t, blake3.Sum256(message[:n]), Hash(message[:n]), "%d bytes", n)
	}
}

func FuzzHash(f *testing.F) {
	f.Add([]byte("seed"), uint32(70_000))
	f.Add([]byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, seed []byte, n uint32) {
		message := make([]byte, n%(1<<20))
		copy(message, seed)
		require.Equal(t, blake3.Sum256(message), Hash(message))
	})
}

func BenchmarkHash(b *testing.B) {
	for _, n := range []int{5000, 64 << 10, 1 << 20, 25 << 20} {
		message := make([]byte, n)
		for _, f := range []struct {
			name string
			sum  func([]byte) [32]byte
		}{{"tree", Hash}, {"stream", blake3.Sum256}} {
			b.Run(fmt.Sprintf("%s/bytes=%d", f.name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					f.sum(message)
				}
			})
		}
	}
}

// A message hashed as it grows, in pieces of any size, has the same hash.
func TestHashingInPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	message := make([]byte, 20*hashLeaf)
	_, _ = rand.NewChaCha8([32]byte{2}).Read(message)
	var h hashing
	for range 200 {
		n := rng.IntN(len(message) + 1)
		if rng.IntN(3) == 0 {
			n = n / hashLeaf * hashLeaf
		}
		h.reset()
		for at := 0; at < n; at += rng.IntN(3 * hashLeaf) {
			h.advance(message[:n], at)
		}
		require.Equal(t, blake3.Sum256(message[:n]), h.sum(message[:n]), "%d bytes", n)
	}
}
