package bitmat

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func (b body) String() string {
	return map[body]string{bodyGeneric: "generic", bodyAVX2: "avx2", bodyGFNI: "gfni512"}[b]
}

// bodies lists the bodies that this machine and build can run.
func bodies() []body {
	out := []body{bodyGeneric}
	for b := bodyAVX2; b <= best; b++ {
		out = append(out, b)
	}
	return out
}

func random(rng *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	_, _ = rng.Read(b)
	return b
}

// shape makes a column matrix with sparse, dense or random bits, and a stride that may exceed the width.
func shape(rng *rand.ChaCha8, rows, slack int) (cols []byte, stride int) {
	stride = rows/8 + slack
	cols = random(rng, Columns*stride)
	switch rng.Uint64() % 4 {
	case 0:
		clear(cols)
		for range 3 {
			if len(cols) > 0 {
				cols[rng.Uint64()%uint64(len(cols))] = 1 << (rng.Uint64() % 8)
			}
		}
	case 1:
		for i := range cols {
			cols[i] = 0xff
		}
	}
	return cols, stride
}

func TestTransposeDefinition(t *testing.T) {
	for _, b := range bodies() {
		t.Run(b.String(), func(t *testing.T) {
			rng := rand.NewChaCha8([32]byte{1})
			for _, rows := range []int{0, 128, 256, 384, 512, 640, 1024, 1152, 4096, 4224} {
				for _, slack := range []int{0, 1, 16, 67, -rows / 8 & 511} {
					cols, stride := shape(rng, rows, slack)
					kept := slices.Clone(cols)
					buf := slices.Repeat([]byte{0xa5}, rows*RowSize+128)
					transpose(b, buf[64:len(buf)-64], cols, stride, rows)
					require.Equal(t, kept, cols)
					require.Equal(t, slices.Repeat([]byte{0xa5}, 64), buf[:64])
					require.Equal(t, slices.Repeat([]byte{0xa5}, 64), buf[len(buf)-64:])
					for i := range rows {
						for c := range Columns {
							want := cols[c*stride+i/8] >> (i % 8) & 1
							got := buf[64+RowSize*i+c/8] >> (c % 8) & 1
							if want != got {
								t.Fatalf("%d rows, stride %d: row %d, column %d is %d, want %d", rows, stride, i, c, got, want)
							}
						}
					}
				}
			}
		})
	}
}

// TestTransposeLastColumnShort: the last column need not be padded to the stride.
func TestTransposeLastColumnShort(t *testing.T) {
	for _, b := range bodies() {
		rng := rand.NewChaCha8([32]byte{2})
		const rows, stride = 256, 50
		cols := random(rng, (Columns-1)*stride+rows/8)
		want, got := make([]byte, rows*RowSize), make([]byte, rows*RowSize)
		transposeGeneric(want, cols, stride, rows/unit)
		transpose(b, got, slices.Clip(cols), stride, rows)
		require.Equal(t, want, got)
	}
}

func TestFrozen(t *testing.T) {
	for _, b := range bodies() {
		cols := random(rand.NewChaCha8([32]byte{3}), Columns*640/8)
		dst := make([]byte, 640*RowSize)
		transpose(b, dst, cols, 640/8, 640)
		h := sha256.Sum256(dst)
		require.Equal(t, "06e15d61f1ae9dbd", hex.EncodeToString(h[:8]))
	}
}

func TestXor(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{4})
	for _, n := range []int{0, 1, 7, 16, 63, 64, 65, 1000} {
		a, b := random(rng, n), random(rng, n)
		want := make([]byte, n)
		for i := range n {
			want[i] = a[i] ^ b[i]
		}
		dst := make([]byte, n)
		Xor(dst, a, b)
		require.Equal(t, want, dst)
		XorInto(a, b)
		require.Equal(t, want, a)
	}
}

// mulX is the definition on one row, as a polynomial.
func mulX(row []byte, j int) []byte {
	be := slices.Clone(row)
	slices.Reverse(be)
	v := new(big.Int).Lsh(new(big.Int).SetBytes(be), uint(j))
	modulus := new(big.Int).Xor(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(0x87))
	for v.BitLen() > 128 {
		v.Xor(v, new(big.Int).Lsh(modulus, uint(v.BitLen()-129)))
	}
	out := v.FillBytes(make([]byte, RowSize))
	slices.Reverse(out)
	return out
}

func TestCombine(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{5})
	for _, body := range bodies() {
		for parts := 1; parts <= 8; parts++ {
			for _, rows := range []int{128, 256, 384, 512, 640, 1408} {
				const slack = 9
				width := rows / 8
				stride := parts*width + slack
				m := random(rng, Columns*stride)
				want, part := make([]byte, rows*RowSize), make([]byte, rows*RowSize)
				for j := range parts {
					Transpose128(part, m[j*width:], stride, rows)
					for i := range rows {
						XorInto(want[i*RowSize:][:RowSize], mulX(part[i*RowSize:][:RowSize], j))
					}
				}
				kept, got := slices.Clone(m), make([]byte, rows*RowSize)
				combine(body, m, stride, width, parts)
				Transpose128(got, m, stride, rows)
				require.Equal(t, want, got, "%v, %d parts of %d rows", body, parts, rows)
				for c := range Columns {
					require.Equal(t, kept[c*stride+width:][:stride-width], m[c*stride+width:][:stride-width], "beside part 0 of column %d", c)
				}
			}
		}
	}
}

// FuzzTranspose compares every body with the generic one.
func FuzzTranspose(f *testing.F) {
	f.Add([]byte("seed"), uint8(1), uint8(0))
	f.Add([]byte{}, uint8(5), uint8(3))
	f.Add([]byte{1}, uint8(0), uint8(200))
	f.Fuzz(func(t *testing.T, seed []byte, units, slack uint8) {
		rows := int(units%12) * unit
		cols, stride := shape(rand.NewChaCha8(sha256.Sum256(seed)), rows, int(slack))
		want := make([]byte, rows*RowSize)
		transpose(bodyGeneric, want, cols, stride, rows)
		for _, b := range bodies() {
			got := make([]byte, rows*RowSize)
			transpose(b, got, cols, stride, rows)
			require.Equal(t, want, got, "%v", b)
		}
	})
}

func BenchmarkTranspose128(b *testing.B) {
	for _, body := range bodies() {
		for _, rows := range []int{128, 1024, 8192, 16384, 32768} {
			cols, dst := make([]byte, Columns*rows/8), make([]byte, rows*RowSize)
			b.Run(fmt.Sprintf("%v/rows=%d", body, rows), func(b *testing.B) {
				for b.Loop() {
					transpose(body, dst, cols, rows/8, rows)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
			})
		}
	}
}

func BenchmarkCombine(b *testing.B) {
	const rows = 4096
	for _, body := range bodies() {
		for _, parts := range []int{2, 4, 8} {
			stride := parts*rows/8 + 64
			m := make([]byte, Columns*stride)
			b.Run(fmt.Sprintf("%v/parts=%d", body, parts), func(b *testing.B) {
				for b.Loop() {
					combine(body, m, stride, rows/8, parts)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows*parts), "ns/bit")
			})
		}
	}
}
