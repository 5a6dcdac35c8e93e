package examples_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

// loan is a row of the SBA data: what the published model reads, and what became of it.
type loan struct {
	realEstate, portion, recession float64
	defaulted                      bool
}

func (l loan) values() map[string]circuits.Value {
	return map[string]circuits.Value{
		"RealEstate": circuits.Number(l.realEstate), "Portion": circuits.Number(l.portion), "Recession": circuits.Number(l.recession),
	}
}

// testLoans are the loans that the published model was tested on: those it was not fitted on.
func testLoans(t *testing.T) []loan {
	t.Helper()
	var loans []loan
	for _, row := range table(t, dataFile(t, "sba/SBAcase.11.13.17.csv")) {
		number := func(name string) float64 {
			x, err := strconv.ParseFloat(row[name], 64)
			require.NoError(t, err)
			return x
		}
		if number("Selected") == 0 {
			loans = append(loans, loan{number("RealEstate"), number("Portion"), number("Recession"), number("Default") == 1})
		}
	}
	return loans
}

// sbaModel is the published logit on a grid on which every portion that occurs is a level of its own.
func sbaModel(t *testing.T, loans []loan) (*circuits.Schema, *circuits.Model) {
	t.Helper()
	var portions []float64
	for _, l := range loans {
		portions = append(portions, l.portion)
	}
	slices.Sort(portions)
	flag := func(name string) circuits.FeatureSpec {
		return circuits.FeatureSpec{
			Name: name, Kind: circuits.KindOrdinal, Sensitivity: circuits.SensitivityConfidential, Integer: true,
			Range: &circuits.Range{Min: 0, Max: 1}, Cuts: circuits.Before(1),
		}
	}
	schema, err := circuits.NewSchema("SBA", "1", flag("RealEstate"), circuits.FeatureSpec{
		Name: "Portion", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
		Range: &circuits.Range{Min: 0, Max: 1}, Cuts: circuits.Around(slices.Compact(portions)...),
	}, flag("Recession"))
	require.NoError(t, err)
	logit := circuits.Linear{
		Name: "SBA logit", Intercept: 1.3931, Places: 4, // each published coefficient has four places
		Terms: []circuits.LinearTerm{
			{Feature: "RealEstate", Coefficient: -2.1282},
			{Feature: "Portion", Coefficient: -2.9875},
			{Feature: "Recession", Coefficient: 0.5041},
		},
		Probabilities: []float64{0.5}, Bands: []string{"pays", "defaults"},
	}
	card, _, err := logit.Card(schema)
	require.NoError(t, err)
	model, alignment, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	require.Empty(t, alignment.Moved)
	return schema, model
}

// TestPublishedLogit: through the two nodes, one bit for each loan gives the published confusion matrix, and the two
// published loans come out as published. The copy of the data lacks one loan that was paid, so that there are 681 where
// the paper has 682.
func TestPublishedLogit(t *testing.T) {
	loans := testLoans(t)
	loans = append(loans, loan{realEstate: 1, portion: 0.75}, loan{realEstate: 0, portion: 0.40})
	schema, model := sbaModel(t, loans)
	source := records.NewMemory(schema)
	var ids []uscc.ID
	for i, l := range loans {
		ids = append(ids, uscc.Synthetic(uint64(i)))
		require.NoError(t, source.Put(ids[i], time.Time{}, l.values()))
	}
	p, err := newPair()
	require.NoError(t, err)
	dir := t.TempDir()
	world, err := p.govern(dir, schema, ids)
	require.NoError(t, err)
	cfg := party.BankConfig{Identity: p.bank, Peers: p.bankPeers, Model: model}
	require.NoError(t, world.Approved(&cfg))
	addr, stop, err := p.serve(dir, world, schema, source)
	require.NoError(t, err)
	defer func() { require.NoError(t, stop()) }()
	bank, err := party.NewBank(cfg)
	require.NoError(t, err)
	link, err := bank.Dial(t.Context(), addr)
	require.NoError(t, err)
	defer link.Close()
	batch, err := link.Score(t.Context(), party.Request{Companies: ids})
	require.NoError(t, err)
	require.Equal(t, 1, batch.Stats.BitsPerCompany)

	var matrix struct{ TP, FP, FN, TN int }
	for i, r := range batch.Results {
		require.NoError(t, r.Err)
		levels, err := model.Select(schema.Levels(loans[i].values()))
		require.NoError(t, err)
		score := model.Score(levels, 0)
		require.Equal(t, model.Band(score), r.Band, "loan %d", i)
		if i >= len(loans)-2 {
			continue
		}
		switch {
		case r.Name == "defaults" && loans[i].defaulted:
			matrix.TP++
		case r.Name == "defaults":
			matrix.FP++
		case loans[i].defaulted:
			matrix.FN++
		default:
			matrix.TN++
		}
	}
	require.Equal(t, struct{ TP, FP, FN, TN int }{31, 14, 324, 681}, matrix)

	// The published probabilities, 0.05 and 0.55, have two places: what the tables give is within that rounding.
	for k, published := range []float64{0.05, 0.55} {
		i := len(loans) - 2 + k
		require.Equal(t, []string{"pays", "defaults"}[k], batch.Results[i].Name)
		levels, err := model.Select(schema.Levels(loans[i].values()))
		require.NoError(t, err)
		require.InDelta(t, published, circuits.Logistic(model.Points(model.Score(levels, 0)).Float()), 0.005)
	}
}
