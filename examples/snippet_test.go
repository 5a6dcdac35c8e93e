package examples_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

// What a bank's service writes. The README shows the lines between the markers.

// begin README
// bands scores companies: Results[i] has the Name of a band, or an Err such as party.ErrRefused. The configuration holds
// this bank's identity, the tax nodes that it knows, its compiled scorecard with the approval, a journal against crashes.
func bands(ctx context.Context, cfg party.BankConfig, addr string, companies []uscc.ID) (*party.Batch, error) {
	bank, err := party.NewBank(cfg)
	if err != nil {
		return nil, err
	}
	link, err := bank.Dial(ctx, addr) // TLS 1.3: each side proves its name and key to the other
	if err != nil {
		return nil, err
	}
	defer link.Close()
	return link.Score(ctx, party.Request{Companies: companies}) // one company or a million
}

// end README

func Example() {
	err := snippet()
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 91000000000000019G good
	// 91000000000000027B weak
	// 910000000000000356 party: refused
}

// snippet runs the lines against a tax node in this process, with two companies on record.
func snippet() error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "snippet-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	schema, err := circuits.NewSchema("one feature", "1", circuits.FeatureSpec{
		Name: "late_filings", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential, Cuts: circuits.Before(1, 3),
	})
	if err != nil {
		return err
	}
	model, _, err := circuits.Compile(&circuits.Scorecard{
		Name: "one characteristic", Thresholds: []circuits.Decimal{circuits.Int(10)}, Bands: []string{"weak", "good"},
		Characteristics: []circuits.Characteristic{{Name: "filings", Attributes: []circuits.Attribute{
			{Predicate: circuits.Less("late_filings", 1), Points: circuits.Int(20)},
			{Predicate: circuits.True(), Points: circuits.Int(5)},
		}}},
	}, schema, circuits.CompileOptions{})
	if err != nil {
		return err
	}
	source := records.NewMemory(schema)
	companies := []uscc.ID{uscc.Synthetic(1), uscc.Synthetic(2), uscc.Synthetic(3)}
	for i, late := range []float64{0, 4} {
		if err := source.Put(companies[i], time.Time{}, map[string]circuits.Value{"late_filings": circuits.Number(late)}); err != nil {
			return err
		}
	}
	p, err := newPair()
	if err != nil {
		return err
	}
	world, err := p.govern(dir, schema, companies)
	if err != nil {
		return err
	}
	cfg := party.BankConfig{Identity: p.bank, Peers: p.bankPeers, Model: model}
	if err := world.Approved(&cfg); err != nil {
		return err
	}
	addr, stop, err := p.serve(dir, world, schema, source)
	if err != nil {
		return err
	}
	batch, err := bands(ctx, cfg, addr, companies)
	if err != nil {
		return err
	}
	for _, r := range batch.Results {
		if r.Err != nil {
			fmt.Println(r.Company, r.Err)
			continue
		}
		fmt.Println(r.Company, r.Name)
	}
	return stop()
}

// lines is the snippet as this file has it.
func lines(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("snippet_test.go")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "// begin README\n")
	require.True(t, found)
	snippet, _, found := strings.Cut(rest, "\n// end README\n")
	require.True(t, found)
	return strings.TrimSpace(snippet)
}

// TestREADMEShowsTheSnippet: the README's code is the code that the test above runs.
func TestREADMEShowsTheSnippet(t *testing.T) {
	want := lines(t)
	require.LessOrEqual(t, strings.Count(want, "\n")+1, 15, "a short one")
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if os.IsNotExist(err) {
		t.Skip("there is no README.md")
	}
	require.NoError(t, err)
	_, block, found := strings.Cut(string(readme), "<!-- snippet -->\n```go\n")
	if !found {
		t.Skip("the README has no block with the snippet")
	}
	code, _, closed := strings.Cut(block, "```\n<!-- /snippet -->")
	require.True(t, closed, "the block has no end")
	require.Equal(t, want, strings.TrimSpace(code))
}

// TestSnippetReportsErrors: what the lines return where no batch comes about.
func TestSnippetReportsErrors(t *testing.T) {
	p, err := newPair()
	require.NoError(t, err)
	schema, err := madeup.Schema()
	require.NoError(t, err)
	card, err := madeup.Card()
	require.NoError(t, err)
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	_, err = bands(t.Context(), party.BankConfig{Identity: p.tax, Peers: p.bankPeers, Model: model}, "127.0.0.1:1", nil)
	require.ErrorIs(t, err, party.ErrTask, "the identity of a tax node")
	_, err = bands(t.Context(), party.BankConfig{Identity: p.bank, Peers: p.bankPeers, Model: model}, "127.0.0.1:1", nil)
	require.ErrorIs(t, err, party.ErrInterrupted, "nobody there")
}
