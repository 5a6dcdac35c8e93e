package threshold

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkHolder times one holder's part: three holders of whom two switch, logN 13, 217 bits.
func BenchmarkHolder(b *testing.B) {
	p, err := parameters()
	require.NoError(b, err)
	t := &testing.T{}
	b.Run("keygen-all-three", func(b *testing.B) {
		for b.Loop() {
			newRig(t, p, 3, 2).generate(t)
		}
		g := newRig(t, p, 3, 2).g
		b.ReportMetric(float64(g.TranscriptBytes()/3), "bytes/holder")
		b.ReportMetric(float64(g.PublicKeysBytes()), "bytes/keys")
	})
	m := newRig(t, p, 3, 2).generate(t)
	ct, _ := m.product(t)
	_, pk := m.receiver()
	s := m.session(t, ct, pk, []int{1, 2})
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			m.session(t, ct, pk, []int{1, 2})
		}
	})
	b.Run("answer", func(b *testing.B) {
		for b.Loop() {
			m.answersOf(t, s, 1)
		}
		b.ReportMetric(float64(s.MessageBytes()), "bytes")
	})
	msgs := m.answers(t, s)
	b.Run("combine", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Combine(msgs)
			require.NoError(b, err)
		}
	})
	b.Run("audit", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, s.VerifySwitch(m.said, 1, m.roots[0], msgs[0]))
		}
	})
}
