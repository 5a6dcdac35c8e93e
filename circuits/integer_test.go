package circuits_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

// company is a schema with everything that a column can be.
func company(t testing.TB) *circuits.Schema {
	t.Helper()
	const confidential = circuits.SensitivityConfidential
	s, err := circuits.NewSchema("company", "1",
		circuits.FeatureSpec{
			Name: "turnover", Kind: circuits.KindContinuous, Sensitivity: confidential, Unit: "CNY",
			Range: &circuits.Range{Min: -1e6, Max: 5e9}, Cuts: circuits.Before(0, 1e6),
			Specials: []circuits.Special{{Name: "none filed", Value: circuits.Number(-999)}, {Name: "exempt", Value: circuits.Text("E")}},
		},
		circuits.FeatureSpec{
			Name: "months", Kind: circuits.KindOrdinal, Sensitivity: confidential, Integer: true, FoldMissing: true,
			Range: &circuits.Range{Min: 3, Max: 240}, Cuts: circuits.Before(12),
		},
		circuits.FeatureSpec{
			Name: "ratio", Kind: circuits.KindContinuous, Sensitivity: confidential,
			Range: &circuits.Range{Min: 0, Max: 1}, Cuts: circuits.Before(0.5),
		},
		circuits.FeatureSpec{
			Name: "trade", Kind: circuits.KindCategorical, Sensitivity: confidential, Categories: []string{"retail", "steel"},
		},
		circuits.FeatureSpec{
			Name: "endless", Kind: circuits.KindContinuous, Sensitivity: confidential, Cuts: circuits.Before(0),
		},
	)
	require.NoError(t, err)
	return s
}

// logit is a model on all of it but the endless feature.
func logit() *circuits.Linear {
	return &circuits.Linear{
		Name: "logit", Version: "3", Intercept: -1.5,
		Terms: []circuits.LinearTerm{
			{Feature: "ratio", Coefficient: 2.25, Missing: 0.5},
			{
				Feature: "turnover", Coefficient: -3.7e-10, Missing: 0.875,
				Specials: map[string]float64{"none filed": 1.25},
			},
			{Feature: "months", Coefficient: -0.0125},
			{Feature: "trade", Weights: map[string]float64{"retail": 0.1, "steel": -0.2}, Other: 0.3, Missing: 0.4},
		},
		Scaling:       &circuits.Scaling{BasePoints: 600, BaseOdds: 1.0 / 50, PDO: -20},
		Probabilities: []float64{0.05, 0.2, 0.5}, Bands: []string{"D", "C", "B", "A"},
	}
}

// points is the linear model itself, in floating point.
func points(m *circuits.Linear, v map[string]circuits.Value) float64 {
	sum := m.Intercept
	number := func(name string, low, high float64) (float64, bool) {
		x, ok := v[name].Number()
		return min(max(x, low), high), ok
	}
	if x, ok := number("ratio", 0, 1); ok {
		sum += 2.25 * x
	} else {
		sum += 0.5
	}
	switch x, ok := number("turnover", -1e6, 5e9); {
	case v["turnover"] == circuits.Number(-999):
		sum += 1.25
	case !ok: // "exempt" counts as missing does
		sum += 0.875
	default:
		sum += -3.7e-10 * x
	}
	x, ok := number("months", 3, 240)
	if !ok {
		x = 3
	}
	sum += -0.0125 * math.RoundToEven(x)
	switch text, ok := v["trade"].Text(); {
	case !ok:
		sum += 0.4
	case text == "retail":
		sum += 0.1
	case text == "steel":
		sum += -0.2
	default:
		sum += 0.3
	}
	return m.Scaling.Score(sum)
}

// TestIntegerModel compares with the linear model in floating point, within the reported bound.
func TestIntegerModel(t *testing.T) {
	s, linear := company(t), logit()
	for _, units := range []map[string]float64{nil, {"turnover": 0.01}, {"turnover": 1e4, "ratio": 1.0 / 64, "months": 12}} {
		m, report, err := linear.Integer(s, units)
		require.NoError(t, err)
		require.Equal(t, []string{
			"turnover", "turnover: missing", "turnover: none filed", "turnover: exempt", "months", "ratio", "ratio: missing",
			"trade: retail", "trade: steel", "trade: other", "trade: missing",
		}, m.Columns().Names())
		if len(units) < 2 {
			require.Less(t, report.Total, 0.02)
		}
		lo, hi := m.Range()
		require.True(t, hi-lo < 1<<m.ScoreBits() && hi-lo >= 1<<(m.ScoreBits()-1))
		rng := rand.New(rand.NewPCG(1, 2))
		pick := func(values ...circuits.Value) circuits.Value { return values[rng.IntN(len(values))] }
		worst, bands := 0.0, map[int]int{}
		for range 20000 {
			v := map[string]circuits.Value{
				"turnover": pick(circuits.Missing(), circuits.Number(-999), circuits.Text("E"), circuits.Number(-1e6), circuits.Number(5e9),
					circuits.Number(math.Inf(1)), circuits.Number(-1e300), circuits.Number(rng.Float64()*5e9), circuits.Number(rng.NormFloat64()*1e6)),
				"months": pick(circuits.Missing(), circuits.Number(3), circuits.Number(240), circuits.Number(float64(rng.IntN(300)))),
				"ratio":  pick(circuits.Missing(), circuits.Number(0), circuits.Number(1), circuits.Number(rng.Float64())),
				"trade":  pick(circuits.Missing(), circuits.Text("retail"), circuits.Text("steel"), circuits.Text("silk")),
			}
			score, err := m.Score(m.Values(v))
			require.NoError(t, err)
			require.True(t, score-m.Base() >= lo && score-m.Base() <= hi)
			want := points(linear, v)
			worst = max(worst, math.Abs(float64(score)/m.Scale()-want))
			band := m.Band(score)
			bands[band]++
			probability := linear.Scaling.Probability(want)
			for i, p := range []float64{0.5, 0.2, 0.05} { // more points are safer
				if edge := linear.Scaling.Score(circuits.Logit(p)); math.Abs(want-edge) > report.Total {
					require.Equal(t, probability <= p, band > i)
				}
			}
		}
		require.LessOrEqual(t, worst, report.Total)
		require.Greater(t, worst, report.Total/50, "the bound says something")
		require.Len(t, bands, 4)
	}
}

// TestIntegerSmall: integer coefficients on integer features are exact, and their range is as small as it can be.
func TestIntegerSmall(t *testing.T) {
	spec := func(name string) circuits.FeatureSpec {
		return circuits.FeatureSpec{
			Name: name, Kind: circuits.KindOrdinal, Sensitivity: circuits.SensitivityInternal, Integer: true, FoldMissing: true,
			Range: &circuits.Range{Min: 0, Max: 7}, Cuts: circuits.Before(4),
		}
	}
	s, err := circuits.NewSchema("small", "1", spec("a"), spec("b"))
	require.NoError(t, err)
	linear := &circuits.Linear{
		Terms:         []circuits.LinearTerm{{Feature: "a", Coefficient: 3}, {Feature: "b", Coefficient: -1}},
		Probabilities: []float64{0.5}, Bands: []string{"x", "y"},
	}
	m, _, err := linear.Integer(s, nil)
	require.NoError(t, err)
	for a := range 8 {
		for b := range 8 {
			v := map[string]circuits.Value{"a": circuits.Number(float64(a)), "b": circuits.Number(float64(b))}
			columns := m.Values(v)
			require.Equal(t, []int64{int64(a), int64(b)}, columns)
			score, err := m.Score(columns)
			require.NoError(t, err)
			require.Equal(t, float64(3*a-b), float64(score)/m.Scale())
			require.Equal(t, 3*a >= b, m.Band(score) == 1)
		}
	}
	require.Equal(t, 1, m.BandBits())
}

func TestIntegerRefusals(t *testing.T) {
	s := company(t)
	for name, c := range map[string]struct {
		change func(*circuits.Linear)
		units  map[string]float64
		want   error
	}{
		"no range":        {func(m *circuits.Linear) { m.Terms[0].Feature = "endless" }, nil, circuits.ErrUnsupported},
		"unknown feature": {func(m *circuits.Linear) { m.Terms[0].Feature = "x" }, nil, circuits.ErrCard},
		"twice":           {func(m *circuits.Linear) { m.Terms[0] = m.Terms[1] }, nil, circuits.ErrCard},
		"no terms":        {func(m *circuits.Linear) { m.Terms = nil }, nil, circuits.ErrLimit},
		"all zero":        {func(m *circuits.Linear) { m.Terms = []circuits.LinearTerm{{Feature: "ratio"}} }, nil, circuits.ErrCard},
		"not finite":      {func(m *circuits.Linear) { m.Terms[0].Coefficient = math.Inf(1) }, nil, circuits.ErrCard},
		"too small": {func(m *circuits.Linear) {
			m.Terms = m.Terms[:1]
			m.Terms[0].Coefficient, m.Terms[0].Missing = 1e-300, 0
		}, nil, circuits.ErrLimit},
		"category weights":  {func(m *circuits.Linear) { delete(m.Terms[3].Weights, "steel") }, nil, circuits.ErrCard},
		"other category":    {func(m *circuits.Linear) { delete(m.Terms[3].Weights, "steel"); m.Terms[3].Weights["x"] = 1 }, nil, circuits.ErrCard},
		"coefficient":       {func(m *circuits.Linear) { m.Terms[3].Coefficient = 1 }, nil, circuits.ErrCard},
		"weights":           {func(m *circuits.Linear) { m.Terms[0].Other = 1 }, nil, circuits.ErrCard},
		"special":           {func(m *circuits.Linear) { m.Terms[0].Specials = map[string]float64{"x": 1} }, nil, circuits.ErrCard},
		"bands":             {func(m *circuits.Linear) { m.Bands = m.Bands[1:] }, nil, circuits.ErrCard},
		"probability":       {func(m *circuits.Linear) { m.Probabilities[0] = 1 }, nil, circuits.ErrCard},
		"descending":        {func(m *circuits.Linear) { m.Probabilities[0] = 0.9 }, nil, circuits.ErrCard},
		"scaling":           {func(m *circuits.Linear) { m.Scaling.PDO = 0 }, nil, circuits.ErrCard},
		"unit of another":   {func(*circuits.Linear) {}, map[string]float64{"endless": 1}, circuits.ErrCard},
		"unit of category":  {func(*circuits.Linear) {}, map[string]float64{"trade": 1}, circuits.ErrCard},
		"negative unit":     {func(*circuits.Linear) {}, map[string]float64{"ratio": -1}, circuits.ErrCard},
		"unit that is none": {func(*circuits.Linear) {}, map[string]float64{"ratio": math.NaN()}, circuits.ErrCard},
		"too many steps":    {func(*circuits.Linear) {}, map[string]float64{"turnover": 1e-3}, circuits.ErrLimit},
	} {
		m := logit()
		c.change(m)
		_, _, err := m.Integer(s, c.units)
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestIntegerSecrets(t *testing.T) {
	s := company(t)
	m, _, err := logit().Integer(s, map[string]float64{"turnover": 0.01})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%d"} {
		require.Equal(t, `IntegerModel("logit", 11 columns, 4 bands)`, fmt.Sprintf(verb, m))
	}
	_, err = json.Marshal(m)
	require.ErrorIs(t, err, circuits.ErrSecret)
	again, err := circuits.NewColumns(s, m.Columns().Features())
	require.NoError(t, err)
	require.Equal(t, m.Columns(), again, "the public half comes from features and units alone")
	_, err = m.Score(nil)
	require.ErrorIs(t, err, circuits.ErrLevels)
	_, err = m.Score([]int64{-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	require.ErrorIs(t, err, circuits.ErrLevels)

	// The commitment covers all that decides.
	commit := m.Commit([32]byte{1})
	require.Equal(t, "67f8a8735035bf8f", hex.EncodeToString(commit[:8]))
	require.NotEqual(t, commit, m.Commit([32]byte{2}))
	for _, change := range []func(*circuits.Linear){
		func(m *circuits.Linear) { m.Name += "x" },
		func(m *circuits.Linear) { m.Version += "x" },
		func(m *circuits.Linear) { m.Intercept += 0.01 },
		func(m *circuits.Linear) { m.Terms[0].Coefficient += 0.01 },
		func(m *circuits.Linear) { m.Terms[3].Missing += 0.01 },
		func(m *circuits.Linear) { m.Probabilities[1] += 0.01 },
		func(m *circuits.Linear) { m.Bands[0] = "E" },
		func(m *circuits.Linear) { m.Terms = m.Terms[1:] },
	} {
		linear := logit()
		change(linear)
		other, _, err := linear.Integer(s, nil)
		if len(linear.Terms) == 4 {
			other, _, err = linear.Integer(s, map[string]float64{"turnover": 0.01})
		}
		require.NoError(t, err)
		require.NotEqual(t, commit, other.Commit([32]byte{1}))
	}
	other, _, err := logit().Integer(s, nil)
	require.NoError(t, err)
	require.NotEqual(t, commit, other.Commit([32]byte{1}), "another unit")
}
