package score_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// BenchmarkEngines runs whole batches over loopback, both sides in one process:
// the figures that Params.Cost rests on are the microseconds a company, for full
// superblocks and for a company alone.
func BenchmarkEngines(b *testing.B) {
	full := func(n int) *scoretest.Full {
		return scoretest.RandomFull(b, rand.New(rand.NewPCG(1, 1)), scoretest.FullShape{Numeric: 12, Bands: 8}, n)
	}
	options := probability.Options{OutputBits: 8}
	for name, make := range map[string]func(n int) *scoretest.Case{
		"ot": func(n int) *scoretest.Case {
			return scoretest.Random(b, rand.New(rand.NewPCG(1, 1)), twelve, score.OutputBand, n)
		},
		"lattice": func(n int) *scoretest.Case {
			return scoretest.Random(b, rand.New(rand.NewPCG(1, 1)), twelve, score.OutputBand, n).WithLattice(b)
		},
		"linear": func(n int) *scoretest.Case { return full(n).ForLinear(b, score.OutputBand, 10, 0) },
		"probability": func(n int) *scoretest.Case {
			return full(n).ForProbability(b, score.OutputBand, options)
		},
	} {
		for size, n := range map[string]int{"full": 16384, "one": 1} {
			c := make(n)
			b.Run(name+"/"+size, func(b *testing.B) {
				var r *scoretest.Result
				for b.Loop() {
					r = c.Run(b)
					require.NoError(b, r.BankErr)
				}
				cost, err := c.Params.Cost()
				require.NoError(b, err)
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/company")
				b.ReportMetric(float64(r.BankSent+r.TaxSent)/float64(n), "bytes/company")
				if n > 1 {
					b.ReportMetric(cost.Microseconds, "us-predicted")
				}
			})
		}
	}
}
