package negamul

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func (b body) String() string {
	return map[body]string{bodyGeneric: "generic", bodyAVX2: "avx2", bodyVNNI: "vnni"}[b]
}

// bodies lists the bodies that this machine and build can run.
func bodies() []body {
	out := []body{bodyGeneric}
	for b := bodyAVX2; b <= best; b++ {
		out = append(out, b)
	}
	return out
}

// schoolbook is the definition.
func schoolbook(acc *Poly, a *Poly, v *Vec) {
	for i, x := range a {
		for j, y := range v {
			if c := x * uint32(int32(y)); i+j < N {
				acc[i+j] += c
			} else {
				acc[i+j-N] -= c
			}
		}
	}
}

func randomPoly(rng *rand.Rand) (a Poly) {
	edges := []uint32{0, 1, 1<<32 - 1, 1 << 31, 1<<31 - 1, 0x8000, 0x7fff, 0xffff8000, 0xffff, 0x10000}
	for i := range a {
		if a[i] = rng.Uint32(); rng.IntN(3) == 0 {
			a[i] = edges[rng.IntN(len(edges))]
		}
	}
	return a
}

func randomVec(rng *rand.Rand, bound int) (v Vec) {
	for i := range v {
		if v[i] = int16(rng.IntN(2*bound+1) - bound); rng.IntN(4) == 0 {
			v[i] = int16(bound * (1 - 2*rng.IntN(2)))
		}
	}
	return v
}

// TestDefinition compares every body with the schoolbook product of a full polynomial, in limbs, by small ones.
func TestDefinition(t *testing.T) {
	for _, b := range bodies() {
		rng := rand.New(rand.NewChaCha8([32]byte{1}))
		for n := range 10 {
			for _, bound := range []int{1, 16, 32767} {
				a := randomPoly(rng)
				want, lo, hi := make([]Poly, n), make([]Poly, n), make([]Poly, n)
				v := make([]Vec, n)
				for g := range want {
					want[g], v[g] = randomPoly(rng), randomVec(rng, bound)
					lo[g] = want[g]
					schoolbook(&want[g], &a, &v[g])
				}
				var wl, wh Window
				Limbs(&wl, &wh, &a)
				mulAdd(b, lo, &wl, v)
				mulAdd(b, hi, &wh, v)
				for g := range lo {
					Shift16(&lo[g], &hi[g])
				}
				require.Equal(t, want, lo, "%v, %d products, |v| <= %d", b, n, bound)
			}
		}
	}
}

// TestSmallWindow swaps the roles: the small factor is laid out, the full one comes in limbs.
func TestSmallWindow(t *testing.T) {
	for _, b := range bodies() {
		rng := rand.New(rand.NewChaCha8([32]byte{2}))
		for range 20 {
			a, s := randomPoly(rng), randomVec(rng, 40)
			var want Poly
			schoolbook(&want, &a, &s)
			var w Window
			w.Small(&s)
			var limbs [2]Vec
			Split(&limbs[0], &limbs[1], &a)
			var acc [2]Poly
			mulAdd(b, acc[:], &w, limbs[:])
			Shift16(&acc[0], &acc[1])
			require.Equal(t, want, acc[0], "%v", b)
		}
	}
}

func TestUnequalLengths(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{3}))
	var w Window
	s := randomVec(rng, 5)
	w.Small(&s)
	acc, v := make([]Poly, 7), make([]Vec, 5)
	for g := range v {
		v[g] = randomVec(rng, 100)
	}
	MulAdd(acc, &w, v)
	require.Equal(t, Poly{}, acc[5])
	require.NotEqual(t, Poly{}, acc[4])
	MulAdd(nil, &w, v)
}

// FuzzMulAdd compares every body with the generic one on windows and vectors of any content.
func FuzzMulAdd(f *testing.F) {
	f.Add([]byte("seed"), uint8(1))
	f.Add([]byte{}, uint8(9))
	f.Fuzz(func(t *testing.T, seed []byte, n uint8) {
		rng := rand.New(rand.NewChaCha8(sha256.Sum256(seed)))
		want, v := make([]Poly, n%12), make([]Vec, n%12)
		var w Window
		for i := range w {
			w[i] = rng.Uint32()
		}
		for g := range v {
			want[g] = randomPoly(rng)
			v[g] = randomVec(rng, 32767)
		}
		start := slices.Clone(want)
		mulAdd(bodyGeneric, want, &w, v)
		for _, b := range bodies()[1:] {
			got := slices.Clone(start)
			mulAdd(b, got, &w, v)
			require.Equal(t, want, got, "%v", b)
		}
	})
}

func BenchmarkMulAdd(b *testing.B) {
	rng := rand.New(rand.NewChaCha8([32]byte{4}))
	var w Window
	s := randomVec(rng, 16)
	w.Small(&s)
	for _, body := range bodies() {
		for _, n := range []int{1, 4, 64} {
			b.Run(fmt.Sprintf("%v/products=%d", body, n), func(b *testing.B) {
				acc, v := make([]Poly, n), make([]Vec, n)
				for g := range v {
					v[g] = randomVec(rng, 16)
				}
				for b.Loop() {
					mulAdd(body, acc, &w, v)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/product")
			})
		}
	}
}
