package circuits

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The usual card: 600 points at odds of 50 to 1 of paying, 20 points to double them.
func TestScaling(t *testing.T) {
	s := Scaling{BasePoints: 600, BaseOdds: 50, PDO: 20}
	require.NoError(t, s.Validate())
	require.InDelta(t, 28.8539, s.Factor(), 1e-4)
	require.InDelta(t, 487.1229, s.Offset(), 1e-4)
	require.InDelta(t, 600, s.Score(math.Log(50)), 1e-9)
	require.InDelta(t, 620, s.Score(math.Log(100)), 1e-9)
	require.InDelta(t, 580, s.Score(math.Log(25)), 1e-9)
	for _, score := range []float64{300, 487.1229, 600, 850} {
		require.InDelta(t, score, s.Score(s.LogOdds(score)), 1e-9)
		require.InDelta(t, s.Odds(score)/(1+s.Odds(score)), s.Probability(score), 1e-12)
	}
	require.InDelta(t, 50, s.Odds(600), 1e-9)

	// Points of characteristics and base add up to the score of the summed log-odds, within the rounding.
	intercept, coefficients, woe := 1.25, []float64{0.8, -0.4, 1.1}, []float64{0.35, -1.2, 0.07}
	logOdds := intercept
	base, err := s.Base(intercept, 2)
	require.NoError(t, err)
	total, shared := base, Decimal{}
	for i := range woe {
		logOdds += coefficients[i] * woe[i]
		p, err := s.Points(coefficients[i], woe[i], 2)
		require.NoError(t, err)
		total, err = total.Add(p)
		require.NoError(t, err)
		p, err = s.SharedPoints(coefficients[i], woe[i], intercept, 3, 2)
		require.NoError(t, err)
		shared, err = shared.Add(p)
		require.NoError(t, err)
	}
	require.InDelta(t, s.Score(logOdds), total.Float(), 4*0.005)
	require.InDelta(t, s.Score(logOdds), shared.Float(), 3*0.005)

	_, err = s.SharedPoints(1, 1, 1, 0, 2)
	require.ErrorIs(t, err, ErrCard)
	for _, bad := range []Scaling{{600, 0, 20}, {600, -1, 20}, {600, 50, 0}, {math.NaN(), 50, 20}, {600, math.Inf(1), 20}, {600, 50, math.Inf(-1)}} {
		require.ErrorIs(t, bad.Validate(), ErrCard)
	}
}

func TestLogitInvertsLogistic(t *testing.T) {
	for _, p := range []float64{1e-12, 0.05, 0.5, 0.55, 1 - 1e-12} {
		require.InEpsilon(t, p, Logistic(Logit(p)), 1e-9)
	}
	require.Zero(t, Logit(0.5))
	require.Equal(t, 0.0, Logistic(math.Inf(-1)))
	require.Equal(t, 1.0, Logistic(math.Inf(1)))
}
