package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/score"
)

// write makes the report and its pictures from what was measured.
func (r *report) write() error {
	if err := r.pictures(); err != nil {
		return err
	}
	return os.WriteFile(r.path("report.md"), []byte(r.markdown()), 0o644)
}

// page is Markdown under construction.
type page struct{ strings.Builder }

func (p *page) say(format string, a ...any) { fmt.Fprintf(p, format+"\n\n", a...) }

// table writes one; the first column is text, the others are numbers.
func (p *page) table(head []string, rows [][]string) {
	line := func(cells []string) { fmt.Fprintf(p, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	rule := slices.Repeat([]string{"---:"}, len(head))
	rule[0] = "---"
	line(rule)
	for _, cells := range rows {
		line(cells)
	}
	p.WriteString("\n")
}

func (r *report) markdown() string {
	p := new(page)
	kind := "whole"
	if r.quick {
		kind = "quick"
	}
	p.say("# Benchmarks of Blindscore")
	p.say("A %s report of %s on one machine: %s. Figures of one run, bank and tax node as two processes that share its cores "+
		"with whatever else was running: read ratios rather than absolutes.", kind, r.begin.UTC().Format(time.RFC3339), machine())
	p.say("Every model has %d features, a score of %d bits and %d bands. Every output was compared with the plain evaluator.",
		features, bench.ScoreBits, bench.Bands)
	if len(r.left) > 0 {
		p.say("Left out because the minute was over: %s.", strings.Join(r.left, "; "))
	}
	r.speedTable(p)
	r.latencyTables(p)
	r.memoryTable(p)
	r.shareTable(p)
	r.roomTable(p)
	r.limitTable(p)
	rivals(p)
	return p.String()
}

func (r *report) speedTable(p *page) {
	p.say("## Speed and bytes")
	p.say("![companies a second against N](speed.svg)")
	p.say("![bytes a company](bytes.svg)")
	p.say("`tcp` is the protocol alone with nothing encrypted, `tls` the same over mutual TLS 1.3, `nodes` the nodes as users run them " +
		"(task, journals on disk, receipt), after the set-up of the link. Bytes are of frames, without those of TLS; " +
		"a superblock of one company costs what 128 do in OT corrections, and 256 in ciphertext.")
	var rows [][]string
	for _, x := range r.Rows {
		if x.Link == string(linkWAN) {
			continue
		}
		n := float64(x.N)
		what := fmt.Sprintf("%s, %s, %d x %s, %s", x.Engine, x.Output, x.Features, grouped(float64(x.Levels)), x.Link)
		if x.Prepared {
			what += ", prepared"
		}
		rows = append(rows, []string{
			what, grouped(n),
			grouped(x.CompaniesPerS), grouped(n / x.MedianSeconds), seconds(x.Seconds), fmt.Sprint(x.Repetitions),
			grouped(float64(x.BytesBankToTax) / n), grouped(float64(x.BytesTaxToBank) / n), fmt.Sprint(x.Flights),
		})
	}
	p.table([]string{"engine, output, grid, link", "N", "companies/s, best", "median", "time, best", "runs", "B/company to tax", "to bank", "flights"}, rows)
}

func (r *report) latencyTables(p *page) {
	p.say("## One company, and set-up")
	p.say("A company alone on a link that is set up (`prepared`: what does not depend on its levels was done in idle time); and what is done once: the link (TCP, TLS where there is, base OTs), and the model's " +
		"encrypted table where the engine has one (to encrypt, send and lay out). Best of several links.")
	var rows [][]string
	for _, x := range r.Rows {
		if x.N != 1 || x.Output != score.OutputBand.String() || x.Link == string(linkWAN) {
			continue
		}
		model := "none"
		switch {
		case x.ModelSeconds > 0:
			model = seconds(x.ModelSeconds)
		case x.Link == string(linkNodes) && rowAdds(x.Engine) > 0:
			model = "in the first link"
		}
		name := fmt.Sprintf("%s, %d x %s, %s", x.Engine, x.Features, grouped(float64(x.Levels)), x.Link)
		if x.Prepared {
			name += ", prepared"
		}
		rows = append(rows, []string{
			name,
			seconds(x.MedianSeconds), seconds(x.P95Seconds), seconds(x.Seconds), seconds(x.LinkSeconds), model,
		})
	}
	p.table([]string{"engine, grid, link", "median", "95 %", "best", "link", "table"}, rows)

	isWAN := func(x row) bool { return x.Link == string(linkWAN) }
	if !slices.ContainsFunc(r.Rows, isWAN) {
		return
	}
	p.say("## A wide-area line")
	p.say("Over TLS 1.3, with %d ms each way and %s bytes a second injected by the transport.", wanDelay.Milliseconds(), grouped(wanRate))
	rows = nil
	for _, x := range r.Rows {
		if isWAN(x) {
			name := x.Engine
			if x.Prepared {
				name += ", prepared"
			}
			rows = append(rows, []string{
				name, grouped(float64(x.N)), seconds(x.Seconds), seconds(x.MedianSeconds),
				grouped(x.CompaniesPerS), fmt.Sprint(x.Flights),
			})
		}
	}
	p.table([]string{"engine", "N", "time, best", "median", "companies/s", "flights"}, rows)
}

func (r *report) memoryTable(p *page) {
	p.say("## Memory")
	p.say("The most that either process had resident after all batches of its group, the levels and plain answers of the largest included.")
	var rows [][]string
	for i, x := range r.Rows {
		last := i+1 == len(r.Rows) || r.Rows[i+1].Engine != x.Engine || r.Rows[i+1].Link != x.Link ||
			r.Rows[i+1].Output != x.Output || r.Rows[i+1].Levels != x.Levels || r.Rows[i+1].N < x.N
		if last && x.PeakBytesBank > 0 {
			rows = append(rows, []string{
				fmt.Sprintf("%s, %s, %d x %s, %s", x.Engine, x.Output, x.Features, grouped(float64(x.Levels)), x.Link),
				grouped(float64(x.N)), mebibytes(x.PeakBytesBank), mebibytes(x.PeakBytesTax),
			})
		}
	}
	p.table([]string{"engine, output, grid, link", "largest N", "bank, MiB", "tax node, MiB"}, rows)
}

func (r *report) shareTable(p *page) {
	if len(r.shares) == 0 {
		return
	}
	p.say("## Where the time goes")
	p.say("![share of time per stage](stages.svg)")
	p.say("Processor time of either side from its CPU profile (beside this report, for `go tool pprof`), protocol alone, band, %d x 256.", features)
	head := []string{"engine, side", "us/company"}
	for _, s := range stages {
		head = append(head, s.name)
	}
	var rows [][]string
	for _, s := range r.shares {
		row := []string{s.engine + ", " + s.side, fmt.Sprintf("%.2f", s.total()*1e6/float64(s.companies))}
		for _, x := range s.stages {
			row = append(row, fmt.Sprintf("%.0f %%", 100*x/max(s.total(), 1e-9)))
		}
		rows = append(rows, row)
	}
	p.table(head, rows)
}

func (r *report) limitTable(p *page) {
	p.say("## Limits of the machine, measured in this run")
	p.table([]string{"limit", "per second"}, [][]string{
		{"AES-128 blocks of key stream, one core", grouped(r.Limits.AESBlocksPerS)},
		{"row adds of 256 x 32 bits (encrypted table), one core", grouped(r.Limits.RowAddsPerS)},
		{"bytes over loopback TCP", grouped(r.Limits.LoopbackBytesPerS)},
	})
	for _, s := range r.shares {
		if adds := rowAdds(s.engine); adds > 0 && s.side == "tax" {
			spent := s.stages[stageOne] / float64(s.companies)
			p.say("%s: the tax node adds %d rows for a company, in %.2f us of stage 1 with encryptions of zero and all else: %.2f of the limit.",
				s.engine, adds, spent*1e6, float64(adds)/spent/r.Limits.RowAddsPerS)
		}
	}
}

// rowAdds is how many rows the tax node adds for a company at 256 levels, 0 where
// the engine adds none: the polynomials of a ciphertext for each feature.
func rowAdds(name string) int {
	engine, err := bench.EngineNamed(name)
	if err != nil || engine.Stage != score.EngineLattice {
		return 0
	}
	c, err := bench.NewCase(features, 256, 0)
	if err != nil {
		return 0
	}
	p, err := c.Params(engine, score.OutputBand, 0)
	if err != nil {
		return 0
	}
	table, err := p.TableParams()
	if err != nil {
		return 0
	}
	return features * (table.Rank() + 1)
}

// rival is another implementation of the same question, as we measured it on a
// machine of the same kind: two parties over loopback, 12 private features, 5
// private thresholds each, 10,000 companies, semi-honest, one run.
type rival struct {
	name      string
	perSecond float64
	bytes     float64 // a company
}

const rivalN = 10_000

var rivalsMeasured = []rival{
	{"EMP sh2pc, 8-bit grid", 9400, 47_000},
	{"EMP sh2pc", 4550, 70_000},
	{"MP-SPDZ yao", 4230, 70_000},
	{"MP-SPDZ semi-bin", 1060, 38_000},
	{"MP-SPDZ semi2k", 406, 190_000},
	{"markkurossi/mpc, library", 280, 180_000},
}

func rivals(p *page) {
	p.say("## Others")
	p.say("Measured by us on a machine of the same kind (2 cores of an AMD EPYC, loopback), not in this run: band of 12 private features " +
		"with 5 private thresholds each, 10,000 companies, semi-honest. **Their features have 20 bits and are compared exactly, but where " +
		"the grid is named; ours are levels of a public grid**, 256 as a rule, and the 4,096 of the rows above at most. " +
		"Their tax node is not protected against a bank that deviates; ours is. One company alone takes them 93 to 500 ms, base OTs included.")
	var rows [][]string
	for _, x := range slices.SortedFunc(slices.Values(rivalsMeasured), func(a, b rival) int { return cmp.Compare(b.perSecond, a.perSecond) }) {
		rows = append(rows, []string{x.name, grouped(x.perSecond), grouped(x.bytes)})
	}
	p.table([]string{"implementation", "companies/s", "B/company"}, rows)
}

// grouped writes a number to three digits or whole, thousands apart.
func grouped(x float64) string {
	if x < 100 {
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.1f", x), "0"), ".")
	}
	text := fmt.Sprintf("%.0f", x)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func seconds(s float64) string {
	switch {
	case s < 1e-3:
		return fmt.Sprintf("%.0f us", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.3g ms", s*1e3)
	}
	return fmt.Sprintf("%.3g s", s)
}

func mebibytes(b uint64) string { return fmt.Sprintf("%.0f", float64(b)/(1<<20)) }
