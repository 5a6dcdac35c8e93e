package ot

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/sharing/group"
)

// basePair runs both halves of the base OTs with the given choices.
func basePair(t testing.TB, choices [16]byte) (*baseReceiver, *baseSender) {
	t.Helper()
	sid := testSID
	r, err := newBaseReceiver(&sid, choices, mpctest.Seed(1))
	require.NoError(t, err)
	s, err := newBaseSender(&sid, mpctest.Seed(2))
	require.NoError(t, err)
	return r, s
}

func TestBaseOT(t *testing.T) {
	for _, fill := range []byte{0x00, 0xff, 0xa5} {
		var choices [16]byte
		for i := range choices {
			choices[i] = fill
		}
		r, s := basePair(t, choices)
		require.Len(t, r.msg, baseReceiverBytes)
		require.Len(t, s.msg, baseSenderBytes)
		kr, err := r.keys(s.msg)
		require.NoError(t, err)
		ks, err := s.keys(r.msg)
		require.NoError(t, err)
		seen := map[[16]byte]bool{}
		for j := range kappa {
			c := bitOf(choices[:], j)
			require.Equal(t, ks[j][c], kr[j], "instance %d", j)
			require.NotEqual(t, ks[j][1-c], kr[j], "instance %d", j)
			seen[ks[j][0]], seen[ks[j][1]] = true, true
		}
		require.Len(t, seen, 2*kappa)
	}
}

// TestBaseOTBindsStatement moves an instance's messages to another instance,
// and to another set-up: the keys must change.
func TestBaseOTBindsStatement(t *testing.T) {
	r, s := basePair(t, [16]byte{})
	kr, err := r.keys(s.msg)
	require.NoError(t, err)

	moved := append([]byte(nil), r.msg...)
	copy(moved[64:128], r.msg[:64])
	s.b[1] = s.b[0]
	copy(s.msg[32:64], s.msg[:32])
	ks, err := s.keys(moved)
	require.NoError(t, err)
	require.Equal(t, kr[0], ks[0][0])
	require.NotEqual(t, kr[0], ks[1][0])

	other := [32]byte{9}
	s.sid = &other
	ks, err = s.keys(r.msg)
	require.NoError(t, err)
	require.NotEqual(t, kr[0], ks[0][0])
}

func TestBaseOTRefuses(t *testing.T) {
	r, s := basePair(t, [16]byte{0x0f})
	identity, err := group.NewPoint().MarshalBinary()
	require.NoError(t, err)
	nonCanonical := make([]byte, 32) // p itself, which is zero, unreduced
	for i := range nonCanonical {
		nonCanonical[i] = 0xff
	}
	nonCanonical[0], nonCanonical[31] = 0xed, 0x7f
	negative := make([]byte, 32)
	negative[0] = 1

	// The one r_0 for which b(r_0 + H_0(r_1)) would be the identity.
	cancels := group.NewPoint()
	cancels.Neg(hashToPoint(s.sid, 0, 0, r.msg[32:64]))
	canceling, err := cancels.MarshalBinary()
	require.NoError(t, err)

	for name, bad := range map[string][]byte{"identity": identity, "non-canonical": nonCanonical, "negative": negative} {
		for _, j := range []int{0, 9} {
			msg := append([]byte(nil), s.msg...)
			copy(msg[j*32:], bad)
			_, err = r.keys(msg)
			require.ErrorIs(t, err, mpc.ErrPeer, name)
			for i := range 2 {
				msg = append([]byte(nil), r.msg...)
				copy(msg[j*64+i*32:], bad)
				_, err = s.keys(msg)
				require.ErrorIs(t, err, mpc.ErrPeer, name)
			}
		}
	}
	msg := append([]byte(nil), r.msg...)
	copy(msg, canceling)
	_, err = s.keys(msg)
	require.ErrorIs(t, err, mpc.ErrPeer)

	for _, n := range []int{0, baseSenderBytes - 1, baseSenderBytes + 1} {
		_, err = r.keys(make([]byte, n))
		require.ErrorIs(t, err, mpc.ErrPeer)
	}
	for _, n := range []int{0, baseReceiverBytes - 1, baseReceiverBytes + 1} {
		_, err = s.keys(make([]byte, n))
		require.ErrorIs(t, err, mpc.ErrPeer)
	}
}

// TestBaseReceiverHidesChoices is the simulator against a malicious base
// sender, in code: r_0 and r_1 look the same whichever of them is A - H(.). For
// a pair made with choice 0, programming H_1(r_0) = A' - r_1 explains it as one
// made with choice 1; here the check is that both are points other than A.
func TestBaseReceiverHidesChoices(t *testing.T) {
	for _, choices := range [][16]byte{{}, {0xff, 0xff}} {
		r, _ := basePair(t, choices)
		for j := range 16 {
			A := group.NewPoint()
			A.Mul(r.a[j], nil)
			for i := range 2 {
				enc := r.msg[j*64+i*32:][:32]
				p, err := group.DecodePoint(enc)
				require.NoError(t, err)
				require.False(t, p.Equal(A))
				p.Add(p, hashToPoint(r.sid, j, byte(i), r.msg[j*64+(1-i)*32:][:32]))
				require.Equal(t, byte(i) == bitOf(choices[:], j), p.Equal(A))
			}
		}
	}
}

func FuzzBaseSenderMessage(f *testing.F) {
	r, s := basePair(f, [16]byte{0x3c})
	f.Add(s.msg[:32], 0)
	f.Add(make([]byte, 32), 127)
	f.Add([]byte{1, 2, 3}, 5)
	f.Fuzz(func(t *testing.T, point []byte, at int) {
		msg := append([]byte(nil), s.msg...)
		copy(msg[int(uint(at)%kappa)*32:], point)
		if _, err := r.keys(msg); err != nil {
			require.ErrorIs(t, err, mpc.ErrPeer)
		}
		if _, err := r.keys(point); len(point) != baseSenderBytes {
			require.ErrorIs(t, err, mpc.ErrPeer)
		}
	})
}

func FuzzBaseReceiverMessage(f *testing.F) {
	r, s := basePair(f, [16]byte{0x3c})
	f.Add(r.msg[:64], 0)
	f.Add(make([]byte, 64), 127)
	f.Add([]byte{1, 2, 3}, 5)
	f.Fuzz(func(t *testing.T, points []byte, at int) {
		msg := append([]byte(nil), r.msg...)
		copy(msg[int(uint(at)%kappa)*64:], points)
		if _, err := s.keys(msg); err != nil {
			require.ErrorIs(t, err, mpc.ErrPeer)
		}
		if _, err := s.keys(points); len(points) != baseReceiverBytes {
			require.ErrorIs(t, err, mpc.ErrPeer)
		}
	})
}
