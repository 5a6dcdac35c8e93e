package linear

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

// A published model (probability of default above one half, on the loans of a real book) by the engine: every band is the
// model's own, and the confusion table is the published one.
func TestPublishedLogit(t *testing.T) {
	file := filepath.Join(data(t), "sba", "SBAcase.11.13.17.csv")
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		t.Skipf("real data is missing: %s", file)
	}
	require.NoError(t, err)
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	cell := func(row []string, name string) float64 {
		i := slices.IndexFunc(all[0], func(s string) bool { return s == name || s == "\ufeff"+name })
		x, err := strconv.ParseFloat(row[i], 64)
		require.NoError(t, err)
		return x
	}
	var specs []circuits.FeatureSpec
	for _, name := range []string{"RealEstate", "Portion", "Recession"} {
		specs = append(specs, circuits.FeatureSpec{
			Name: name, Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
			Range: &circuits.Range{Min: 0, Max: 1}, Cuts: circuits.Before(0.5),
		})
	}
	s, err := circuits.NewSchema("SBA", "1", specs...)
	require.NoError(t, err)
	m := &circuits.Linear{
		Intercept: 1.3931, Probabilities: []float64{0.5}, Bands: []string{"lend", "decline"},
		Terms: []circuits.LinearTerm{
			{Feature: "RealEstate", Coefficient: -2.1282},
			{Feature: "Portion", Coefficient: -2.9875},
			{Feature: "Recession", Coefficient: 0.5041},
		},
	}
	im, _, err := m.Integer(s, map[string]float64{"RealEstate": 1, "Recession": 1, "Portion": 1e-6})
	require.NoError(t, err)
	config, err := ModelConfig(im, 16)
	require.NoError(t, err)
	b := build(t, config.Features, im.Weights(), 16, 7)
	cuts, err := ModelThresholds(b.p, im, 0)
	require.NoError(t, err)

	values := make([][]int64, im.Columns().Len())
	var scores []int64
	var defaulted []bool
	for _, row := range all[1:] {
		if cell(row, "Selected") != 0 {
			continue
		}
		columns := im.Values(map[string]circuits.Value{
			"RealEstate": circuits.Number(cell(row, "RealEstate")), "Portion": circuits.Number(cell(row, "Portion")),
			"Recession": circuits.Number(cell(row, "Recession")),
		})
		for f, v := range columns {
			values[f] = append(values[f], v)
		}
		score, err := im.Score(columns)
		require.NoError(t, err)
		scores, defaulted = append(scores, score), append(defaulted, cell(row, "Default") == 1)
	}
	require.Len(t, scores, 1050)
	z, index := b.run(t, values, 9)
	var table [2][2]int // declined, defaulted
	for i, score := range scores {
		shared, band := int64((z[i]+index[i])%(2<<b.p.ScoreBits())>>1), 0
		for _, c := range cuts {
			if c <= shared {
				band++
			}
		}
		low, high := im.Band(score-b.p.Unit()), im.Band(score+b.p.Unit())
		require.True(t, low <= band && band <= high, "loan %d", i)
		bad := 0
		if defaulted[i] {
			bad = 1
		}
		table[band][bad]++
	}
	require.Equal(t, [2][2]int{{681, 324}, {14, 31}}, table)
}

// data is where real data is kept, beside the repository.
func data(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("BLINDSCORE_DATA"); dir != "" {
		return dir
	}
	root, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(root, "..", "shared", "data")
		}
		up := filepath.Dir(root)
		require.NotEqual(t, root, up, "no go.mod above the working directory")
		root = up
	}
}
