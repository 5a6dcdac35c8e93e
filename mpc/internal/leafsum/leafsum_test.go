package leafsum

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func (b body) String() string {
	return map[body]string{bodyGeneric: "generic", bodyAVX512: "avx512"}[b]
}

// bodies lists the bodies that this machine and build can run.
func bodies() []body {
	out := []body{bodyGeneric}
	if best != bodyGeneric {
		out = append(out, best)
	}
	return out
}

func random(rng *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	_, _ = rng.Read(b)
	return b
}

// inputs makes sums with arguments of n bytes, and streams.
func inputs(rng *rand.ChaCha8, k, n, stride int) (Sums, []byte) {
	s := Sums{K: k, U: make([]byte, n), X: random(rng, n), C: random(rng, n), Stride: stride}
	s.V = random(rng, (k-1)*stride+n+3) // what is there must not matter, and what is beyond must stay
	for t := range s.Masks {
		s.Masks[t] = -(byte(rng.Uint64()) & 1)
	}
	return s, random(rng, (1<<k-1)*Pitch+n)
}

func TestDefinition(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	for _, k := range []int{1, 2, 4} {
		for _, n := range []int{0, 16, 32, 48, 64, 80, 112, 128, 512, 1008, Piece} {
			for _, stride := range []int{n, n + 64} {
				s, streams := inputs(rng, k, n, stride)
				u, v := append([]byte(nil), s.X...), append([]byte(nil), s.V...)
				for i := range n {
					for b := range k {
						v[b*stride+i] = s.C[i] & s.Masks[b]
					}
					for x := range 1 << k {
						g := streams[x*Pitch+i]
						u[i] ^= g
						for b := range k {
							v[b*stride+i] ^= g * byte(x>>b&1)
						}
					}
				}
				for _, body := range bodies() {
					got := s
					got.U, got.V = make([]byte, n), append([]byte(nil), s.V...)
					kept := append([]byte(nil), streams...)
					got.of(body, streams)
					require.Equal(t, u, append([]byte(nil), got.U...), "%v k=%d n=%d", body, k, n)
					require.Equal(t, v, got.V, "%v k=%d n=%d", body, k, n)
					require.Equal(t, kept, streams)
				}
			}
		}
	}
}

// FuzzSums compares every body with the generic one.
func FuzzSums(f *testing.F) {
	f.Add([]byte("seed"), uint8(4), uint8(64), uint8(4))
	f.Add([]byte{}, uint8(1), uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, seed []byte, k, blocks, more uint8) {
		s, streams := inputs(rand.NewChaCha8(sha256.Sum256(seed)), []int{1, 2, 4}[k%3], int(blocks%65)*16, 16*64+int(more))
		want := s
		want.U, want.V = append([]byte(nil), s.X...), append([]byte(nil), s.V...)
		want.X = want.U // in place
		want.of(bodyGeneric, streams)
		for _, body := range bodies() {
			got := s
			got.V = append([]byte(nil), s.V...)
			got.of(body, streams)
			require.True(t, bytes.Equal(want.U, got.U)) // no bytes, whether nil or empty, are the same
			require.True(t, bytes.Equal(want.V, got.V))
		}
	})
}

func BenchmarkSums(b *testing.B) {
	rng := rand.NewChaCha8([32]byte{2})
	for _, body := range bodies() {
		for _, k := range []int{1, 2, 4} {
			s, streams := inputs(rng, k, Piece, Pitch)
			b.Run(fmt.Sprintf("%v/k=%d", body, k), func(b *testing.B) {
				b.SetBytes(Piece << k)
				for b.Loop() {
					s.of(body, streams)
				}
			})
		}
	}
}
