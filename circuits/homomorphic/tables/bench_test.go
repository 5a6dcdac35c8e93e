package tables

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
)

// BenchmarkEvaluate evaluates one chunk: the same work for one company and for all slots. The figures are for each
// company of a full chunk; time/op is that of one company alone.
func BenchmarkEvaluate(b *testing.B) {
	for _, bc := range []struct {
		shape circuitstest.Shape
		form  Form
		logN  int
	}{
		{circuitstest.Shape{Features: 12, MinLevels: 8, MaxLevels: 8, Bands: 8, ScoreBits: 9}, FormIndicators, 14},
		{circuitstest.Shape{Features: 12, MinLevels: 8, MaxLevels: 8, Bands: 8, ScoreBits: 10}, FormIndicators, 15},
		{circuitstest.Shape{Features: 1, MinLevels: 128, MaxLevels: 128, Bands: 2, ScoreBits: 1}, FormLevels, 14},
		{circuitstest.Shape{Features: 1, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10}, FormLevels, 15},
	} {
		rng := rand.New(rand.NewPCG(3, 3))
		c := randomCase(b, rng, bc.shape)
		forms := make(map[string]Form)
		for _, name := range c.Model.Features() {
			forms[name] = bc.form
		}
		circuit, err := Compile(c.Model, Options{Forms: forms, LogN: bc.logN})
		require.NoError(b, err)
		l := circuit.Layout()
		name := fmt.Sprintf("%v/features=%d/levels=%d/scores=%d/logN=%d/steps=%d", bc.form, bc.shape.Features, bc.shape.MaxLevels, circuit.Scores(), l.Set.LogN, l.Set.Steps)
		b.Run(name, func(b *testing.B) {
			k := keysFor(b, l.Set)
			enc, err := NewEncryptor(l, k.pk)
			require.NoError(b, err)
			bytes, err := enc.Encrypt(rows(c, rng, 1), source(1))
			require.NoError(b, err)
			chunk, err := circuit.ReadChunk(bytes, false)
			require.NoError(b, err)
			ev, err := circuit.NewEvaluator(k.rlk)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				_, err = ev.Evaluate(context.Background(), chunk, nil)
				require.NoError(b, err)
			}
			n := float64(l.Slots())
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "us/company")
			b.ReportMetric(float64(circuit.Cost().Time.Microseconds())/n, "us-estimated/company")
			b.ReportMetric(float64(len(bytes))/n, "B-in/company")
			b.ReportMetric(float64(circuit.Output().BandBytes(true))/n, "B-out/company")
		})
	}
}
