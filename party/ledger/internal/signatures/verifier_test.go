package signatures

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
)

// both verifies by table and by crypto/ed25519, which must agree.
func both(t testing.TB, key [32]byte, msg, sig []byte) bool {
	t.Helper()
	want := ed25519.Verify(key[:], msg, sig)
	if tab := tableOf(&key); tab != nil {
		require.Equal(t, want, tab.verify(&key, msg, sig), "key %x msg %x sig %x", key, msg, sig)
	} else {
		require.False(t, want)
	}
	return want
}

// small are the encodings of points of small order, canonical and not.
var small = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

func unhex(t testing.TB, s string) (b [32]byte) {
	_, err := hex.Decode(b[:], []byte(s))
	require.NoError(t, err)
	return b
}

func drawn(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// TestAgrees: honest signatures, and those with one bit changed.
func TestAgrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 12 {
		private := ed25519.NewKeyFromSeed(drawn(rng, 32))
		key := [32]byte(private.Public().(ed25519.PublicKey))
		for range 8 {
			msg := drawn(rng, rng.IntN(300))
			sig := ed25519.Sign(private, msg)
			require.True(t, both(t, key, msg, sig))
			sig[rng.IntN(64)] ^= 1 << rng.IntN(8)
			require.False(t, both(t, key, msg, sig))
			both(t, key, msg, sig[:rng.IntN(64)])
		}
	}
}

// TestAgreesOnTorsion: keys and R of small order or with a part of small order, where implementations of Ed25519 part ways, and
// S that is not reduced.
func TestAgreesOnTorsion(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	accepted := 0
	try := func(key, r [32]byte, msg, s []byte) {
		if both(t, key, msg, append(append([]byte(nil), r[:]...), s...)) {
			accepted++
		}
	}
	zero := make([]byte, 32)
	order := unhex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	for _, a := range small {
		for _, r := range small {
			for i := range 6 {
				try(unhex(t, a), unhex(t, r), []byte{byte(i)}, zero)
				try(unhex(t, a), unhex(t, r), []byte{byte(i)}, order[:])
			}
		}
	}
	for _, name := range small[:8] {
		b := unhex(t, name)
		torsion, err := new(edwards25519.Point).SetBytes(b[:])
		require.NoError(t, err)
		for range 24 {
			secret, err := new(edwards25519.Scalar).SetUniformBytes(drawn(rng, 64))
			require.NoError(t, err)
			nonce, err := new(edwards25519.Scalar).SetUniformBytes(drawn(rng, 64))
			require.NoError(t, err)
			point := new(edwards25519.Point).ScalarBaseMult(secret)
			key := [32]byte(point.Add(point, torsion).Bytes())
			point.ScalarBaseMult(nonce)
			if rng.IntN(2) == 0 {
				point.Add(point, torsion)
			}
			r, msg := [32]byte(point.Bytes()), drawn(rng, 5)
			sum := sha512.Sum512(append(append(append([]byte(nil), r[:]...), key[:]...), msg...))
			k, err := new(edwards25519.Scalar).SetUniformBytes(sum[:])
			require.NoError(t, err)
			try(key, r, msg, new(edwards25519.Scalar).MultiplyAdd(k, secret, nonce).Bytes())
		}
	}
	require.Greater(t, accepted, 20, "both outcomes are there")
}

// TestTables: a key gets its table after some valid signatures, tables are bounded, and nothing changes for who asks.
func TestTables(t *testing.T) {
	var v Verifier
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			seed := sha512.Sum512([]byte(fmt.Sprint(i % 3)))
			private := ed25519.NewKeyFromSeed(seed[:32])
			key := [32]byte(private.Public().(ed25519.PublicKey))
			for n := range 2 * often {
				msg := fmt.Append(nil, i, n)
				sig := ed25519.Sign(private, msg)
				if !v.Verify(&key, msg, sig) || v.Verify(&key, append(msg, 1), sig) {
					t.Error("wrong answer")
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, v.tables, 3)
	for i := range maxTables + 3 {
		seed := sha512.Sum512(fmt.Append(nil, "other", i))
		key := [32]byte(ed25519.NewKeyFromSeed(seed[:32]).Public().(ed25519.PublicKey))
		v.counts[key] = often - 1
		v.count(&key)
	}
	require.Len(t, v.tables, maxTables)
}

func FuzzAgrees(f *testing.F) {
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	f.Add([]byte(private.Public().(ed25519.PublicKey)), []byte("m"), ed25519.Sign(private, []byte("m")))
	for _, s := range small {
		b := unhex(f, s)
		f.Add(b[:], []byte("m"), append(b[:], make([]byte, 32)...))
	}
	f.Fuzz(func(t *testing.T, key, msg, sig []byte) {
		if len(key) == 32 {
			both(t, [32]byte(key), msg, sig)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	key, msg := [32]byte(private.Public().(ed25519.PublicKey)), make([]byte, 250)
	sig := ed25519.Sign(private, msg)
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			ed25519.Verify(key[:], msg, sig)
		}
	})
	b.Run("table", func(b *testing.B) {
		t := tableOf(&key)
		for b.Loop() {
			t.verify(&key, msg, sig)
		}
	})
	b.Run("make", func(b *testing.B) {
		for b.Loop() {
			tableOf(&key)
		}
	})
}
