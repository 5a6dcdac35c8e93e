package threshold

import (
	"slices"
	"testing"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/stretchr/testify/require"
)

// change damages bytes: a byte at a place is replaced, and the end cut or extended.
func change(b []byte, at uint32, v byte, length int16) []byte {
	b = slices.Clone(b)
	if len(b) > 0 {
		b[int(at)%len(b)] = v
	}
	if length < 0 {
		return b[:max(0, len(b)+int(length))]
	}
	return append(b, make([]byte, length)...)
}

// trusting accepts every signature, so that what is behind them is reached.
func trusting(f *testing.F) *rig {
	p, err := tiny()
	require.NoError(f, err)
	c, keys := config(p, 2, 2)
	c.Verify = func([]byte, [32]byte, []byte) bool { return true }
	g, err := NewGroup(c)
	require.NoError(f, err)
	return &rig{p: p, g: g, keys: keys, roots: []*Root{{b: [32]byte{1}}, {b: [32]byte{2}}}}
}

// FuzzReceive damages each message of a key generation: it is taken whole, or its sender is named.
func FuzzReceive(f *testing.F) {
	r := trusting(f)
	t := &testing.T{}
	rounds := map[Round][]*KeyGen{}
	said := map[Round][][]byte{}
	for round := RoundCommit; round <= RoundConfirm; round++ {
		rounds[round] = replayed(t, r, round)
		said[round] = say(t, rounds[round])
		f.Add(uint8(round), uint32(50), byte(0xff), int16(0))
		f.Add(uint8(round), uint32(0), byte(round), int16(-1))
	}
	f.Fuzz(func(t *testing.T, round uint8, at uint32, v byte, length int16) {
		where := Round(round%uint8(RoundConfirm) + 1)
		k := *rounds[where][0]
		k.pledge, k.heard = slices.Clone(k.pledge), &Transcript{k.g, slices.Clone(k.heard.rounds)}
		msgs := slices.Clone(said[where])
		msgs[1] = change(msgs[1], at, v, length)
		if where == RoundDeal && len(msgs[1]) == k.g.MessageBytes(where) {
			pledge(&k, msgs[1][headBytes:len(msgs[1])-SignatureBytes])
		}
		if err := k.Receive(msgs); err != nil {
			require.Equal(t, []int{2}, Named(err))
			require.Equal(t, where, k.Round())
		}
	})
}

// FuzzReadPublicKeys damages encoded keys: what is read encodes to the same bytes.
func FuzzReadPublicKeys(f *testing.F) {
	r := trusting(f)
	all := replayed(&testing.T{}, r, RoundConfirm+1)
	keys, _, said, err := all[0].Result()
	require.NoError(f, err)
	good, err := keys.Append(nil)
	require.NoError(f, err)
	transcript := said.Append(nil)
	f.Add(uint32(0), byte(0), int16(0))
	f.Add(uint32(70), byte(0xff), int16(0))
	f.Add(uint32(len(good)-1), byte(1), int16(-3))
	f.Fuzz(func(t *testing.T, at uint32, v byte, length int16) {
		b := change(good, at, v, length)
		if k, err := r.g.ReadPublicKeys(b); err == nil {
			again, err := k.Append(nil)
			require.NoError(t, err)
			require.Equal(t, b, again)
		} else {
			require.ErrorIs(t, err, homomorphic.ErrEncoding)
		}
		b = change(transcript, at, v, length)
		if s, err := r.g.ReadTranscript(b); err == nil {
			require.Equal(t, b, s.Append(nil))
		} else if Named(err) == nil {
			require.ErrorIs(t, err, homomorphic.ErrEncoding)
		}
	})
}
