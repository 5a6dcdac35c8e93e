package tablemask

import (
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

// bit is bit i of pad k of instance i0, of n instances with so many keys.
func padBit(pads []byte, n, keys, instance, k, i int) byte {
	at := ((i/128*n+instance)*keys+k)*block + i%128/8
	return pads[at] >> (i % 8) & 1
}

var planesShapes = func() []PlanesShape {
	var out []PlanesShape
	for _, planes := range []int{1, 2, 3, 4, 5, 7, 8, 9, 16} {
		for hi := range 6 {
			out = append(out, PlanesShape{planes, hi, 6})
		}
	}
	return append(out, PlanesShape{3, 8, 6}, PlanesShape{2, 8, 7}, PlanesShape{3, 4, 7}, PlanesShape{1, 1, 8}, PlanesShape{3, 3, 8})
}()

// TestPlanes compares every body with the definition, bit by bit.
func TestPlanes(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	for _, s := range planesShapes {
		for _, n := range []int{1, 2, 3} {
			size := s.rows() << s.Lo / 8
			a := random(rng, blocks(s.Planes<<s.Lo)*n*block<<s.Hi)
			b := random(rng, blocks(s.rows())*n*block<<s.Lo)
			tables := random(rng, n*size)
			byRows, byColumns := append([]byte(nil), tables...), append([]byte(nil), tables...)
			for i := range n {
				for at := range 8 * size {
					l, row := at&(1<<s.Lo-1), at>>s.Lo
					p, h := row>>s.Hi, row&(1<<s.Hi-1)
					byRows[i*size+at/8] ^= padBit(a, n, 1<<s.Hi, i, h, p<<s.Lo|l) << (at % 8)
					byColumns[i*size+at/8] ^= padBit(b, n, 1<<s.Lo, i, l, row) << (at % 8)
				}
			}
			for _, body := range bodies() {
				// What lies behind the tables must stay as it is.
				got := append(append([]byte(nil), tables...), 1, 2, 3)
				s.xorRows(body, got, a, n)
				require.Equal(t, append(byRows[:n*size:n*size], 1, 2, 3), got, "%v, rows, %+v, n=%d", body, s, n)
				got = append(append([]byte(nil), tables...), 1, 2, 3)
				s.xorColumns(body, got, b, n)
				require.Equal(t, append(byColumns[:n*size:n*size], 1, 2, 3), got, "%v, columns, %+v, n=%d", body, s, n)
			}
		}
	}
}

func TestNothingToDo(t *testing.T) {
	s := PlanesShape{3, 4, 6}
	s.XorRows(nil, nil, 0)
	s.XorColumns(nil, nil, 0)
}

// FuzzPlanes compares every body with the generic one.
func FuzzPlanes(f *testing.F) {
	f.Add([]byte("seed"), uint8(3), uint8(4), uint8(5))
	f.Add([]byte{}, uint8(9), uint8(0), uint8(1))
	f.Add([]byte{7}, uint8(16), uint8(8), uint8(2))
	f.Fuzz(func(t *testing.T, seed []byte, planes, hi, count uint8) {
		s := PlanesShape{int(planes%16) + 1, int(hi % 9), 6}
		n := int(count % 20)
		rng := rand.NewChaCha8(sha256.Sum256(seed))
		tables := random(rng, n*s.rows()*word)
		pads := random(rng, n*block*max(blocks(s.Planes<<s.Lo)<<s.Hi, blocks(s.rows())<<s.Lo))
		want := append([]byte(nil), tables...)
		s.xorRows(bodyGeneric, want, pads, n)
		s.xorColumns(bodyGeneric, want, pads, n)
		for _, body := range bodies() {
			got := append([]byte(nil), tables...)
			s.xorRows(body, got, pads, n)
			s.xorColumns(body, got, pads, n)
			require.Equal(t, want, got, "%v %+v n=%d", body, s, n)
		}
	})
}

func BenchmarkPlanes(b *testing.B) {
	for _, body := range bodies() {
		for _, s := range []PlanesShape{{3, 4, 6}, {3, 5, 6}, {9, 0, 6}, {3, 0, 6}} {
			const n = 8
			tables, pads := make([]byte, n*s.rows()*word), make([]byte, n*8192)
			run := func(name string, f func()) {
				b.Run(fmt.Sprintf("%v/%s/planes=%d/hi=%d", body, name, s.Planes, s.Hi), func(b *testing.B) {
					for b.Loop() {
						f()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/table")
				})
			}
			run("rows", func() { s.xorRows(body, tables, pads, n) })
			run("columns", func() { s.xorColumns(body, tables, pads, n) })
		}
	}
}
