package gf128

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
	return map[body]string{bodyGeneric: "generic", bodyCLMUL: "clmul", bodyVCLMUL: "vclmul512"}[b]
}

// bodies lists the bodies that this machine and build can run.
func bodies() []body {
	out := []body{bodyGeneric}
	for b := bodyCLMUL; b <= best; b++ {
		out = append(out, b)
	}
	return out
}

// element draws from the edges as often as from the middle.
func element(rng *rand.ChaCha8) (e [Size]byte) {
	switch rng.Uint64() % 6 {
	case 0:
	case 1:
		e[0] = 1
	case 2:
		e[rng.Uint64()%Size] = 1 << (rng.Uint64() % 8)
	case 3:
		for i := range e {
			e[i] = 0xff
		}
	default:
		_, _ = rng.Read(e[:])
	}
	return e
}

func elements(rng *rand.ChaCha8, n int) []byte {
	var out []byte
	for range n {
		e := element(rng)
		out = append(out, e[:]...)
	}
	return out
}

// product is the definition: polynomials over GF(2), reduced bit by bit from the top.
func product(a, b []byte) *big.Int {
	x, y := slices.Clone(a), slices.Clone(b)
	slices.Reverse(x)
	slices.Reverse(y)
	p, q, sum := new(big.Int).SetBytes(x), new(big.Int).SetBytes(y), new(big.Int)
	for i := range q.BitLen() {
		if q.Bit(i) == 1 {
			sum.Xor(sum, new(big.Int).Lsh(p, uint(i)))
		}
	}
	return sum
}

func reduce(v *big.Int) (out [Size]byte) {
	v = new(big.Int).Set(v)
	modulus := new(big.Int).Xor(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(0x87))
	for v.BitLen() > 128 {
		v.Xor(v, new(big.Int).Lsh(modulus, uint(v.BitLen()-129)))
	}
	v.FillBytes(out[:])
	slices.Reverse(out[:])
	return out
}

func mul(b body, x, y [Size]byte) [Size]byte {
	var acc Accumulator
	hashBlocks(b, &acc, x[:], y[:])
	return acc.Sum()
}

func TestMul(t *testing.T) {
	for _, b := range bodies() {
		t.Run(b.String(), func(t *testing.T) {
			rng := rand.NewChaCha8([32]byte{1})
			for range 500 {
				x, y := element(rng), element(rng)
				require.Equal(t, reduce(product(x[:], y[:])), mul(b, x, y), "%x * %x", x, y)
			}
		})
	}
	rng := rand.NewChaCha8([32]byte{1})
	x, y := element(rng), element(rng)
	require.Equal(t, reduce(product(x[:], y[:])), Mul(x, y))
}

// TestField checks the axioms, and that every non-zero element has the order dividing 2^128-1.
func TestField(t *testing.T) {
	for _, b := range bodies() {
		t.Run(b.String(), func(t *testing.T) {
			rng := rand.NewChaCha8([32]byte{2})
			one := [Size]byte{1}
			for range 50 {
				x, y, z := element(rng), element(rng), element(rng)
				require.Equal(t, mul(b, x, y), mul(b, y, x))
				require.Equal(t, mul(b, mul(b, x, y), z), mul(b, x, mul(b, y, z)))
				require.Equal(t, x, mul(b, x, one))
				power := x
				for range 128 {
					power = mul(b, power, power)
				}
				require.Equal(t, x, power, "x^(2^128) = x")
			}
		})
	}
}

func TestHashBlocks(t *testing.T) {
	for _, b := range bodies() {
		t.Run(b.String(), func(t *testing.T) {
			rng := rand.NewChaCha8([32]byte{3})
			for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100, 256} {
				chi, data := elements(rng, n), elements(rng, n)
				want := new(big.Int)
				for i := range n {
					want.Xor(want, product(chi[i*Size:][:Size], data[i*Size:][:Size]))
				}
				var acc Accumulator
				hashBlocks(b, &acc, chi, data)
				require.Equal(t, reduce(want), acc.Sum(), "%d blocks", n)

				var parts Accumulator // a sum may be taken in parts
				cut := n / 3 * Size
				hashBlocks(b, &parts, chi[:cut], data[:cut])
				hashBlocks(b, &parts, chi[cut:], data[cut:])
				require.Equal(t, acc, parts)
			}
		})
	}
}

func TestFrozen(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{4})
	chi, data := elements(rng, 1000), elements(rng, 1000)
	for _, b := range bodies() {
		var acc Accumulator
		hashBlocks(b, &acc, chi, data)
		sum := acc.Sum()
		require.Equal(t, "a9e2692e5240058c0b358fe8471c6f8e", hex.EncodeToString(sum[:]))
	}
}

// FuzzHashBlocks compares every body with the generic one, before reduction.
func FuzzHashBlocks(f *testing.F) {
	f.Add([]byte("seed"), uint16(1))
	f.Add([]byte{}, uint16(100))
	f.Add([]byte{3}, uint16(0))
	f.Fuzz(func(t *testing.T, seed []byte, blocks uint16) {
		rng := rand.NewChaCha8(sha256.Sum256(seed))
		n := int(blocks % 600)
		chi, data := elements(rng, n), elements(rng, n)
		start := Accumulator{rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64()}
		want := start
		hashBlocks(bodyGeneric, &want, chi, data)
		for _, b := range bodies() {
			got := start
			hashBlocks(b, &got, chi, data)
			require.Equal(t, want, got, "%v", b)
		}
	})
}

func BenchmarkHashBlocks(b *testing.B) {
	for _, body := range bodies() {
		for _, n := range []int{1, 8, 256} {
			chi, data := make([]byte, n*Size), make([]byte, n*Size)
			b.Run(fmt.Sprintf("%v/blocks=%d", body, n), func(b *testing.B) {
				var acc Accumulator
				for b.Loop() {
					hashBlocks(body, &acc, chi, data)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/block")
			})
		}
	}
}
