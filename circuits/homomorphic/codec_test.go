package homomorphic

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
)

func TestBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for w := 1; w <= 63; w++ {
		for _, n := range []int{8, 16, 24, 64, 128} {
			in := make([]uint64, n)
			for i := range in {
				in[i] = rng.Uint64() >> (64 - w) >> (rng.IntN(2) * rng.IntN(w))
			}
			b := AppendBits(nil, in, w)
			require.Len(t, b, n*w/8)
			out := make([]uint64, n)
			ReadBits(out, b, w)
			require.Equal(t, in, out, "width %d", w)
		}
	}
}

func TestPolyRoundTrip(t *testing.T) {
	for _, p := range []rlwe.Parameters{tiny(t), narrow(t), wide(t)} {
		for level := range p.MaxLevel() + 1 {
			poly := random(t, p.RingQ(), level, 3)
			b, err := AppendPoly([]byte("x"), p.RingQ(), level, poly)
			require.NoError(t, err)
			require.Equal(t, byte('x'), b[0])
			b = b[1:]
			require.Len(t, b, PolyBytes(p.RingQ(), level))
			got, err := ReadPoly(p.RingQ(), level, b)
			require.NoError(t, err)
			require.True(t, poly.Equal(&got))
			for _, bad := range [][]byte{nil, b[1:], b[:len(b)-1], append(b, 0)} {
				_, err := ReadPoly(p.RingQ(), level, bad)
				require.ErrorIs(t, err, ErrEncoding)
			}
		}
	}
	p := tiny(t)
	poly := p.RingQ().NewPoly()
	for _, level := range []int{-1, 2, 1 << 40} {
		_, err := AppendPoly(nil, p.RingQ(), level, poly)
		require.ErrorIs(t, err, ErrParams)
		_, err = ReadPoly(p.RingQ(), level, nil)
		require.ErrorIs(t, err, ErrParams)
		require.Zero(t, PolyBytes(p.RingQ(), level))
	}
	poly.Coeffs[1] = poly.Coeffs[1][:3]
	_, err := AppendPoly(nil, p.RingQ(), 1, poly)
	require.ErrorIs(t, err, ErrParams)
}

// TestEveryBit: a flipped bit is an error or another value, never the same value.
func TestEveryBit(t *testing.T) {
	p := tiny(t)
	poly := random(t, p.RingQ(), 1, 4)
	b, err := AppendPoly(nil, p.RingQ(), 1, poly)
	require.NoError(t, err)
	errors := 0
	for i := range 8 * len(b) {
		c := bytes.Clone(b)
		c[i/8] ^= 1 << (i % 8)
		got, err := ReadPoly(p.RingQ(), 1, c)
		if err != nil {
			require.ErrorIs(t, err, ErrEncoding)
			errors++
			continue
		}
		require.False(t, got.Equal(&poly))
		again, err := AppendPoly(nil, p.RingQ(), 1, got)
		require.NoError(t, err)
		require.Equal(t, c, again)
	}
	require.Positive(t, errors, "the largest coefficient has bits that cannot be added to")
}

// TestFrozen holds the encoding: prime by prime, low bits first.
func TestFrozen(t *testing.T) {
	p := parameters(t, rlwe.ParametersLiteral{LogN: 4, Q: []uint64{97, 193}, P: []uint64{257}})
	poly := p.RingQ().NewPoly()
	for i := range 16 {
		poly.Coeffs[0][i], poly.Coeffs[1][i] = uint64(6*i), uint64(12*i)
	}
	b, err := AppendPoly(nil, p.RingQ(), 1, poly)
	require.NoError(t, err)
	require.Equal(t, "00034382f19054301b4f887452b5"+"000c1824303c4854606c7884909ca8b4", hex.EncodeToString(b))

	q := narrow(t)
	a := q.RingQ().NewPoly()
	require.NoError(t, ExpandSeed(q, 1, Seed{1, 2, 3}, 5, a))
	b, err = AppendPoly(nil, q.RingQ(), 1, a)
	require.NoError(t, err)
	digest := sha256.Sum256(b)
	require.Equal(t, "0e0bf809a9ca753d", hex.EncodeToString(digest[:8]))
}

func TestCiphertextAndKeys(t *testing.T) {
	for _, p := range []rlwe.Parameters{tiny(t), wide(t), narrow(t)} {
		kgen := rlwe.NewKeyGenerator(p)
		sk := kgen.GenSecretKeyNew()
		pk := kgen.GenPublicKeyNew(sk)
		b, err := AppendPublicKey(nil, p, pk)
		require.NoError(t, err)
		require.Len(t, b, PublicKeyBytes(p))
		gotPK, err := ReadPublicKey(p, b)
		require.NoError(t, err)
		require.True(t, pk.Equal(gotPK))
		_, err = ReadPublicKey(p, b[1:])
		require.ErrorIs(t, err, ErrEncoding)

		for _, g := range []Gadget{FullGadget(p), {1, 0, p.MaxLevelP(), 0}, {1, 1, p.MaxLevelP(), 15}, {1, 1, -1, 0}} {
			base := g.BaseTwo
			rlk := rlwe.NewRelinearizationKey(p, rlwe.EvaluationKeyParameters{LevelQ: &g.LevelQ, LevelP: &g.LevelP, BaseTwoDecomposition: &base})
			for i, row := range rlk.Value {
				for j := range row {
					for _, poly := range row[j] {
						copy(poly.Q.Coeffs[0], random(t, p.RingQ(), 0, byte(i+j)).Coeffs[0])
					}
				}
			}
			b, err := AppendRelinearizationKey(nil, p, g, rlk)
			require.NoError(t, err)
			require.Len(t, b, GadgetBytes(p, g))
			got, err := ReadRelinearizationKey(p, g, b)
			require.NoError(t, err)
			require.True(t, rlk.Equal(got))
			_, err = ReadRelinearizationKey(p, g, b[:len(b)-1])
			require.ErrorIs(t, err, ErrEncoding)

			gk := &rlwe.GaloisKey{GaloisElement: 5, NthRoot: uint64(p.NthRoot()), EvaluationKey: rlk.EvaluationKey}
			b, err = AppendGaloisKey(nil, p, g, gk)
			require.NoError(t, err)
			gotGK, err := ReadGaloisKey(p, g, 5, b)
			require.NoError(t, err)
			require.True(t, gk.Equal(gotGK))
			_, err = ReadGaloisKey(p, g, 4, b)
			require.ErrorIs(t, err, ErrParams)
		}
		for _, g := range []Gadget{{}, {2, 0, -1, 0}, {1, -1, -1, 0}, {1, 9, -1, 0}, {1, 0, 7, 0}, {1, 0, -2, 0}, {1, 0, -1, 99}} {
			_, err := ReadRelinearizationKey(p, g, nil)
			require.Error(t, err, "%+v", g)
		}

		ct := rlwe.NewCiphertext(p, 1, p.MaxLevel())
		require.NoError(t, rlwe.NewEncryptor(p, pk).EncryptZero(ct))
		b, err = AppendCiphertext(nil, p, ct)
		require.NoError(t, err)
		require.Len(t, b, CiphertextBytes(p, 1, p.MaxLevel()))
		gotCT, err := ReadCiphertext(p, 1, p.MaxLevel(), ct.MetaData, b)
		require.NoError(t, err)
		require.True(t, ct.Equal(gotCT))
		for _, bad := range [][]byte{nil, b[1:], append(b, 0)} {
			_, err = ReadCiphertext(p, 1, p.MaxLevel(), ct.MetaData, bad)
			require.ErrorIs(t, err, ErrEncoding)
		}
		_, err = ReadCiphertext(p, 1<<50, 0, ct.MetaData, b)
		require.ErrorIs(t, err, ErrParams)
		_, err = ReadCiphertext(p, 1, 0, nil, b)
		require.ErrorIs(t, err, ErrParams)
	}
}

func FuzzReadPoly(f *testing.F) {
	p := tiny(f)
	b, err := AppendPoly(nil, p.RingQ(), 1, random(f, p.RingQ(), 1, 5))
	require.NoError(f, err)
	f.Add(b)
	f.Add(b[1:])
	f.Add(bytes.Repeat([]byte{255}, len(b)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ReadPoly(p.RingQ(), 1, b)
		if err != nil {
			require.ErrorIs(t, err, ErrEncoding)
			return
		}
		again, err := AppendPoly(nil, p.RingQ(), 1, got)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}

func FuzzReadGadget(f *testing.F) {
	p := tiny(f)
	f.Add([]byte{1, 2}, 1, 1, 0, 0)
	f.Add(make([]byte, GadgetBytes(p, FullGadget(p))), 1, 1, 0, 0)
	f.Add(make([]byte, GadgetBytes(p, Gadget{0, 1, -1, 7})), 0, 1, -1, 7)
	f.Fuzz(func(t *testing.T, b []byte, degree, q, lp, base int) {
		g := Gadget{degree, q, lp, base}
		got, err := ReadGadget(p, g, b)
		if err != nil {
			return
		}
		again, err := AppendGadget(nil, p, g, got)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}

func FuzzReadCiphertext(f *testing.F) {
	p := tiny(f)
	f.Add(make([]byte, CiphertextBytes(p, 1, 1)), 1, 1)
	f.Add([]byte{}, -1, 1<<60)
	f.Fuzz(func(t *testing.T, b []byte, degree, level int) {
		got, err := ReadCiphertext(p, degree, level, &rlwe.MetaData{}, b)
		if err != nil {
			return
		}
		again, err := AppendCiphertext(nil, p, got)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}

func FuzzRestoreSecretKey(f *testing.F) {
	p := narrow(f)
	f.Add(make([]byte, p.N()/4))
	f.Add([]byte{3})
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := RestoreSecretKey(p, b)
		if err != nil {
			require.ErrorIs(t, err, ErrEncoding)
			return
		}
		require.Equal(t, b, k.Reveal())
	})
}
