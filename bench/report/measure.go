package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/blindscore/blindscore/bench"
)

// report is one run of the command.
type report struct {
	begin time.Time
	quick bool
	out   string
	log   io.Writer
	figures
	shares []share
	left   []string // what -quick left out for time
}

// figures are what -json prints.
type figures struct {
	Rows   []row        `json:"rows"`
	Limits limits       `json:"limits"`
	Rooms  []roomFigure `json:"rooms,omitempty"`
	Ratios []ratio      `json:"admission,omitempty"`
}

// row is one batch size of one group. Times are in seconds, bytes of frames and
// for the whole batch.
type row struct {
	Name           string  `json:"name"`
	Engine         string  `json:"engine"`
	Link           string  `json:"link"`
	Output         string  `json:"output"`
	N              int     `json:"n"`
	Features       int     `json:"features"`
	Levels         int     `json:"levels"`
	CompaniesPerS  float64 `json:"companies_per_s"`
	BytesBankToTax uint64  `json:"bytes_bank_to_tax"`
	BytesTaxToBank uint64  `json:"bytes_tax_to_bank"`
	Flights        int     `json:"flights"`
	Seconds        float64 `json:"seconds"`
	MedianSeconds  float64 `json:"median_seconds"`
	P95Seconds     float64 `json:"p95_seconds"`
	Repetitions    int     `json:"repetitions"`
	Prepared       bool    `json:"prepared"` // in idle time, which is not counted; nor are its bytes

	// Of the whole group, the same in each of its rows: the set-up of a link (the
	// best of several) and of a model's encrypted table, and the most memory of
	// either process, own data included.
	LinkSeconds   float64 `json:"link_setup_seconds"`
	ModelSeconds  float64 `json:"model_setup_seconds"`
	PeakBytesBank uint64  `json:"peak_bytes_bank"`
	PeakBytesTax  uint64  `json:"peak_bytes_tax"`
}

// What -quick has time for: batches of any size until the first, of 1,000 until
// the second, and nothing after that.
const (
	quickLarge = 42 * time.Second
	quickSmall = 50 * time.Second
)

// measure runs all groups, one after the other.
func (r *report) measure(ctx context.Context, groups []group) error {
	slice := time.Second
	if r.quick {
		slice /= 4
	}
	var err error
	if r.Limits, err = measureLimits(ctx, slice); err != nil {
		return err
	}
	for _, g := range groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		if g = r.inTime(g); len(g.batches) == 0 {
			continue
		}
		fmt.Fprintf(r.log, "%4.0f s  %v\n", time.Since(r.begin).Seconds(), g)
		if err := r.group(ctx, g); err != nil {
			return fmt.Errorf("%v: %w", g, err)
		}
	}
	return nil
}

// inTime leaves out what a quick report has no time for any more.
func (r *report) inTime(g group) group {
	if !r.quick {
		return g
	}
	spent := time.Since(r.begin)
	g.batches = slices.DeleteFunc(slices.Clone(g.batches), func(b batch) bool {
		late := spent > quickSmall || spent > quickLarge && b.n > 1000
		if late {
			r.left = append(r.left, fmt.Sprintf("%v, N = %d", g, b.n))
		}
		return late
	})
	return g
}

// group measures one group with a pair of its own.
func (r *report) group(ctx context.Context, g group) (err error) {
	dir, err := os.MkdirTemp("", "blindscore-pair-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := newPair(ctx, g, dir)
	if err != nil {
		return err
	}
	defer func() {
		if stopped := p.stop(); err == nil {
			err = stopped
		}
	}()

	var group row
	var links, models []float64
	dial := func() error {
		x, err := p.bank.ask(command{Do: doDial})
		links, models = append(links, x.Link), append(models, x.Model)
		return err
	}
	if err := dial(); err != nil {
		return err
	}
	first := len(r.Rows)
	for _, b := range g.batches {
		what := doRun
		if b.ready {
			what = doReady
		}
		x, err := p.bank.ask(command{Do: what, Output: g.output, N: b.n, Least: b.least, Most: b.most, Budget: b.budget})
		if err != nil {
			return fmt.Errorf("%d companies: %w", b.n, err)
		}
		row, err := newRow(g, b, x)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, row)
	}
	for _, side := range []struct {
		of   *process
		peak *uint64
	}{{p.bank, &group.PeakBytesBank}, {p.tax, &group.PeakBytesTax}} {
		x, err := side.of.ask(command{Do: doUsage})
		if err != nil {
			return err
		}
		*side.peak = x.Peak
	}
	// Further links come last, and so do not count as memory of the batches.
	for range g.dials - 1 {
		if err := dial(); err != nil {
			return err
		}
	}
	group.LinkSeconds, group.ModelSeconds = slices.Min(links), slices.Min(models)
	for i := range r.Rows[first:] {
		x := &r.Rows[first+i]
		x.LinkSeconds, x.ModelSeconds = group.LinkSeconds, group.ModelSeconds
		x.PeakBytesBank, x.PeakBytesTax = group.PeakBytesBank, group.PeakBytesTax
	}
	if g.profile {
		return r.profile(p, g)
	}
	return nil
}

// newRow turns the times of a batch into a row.
func newRow(g group, b batch, x reply) (row, error) {
	c, err := bench.NewCase(features, g.levels, 0)
	if err != nil {
		return row{}, err
	}
	params, err := c.Params(g.engine, g.output, 0)
	if err != nil {
		return row{}, err
	}
	if len(x.Seconds) == 0 {
		return row{}, fmt.Errorf("%d companies: no repetition", b.n)
	}
	slices.Sort(x.Seconds)
	at := func(part float64) float64 { return x.Seconds[int(part*float64(len(x.Seconds)-1)+0.5)] }
	name := fmt.Sprintf("%v/n=%d", g, b.n)
	if b.ready {
		name += "/prepared"
	}
	return row{
		Name: name, Prepared: b.ready,
		Engine: g.engine.Name, Link: string(g.link), Output: g.output.String(),
		N: b.n, Features: features, Levels: g.levels,
		CompaniesPerS:  float64(b.n) / x.Seconds[0],
		BytesBankToTax: x.Sent, BytesTaxToBank: x.Received,
		Flights: params.Flights(),
		Seconds: x.Seconds[0], MedianSeconds: at(0.5), P95Seconds: at(0.95), Repetitions: len(x.Seconds),
	}, nil
}

// profile runs the last batch of a group again, under the profiler on either
// side; the profiles stay beside the report.
func (r *report) profile(p *pair, g group) error {
	b := g.batches[len(g.batches)-1]
	if last := r.Rows[len(r.Rows)-1]; last.Seconds > b.budget.Seconds() {
		b.n /= 10 // as telling, and sooner done
	}
	file := func(side string) string { return r.path("cpu-" + g.engine.Name + "-" + side + ".pprof") }
	if err := p.both(command{Do: doProfile, File: file("bank")}, command{Do: doProfile, File: file("tax")}); err != nil {
		return err
	}
	x, err := p.bank.ask(command{Do: doRun, Output: g.output, N: b.n, Least: 1, Most: 100, Budget: 2 * b.budget})
	if err != nil {
		return err
	}
	if err := p.both(command{Do: doStop}, command{Do: doStop}); err != nil {
		return err
	}
	for _, side := range []string{"bank", "tax"} {
		stages, err := stagesOf(file(side))
		if err != nil {
			return err
		}
		r.shares = append(r.shares, share{engine: g.engine.Name, side: side, stages: stages, companies: b.n * len(x.Seconds)})
	}
	return nil
}

func (r *report) path(name string) string {
	abs, err := filepath.Abs(filepath.Join(r.out, name))
	if err != nil {
		return filepath.Join(r.out, name)
	}
	return abs
}
