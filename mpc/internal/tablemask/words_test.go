package tablemask

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func shorts(rng *rand.ChaCha8, n int) []uint16 {
	out := make([]uint16, n)
	for i := range out {
		out[i] = uint16(rng.Uint64())
	}
	return out
}

// padWord is word i of pad k of an instance.
func padWord(pads []byte, n, keys, instance, k, i int) uint16 {
	return binary.LittleEndian.Uint16(pads[((i/8*n+instance)*keys+k)*block+i%8*2:])
}

func (s WordsShape) pads(rng *rand.ChaCha8, n int) (a, b []byte) {
	na, nb := s.Blocks()
	return random(rng, na*n*block<<s.Hi), random(rng, nb*n*block<<s.Lo)
}

// TestWords compares every body with the definition, word by word.
func TestWords(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{3})
	for hi := range 7 {
		for lo := range 7 {
			for _, n := range []int{1, 2, 5} {
				s := WordsShape{hi, lo}
				a, b := s.pads(rng, n)
				table, r := shorts(rng, s.Size()), shorts(rng, n)
				var want []byte
				for i := range n {
					for v, entry := range table {
						h, l := v>>lo, v&(1<<lo-1)
						entry -= r[i]
						if hi > 0 {
							entry += padWord(a, n, 1<<hi, i, h, l)
						}
						if lo > 0 {
							entry += padWord(b, n, 1<<lo, i, l, h)
						}
						want = binary.LittleEndian.AppendUint16(want, entry)
					}
				}
				want = append(want, 1, 2, 3)
				for _, body := range bodies() {
					got := append(make([]byte, 2*n*s.Size()), 1, 2, 3)
					s.mask(body, got, table, r, a, b)
					require.Equal(t, want, got, "%v %+v n=%d", body, s, n)
				}
			}
		}
	}
	WordsShape{4, 4}.Mask(nil, nil, nil, nil, nil)
}

// FuzzWords compares every body with the generic one.
func FuzzWords(f *testing.F) {
	f.Add([]byte("seed"), uint8(4), uint8(4), uint8(5))
	f.Add([]byte{}, uint8(3), uint8(7), uint8(1))
	f.Fuzz(func(t *testing.T, seed []byte, hi, lo, count uint8) {
		s, n := WordsShape{int(hi % 7), int(lo % 7)}, int(count%20)
		rng := rand.NewChaCha8(sha256.Sum256(seed))
		a, b := s.pads(rng, n)
		table, r := shorts(rng, s.Size()), shorts(rng, n)
		want := make([]byte, 2*n*s.Size())
		s.mask(bodyGeneric, want, table, r, a, b)
		for _, body := range bodies() {
			got := make([]byte, len(want))
			s.mask(body, got, table, r, a, b)
			require.Equal(t, want, got, "%v %+v n=%d", body, s, n)
		}
	})
}

func BenchmarkWords(b *testing.B) {
	const n = 8
	rng := rand.NewChaCha8([32]byte{4})
	for _, body := range bodies() {
		for _, s := range []WordsShape{{3, 3}, {4, 4}, {5, 5}} {
			pa, pb := s.pads(rng, n)
			table, r, dst := shorts(rng, s.Size()), shorts(rng, n), make([]byte, 2*n*s.Size())
			b.Run(fmt.Sprintf("%v/hi=%d/lo=%d", body, s.Hi, s.Lo), func(b *testing.B) {
				for b.Loop() {
					s.mask(body, dst, table, r, pa, pb)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/table")
			})
		}
	}
}
