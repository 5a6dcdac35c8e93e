package cumcm2020c

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

func schemaOf(t *testing.T) *circuits.Schema {
	t.Helper()
	number := func(name string) circuits.FeatureSpec {
		return circuits.FeatureSpec{
			Name: name, Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal,
			Cuts: circuits.Before(1, 2, 3, 4, 5, 6, 7, 8, 9),
		}
	}
	s, err := circuits.NewSchema("s", "1", number("risk"), number("noise"), number("strength"))
	require.NoError(t, err)
	return s
}

// sample draws firms whose risk rises with the first feature and falls with the third.
func sample(seed uint64, n int) []Firm {
	rng := rand.New(rand.NewPCG(seed, 1))
	firms := make([]Firm, n)
	for i := range firms {
		x := []uint16{uint16(rng.IntN(10)), uint16(rng.IntN(10)), uint16(rng.IntN(10))}
		p := circuits.Logistic(-1 + 0.5*(float64(x[0])-4.5) - 0.3*(float64(x[2])-4.5))
		firms[i] = Firm{x, rng.Float64() < p}
		if rng.IntN(20) == 0 {
			x[2] = 10 // missing
		}
	}
	return firms
}

func TestDeriveFindsWhatMatters(t *testing.T) {
	s := schemaOf(t)
	card, err := Derive(s, sample(1, 2000))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(card.Characteristics), 2)
	model, alignment, err := circuits.Compile(card, s, circuits.CompileOptions{})
	require.NoError(t, err)
	require.Empty(t, alignment.Moved, "every cut-off lies on the grid")
	require.Empty(t, alignment.Defaulted)

	risk, strength := model.Tables()[0], model.Tables()[len(model.Tables())-1]
	for i := 1; i < 10; i++ {
		require.LessOrEqual(t, risk[i], risk[i-1], "more risk, no more points")
		require.GreaterOrEqual(t, strength[i], strength[i-1])
	}

	// On firms that it has not seen the card ranks about as well as the truth does.
	fresh := sample(2, 4000)
	var got, truth []float64
	var defaulted []bool
	for _, f := range fresh {
		levels, err := model.Select(f.Levels)
		require.NoError(t, err)
		got = append(got, float64(model.Score(levels, 0)))
		truth = append(truth, -0.5*float64(f.Levels[0])+0.3*float64(f.Levels[2]))
		defaulted = append(defaulted, f.Defaulted)
	}
	require.Greater(t, AUC(got, defaulted), AUC(truth, defaulted)-0.03)
}

func TestDeriveRefuses(t *testing.T) {
	s := schemaOf(t)
	firms := sample(1, 200)
	_, err := Derive(s, firms[:12])
	require.ErrorIs(t, err, ErrSample)
	firms[3].Levels = firms[3].Levels[:2]
	_, err = Derive(s, firms)
	require.ErrorIs(t, err, ErrSample)
	same := make([]Firm, 100)
	for i := range same {
		same[i] = Firm{[]uint16{5, 5, 5}, i%2 == 0}
	}
	_, err = Derive(s, same)
	require.ErrorIs(t, err, ErrSample)
}

// At the optimum the gradient vanishes: the mean of the predictions is that of the outcomes.
func TestLogit(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var x [][]float64
	var y []bool
	for range 5000 {
		row := []float64{rng.NormFloat64(), rng.NormFloat64()}
		x, y = append(x, row), append(y, rng.Float64() < circuits.Logistic(0.5+row[0]-2*row[1]))
	}
	b, err := logit(x, y)
	require.NoError(t, err)
	require.InDelta(t, 0.5, b[0], 0.12)
	require.InDelta(t, 1, b[1], 0.12)
	require.InDelta(t, -2, b[2], 0.15)
	predicted, happened := 0.0, 0.0
	for i := range x {
		predicted += circuits.Logistic(b[0] + b[1]*x[i][0] + b[2]*x[i][1])
		if y[i] {
			happened++
		}
	}
	require.InDelta(t, happened, predicted, 1e-6)
	_, err = solve([][]float64{{1, 2}, {2, 4}}, []float64{1, 1})
	require.ErrorIs(t, err, errFit)
}

func TestAUC(t *testing.T) {
	require.InDelta(t, 1, AUC([]float64{1, 2, 3}, []bool{true, false, false}), 0)
	require.InDelta(t, 0, AUC([]float64{3, 2, 1}, []bool{true, false, false}), 0)
	require.InDelta(t, 0.5, AUC([]float64{1, 1, 1}, []bool{true, false, false}), 0)
	require.InDelta(t, 0.75, AUC([]float64{1, 2, 2}, []bool{true, true, false}), 1e-15)
	require.True(t, math.IsNaN(AUC(nil, nil)))
}
