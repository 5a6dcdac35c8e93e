package probability

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// session is one block with all of its messages.
type session struct {
	circuit              *Circuit
	key                  *Key
	bank                 *Bank
	keys, message, reply []byte
	z, w                 []uint32
}

func newSession(t testing.TB, n int) session {
	t.Helper()
	schema, m := mixed(t)
	c, err := Compile(m, schema, Options{OutputBits: 6})
	require.NoError(t, err)
	s := session{circuit: c}
	l := c.Layout()
	s.key, err = NewKey(l, stream(1))
	require.NoError(t, err)
	s.keys, err = s.key.EvaluationKeys(joint, stream(2))
	require.NoError(t, err)
	s.bank, err = NewBank(c, joint, s.keys, 1)
	require.NoError(t, err)
	values, err := l.Values(mixedRecords(n, 1))
	require.NoError(t, err)
	s.message, err = s.key.Encrypt(values, stream(3))
	require.NoError(t, err)
	s.reply, s.z, err = s.bank.Evaluate(context.Background(), s.message, n, stream(4))
	require.NoError(t, err)
	s.w, err = s.key.Open(s.reply, n, stream(5))
	require.NoError(t, err)
	return s
}

// Everything follows from the readers, bit by bit: replay on another machine gives the same.
func TestFrozen(t *testing.T) {
	s := newSession(t, 5)
	sum := func(b []byte) string {
		h := sha256.Sum256(b)
		return hex.EncodeToString(h[:8])
	}
	require.Equal(t, []string{"b6c577a1f5738dd3", "14665af40e1bc649", "f676b9a025561016"}, []string{sum(s.keys), sum(s.message), sum(s.reply)})
	require.Equal(t, "[100 43 39 21 99] [81 9 32 71 50]", fmt.Sprint(s.z, s.w))
	again := newSession(t, 5)
	require.Equal(t, s.reply, again.reply)
}

// What each side sees does not depend on the other's secret: the bank's shares are of its mask alone, and the reply's first
// polynomial is the mask plus something, so that with the mask's bytes drawn anew it is unrelated.
func TestSharesAreOfTheMask(t *testing.T) {
	s := newSession(t, 5)
	l := s.circuit.Layout()
	values, err := l.Values(mixedRecords(5, 99))
	require.NoError(t, err)
	other, err := s.key.Encrypt(values, stream(33))
	require.NoError(t, err)
	reply, z, err := s.bank.Evaluate(context.Background(), other, 5, stream(4))
	require.NoError(t, err)
	require.Equal(t, s.z, z)
	require.NotEqual(t, s.reply, reply)

	_, fresh, err := s.bank.Evaluate(context.Background(), other, 5, stream(44))
	require.NoError(t, err)
	require.NotEqual(t, z, fresh)
}

// The shares of a whole block fill their range evenly, on either side: chi squared over 128 values of 8,192.
func TestSharesAreUniform(t *testing.T) {
	n := LogN13Degree7.Companies()
	s := newSession(t, n)
	for name, shares := range map[string][]uint32{"bank": s.z, "tax node": s.w} {
		counts := make([]float64, 128)
		for _, x := range shares {
			require.Less(t, x, uint32(128))
			counts[x]++
		}
		chi, want := 0.0, float64(n)/128
		for _, c := range counts {
			chi += (c - want) * (c - want) / want
		}
		require.InDelta(t, 127, chi, 8*16, name) // standard deviation sqrt(2 * 127)
	}
}

// The low bits of a share's sum are not a sharp edge: with the dither, the guard bit of one company varies between runs of the
// tax node that differ in the dither alone.
func TestDither(t *testing.T) {
	s := newSession(t, 64)
	odd, changed := 0, 0
	for i := range byte(20) {
		w, err := s.key.Open(s.reply, 64, stream(60+i))
		require.NoError(t, err)
		for k := range w {
			step := (w[k] - s.w[k] + 64) & 127
			require.Contains(t, []uint32{63, 64, 65}, step)
			if w[k] != s.w[k] {
				changed++
			}
			odd++
		}
	}
	require.InDelta(t, float64(odd)/3, float64(changed), float64(odd)/6) // two draws of a uniform edge differ in 1 of 3
}

func TestWrongSizes(t *testing.T) {
	s := newSession(t, 2)
	l := s.circuit.Layout()
	ctx := context.Background()
	for _, change := range []func([]byte) []byte{
		func(b []byte) []byte { return nil },
		func(b []byte) []byte { return b[:len(b)-1] },
		func(b []byte) []byte { return append(bytes.Clone(b), 0) },
		func(b []byte) []byte { return bytes.Repeat([]byte{0xff}, len(b)) },
	} {
		_, err := NewBank(s.circuit, joint, change(s.keys), 1)
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
		_, _, err = s.bank.Evaluate(ctx, change(s.message), 2, stream(1))
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
		_, err = s.key.Open(change(s.reply), 2, stream(1))
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
	}
	for _, n := range []int{-1, 0, l.Companies() + 1} {
		_, _, err := s.bank.Evaluate(ctx, s.message, n, stream(1))
		require.ErrorIs(t, err, homomorphic.ErrRange)
		_, err = s.key.Open(s.reply, n, stream(1))
		require.ErrorIs(t, err, homomorphic.ErrRange)
		_, err = l.Values(make([]record, max(n, 0)))
		require.ErrorIs(t, err, homomorphic.ErrRange)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err := s.bank.Evaluate(ended, s.message, 2, stream(1))
	require.ErrorIs(t, err, context.Canceled)
}

// Messages of the right size never make a visible difference, whatever they hold: keys that are none, ciphertexts of noise, a
// reply of noise.
func TestNonsenseIsServed(t *testing.T) {
	s := newSession(t, 2)
	zero := func(b []byte) []byte { return make([]byte, len(b)) }
	bank, err := NewBank(s.circuit, joint, zero(s.keys), 1)
	require.NoError(t, err)
	for _, b := range []*Bank{bank, s.bank} {
		reply, z, err := b.Evaluate(context.Background(), zero(s.message), 2, stream(4))
		require.NoError(t, err)
		require.Len(t, reply, len(s.reply))
		require.Equal(t, s.z, z)
		require.NotEqual(t, zero(reply), reply)
	}
	_, err = s.key.Open(zero(s.reply), 2, stream(1))
	require.NoError(t, err)
}

// A reader that fails is an error everywhere, and no panic.
func TestNoRandomness(t *testing.T) {
	s := newSession(t, 2)
	l := s.circuit.Layout()
	broken := errors.New("broken")
	values, err := l.Values(mixedRecords(2, 1))
	require.NoError(t, err)
	for _, bytes := range []int64{0, 31, 32, 40, 65536, 70000, 300000} {
		rnd := func() io.Reader { return io.MultiReader(io.LimitReader(stream(1), bytes), iotest.ErrReader(broken)) }
		_, err = s.key.EvaluationKeys(joint, rnd())
		require.ErrorIs(t, err, broken)
		_, err = s.key.Encrypt(values, rnd())
		require.ErrorIs(t, err, broken)
		_, _, err = s.bank.Evaluate(context.Background(), s.message, 2, rnd())
		require.ErrorIs(t, err, broken)
	}
	_, err = NewKey(l, iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = s.key.Open(s.reply, 2, iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}

func TestSecretsDoNotPrint(t *testing.T) {
	s := newSession(t, 2)
	values, err := s.circuit.Layout().Values([]record{{"growth": circuits.Number(2.25)}})
	require.NoError(t, err)
	require.Equal(t, 1, values.Companies())
	for want, secret := range map[string]any{
		"probability.Values(1 companies, 8 columns)": values,
		"probability.Key(logN 13, degree 7)":         s.key,
		"probability.Circuit(logN 13, degree 7)":     s.circuit,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			require.Equal(t, want, fmt.Sprintf(verb, secret))
		}
		_, err := json.Marshal(secret)
		require.ErrorIs(t, err, homomorphic.ErrSecret)
	}
}

// Any bytes of the right size are either refused or answered, and the answer has the right size.
func FuzzEvaluate(f *testing.F) {
	s := newSession(f, 1)
	f.Add(uint32(0), []byte{})
	f.Add(uint32(40), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add(uint32(len(s.message)-1), []byte{0x80})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		message := bytes.Clone(s.message)
		copy(message[int(at)%len(message):], patch)
		reply, z, err := s.bank.Evaluate(t.Context(), message, 1, stream(4))
		if err != nil {
			require.ErrorIs(t, err, homomorphic.ErrEncoding)
			return
		}
		require.Equal(t, s.z, z)
		require.Len(t, reply, len(s.reply))
		_, err = s.key.Open(reply, 1, stream(5))
		require.NoError(t, err)
	})
}

// FuzzOpen wants a reply refused or opened to a share.
func FuzzOpen(f *testing.F) {
	s := newSession(f, 1)
	f.Add(uint32(0), []byte{1})
	f.Add(uint32(0), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		reply := bytes.Clone(s.reply)
		copy(reply[int(at)%len(reply):], patch)
		w, err := s.key.Open(reply, 1, stream(5))
		if err != nil {
			require.ErrorIs(t, err, homomorphic.ErrEncoding)
			return
		}
		require.Less(t, w[0], uint32(128))
	})
}

// FuzzKeys wants keys refused or taken.
func FuzzKeys(f *testing.F) {
	s := newSession(f, 1)
	f.Add(uint32(0), []byte{1})
	f.Add(uint32(32), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		keys := bytes.Clone(s.keys)
		copy(keys[int(at)%len(keys):], patch)
		if _, err := NewBank(s.circuit, joint, keys, 1); err != nil {
			require.ErrorIs(t, err, homomorphic.ErrEncoding)
		}
	})
}
