package lint

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
)

func BenchmarkCheck(b *testing.B) {
	for _, s := range []circuitstest.Shape{
		{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10},
		{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10, Own: 2},
		{Features: 64, MinLevels: 1024, MaxLevels: 1024, Bands: 8, ScoreBits: 16},
		{Features: 64, MinLevels: 4096, MaxLevels: 4096, Bands: 32, ScoreBits: 16, Own: 2},
	} {
		for _, out := range []Output{OutputBand, OutputScore} {
			b.Run(fmt.Sprintf("features=%d/levels=%d/bits=%d/own=%d/%s", s.Features, s.MaxLevels, s.ScoreBits, s.Own, out), func(b *testing.B) {
				c, err := circuitstest.Random(rand.New(rand.NewPCG(1, 2)), s)
				require.NoError(b, err)
				b.ReportAllocs()
				for b.Loop() {
					_, err := Check(context.Background(), c.Model, Policy{Output: out})
					require.NoError(b, err)
				}
			})
		}
	}
}
