package ot

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
)

// onlyLabel flips one bit of messages with the label.
func onlyLabel(label uint8, at int, flipped *bool) tamper {
	return func(l uint8, msg []byte) []byte {
		if l == label {
			msg[at%len(msg)] ^= 0x20
			*flipped = true
		}
		return msg
	}
}

// TestTamperedSetUp changes set-up messages. Where neither side can see it in
// the encoding, the bank's check fails: that of the PPRF, or for k = 1, where
// there is none, that of the first extension. No rows ever come out.
func TestTamperedSetUp(t *testing.T) {
	for _, p := range []Params{{1}, {4}} {
		for _, c := range []struct {
			name   string
			label  uint8
			bank   bool // the bank's message, that is
			offset []int
		}{
			{"base receiver", labelBaseReceiver, true, []int{40, 64 * 17}},
			{"base sender", labelBaseSender, false, []int{3, baseSenderBytes - 9}},
			{"PPRF sum", labelPPRF, false, []int{6 * 16, 160*9 + 130}},
		} {
			for _, at := range c.offset {
				if c.label == labelPPRF && p.pprfBytes() == 0 {
					continue
				}
				t.Run(fmt.Sprintf("k=%d/%s/%d", p.K, c.name, at), func(t *testing.T) {
					flipped := false
					bank, tax := onlyLabel(c.label, at, &flipped), tamper(nil)
					if !c.bank {
						bank, tax = nil, bank
					}
					s, r, errS, errR := link(p, 1, 2, bank, tax)
					require.True(t, flipped)
					if errR != nil {
						require.Nil(t, r)
						if c.bank {
							require.ErrorIs(t, errR, mpc.ErrPeer)
							require.NotErrorIs(t, errR, mpc.ErrCheck)
						} else {
							require.ErrorIs(t, errR, mpc.ErrInterrupted)
						}
						return
					}
					if errS != nil {
						require.Nil(t, s)
						require.ErrorIs(t, errS, mpc.ErrPeer)
						return
					}
					msg := make([]byte, checkShape.CorrectionBytes(p))
					r.extend(0, checkShape, [][]uint8{make([]uint8, 200), make([]uint8, 200)}, &testBinding, mpctest.Seed(3), msg)
					_, ok := s.extend(0, checkShape, &testBinding, msg)
					require.False(t, ok)
				})
			}
		}
	}
}

func TestWrongSizesInSetUp(t *testing.T) {
	shorten := func(label uint8) tamper {
		return func(l uint8, msg []byte) []byte {
			if l == label {
				return msg[:len(msg)-1]
			}
			return msg
		}
	}
	p := Params{2}
	_, _, errS, _ := link(p, 1, 2, nil, shorten(labelBaseSender))
	require.ErrorIs(t, errS, mpc.ErrPeer)
	_, _, errS, _ = link(p, 1, 2, nil, shorten(labelPPRF))
	require.ErrorIs(t, errS, mpc.ErrPeer)
	_, _, _, errR := link(p, 1, 2, shorten(labelBaseReceiver), nil)
	require.ErrorIs(t, errR, mpc.ErrPeer)
}

func TestDisagreement(t *testing.T) {
	// Another sid on either side: other keys, so the PPRF check fails.
	ctx := context.Background()
	a, b := mpctest.Pipe(nil, nil)
	done := make(chan error, 1)
	go func() {
		_, err := NewReceiver(ctx, b, Params{4}, [32]byte{99}, mpctest.Seed(2))
		done <- err
	}()
	_, err := NewSender(ctx, a, Params{4}, testSID, mpctest.Seed(1))
	require.ErrorIs(t, err, mpc.ErrCheck)
	require.NoError(t, <-done)

	// Other parameters give another set-up, also where the messages would fit.
	require.NotEqual(t, Params{4}.setup(testSID), Params{8}.setup(testSID))
}

func TestInterruptedSetUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a, b := mpctest.Pipe(nil, nil)
	_, err := NewReceiver(ctx, b, Params{1}, testSID, mpctest.Seed(2))
	require.ErrorIs(t, err, mpc.ErrInterrupted)
	_, err = NewSender(ctx, a, Params{1}, testSID, mpctest.Seed(1))
	require.ErrorIs(t, err, mpc.ErrInterrupted)
}

// TestSetUpOverConn runs it over a real stream.
func TestSetUpOverConn(t *testing.T) {
	p := Params{8}
	a, b := mpctest.Conns(t, 0)
	ctx := context.Background()
	type result struct {
		r   *Receiver
		err error
	}
	done := make(chan result, 1)
	go func() {
		r, err := NewReceiver(ctx, b, p, testSID, mpctest.Seed(2))
		done <- result{r, err}
	}()
	s, err := NewSender(ctx, a, p, testSID, mpctest.Seed(1))
	require.NoError(t, err)
	got := <-done
	require.NoError(t, got.err)
	require.Equal(t, p, s.Params())
	require.Equal(t, p, got.r.Params())
	msg := make([]byte, checkShape.CorrectionBytes(p))
	got.r.extend(0, checkShape, [][]uint8{make([]uint8, 200), make([]uint8, 200)}, &testBinding, mpctest.Seed(3), msg)
	_, ok := s.extend(0, checkShape, &testBinding, msg)
	require.True(t, ok)
}

func TestSecretsDoNotPrint(t *testing.T) {
	gs, gr := reserved(t, Params{2}, 1)
	msg := make([]byte, checkShape.CorrectionBytes(Params{2}))
	tr, err := gr.Extend(0, checkShape, [][]uint8{make([]uint8, 200), make([]uint8, 200)}, testBinding, mpctest.Seed(3), msg)
	require.NoError(t, err)
	q, err := gs.Extend(0, checkShape, testBinding, msg)
	require.NoError(t, err)
	for _, secret := range []any{gs, gr, gs.sender, gr.receiver, q, tr} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			require.Equal(t, redacted, fmt.Sprintf(verb, secret), "%T", secret)
		}
		_, err := json.Marshal(secret)
		require.Error(t, err, "%T", secret)
	}
	require.NotEqual(t, make([]byte, 16), q.Digit(0)[:16])
	kept := q.Digit(0) // which no caller may do, as the memory serves others from here on
	q.Wipe()
	require.Equal(t, make([]byte, 16*200), kept)
	require.Nil(t, q.Digit(0))
	require.Equal(t, make([]byte, 32), q.Offsets(1))
	q.Wipe()
	kept = tr.Digit(1)
	tr.Wipe()
	require.Equal(t, make([]byte, 16*200), kept)
	require.Nil(t, tr.Digit(1))
}
