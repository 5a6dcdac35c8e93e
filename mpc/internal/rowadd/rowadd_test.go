package rowadd

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func (b body) String() string {
	return map[body]string{bodyGeneric: "generic", bodyAVX2: "avx2", bodyAVX512: "avx512"}[b]
}

// bodies lists the bodies that this machine and build can run.
func bodies() []body {
	out := []body{bodyGeneric}
	for b := bodyAVX2; b <= best; b++ {
		out = append(out, b)
	}
	return out
}

func words(rng *rand.Rand, n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = rng.Uint32()
	}
	return out
}

// offsets draws n valid offsets, the two ends often.
func offsets(rng *rand.Rand, n, table int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		switch rng.IntN(5) {
		case 0:
			out[i] = uint32(table - Row)
		case 1:
			out[i] = 0
		default:
			out[i] = uint32(rng.IntN(table - Row + 1))
		}
	}
	return out
}

func TestDefinition(t *testing.T) {
	for _, b := range bodies() {
		t.Run(b.String(), func(t *testing.T) {
			rng := rand.New(rand.NewChaCha8([32]byte{1}))
			for _, size := range []int{Row, Row + 1, 2 * Row, 5000} {
				for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 16, 17, 100} {
					table, offs := words(rng, size), offsets(rng, n, size)
					acc := [Row]uint32(words(rng, Row))
					want := acc
					for _, o := range offs {
						for k := range want {
							want[k] += table[int(o)+k]
						}
					}
					kept, keptOffs := slices.Clone(table), slices.Clone(offs)
					require.True(t, rotAdd(b, &acc, table, offs))
					require.Equal(t, want, acc, "%d words, %d offsets", size, n)
					require.Equal(t, kept, table)
					require.Equal(t, keptOffs, offs)
				}
			}
		})
	}
}

// TestRotation is the use: rows [-a, a] make an offset a negacyclic rotation.
func TestRotation(t *testing.T) {
	for _, b := range bodies() {
		rng := rand.New(rand.NewChaCha8([32]byte{2}))
		a := words(rng, Row)
		table := make([]uint32, 2*Row)
		for i, v := range a {
			table[i], table[Row+i] = -v, v
		}
		for _, s := range []int{0, 1, 15, 16, 17, 128, 255, 256} {
			var got, want [Row]uint32
			require.True(t, rotAdd(b, &got, table, []uint32{uint32(Row - s)}))
			for i, v := range a {
				if i+s < Row {
					want[i+s] += v
				} else {
					want[i+s-Row] -= v
				}
			}
			require.Equal(t, want, got, "X^%d", s)
		}
	}
}

func TestRefusesOutOfRange(t *testing.T) {
	for _, b := range bodies() {
		for name, c := range map[string]struct {
			table int
			offs  []uint32
		}{
			"one past":      {1000, []uint32{1000 - Row + 1}},
			"far past":      {1000, []uint32{0, math.MaxUint32, 0}},
			"wraps":         {1000, []uint32{math.MaxUint32 - Row + 1}},
			"last of many":  {1000, append(make([]uint32, 50), 1000)},
			"short table":   {Row - 1, []uint32{0}},
			"no table":      {0, []uint32{0}},
			"first of many": {1000, append([]uint32{900}, make([]uint32, 50)...)},
		} {
			acc := [Row]uint32{1, 2, 3}
			require.False(t, rotAdd(b, &acc, make([]uint32, c.table), c.offs), name)
			require.Equal(t, [Row]uint32{1, 2, 3}, acc, name)
		}
		var acc [Row]uint32
		require.True(t, rotAdd(b, &acc, nil, nil))
	}
	var acc [Row]uint32
	require.True(t, RotAdd(&acc, make([]uint32, Row), []uint32{0}))
	require.False(t, RotAdd(&acc, make([]uint32, Row), []uint32{1}))
}

// FuzzRotAdd compares every body with the generic one, offsets in and out of range.
func FuzzRotAdd(f *testing.F) {
	f.Add([]byte("seed"), uint16(1), uint16(600), uint8(0))
	f.Add([]byte{}, uint16(40), uint16(256), uint8(3))
	f.Add([]byte{9}, uint16(3), uint16(100), uint8(1))
	f.Fuzz(func(t *testing.T, seed []byte, n, size uint16, beyond uint8) {
		rng := rand.New(rand.NewChaCha8(sha256.Sum256(seed)))
		table, offs := words(rng, int(size)), make([]uint32, n%200)
		for i := range offs {
			offs[i] = rng.Uint32N(uint32(max(int(size)-Row+1, 1) + int(beyond)))
		}
		start := [Row]uint32(words(rng, Row))
		want := start
		ok := rotAdd(bodyGeneric, &want, table, offs)
		for _, b := range bodies() {
			got := start
			require.Equal(t, ok, rotAdd(b, &got, table, offs), "%v", b)
			require.Equal(t, want, got, "%v", b)
		}
	})
}

// BenchmarkRotAdd adds rows of 256 entries [-a, a]: 512 KiB, what one feature takes, as the engine walks it.
func BenchmarkRotAdd(b *testing.B) {
	for _, body := range bodies() {
		for _, levels := range []int{4, 256, 1024, 8192} {
			for _, n := range []int{12, 256} {
				rng := rand.New(rand.NewChaCha8([32]byte{3}))
				table := make([]uint32, levels*2*Row)
				sets := make([][]uint32, 64)
				for s := range sets {
					sets[s] = make([]uint32, n)
					for i := range sets[s] {
						sets[s][i] = uint32(rng.IntN(levels)*2*Row + Row - i%Row)
					}
				}
				b.Run(fmt.Sprintf("%v/levels=%d/rows=%d", body, levels, n), func(b *testing.B) {
					var acc [Row]uint32
					i := 0
					for b.Loop() {
						rotAdd(body, &acc, table, sets[i%len(sets)])
						i++
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
				})
			}
		}
	}
}
