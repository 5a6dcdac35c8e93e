package linear

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkBlock times a block of 4,096 companies with 16 features of 40 bits, on one core.
func BenchmarkBlock(b *testing.B) {
	m := sixteen(b)
	values := m.companies(rand.New(rand.NewPCG(1, 2)), Block)
	msg, _, err := m.certified.Eval(values, source(1))
	require.NoError(b, err)
	rnd := source(2)
	report := func(b *testing.B) {
		b.ReportMetric(float64(b.N)*Block/b.Elapsed().Seconds(), "companies/s")
		b.ReportMetric(float64(len(msg))/Block, "B/company")
		b.ReportMetric(float64(m.p.TableBytes()), "B/table")
	}
	b.Run("Eval", func(b *testing.B) {
		for b.Loop() {
			_, _, err := m.certified.Eval(values, rnd)
			require.NoError(b, err)
		}
		report(b)
	})
	b.Run("Decrypt", func(b *testing.B) {
		for b.Loop() {
			_, err := m.key.Decrypt(msg, Block)
			require.NoError(b, err)
		}
		report(b)
	})
	b.Run("Generate", func(b *testing.B) {
		for b.Loop() {
			_, _, err := Generate(m.p, m.weights, Joint{1}, rnd)
			require.NoError(b, err)
		}
	})
}
