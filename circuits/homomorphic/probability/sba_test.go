package probability

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

// sbaRows are the loans of a real book, by column name.
func sbaRows(t *testing.T) (header []string, rows [][]string) {
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
	f, err := os.Open(filepath.Join(dir, "sba", "SBAcase.11.13.17.csv"))
	if os.IsNotExist(err) {
		t.Skipf("real data is missing: %s", dir)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	all, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	return all[0], all[1:]
}

// A published model on the loans that it was tested on: probabilities within the bound of the plain logistic, and the two
// published answers.
func TestPublishedLogit(t *testing.T) {
	header, rows := sbaRows(t)
	numbers := func(realEstate, portion, recession float64) record {
		return record{
			"RealEstate": circuits.Number(realEstate), "Portion": circuits.Number(portion), "Recession": circuits.Number(recession),
		}
	}
	records := []record{numbers(1, 0.75, 0), numbers(0, 0.40, 0)} // published: 0.05 and 0.55
	for _, row := range rows {
		cell := func(name string) float64 {
			i := slices.Index(header, name)
			if i < 0 {
				i = slices.Index(header, "\ufeff"+name)
			}
			x, err := strconv.ParseFloat(row[i], 64)
			require.NoError(t, err)
			return x
		}
		if cell("Selected") == 0 {
			records = append(records, numbers(cell("RealEstate"), cell("Portion"), cell("Recession")))
		}
	}
	require.Len(t, records, 1050+2)
	s, err := circuits.NewSchema("SBA", "1", numeric("RealEstate", 0, 1), numeric("Portion", 0, 1), numeric("Recession", 0, 1))
	require.NoError(t, err)
	m := &circuits.Linear{
		Name: "SBA logit", Intercept: 1.3931,
		Terms: []circuits.LinearTerm{
			{Feature: "RealEstate", Coefficient: -2.1282},
			{Feature: "Portion", Coefficient: -2.9875},
			{Feature: "Recession", Coefficient: 0.5041},
		},
	}
	for _, k := range []struct {
		opts Options
		set  Set
	}{
		{Options{OutputBits: 8, MaxError: 0x1p-9}, LogN13Degree7},
		{Options{OutputBits: 12}, LogN14Degree15},
	} {
		c, err := Compile(m, s, k.opts)
		require.NoError(t, err)
		require.Equal(t, k.set, c.Report().Set)
		u := run(t, c, records, 40)
		t.Logf("%+v: worst %.3g of %.3g", k.set, check(t, c, m, s, records, u), c.Report().Bound)
		require.InDelta(t, 0.05, c.Probability(u[0]), 0.005+c.Report().Bound, "published with two places")
		require.InDelta(t, 0.55, c.Probability(u[1]), 0.005+c.Report().Bound)
		wrong := 0
		for i, r := range records {
			p := circuits.Logistic(exact(m, s, r))
			if (p >= 0.5) != (u[i] >= c.Index(0.5)) {
				require.LessOrEqual(t, math.Abs(p-0.5), c.Report().Bound)
				wrong++
			}
		}
		t.Logf("%d of %d loans on the other side of 0.5", wrong, len(records))
	}
}
