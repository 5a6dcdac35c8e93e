package aes128

import (
	"crypto/aes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func (b body) String() string {
	return map[body]string{bodyGeneric: "generic", bodyNI: "aesni", bodyVAES: "vaes512"}[b]
}

// bodies lists the bodies that this machine and build can run.
func bodies() []body {
	out := []body{bodyGeneric}
	for b := bodyNI; b <= bestBody(); b++ {
		out = append(out, b)
	}
	return out
}

func eachBody(f func(body)) {
	for _, b := range bodies() {
		f(b)
	}
}

// forBodies runs one subtest per body, each with a constructor of its keys.
func forBodies(t *testing.T, f func(t *testing.T, key func([16]byte) *Key)) {
	t.Helper()
	eachBody(func(b body) {
		t.Run(b.String(), func(t *testing.T) {
			f(t, func(k [16]byte) *Key {
				key := newKey(k, b)
				require.Equal(t, b, key.body)
				return key
			})
		})
	})
}

// lengths are the block counts around every group size and tail of the bodies.
var lengths = []int{0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 65, 100, 257}

// edges are tweak words around their wrap.
var edges = []uint64{0, 1, math.MaxUint64, math.MaxUint64 - 5, 1<<63 - 2, 0x0123456789abcdef}

func random(rng *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	_, _ = rng.Read(b)
	return b
}

// The reference is written from the definitions, one block at a time.

func pi(k, x [16]byte) (y [16]byte) {
	c, err := aes.NewCipher(k[:])
	if err != nil {
		return y
	}
	c.Encrypt(y[:], x[:])
	return y
}

func xor(a, b [16]byte) (c [16]byte) {
	for i := range c {
		c[i] = a[i] ^ b[i]
	}
	return c
}

func tweak(hi, lo uint64) (t [16]byte) {
	binary.LittleEndian.PutUint64(t[:8], lo)
	binary.LittleEndian.PutUint64(t[8:], hi)
	return t
}

func tmmo(k, x, t [16]byte) [16]byte {
	y := pi(k, x)
	return xor(pi(k, xor(y, t)), y)
}

func TestFIPS197(t *testing.T) {
	// FIPS 197, appendix C.1.
	var k, x [16]byte
	for i := range 16 {
		k[i], x[i] = byte(i), byte(i*0x11)
	}
	const want = "69c4e0d86a7b0430d8cdb78070b4c55a"
	forBodies(t, func(t *testing.T, key func([16]byte) *Key) {
		var got [16]byte
		lo, hi := load(x[:])
		key(k).CTR(got[:], hi, lo)
		require.Equal(t, want, hex.EncodeToString(got[:]))
		key(k).MMO(got[:], x[:])
		require.Equal(t, want, hex.EncodeToString(ptr(xor(got, x))[:]))
	})
}

func ptr[T any](v T) *T { return &v }

func TestDefinitions(t *testing.T) {
	forBodies(t, func(t *testing.T, key func([16]byte) *Key) {
		rng := rand.NewChaCha8([32]byte{1})
		for _, n := range lengths {
			kb := [16]byte(random(rng, 16))
			k := key(kb)
			src := random(rng, n*16)
			hi, lo := edges[n%len(edges)], edges[(n/2)%len(edges)]
			ctr, mmo, tm := make([]byte, n*16), make([]byte, n*16), make([]byte, n*16)
			k.CTR(ctr, hi, lo)
			k.MMO(mmo, src)
			k.TMMO(tm, src, hi, lo)
			for i := range n {
				x := [16]byte(src[i*16:])
				tw := tweak(hi, lo+uint64(i))
				require.Equal(t, pi(kb, tw), [16]byte(ctr[i*16:]), "CTR block %d of %d", i, n)
				require.Equal(t, xor(pi(kb, x), x), [16]byte(mmo[i*16:]), "MMO block %d of %d", i, n)
				require.Equal(t, tmmo(kb, x, tw), [16]byte(tm[i*16:]), "TMMO block %d of %d", i, n)
			}
			inPlace := append([]byte{}, src...)
			k.MMO(inPlace, inPlace)
			require.Equal(t, mmo, inPlace)
			copy(inPlace, src)
			k.TMMO(inPlace, inPlace, hi, lo)
			require.Equal(t, tm, inPlace)
		}
	})
}

func TestPads(t *testing.T) {
	forBodies(t, func(t *testing.T, key func([16]byte) *Key) {
		rng := rand.NewChaCha8([32]byte{2})
		for _, offs := range []int{0, 1, 2, 3, 4, 5, 8, 16, 32, 64, 256} {
			for _, rows := range []int{0, 1, 2, 3, 5, 9, 17, 33} {
				for _, blocks := range []int{0, 1, 2, 3, 5} {
					kb := [16]byte(random(rng, 16))
					rs, os := random(rng, rows*16), random(rng, offs*16)
					hi, lo := edges[rows%len(edges)], edges[(offs+blocks)%len(edges)]
					got := make([]byte, rows*offs*blocks*16)
					key(kb).Expand(got, rs, os, blocks, hi, lo)
					want := make([]byte, 0, len(got))
					for r := range rows {
						for o := range offs {
							x := xor([16]byte(rs[r*16:]), [16]byte(os[o*16:]))
							for j := range blocks {
								want = append(want, ptr(tmmo(kb, x, tweak(hi+uint64(j), lo+uint64(r))))[:]...)
							}
						}
					}
					require.Equal(t, want, got, "%d rows, %d offsets, %d blocks", rows, offs, blocks)
					apart := make([]byte, len(got))
					key(kb).ExpandApart(apart, rs, os, blocks, hi, lo)
					for i := range rows * offs {
						for j := range blocks {
							require.Equal(t, want[(i*blocks+j)*16:][:16], apart[(j*rows*offs+i)*16:][:16], "%d rows, %d offsets, %d blocks", rows, offs, blocks)
						}
					}
					if offs == 1 {
						key(kb).Expand(got, rs, make([]byte, 16), blocks, hi, lo)
						hashed := make([]byte, len(got))
						key(kb).Hash(hashed, rs, blocks, hi, lo)
						require.Equal(t, got, hashed)
					}
				}
			}
		}
	})
}

// TestPadsMeet is what Expand and Hash are for: the receiver's row is the sender's row moved by one of the offsets.
func TestPadsMeet(t *testing.T) {
	forBodies(t, func(t *testing.T, key func([16]byte) *Key) {
		rng := rand.NewChaCha8([32]byte{3})
		const rows, offs, blocks = 37, 16, 3
		k := key([16]byte(random(rng, 16)))
		sender, offsets := random(rng, rows*16), random(rng, offs*16)
		receiver := make([]byte, rows*16)
		choices := random(rng, rows)
		for r := range rows {
			c := int(choices[r]) % offs
			copy(receiver[r*16:], ptr(xor([16]byte(sender[r*16:]), [16]byte(offsets[c*16:])))[:])
		}
		all, own := make([]byte, rows*offs*blocks*16), make([]byte, rows*blocks*16)
		k.Expand(all, sender, offsets, blocks, 7, 9)
		k.Hash(own, receiver, blocks, 7, 9)
		for r := range rows {
			c := int(choices[r]) % offs
			require.Equal(t, own[r*blocks*16:(r+1)*blocks*16], all[(r*offs+c)*blocks*16:][:blocks*16])
		}
	})
}

// TestNothingPast checks that no body writes outside its destination or changes a source.
func TestNothingPast(t *testing.T) {
	forBodies(t, func(t *testing.T, key func([16]byte) *Key) {
		k := key([16]byte{4})
		for n := range 70 {
			src := random(rand.NewChaCha8([32]byte{5}), n*16)
			kept := append([]byte{}, src...)
			run := func(size int, f func(dst []byte)) {
				buf := make([]byte, 64+size+64)
				for i := range buf {
					buf[i] = 0xa5
				}
				f(buf[64 : 64+size])
				for i := range 64 {
					require.Equal(t, byte(0xa5), buf[i])
					require.Equal(t, byte(0xa5), buf[64+size+i])
				}
				require.Equal(t, kept, src)
			}
			run(n*16, func(dst []byte) { k.CTR(dst, 1, 2) })
			run(n*16, func(dst []byte) { k.MMO(dst, src) })
			run(n*16, func(dst []byte) { k.TMMO(dst, src, 1, 2) })
			run(n*48, func(dst []byte) { k.Hash(dst, src, 3, 1, 2) })
			run(n*4*32, func(dst []byte) { k.Expand(dst, src, kept[:min(len(kept), 64)&-64], 2, 1, 2) })
		}
	})
}

// Frozen: SHA-256 over outputs of every shape, so that a change that all bodies share is seen too.
func TestFrozen(t *testing.T) {
	forBodies(t, func(t *testing.T, key func([16]byte) *Key) {
		k := key([16]byte([]byte("blindscore  key!")))
		in := random(rand.NewChaCha8([32]byte{6}), 100*16)
		sum := func(size int, f func(dst []byte)) string {
			dst := make([]byte, size)
			f(dst)
			h := sha256.Sum256(dst)
			return hex.EncodeToString(h[:8])
		}
		require.Equal(t, "5582fc0ba788edf0", sum(1600, func(d []byte) { k.CTR(d, 5, math.MaxUint64-50) }))
		require.Equal(t, "d387c7724045d65c", sum(1600, func(d []byte) { k.TMMO(d, in, 5, math.MaxUint64-50) }))
		require.Equal(t, "be019e91662cbfa9", sum(1600*16*2, func(d []byte) { k.Expand(d, in, in[:256], 2, 5, 6) }))
	})
}

func TestDoesNotPrint(t *testing.T) {
	k := NewKey([16]byte([]byte("blindscore  key!")))
	for _, s := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %x %s %d", k, k, k, k, k, k), slog.AnyValue(k).Resolve().String()} {
		require.Contains(t, s, "hidden")
		require.NotContains(t, s, "blind")
		require.NotContains(t, s, hex.EncodeToString([]byte("blind")))
	}
	_, err := json.Marshal(k)
	require.ErrorIs(t, err, ErrSecret)
}

func TestNewKeyAllocates(t *testing.T) {
	if bestBody() == bodyGeneric {
		t.Skip("the generic body's cipher lives on the heap")
	}
	k := NewKey([16]byte{1})
	require.Zero(t, testing.AllocsPerRun(10, func() {
		var buf [33 * 16]byte
		k.CTR(buf[:], 1, 2)
		k.TMMO(buf[:], buf[:], 1, 2)
	}))
}

// FuzzBodies compares every body with the generic one on shapes of the fuzzer's choice.
func FuzzBodies(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), uint64(1), uint64(2), uint16(33), uint8(2), uint8(4))
	f.Add([]byte{}, uint64(math.MaxUint64), uint64(math.MaxUint64-3), uint16(1), uint8(0), uint8(0))
	f.Add([]byte{1}, uint64(0), uint64(1<<63), uint16(100), uint8(3), uint8(1))
	f.Fuzz(func(t *testing.T, seed []byte, hi, lo uint64, n uint16, blocks, d uint8) {
		rows, j, offs := int(n%300), int(blocks%6), 1<<(d%7)
		rng := rand.NewChaCha8(sha256.Sum256(seed))
		kb := [16]byte(random(rng, 16))
		src, offsets := random(rng, rows*16), random(rng, offs*16)
		var want [][]byte
		eachBody(func(b body) {
			k := newKey(kb, b)
			got := [][]byte{make([]byte, rows*16), make([]byte, rows*16), make([]byte, rows*j*16), make([]byte, rows*offs*j*16), make([]byte, rows*offs*j*16)}
			k.CTR(got[0], hi, lo)
			k.MMO(got[1], src)
			k.Hash(got[2], src, j, hi, lo)
			k.Expand(got[3], src, offsets, j, hi, lo)
			k.ExpandApart(got[4], src, offsets, j, hi, lo)
			if want == nil {
				want = got
			}
			require.Equal(t, want, got)
		})
	})
}
