package ot

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc/mpctest"
)

// BenchmarkSetUp runs both sides, which overlap where there are two cores.
func BenchmarkSetUp(b *testing.B) {
	for _, p := range allParams {
		b.Run(fmt.Sprintf("k=%d", p.K), func(b *testing.B) {
			for b.Loop() {
				_, _, errS, errR := link(p, 1, 2, nil, nil)
				require.NoError(b, errS)
				require.NoError(b, errR)
			}
			b.ReportMetric(float64(baseReceiverBytes+baseSenderBytes+p.voles()*p.pprfBytes()), "B/link")
		})
	}
}

var benchShape = Shape{N: 32768, Digits: []int{4, 4, 3}}

// perOT reports time and bytes for each one-bit OT, of which a digit of d bits
// takes d.
func perOT(b *testing.B, p Params) {
	ots := benchShape.N * 11
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(ots), "ns/OT")
	b.ReportMetric(float64(benchShape.CorrectionBytes(p))/float64(ots), "B/OT")
}

func BenchmarkReceiverExtend(b *testing.B) {
	choices := randomChoices(rand.New(rand.NewPCG(1, 1)), benchShape)
	for _, p := range allParams {
		b.Run(fmt.Sprintf("k=%d", p.K), func(b *testing.B) {
			_, r, _, err := link(p, 1, 2, nil, nil)
			require.NoError(b, err)
			msg := make([]byte, benchShape.CorrectionBytes(p))
			for b.Loop() {
				g, err := r.Reserve(1)
				require.NoError(b, err)
				rows, err := g.Extend(0, benchShape, choices, testBinding, mpctest.Seed(3), msg)
				require.NoError(b, err)
				rows.Wipe()
			}
			perOT(b, p)
		})
	}
}

func BenchmarkSenderExtend(b *testing.B) {
	choices := randomChoices(rand.New(rand.NewPCG(1, 1)), benchShape)
	for _, p := range allParams {
		b.Run(fmt.Sprintf("k=%d", p.K), func(b *testing.B) {
			s, r, _, err := link(p, 1, 2, nil, nil)
			require.NoError(b, err)
			g, err := r.Reserve(1)
			require.NoError(b, err)
			msg := make([]byte, benchShape.CorrectionBytes(p))
			_, err = g.Extend(0, benchShape, choices, testBinding, mpctest.Seed(3), msg)
			require.NoError(b, err)
			for b.Loop() { // the same extension over and over, which no caller can do
				rows, ok := s.extend(0, benchShape, &testBinding, msg)
				require.True(b, ok)
				rows.Wipe()
			}
			perOT(b, p)
		})
	}
}
