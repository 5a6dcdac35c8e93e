package threshold

import (
	"math"
	"testing"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/stretchr/testify/require"
)

// The receiver reads the slots that are shown; the others are uniform to it, and new in every session.
func TestHiddenSlots(t *testing.T) {
	m := shared(t)
	ct, want := m.product(t)
	sk, pk := m.receiver()
	show := []int{0, 5, 4095, 4096, 8191}
	st := Statement{Ciphertext: ct, Receiver: pk, Active: []int{1, 3}, NoiseBits: productNoise, Plaintext: 65537, Show: show}
	var seen [2][]uint64
	for i := range seen {
		st.Context[0] = byte(i)
		s, err := m.public.NewSession(st)
		require.NoError(t, err)
		msgs := m.answers(t, s)
		out, err := s.Combine(msgs)
		require.NoError(t, err)
		seen[i] = m.decrypt(t, sk, out)
		for _, slot := range show {
			require.Equal(t, want[slot], seen[i][slot])
			seen[i][slot] = 0
		}
		require.NoError(t, s.VerifySwitch(m.said, 3, m.roots[2], msgs[1]))
	}
	same, low, sum := 0, 0, 0.0
	for i, v := range seen[0] {
		if v == seen[1][i] || v == want[i] {
			same++
		}
		if v < 65537/2 {
			low++
		}
		sum += float64(v)
	}
	n := float64(len(want))
	require.Less(t, same, 15)
	require.InDelta(t, n/2, float64(low), 6*math.Sqrt(n)/2)
	require.InDelta(t, 65536/2, sum/n, 6*65537/math.Sqrt(12*n))

	// nothing shown is not everything shown
	st.Show = []int{}
	s, err := m.public.NewSession(st)
	require.NoError(t, err)
	out, err := s.Combine(m.answers(t, s))
	require.NoError(t, err)
	require.NotEqual(t, want, m.decrypt(t, sk, out))
	for _, bad := range [][]int{{-1}, {1, 1}, {2, 1}, {8192}} {
		st.Show = bad
		_, err := m.public.NewSession(st)
		require.ErrorIs(t, err, homomorphic.ErrParams)
	}
}

// Pads are 0 in the slots that are shown and differ between holders: none can take another's away.
func TestPads(t *testing.T) {
	chosen := []bool{true, false, true, true}
	a, b := make([]uint64, 4), make([]uint64, 4)
	one, err := newStream([32]byte{1})
	require.NoError(t, err)
	two, err := newStream([32]byte{2})
	require.NoError(t, err)
	require.NoError(t, uniformSlots(a, chosen, 65537, one))
	require.NoError(t, uniformSlots(b, chosen, 65537, two))
	require.Zero(t, a[1])
	require.NotEqual(t, a, b)
	require.Error(t, uniformSlots(a, chosen, 65537, errReader{}))
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, homomorphic.ErrRange }
