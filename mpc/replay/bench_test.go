package replay_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// BenchmarkReplay replays 12 features of 256 levels; the set-up of the link is
// part of it.
func BenchmarkReplay(b *testing.B) {
	const n = 32768
	shape := circuitstest.Shape{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10}
	for _, engine := range []score.EngineKind{score.EngineOT, score.EngineLattice} {
		k := scoretest.Random(b, rand.New(rand.NewPCG(1, 1)), shape, score.OutputBand, n)
		if engine == score.EngineLattice {
			k.WithLattice(b)
		}
		r := connect(b, k.Params.OT).run(b, k, k.Blocks())
		for name, replay := range map[string]func() (int, error){
			"bank": func() (int, error) {
				found, err := r.bank.Replay(b.Context(), k.Blocks(), r.load)
				return len(found), err
			},
			"tax": func() (int, error) {
				found, err := r.tax.Replay(b.Context(), k.Blocks(), r.load)
				return len(found), err
			},
		} {
			b.Run(engine.String()+"/"+name, func(b *testing.B) {
				for b.Loop() {
					found, err := replay()
					require.NoError(b, err)
					require.Zero(b, found)
				}
				b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "companies/s")
			})
		}
	}
}
