package linear

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// TestModel runs a logistic model from its coefficients to bands, and compares with the plain evaluator: the same band
// unless the score is within a unit of a threshold.
func TestModel(t *testing.T) {
	const n = 3000
	var specs []circuits.FeatureSpec
	linear := &circuits.Linear{Intercept: -0.5, Probabilities: []float64{0.2, 0.4, 0.7}, Bands: []string{"A", "B", "C", "D"}}
	rng := rand.New(rand.NewPCG(1, 2))
	for f := range 8 {
		spec := circuits.FeatureSpec{
			Name: fmt.Sprint("f", f), Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
			Range: &circuits.Range{Min: -10, Max: math.Pow(10, float64(f))}, Cuts: circuits.Before(0),
		}
		specs = append(specs, spec)
		linear.Terms = append(linear.Terms, circuits.LinearTerm{
			Feature: spec.Name, Coefficient: (rng.Float64()*3 - 1) / spec.Range.Max, Missing: rng.Float64() / 4,
		})
	}
	s, err := circuits.NewSchema("s", "1", specs...)
	require.NoError(t, err)
	im, _, err := linear.Integer(s, map[string]float64{"f5": 0.01})
	require.NoError(t, err)
	for _, bits := range []int{8, 12, 16} {
		config, err := ModelConfig(im, bits)
		require.NoError(t, err)
		m := build(t, config.Features, im.Weights(), bits, byte(bits))
		require.Equal(t, config.RangeBits, m.p.RangeBits())
		const own = 12345
		cuts, err := ModelThresholds(m.p, im, own)
		require.NoError(t, err)

		values := make([][]int64, im.Columns().Len())
		for f := range values {
			values[f] = make([]int64, n)
		}
		scores := make([]int64, n)
		for i := range n {
			raw := make(map[string]circuits.Value)
			for _, spec := range specs {
				if rng.IntN(10) > 0 {
					raw[spec.Name] = circuits.Number(spec.Range.Min + rng.Float64()*(spec.Range.Max-spec.Range.Min))
				}
			}
			columns := im.Values(raw)
			for f, v := range columns {
				values[f][i] = v
			}
			scores[i], err = im.Score(columns)
			require.NoError(t, err)
			scores[i] += own
		}
		z, index := m.run(t, values, byte(bits))
		near, seen := 0, map[int]bool{}
		for i, score := range scores {
			shared := int64((z[i] + index[i]) % (2 << m.p.ScoreBits()) >> 1)
			band := 0
			for _, c := range cuts {
				if c <= shared {
					band++
				}
			}
			low, high := im.Band(score-m.p.Unit()), im.Band(score+m.p.Unit())
			require.True(t, low <= band && band <= high, "band %d, want %d to %d", band, low, high)
			seen[band] = true
			if low != high {
				near++
			}
		}
		require.Len(t, seen, 4)
		require.Less(t, near, n/10)
	}
	_, err = ModelThresholds(Params{}, im, 0)
	require.ErrorIs(t, err, homomorphic.ErrParams)
}
