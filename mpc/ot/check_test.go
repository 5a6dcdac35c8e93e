package ot

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/gf128"
	"github.com/blindscore/blindscore/mpc/mpctest"
)

var checkShape = Shape{N: 200, Digits: []int{3, 1}}

// TestTamper flips a bit in blocks all over a message, in every one for k = 8:
// the bank must notice, whatever its Delta.
func TestTamper(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for _, p := range allParams {
		t.Run(fmt.Sprintf("k=%d", p.K), func(t *testing.T) {
			s, r := cached(t, p)
			number := reservedNumber(t, p)
			msg := make([]byte, checkShape.CorrectionBytes(p))
			r.extend(number, checkShape, randomChoices(rng, checkShape), &testBinding, mpctest.Seed(3), msg)
			for at := 0; at < len(msg); at += 16 * (8/p.K | 1) {
				bad := append([]byte(nil), msg...)
				bad[at+rng.IntN(16)] ^= 1 << rng.IntN(8)
				rows, ok := s.extend(number, checkShape, &testBinding, bad)
				require.False(t, ok, "block at %d", at)
				require.Nil(t, rows)
			}
			_, ok := s.extend(number, checkShape, &testBinding, msg)
			require.True(t, ok)

			// The statement is part of the check.
			_, ok = s.extend(number, checkShape, &[32]byte{7}, msg)
			require.False(t, ok, "binding")
			_, ok = s.extend(number+1, checkShape, &testBinding, msg)
			require.False(t, ok, "extension number")
			same := Shape{N: 200, Digits: []int{1, 3}} // as many bytes
			_, ok = s.extend(number, same, &testBinding, msg)
			require.False(t, ok, "shape")
			same = Shape{N: 201, Digits: []int{3, 1}}
			_, ok = s.extend(number, same, &testBinding, msg)
			require.False(t, ok, "rows")
		})
	}
}

// reservedNumber takes one extension number from both sides.
func reservedNumber(t testing.TB, p Params) uint64 {
	gs, gr := reserved(t, p, 1)
	require.Equal(t, gs.numbers.first, gr.numbers.first)
	return gr.numbers.first
}

// cheat is a malicious tax node: in each VOLE i of guesses it corrects to
// choices that differ by e (over the first unit), and answers the check as if
// Delta_i were guesses[i].
func cheat(r *Receiver, number uint64, shape Shape, choices [][]uint8, msg []byte, guesses map[int]int, e []byte) *ReceiverRows {
	b := takeBuffers(r.p, shape)
	defer b.release()
	out := &ReceiverRows{rows: newRows(shape)}
	seed := mpctest.Seed(3)
	seed.Derive("ot mask").PRG().Fill(b.x[:blockSize])
	corrections, msg := cut(r.p, maskUnit, msg)
	r.correct(maskUnit, number, b, corrections)
	check := newColumnHash(&r.id, number, shape, &testBinding, corrections, b.chi)
	check.mask(b.v)
	check.maskChoices(b.x)
	first := true
	for u := range shape.units() {
		corrections, msg = cut(r.p, u, msg)
		width := u.width() * blockSize
		pack(u, choices[u.digit], b.x[:width])
		r.correct(u, number, b, corrections)
		for i := range guesses {
			if first {
				xorInto(corrections[i*width:][:width], e)
			}
		}
		check.challenge(u, corrections)
		check.add(b.v)
		check.addChoices(b.x[:width])
		for i, guess := range guesses {
			for bit := range r.p.K {
				if first && guess>>bit&1 == 1 {
					gf128.HashBlocks(&check.v[i*r.p.K+bit], check.chi, e)
				}
			}
		}
		combine(u, b.v, out.padded(u.digit))
		first = false
	}
	check.respond(msg)
	return out
}

// TestSelectiveFailure is the one attack that the check leaves: a tax node that
// cheats in one VOLE passes if, and only if, it guessed the k bits of Delta
// there.
func TestSelectiveFailure(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	for _, p := range allParams {
		t.Run(fmt.Sprintf("k=%d", p.K), func(t *testing.T) {
			s, r := cached(t, p)
			choices := randomChoices(rng, checkShape)
			e := make([]byte, 3*2*blockSize) // the width of the first unit
			e[0] = 1                         // row 0 of bit 0
			for _, i := range []int{0, 1, p.voles() - 1} {
				right := point(p, s.delta, i)
				passed := 0
				for guess := range p.q() {
					if p.K == 8 && guess%37 != 0 && guess != right {
						continue // 8 of 256 will do
					}
					number := reservedNumber(t, p)
					msg := make([]byte, checkShape.CorrectionBytes(p))
					tr := cheat(r, number, checkShape, choices, msg, map[int]int{i: guess}, e)
					q, ok := s.extend(number, checkShape, &testBinding, msg)
					require.Equal(t, guess == right, ok, "VOLE %d, guess %d, Delta %d", i, guess, right)
					if !ok {
						continue
					}
					passed++
					// What it gains: row 0 is off by Delta_i in this VOLE's columns.
					c := choices[0][0]
					want := gf128.Mul(s.delta, [16]byte{c})
					for b := range p.K {
						col := i*p.K + b
						want[col/8] ^= bitOf(s.delta[:], col) << (col % 8)
					}
					xorInto(want[:], tr.Digit(0)[:16])
					require.Equal(t, want[:], q.Digit(0)[:16])
				}
				require.Equal(t, 1, passed)
			}
		})
	}
}

// TestCheatingTwiceNeedsBothGuesses has the tax node cheat in two VOLEs.
func TestCheatingTwiceNeedsBothGuesses(t *testing.T) {
	p := Params{2}
	s, r := cached(t, p)
	choices := randomChoices(rand.New(rand.NewPCG(4, 4)), checkShape)
	e := make([]byte, 3*2*blockSize)
	e[5] = 0x10
	right := [2]int{point(p, s.delta, 3), point(p, s.delta, 60)}
	for a := range 4 {
		for b := range 4 {
			number := reservedNumber(t, p)
			msg := make([]byte, checkShape.CorrectionBytes(p))
			cheat(r, number, checkShape, choices, msg, map[int]int{3: a, 60: b}, e)
			_, ok := s.extend(number, checkShape, &testBinding, msg)
			require.Equal(t, [2]int{a, b} == right, ok)
		}
	}
}

func TestFailedCheckKillsSender(t *testing.T) {
	p := Params{4}
	s, r := cached(t, p)
	forget(p)
	gs, err := s.Reserve(3)
	require.NoError(t, err)
	gr, err := r.Reserve(3)
	require.NoError(t, err)
	choices := randomChoices(rand.New(rand.NewPCG(4, 4)), checkShape)
	msgs := make([][]byte, 3)
	for i := range msgs {
		msgs[i] = make([]byte, checkShape.CorrectionBytes(p))
		_, err = gr.Extend(i, checkShape, choices, testBinding, mpctest.Seed(3), msgs[i])
		require.NoError(t, err)
	}
	_, err = gs.Extend(0, checkShape, testBinding, msgs[0])
	require.NoError(t, err)
	msgs[1][len(msgs[1])-1] ^= 1
	rows, err := gs.Extend(1, checkShape, testBinding, msgs[1])
	require.Nil(t, rows)
	require.ErrorIs(t, err, mpc.ErrCheck)
	require.ErrorIs(t, err, mpc.ErrPeer)
	require.Equal(t, mpc.ErrCheck.Error(), err.Error(), "nothing specific is said")

	rows, err = gs.Extend(2, checkShape, testBinding, msgs[2])
	require.Nil(t, rows)
	require.ErrorIs(t, err, mpc.ErrCheck)
	require.ErrorContains(t, err, "set up anew")
	_, err = s.Reserve(1)
	require.ErrorIs(t, err, mpc.ErrCheck)
}

func FuzzSenderExtend(f *testing.F) {
	p := Params{8}
	shape := Shape{N: 3, Digits: []int{2}}
	s, r, errS, errR := link(p, 1, 2, nil, nil)
	require.NoError(f, errS)
	require.NoError(f, errR)
	honest := make([]byte, shape.CorrectionBytes(p))
	r.extend(0, shape, [][]uint8{{0, 1, 2}}, &testBinding, mpctest.Seed(3), honest)
	f.Add(honest, uint16(0))
	f.Add([]byte{1}, uint16(0))
	f.Add([]byte{0x80}, uint16(len(honest)-1))
	f.Add([]byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, patch []byte, at uint16) {
		msg := append([]byte(nil), honest...)
		changed := false
		for n, b := range patch {
			if i := int(at) + n; i < len(msg) {
				msg[i] ^= b
				changed = changed || b != 0
			}
		}
		_, ok := s.extend(0, shape, &testBinding, msg)
		require.Equal(t, !changed, ok)
		if len(patch) != len(honest) {
			g, err := s.Reserve(1)
			require.NoError(t, err)
			_, err = g.Extend(0, shape, testBinding, patch)
			require.ErrorIs(t, err, mpc.ErrPeer)
			require.NotErrorIs(t, err, mpc.ErrCheck)
		}
	})
}

// Both sides can tell how many extensions were handed out, before and after.
func TestNextCountsReservations(t *testing.T) {
	s, r := cached(t, Params{4})
	require.Equal(t, s.Next(), r.Next())
	before := s.Next()
	_, _ = reserved(t, Params{4}, 3)
	require.Equal(t, before+3, s.Next())
	require.Equal(t, before+3, r.Next())
	_, _ = reserved(t, Params{4}, 0)
	require.Equal(t, before+3, s.Next())

	again, err := senderAt(s, before)
	require.NoError(t, err)
	require.Equal(t, before, again.Next())
	require.Equal(t, before+3, s.Next(), "is on its own")
	_, err = senderAt(s, maxExtensions+1)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = receiverAt(r, maxExtensions+1)
	require.ErrorIs(t, err, mpc.ErrParams)
}
