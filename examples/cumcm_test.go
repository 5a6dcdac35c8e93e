package examples_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/cumcm2020c"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

var update = flag.Bool("update", false, "write examples/cumcm2020c/card.json anew")

const realFiles = "cumcm2020c"

// realBook are the 425 real firms as both sides see them.
type realBook struct {
	schema *circuits.Schema
	db     string
	ids    []uscc.ID
	levels [][]uint16 // of each firm
	label  []string   // "0", "1", or empty: whether a firm with a bank rating defaulted
}

func readRealBook(t *testing.T) *realBook {
	t.Helper()
	vat, firms := dataFile(t, "cumcm2020c/monthly_vat_by_firm.csv"), table(t, dataFile(t, "cumcm2020c/firms.csv"))
	b := &realBook{db: filepath.Join(t.TempDir(), "tax.db")}
	var err error
	b.schema, err = cli.Schema(filepath.Join(realFiles, "schema.json"))
	require.NoError(t, err)

	s := &station{t: t}
	load := s.start("taxnode", "import", "--recipe", filepath.Join(realFiles, "import.yaml"), "--db", b.db, vat)
	require.Equal(t, cli.ExitOK, load.wait(t), "%s", load.said())

	mapping, err := records.ReadMapping(filepath.Join(realFiles, "mapping.yaml"), b.schema)
	require.NoError(t, err)
	source, err := records.Open(t.Context(), mapping, b.db, records.Options{})
	require.NoError(t, err)
	defer source.Close()
	for _, f := range firms {
		n, err := strconv.ParseUint(strings.TrimPrefix(f["firm"], "E"), 10, 32)
		require.NoError(t, err)
		b.ids, b.label = append(b.ids, uscc.Synthetic(n)), append(b.label, f["defaulted"])
	}
	require.Len(t, b.ids, 425)
	chunk, err := source.Fetch(t.Context(), b.ids)
	require.NoError(t, err)
	for i := range b.ids {
		require.True(t, chunk.Known[i])
		var levels []uint16
		for f := range chunk.Levels {
			levels = append(levels, chunk.Levels[f][i])
		}
		b.levels = append(b.levels, levels)
	}
	return b
}

// labelled are the firms that the bank lent to.
func (b *realBook) labelled() (firms []cumcm2020c.Firm) {
	for i, l := range b.label {
		if l != "" {
			firms = append(firms, cumcm2020c.Firm{Levels: b.levels[i], Defaulted: l == "1"})
		}
	}
	return firms
}

// scoreOf scores a firm in the clear.
func scoreOf(t *testing.T, m *circuits.Model, levels []uint16) int64 {
	t.Helper()
	x, err := m.Select(levels)
	require.NoError(t, err)
	return m.Score(x, 0)
}

// TestRealFirms: the bank's card from the 123 labelled firms, all 425 firms scored by two processes, every band equal to
// the plain evaluator's.
func TestRealFirms(t *testing.T) {
	b := readRealBook(t)
	sample := b.labelled()
	require.Len(t, sample, 123)
	card, err := cumcm2020c.Derive(b.schema, sample)
	require.NoError(t, err)
	text, err := card.Encode()
	require.NoError(t, err)
	cardFile := filepath.Join(realFiles, "card.json")
	if *update {
		require.NoError(t, os.WriteFile(cardFile, text, 0o644))
	}
	shipped, err := os.ReadFile(cardFile)
	require.NoError(t, err)
	require.Equal(t, string(text), string(shipped), "card.json is what the data gives; run with -update")
	model, _, err := circuits.Compile(card, b.schema, circuits.CompileOptions{})
	require.NoError(t, err)

	s := newRealStation(t, b)
	tax := s.serve()
	bank := s.bankRun("score", s.at("bands.csv"), "--companies", s.files.List)
	require.Equal(t, cli.ExitOK, bank.wait(t), "%s", bank.said())
	require.NoError(t, tax.cmd.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitOK, tax.wait(t))

	got, err := os.ReadFile(s.at("bands.csv"))
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 426)
	counts, lost := make([]int, len(card.Bands)), make([]int, len(card.Bands))
	for i, row := range rows[1:] {
		band := model.Band(scoreOf(t, model, b.levels[i]))
		require.Equal(t, []string{b.ids[i].String(), "ok", strconv.Itoa(band), card.Bands[band], ""}, row, "firm E%d", i+1)
		counts[band]++
		if b.label[i] == "1" {
			lost[band]++
		}
	}
	for band, name := range card.Bands {
		t.Logf("%-8s  %3d firms, %2d of the labelled ones defaulted", name, counts[band], lost[band])
	}
	tasks, evaluations := s.evaluations()
	require.Equal(t, 1, tasks)
	require.EqualValues(t, 425, evaluations)

	inSample, crossed := rank(t, b.schema, model, sample)
	t.Logf("%d characteristics; AUC on the labelled firms %.3f; in five-fold cross-validation %.3f", len(card.Characteristics), inSample, crossed)
	require.Greater(t, inSample, 0.75)
	require.Greater(t, crossed, 0.6, "it says something about firms that it has not seen")
}

// newRealStation is a station over the real firms.
func newRealStation(t *testing.T, b *realBook) *station {
	t.Helper()
	s := emptyStation(t, nil)
	absolute := func(name string) string {
		path, err := filepath.Abs(filepath.Join(realFiles, name))
		require.NoError(t, err)
		return path
	}
	s.files.Schema, s.files.Mapping, s.files.Card, s.files.Database = absolute("schema.json"), absolute("mapping.yaml"), absolute("card.json"), b.db
	var list strings.Builder
	for _, id := range b.ids {
		list.WriteString(id.String() + "\n")
	}
	require.NoError(t, os.WriteFile(s.files.List, []byte(list.String()), 0o600))
	require.FileExists(t, transport.DevRoots(s.dir))
	s.govern(b.ids)
	return s
}

// rank is how well the card ranks the labelled firms: those that it was made from, and each fifth by a card that was
// made from the other four.
func rank(t *testing.T, schema *circuits.Schema, model *circuits.Model, sample []cumcm2020c.Firm) (inSample, crossed float64) {
	t.Helper()
	var scores, unseen []float64
	var defaulted, order []bool
	for _, f := range sample {
		scores, defaulted = append(scores, float64(scoreOf(t, model, f.Levels))), append(defaulted, f.Defaulted)
	}
	const folds = 5
	for fold := range folds {
		var train, test []cumcm2020c.Firm
		for i, f := range sample {
			if i%folds == fold {
				test = append(test, f)
			} else {
				train = append(train, f)
			}
		}
		card, err := cumcm2020c.Derive(schema, train)
		require.NoError(t, err)
		m, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
		require.NoError(t, err)
		for _, f := range test {
			unseen = append(unseen, m.Points(scoreOf(t, m, f.Levels)).Float())
			order = append(order, f.Defaulted)
		}
	}
	return cumcm2020c.AUC(scores, defaulted), cumcm2020c.AUC(unseen, order)
}
