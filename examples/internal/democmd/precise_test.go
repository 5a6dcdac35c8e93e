package democmd

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party"
)

// preciseAnswers are a report with the answers of an honest run, by the plain evaluators.
func preciseAnswers(t *testing.T, f *preciseForms, companies []madeup.Company, unit int64) *preciseReport {
	t.Helper()
	r := &preciseReport{batch: &party.Batch{}, unit: unit}
	for _, c := range companies {
		x := party.Result{Company: c.ID}
		values := f.schema.Normal(c.Values())
		p, err := probabilityOf(f.schema, f.model, values)
		require.NoError(t, err)
		x.Probability, x.Band = p, bandOf(f.model, p)
		if unit > 0 {
			score, err := f.integer.Score(f.integer.Values(values))
			require.NoError(t, err)
			x.Band = f.integer.Band(score)
		}
		x.Name = f.model.Bands[x.Band]
		if !c.Known || c.ID == f.silent {
			x = party.Result{Company: c.ID, Err: party.ErrRefused}
		}
		r.batch.Results = append(r.batch.Results, x)
	}
	return r
}

func TestPreciseCheckFindsWrongAnswers(t *testing.T) {
	f, err := newPreciseForms()
	require.NoError(t, err)
	companies := madeup.Companies(3, 400)
	f.silent = companies[30].ID
	for name, unit := range map[string]int64{"probability": 0, "exact": 1, "rounded": 1 << 37} {
		t.Run(name, func(t *testing.T) {
			r := preciseAnswers(t, f, companies, unit)
			require.NoError(t, r.check(slices.Values(companies), f))
			require.Zero(t, r.mismatches)
			require.Zero(t, r.rounded)
			require.Equal(t, map[string]int{"not on the tax node's records": 2, "never consented": 1}, r.reasons)
			require.Equal(t, 399, sumOf(r.counts))
			for band, n := range r.counts {
				require.NotZero(t, n, "band %d of the made-up companies", band)
			}
			for what, change := range map[string]func(x *party.Result){
				"another band":      func(x *party.Result) { x.Band = (x.Band + 3) % 6; x.Name = f.model.Bands[x.Band] },
				"another name":      func(x *party.Result) { x.Name = "AAA" },
				"no band":           func(x *party.Result) { x.Band = 6 },
				"another company":   func(x *party.Result) { x.Company = companies[8].ID },
				"refused":           func(x *party.Result) { *x = party.Result{Company: x.Company, Err: party.ErrRefused} },
				"the peer's fault":  func(x *party.Result) { x.Err = party.ErrPeer },
				"beyond the bound":  func(x *party.Result) { x.Probability += 0.005; x.Band = (x.Band + 3) % 6 },
				"a band too good":   func(x *party.Result) { x.Band += 5 },
				"a band below none": func(x *party.Result) { x.Band = -1 },
			} {
				r := preciseAnswers(t, f, companies, unit)
				change(&r.batch.Results[7])
				require.NoError(t, r.check(slices.Values(companies), f), what)
				require.Equal(t, 1, r.mismatches, what)
			}
			r = preciseAnswers(t, f, companies, unit)
			r.batch.Results[30].Err = nil // who never consented was answered
			require.NoError(t, r.check(slices.Values(companies), f))
			require.Equal(t, 1, r.mismatches)
			require.ErrorIs(t, preciseAnswers(t, f, companies[:9], unit).check(slices.Values(companies), f), errMismatch)
			require.ErrorIs(t, preciseAnswers(t, f, companies, unit).check(slices.Values(companies[:9]), f), errMismatch)

			var out bytes.Buffer
			r.replay = cleared
			require.NoError(t, r.print(&out))
			require.Contains(t, out.String(), "WRONG: 1 of 402 answers differ")
		})
	}
}

// A band beside the plain evaluator's is right where the score is within a unit of the threshold, and only there.
func TestPreciseTolerance(t *testing.T) {
	f, err := newPreciseForms()
	require.NoError(t, err)
	companies := madeup.Companies(3, 200)
	i := slices.IndexFunc(companies, func(c madeup.Company) bool { return c.Known })
	score, err := f.integer.Score(f.integer.Values(f.schema.Normal(companies[i].Values())))
	require.NoError(t, err)
	band := f.integer.Band(score)
	near := f.integer.Thresholds()[min(band, len(f.model.Bands)-2)]
	other := band + 1
	if band == len(f.model.Bands)-1 {
		other = band - 1
	}
	away := max(near-score, score-near)
	for unit, wrong := range map[int64]int{away - 2: 1, away + 2: 0} {
		r := preciseAnswers(t, f, companies, unit)
		r.batch.Results[i].Band, r.batch.Results[i].Name = other, f.model.Bands[other]
		require.NoError(t, r.check(slices.Values(companies), f))
		require.Equal(t, wrong, r.mismatches)
		require.Equal(t, 1, r.rounded)
	}
}

func TestPreciseUsage(t *testing.T) {
	var out, complaint bytes.Buffer
	require.Equal(t, cli.ExitUsage, run([]string{"-engine", "probability", "-companies", "20001"}, &out, &complaint))
	require.Contains(t, complaint.String(), "want at most 20000 companies, got 20001")
	complaint.Reset()
	require.Equal(t, cli.ExitOK, run([]string{"-h"}, &out, &complaint))
	require.Contains(t, complaint.String(), "linear, probability")
	require.NotContains(t, complaint.String(), "%!")
	require.Empty(t, out.String())
}
