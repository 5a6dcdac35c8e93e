package homomorphic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"golang.org/x/sync/errgroup"
)

func TestSecretKey(t *testing.T) {
	for _, p := range []rlwe.Parameters{narrow(t), wide(t)} {
		k, err := NewSecretKey(p, source(1))
		require.NoError(t, err)
		b := k.Reveal()
		again, err := RestoreSecretKey(p, b)
		require.NoError(t, err)
		require.True(t, k.RLWE().Equal(again.RLWE()))
		_, err = RestoreSecretKey(p, b[1:])
		require.ErrorIs(t, err, ErrEncoding)
		b[0] |= 3
		_, err = RestoreSecretKey(p, b)
		require.ErrorIs(t, err, ErrEncoding)

		// lattigo decrypts what we encrypt, and the other way round.
		pt := rlwe.NewPlaintext(p, p.MaxLevel())
		require.True(t, pt.IsNTT)
		copy(pt.Value.Coeffs[0], random(t, p.RingQ(), 0, 1).Coeffs[0])
		c0, err := EncryptSeeded(k, pt, Seed{1}, 7, source(2))
		require.NoError(t, err)
		b, err = AppendPoly(nil, p.RingQ(), p.MaxLevel(), c0)
		require.NoError(t, err)
		ct, err := ReadSeeded(p, p.MaxLevel(), pt.MetaData, Seed{1}, 7, b)
		require.NoError(t, err)
		noise, err := NoiseBits(k, ct, pt.Value)
		require.NoError(t, err)
		require.True(t, noise >= 3 && noise <= 5, "%d bits", noise)
		got := rlwe.NewPlaintext(p, p.MaxLevel())
		rlwe.NewDecryptor(p, k.RLWE()).Decrypt(ct, got)
		p.RingQ().Sub(got.Value, pt.Value, got.Value)
		p.RingQ().INTT(got.Value, got.Value)
		for _, e := range centred(p.RingQ(), got.Value) {
			require.LessOrEqual(t, new(big.Int).Abs(e).Int64(), int64(ErrorBound))
		}
		require.NoError(t, rlwe.NewEncryptor(p, k.RLWE()).Encrypt(pt, ct))
		noise, err = NoiseBits(k, ct, pt.Value)
		require.NoError(t, err)
		require.LessOrEqual(t, noise, 5)

		other, err := ReadSeeded(p, p.MaxLevel(), pt.MetaData, Seed{1}, 8, b)
		if err == nil {
			noise, err = NoiseBits(k, other, pt.Value)
			require.NoError(t, err)
			require.Greater(t, noise, 60, "another index is another polynomial")
		}

		// In the coefficient domain too.
		pt.IsNTT = false
		c0, err = EncryptSeeded(k, pt, Seed{1}, 9, source(2))
		require.NoError(t, err)
		b, err = AppendPoly(nil, p.RingQ(), p.MaxLevel(), c0)
		require.NoError(t, err)
		ct, err = ReadSeeded(p, p.MaxLevel(), pt.MetaData, Seed{1}, 9, b)
		require.NoError(t, err)
		noise, err = NoiseBits(k, ct, pt.Value)
		require.NoError(t, err)
		require.LessOrEqual(t, noise, 5)
	}
	_, err := NewSecretKey(tiny(t), source(1))
	require.ErrorIs(t, err, ErrParams)
}

func TestSecretKeyDoesNotPrint(t *testing.T) {
	k, err := NewSecretKey(narrow(t), source(1))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, redacted, fmt.Sprintf(verb, k))
	}
	require.Equal(t, redacted, k.LogValue().String())
	_, err = json.Marshal(k)
	require.ErrorIs(t, err, ErrSecret)
	_, err = k.MarshalText()
	require.ErrorIs(t, err, ErrSecret)
	_, err = k.MarshalBinary()
	require.ErrorIs(t, err, ErrSecret)
	_, err = k.GobEncode()
	require.ErrorIs(t, err, ErrSecret)
}

func TestPool(t *testing.T) {
	made := 0
	pool := NewPool(3, func() *atomic.Int32 { made++; return new(atomic.Int32) })
	require.Equal(t, 3, made)
	var group errgroup.Group
	for range 50 {
		group.Go(func() error {
			return pool.Do(context.Background(), func(busy *atomic.Int32) error {
				if busy.Add(1) != 1 {
					return errors.New("shared")
				}
				busy.Add(-1)
				return nil
			})
		})
	}
	require.NoError(t, group.Wait())

	ctx, cancel := context.WithCancel(context.Background())
	one := NewPool(0, func() int { return 1 })
	require.NoError(t, one.Do(ctx, func(int) error {
		cancel()
		require.ErrorIs(t, one.Do(ctx, func(int) error { return nil }), context.Canceled)
		return nil
	}))
	require.Panics(t, func() { _ = one.Do(context.Background(), func(int) error { panic("x") }) })
	require.NoError(t, one.Do(context.Background(), func(int) error { return nil }), "it is back")
}
