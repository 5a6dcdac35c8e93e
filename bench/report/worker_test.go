package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/score"
)

// TestGroups runs small groups of every engine over every link as the report
// does: in two processes, outputs compared, profiled.
func TestGroups(t *testing.T) {
	r := &report{begin: time.Now(), out: t.TempDir(), log: io.Discard}
	var want int
	for _, e := range bench.Engines() {
		for _, link := range []linkKind{linkTCP, linkTLS, linkNodes, linkWAN} {
			if link == linkWAN && e.Form != score.OneTable {
				continue // waiting is waiting
			}
			if testing.Short() && want > 0 && link != linkTCP {
				continue
			}
			g := group{
				engine: e, link: link, output: score.OutputBand, levels: 16, dials: 1 + want%2, profile: want == 0,
				batches: []batch{{n: 1, least: 2, most: 3, budget: time.Second}, {n: 130, least: 1, most: 1}},
			}
			if e.Prepares() && link != linkNodes {
				g.batches = append(g.batches, batch{n: 1, least: 2, most: 2, ready: true})
			}
			require.NoError(t, r.group(t.Context(), g), "%v", g)
			want += len(g.batches)
		}
	}
	require.Len(t, r.Rows, want)
	for _, x := range r.Rows {
		require.Positive(t, x.Seconds, x.Name)
		require.LessOrEqual(t, x.Seconds, x.MedianSeconds, x.Name)
		require.LessOrEqual(t, x.MedianSeconds, x.P95Seconds, x.Name)
		require.Positive(t, x.CompaniesPerS, x.Name)
		require.Positive(t, x.LinkSeconds, x.Name)
		require.Positive(t, x.PeakBytesTax, x.Name)
		require.GreaterOrEqual(t, x.Flights, 3, x.Name)
		require.Greater(t, x.BytesBankToTax+x.BytesTaxToBank, uint64(100*x.N), x.Name)
		if x.Link == string(linkWAN) {
			require.GreaterOrEqual(t, x.Seconds, wanDelay.Seconds()*float64(x.Flights), x.Name)
		}
	}
	require.Len(t, r.shares, 2)

	// The keys that the object promises.
	raw, err := json.Marshal(r.figures)
	require.NoError(t, err)
	var object struct {
		Rows   []map[string]any
		Limits map[string]any
	}
	require.NoError(t, json.Unmarshal(raw, &object))
	for _, key := range []string{"name", "engine", "n", "features", "levels", "companies_per_s", "bytes_bank_to_tax", "bytes_tax_to_bank", "flights", "seconds"} {
		require.Contains(t, object.Rows[0], key)
	}
	for _, key := range []string{"aes_blocks_per_s", "row_adds_per_s", "loopback_bytes_per_s"} {
		require.Contains(t, object.Limits, key)
	}
}

// TestScores runs the other output through the nodes and alone.
func TestScores(t *testing.T) {
	r := &report{begin: time.Now(), out: t.TempDir(), log: io.Discard}
	for _, link := range []linkKind{linkTCP, linkNodes} {
		e, err := bench.EngineNamed("ot")
		require.NoError(t, err)
		g := group{engine: e, link: link, output: score.OutputScore, levels: 16, dials: 1, batches: []batch{{n: 50, least: 1, most: 1}}}
		require.NoError(t, r.group(t.Context(), g))
	}
}

// TestWrongResult lets the bank expect what the tax node does not hold.
func TestWrongResult(t *testing.T) {
	dir := t.TempDir()
	e := bench.Engines()[0]
	g := group{engine: e, link: linkTCP, output: score.OutputBand, levels: 16, batches: []batch{{n: 200}}}
	p, err := newPair(t.Context(), g, dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, p.stop()) }()

	// Of another case the levels are others, and so are the bands.
	require.NoError(t, p.tax.stop())
	var r reply
	p.tax, r, err = start(t.Context(), job{Link: linkTCP, Engine: e.Name, Levels: 16, Companies: 190, Dir: dir})
	require.NoError(t, err)
	require.NoError(t, p.bank.stop())
	p.bank, _, err = start(t.Context(), job{Bank: true, Link: linkTCP, Engine: e.Name, Levels: 16, Companies: 200, Dir: dir, Addr: r.Addr})
	require.NoError(t, err)
	_, err = p.bank.ask(command{Do: doDial})
	require.NoError(t, err)
	_, err = p.bank.ask(command{Do: doRun, Output: score.OutputBand, N: 190, Least: 1})
	require.ErrorContains(t, err, "differs from the plain evaluator")
}

// TestWorkerErrors wants an answer to everything that is not understood.
func TestWorkerErrors(t *testing.T) {
	answers := func(in string) (last reply, code int) {
		var out bytes.Buffer
		code = workerMain(strings.NewReader(in), &out)
		for dec := json.NewDecoder(&out); dec.More(); {
			last = reply{}
			require.NoError(t, dec.Decode(&last))
		}
		return last, code
	}
	last, code := answers(`{"Engine":"punched cards"}`)
	require.Contains(t, last.Error, "punched cards")
	require.Equal(t, 1, code)
	_, code = answers(`nonsense`)
	require.Equal(t, 1, code)
	for _, bank := range []string{"true", "false"} {
		last, code = answers(`{"Bank":` + bank + `,"Link":"tcp","Engine":"ot","Levels":8,"Companies":3} {"Do":"dance"}`)
		require.Contains(t, last.Error, "dance")
		require.Equal(t, 0, code)
	}
	last, _ = answers(`{"Bank":true,"Link":"tcp","Engine":"ot","Levels":8,"Companies":3} {"Do":"profile","File":"` + filepath.Join(t.TempDir(), "no", "where") + `"}`)
	require.NotEmpty(t, last.Error)
}

// TestCommand is the whole command on the smallest group.
func TestCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := t.TempDir()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-quick", "-json", "-only", "ot-two-tables/band/12x256/tcp", "-out", dir}, &out, io.Discard))
	var f figures
	require.NoError(t, json.Unmarshal(out.Bytes(), &f))
	require.Len(t, f.Rows, 2)
	require.FileExists(t, filepath.Join(dir, "report.md"))
	require.FileExists(t, filepath.Join(dir, "speed.svg"))
}

// TestFlags refuses what makes no sense before it measures anything.
func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-quick", "-full"}, {"-only", "punched cards"}, {"-only", "("}, {"what"}, {"-nonsense"}, {"-out", filepath.Join(os.DevNull, "x")}} {
		require.Error(t, run(t.Context(), args, io.Discard, io.Discard), "%q", args)
	}
}
