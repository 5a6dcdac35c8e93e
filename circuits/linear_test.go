package circuits_test

import (
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

// dataFile opens a file of the shared data, or skips the test.
func dataFile(t *testing.T, name string) io.Reader {
	t.Helper()
	dir := os.Getenv("BLINDSCORE_DATA")
	if dir == "" {
		root, err := os.Getwd()
		require.NoError(t, err)
		for {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
			up := filepath.Dir(root)
			require.NotEqual(t, root, up, "no go.mod above the working directory")
			root = up
		}
		dir = filepath.Join(root, "..", "shared", "data")
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if os.IsNotExist(err) {
		t.Skipf("real data is missing: %s", filepath.Join(dir, name))
	}
	require.NoError(t, err)
	return strings.NewReader(strings.TrimPrefix(string(data), "\ufeff"))
}

type loan struct {
	realEstate, portion, recession float64
	defaulted                      bool
}

// testLoans are the rows that the published model was tested on.
func testLoans(t *testing.T) []loan {
	t.Helper()
	rows, err := csv.NewReader(dataFile(t, "sba/SBAcase.11.13.17.csv")).ReadAll()
	require.NoError(t, err)
	column := func(row []string, name string) float64 {
		x, err := strconv.ParseFloat(row[slices.Index(rows[0], name)], 64)
		require.NoError(t, err)
		return x
	}
	var loans []loan
	for _, row := range rows[1:] {
		if column(row, "Selected") == 0 {
			loans = append(loans, loan{
				column(row, "RealEstate"), column(row, "Portion"), column(row, "Recession"), column(row, "Default") == 1,
			})
		}
	}
	return loans
}

// sba is the published model over a grid of Portion.
func sba(portion circuits.FeatureSpec, places int) (*circuits.Schema, *circuits.Linear, error) {
	flag := func(name string) circuits.FeatureSpec {
		return circuits.FeatureSpec{
			Name: name, Kind: circuits.KindOrdinal, Sensitivity: circuits.SensitivityConfidential, Integer: true,
			Range: &circuits.Range{Min: 0, Max: 1}, Cuts: circuits.Before(1),
		}
	}
	portion.Name, portion.Kind, portion.Sensitivity = "Portion", circuits.KindContinuous, circuits.SensitivityConfidential
	portion.Range = &circuits.Range{Min: 0, Max: 1}
	s, err := circuits.NewSchema("SBA", "1", flag("RealEstate"), portion, flag("Recession"))
	return s, &circuits.Linear{
		Name: "SBA logit", Intercept: 1.3931, Places: places,
		Terms: []circuits.LinearTerm{
			{Feature: "RealEstate", Coefficient: -2.1282},
			{Feature: "Portion", Coefficient: -2.9875},
			{Feature: "Recession", Coefficient: 0.5041},
		},
		Probabilities: []float64{0.5}, Bands: []string{"pays", "defaults"},
	}, err
}

// The published confusion matrix and the two published loans come out of the tables, on a grid of the values that
// occur, and on a uniform grid of 256 intervals.
func TestPublishedLogit(t *testing.T) {
	loans := testLoans(t)
	var portions []float64
	for _, l := range append(loans, loan{portion: 0.75}, loan{portion: 0.40}) {
		portions = append(portions, l.portion)
	}
	slices.Sort(portions)
	var uniform []float64
	for i := 1; i < 256; i++ {
		uniform = append(uniform, float64(i)/256)
	}
	for name, grid := range map[string]struct {
		cuts   []circuits.Cut
		places int
		bound  float64
	}{
		// four places hold each published coefficient, so only the products round
		"distinct values": {circuits.Around(slices.Compact(portions)...), 4, 4 * 0.5e-4},
		"uniform":         {circuits.Before(uniform...), 4, 4*0.5e-4 + 2.9875/512},
	} {
		t.Run(name, func(t *testing.T) {
			s, linear, err := sba(circuits.FeatureSpec{Cuts: grid.cuts}, grid.places)
			require.NoError(t, err)
			card, report, err := linear.Card(s)
			require.NoError(t, err)
			require.InDelta(t, 4*0.5e-4, report.Rounding, 1e-12)
			if name == "uniform" { // between distinct values the grid says nothing, and the report says so
				require.InDelta(t, grid.bound, report.Total, 1e-9)
			}
			model, alignment, err := circuits.Compile(card, s, circuits.CompileOptions{})
			require.NoError(t, err)
			require.Empty(t, alignment.Moved)
			require.EqualValues(t, 10000, alignment.Scale)

			score := func(l loan) int64 {
				levels, err := model.Select(s.Levels(map[string]circuits.Value{
					"RealEstate": circuits.Number(l.realEstate), "Portion": circuits.Number(l.portion), "Recession": circuits.Number(l.recession),
				}))
				require.NoError(t, err)
				return model.Score(levels, 0)
			}
			var confusion [4]int // TP, FP, FN, TN
			for _, l := range loans {
				exact := 1.3931 - 2.1282*l.realEstate - 2.9875*l.portion + 0.5041*l.recession
				got := score(l)
				require.InDelta(t, exact, model.Points(got).Float(), grid.bound+1e-12)
				cell := 2 * (1 - model.Band(got))
				if !l.defaulted {
					cell++
				}
				confusion[cell]++
			}
			require.Equal(t, [4]int{31, 14, 324, 681}, confusion)

			for _, published := range []struct {
				loan
				probability float64
			}{
				{loan{1, 0.75, 0, false}, 0.05}, {loan{0, 0.40, 0, true}, 0.55},
			} {
				p := circuits.Logistic(model.Points(score(published.loan)).Float())
				require.InDelta(t, published.probability, p, 0.005, "published with two places")
			}
			require.Equal(t, 0, model.Band(score(loan{1, 0.75, 0, false})))
			require.Equal(t, 1, model.Band(score(loan{0, 0.40, 0, true})))
		})
	}
}

func TestLinearReportsTheError(t *testing.T) {
	s, err := circuits.NewSchema("s", "1",
		circuits.FeatureSpec{
			Name: "x", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal,
			Range: &circuits.Range{Min: 0, Max: 10}, Cuts: circuits.Before(2, 4), EndLevels: true,
			Specials: []circuits.Special{{Name: "none yet", Value: circuits.Number(-1)}},
		},
		circuits.FeatureSpec{Name: "open", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal, Cuts: circuits.Before(0), FoldMissing: true},
		circuits.FeatureSpec{Name: "sector", Kind: circuits.KindCategorical, Sensitivity: circuits.SensitivityInternal, Categories: []string{"a", "b"}},
	)
	require.NoError(t, err)
	m := circuits.Linear{
		Name: "m", Intercept: 1, Places: 3,
		Terms: []circuits.LinearTerm{
			{Feature: "x", Coefficient: 2, Missing: -5, Specials: map[string]float64{"none yet": 7}},
			{Feature: "sector", Weights: map[string]float64{"a": 0.25, "b": -0.5}, Other: 0.125, Missing: 3},
		},
	}
	card, report, err := m.Card(s)
	require.NoError(t, err)
	require.InDelta(t, 2*3, report.Terms[0].Grid, 1e-9) // the interval [4, 10] and its middle
	require.False(t, report.Terms[0].Unbounded)
	require.InDelta(t, 6+3*0.0005, report.Total, 1e-9)

	model, _, err := circuits.Compile(card, s, circuits.CompileOptions{})
	require.NoError(t, err)
	// below 0, [0,2), [2,4), [4,10], above 10, missing, none yet
	require.Equal(t, []int32{0, 2000, 6000, 14000, 20000, -5000, 7000}, model.Tables()[0])
	require.Equal(t, []int32{250, -500, 125, 3000}, model.Tables()[1])

	m.Terms[0].At = []float64{-3, 1.5, 2, 4, 11}
	_, _, err = m.Card(s)
	require.ErrorIs(t, err, circuits.ErrCard)
	m.Terms[0].At = []float64{0, 1.5, 2, 4, 10}
	_, report, err = m.Card(s)
	require.NoError(t, err)
	require.InDelta(t, 12, report.Terms[0].Grid, 1e-9)

	m.Terms = append(m.Terms, circuits.LinearTerm{Feature: "open", Coefficient: 1})
	card, report, err = m.Card(s)
	require.NoError(t, err)
	require.True(t, report.Terms[2].Unbounded)
	require.True(t, math.IsInf(report.Total, 1))
	_, _, err = circuits.Compile(card, s, circuits.CompileOptions{})
	require.NoError(t, err)

	for name, bad := range map[string]func(m *circuits.Linear){
		"unknown feature":     func(m *circuits.Linear) { m.Terms[0].Feature = "nobody" },
		"weight missing":      func(m *circuits.Linear) { m.Terms[1].Weights = map[string]float64{"a": 1} },
		"weight too many":     func(m *circuits.Linear) { m.Terms[1].Weights = map[string]float64{"a": 1, "b": 1, "c": 1} },
		"coefficient on text": func(m *circuits.Linear) { m.Terms[1].Coefficient = 1 },
		"weights on numbers":  func(m *circuits.Linear) { m.Terms[0].Weights = map[string]float64{} },
		"unknown special":     func(m *circuits.Linear) { m.Terms[0].Specials = map[string]float64{"who": 1} },
		"infinite":            func(m *circuits.Linear) { m.Terms[0].Coefficient = math.Inf(1) },
		"not a number":        func(m *circuits.Linear) { m.Intercept = math.NaN() },
		"too many places":     func(m *circuits.Linear) { m.Places = 19 },
		"probability":         func(m *circuits.Linear) { m.Probabilities = []float64{1} },
		"scaling":             func(m *circuits.Linear) { m.Scaling = &circuits.Scaling{BasePoints: 600, BaseOdds: -1, PDO: 20} },
	} {
		c := m
		c.Terms = slices.Clone(m.Terms)
		bad(&c)
		_, _, err := c.Card(s)
		require.ErrorIs(t, err, circuits.ErrCard, name)
	}
}

// With a negative PDO more points are safer, and the cut at the higher probability is the lower threshold.
func TestLinearWithScaling(t *testing.T) {
	s, linear, err := sba(circuits.FeatureSpec{Cuts: circuits.Around(0.4, 0.75)}, 2)
	require.NoError(t, err)
	linear.Scaling = &circuits.Scaling{BasePoints: 600, BaseOdds: 1.0 / 19, PDO: -50}
	linear.Probabilities, linear.Bands = []float64{0.1, 0.5}, []string{"decline", "review", "accept"}
	card, _, err := linear.Card(s)
	require.NoError(t, err)
	for _, c := range []struct {
		realEstate, portion float64
		band                string
	}{{1, 0.75, "accept"}, {0, 0.4, "decline"}, {0, 0.75, "review"}} {
		r, err := card.Evaluate(map[string]circuits.Value{
			"RealEstate": circuits.Number(c.realEstate), "Portion": circuits.Number(c.portion), "Recession": circuits.Number(0),
		})
		require.NoError(t, err)
		require.Equal(t, c.band, r.BandName)
		p := circuits.Logistic(1.3931 - 2.1282*c.realEstate - 2.9875*c.portion)
		require.InDelta(t, p, linear.Scaling.Probability(r.Score.Float()), 1e-3)
	}
}
