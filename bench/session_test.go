package bench_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/score"
)

// link is both ends of a link in this process, over loopback TCP without TLS.
type link struct {
	*bench.Bank
	conn    *mpc.Conn // the bank's
	done    chan error
	flights int
}

// newCase is a batch for an engine.
func newCase(e bench.Engine, levels, n int) (*bench.Case, error) {
	if e.Full() {
		return bench.NewFullCase(12, n)
	}
	return bench.NewCase(12, levels, n)
}

// all are the engines on a grid, and those on full precision.
func all() []bench.Engine { return append(bench.Engines(), bench.FullEngines()...) }

// newLink sets up a link for a made-up batch of 12 features.
func newLink(t testing.TB, e bench.Engine, levels, n int) *link {
	t.Helper()
	c, err := newCase(e, levels, n)
	require.NoError(t, err)
	conn, peer := mpctest.Conns(t, 0)
	l := &link{conn: conn, done: make(chan error, 1)}
	go func() {
		tax, err := bench.NewTax(t.Context(), peer, c, e)
		if err == nil {
			err = tax.Serve(t.Context())
		}
		l.done <- err
	}()
	p, err := c.Params(e, score.OutputBand, n)
	require.NoError(t, err)
	l.flights = p.Flights()
	l.Bank, err = bench.NewBank(t.Context(), conn, c, e)
	require.NoError(t, err)
	return l
}

// close ends the link in good order.
func (l *link) close(t testing.TB) {
	t.Helper()
	require.NoError(t, l.Close(t.Context()))
	require.NoError(t, <-l.done)
}

// outputs are those that an engine delivers.
func outputs(e bench.Engine) []score.OutputKind {
	return slices.DeleteFunc([]score.OutputKind{score.OutputBand, score.OutputScore}, func(k score.OutputKind) bool { return !e.Gives(k) })
}

// TestSession runs what the benchmarks run, several batches on one link.
func TestSession(t *testing.T) {
	for _, e := range all() {
		t.Run(e.Name, func(t *testing.T) {
			l := newLink(t, e, 256, 300)
			for _, output := range outputs(e) {
				for _, n := range []int{0, 1, 300} {
					out, err := l.Run(t.Context(), output, n)
					require.NoError(t, err)
					require.NoError(t, out.Check())
				}
			}
			_, err := l.RunReady(t.Context())
			require.Error(t, err, "nothing is prepared")
			if e.Prepares() {
				require.NoError(t, l.Prepare(t.Context()))
				require.NoError(t, l.Prepare(t.Context()))
				for range 2 {
					out, err := l.RunReady(t.Context())
					require.NoError(t, err)
					require.NoError(t, out.Check())
				}
			}
			l.close(t)
		})
	}
}

// TestRefusedOrder asks for more companies than there are.
func TestRefusedOrder(t *testing.T) {
	l := newLink(t, bench.Engines()[0], 16, 10)
	require.Error(t, func() error { _, err := l.Run(t.Context(), score.OutputBand, 11); return err }())
	require.ErrorContains(t, <-l.done, "11 companies")
}

// BenchmarkSession runs whole sessions on a link that is set up.
func BenchmarkSession(b *testing.B) {
	for _, e := range all() {
		for _, output := range outputs(e) {
			for _, n := range []int{1, 1000, 100_000} {
				b.Run(fmt.Sprintf("engine=%s/output=%v/features=12/levels=256/n=%d", e.Name, output, n), func(b *testing.B) {
					benchmarkSession(b, e, output, n)
				})
			}
		}
	}
}

// BenchmarkOnline is one company alone on what was prepared for it.
func BenchmarkOnline(b *testing.B) {
	for _, e := range bench.Engines() {
		if !e.Prepares() {
			continue
		}
		b.Run(fmt.Sprintf("engine=%s/features=12/levels=256", e.Name), func(b *testing.B) {
			l := newLink(b, e, 256, 1)
			for b.Loop() {
				b.StopTimer()
				require.NoError(b, l.Prepare(b.Context()))
				b.StartTimer()
				if _, err := l.RunReady(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(l.flights), "flights")
			l.close(b)
		})
	}
}

func benchmarkSession(b *testing.B, e bench.Engine, output score.OutputKind, n int) {
	l := newLink(b, e, 256, n)
	sent, received := l.conn.Bytes()
	var out *bench.Outputs
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if out, err = l.Run(b.Context(), output, n); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, out.Check())
	sentAfter, receivedAfter := l.conn.Bytes()
	total := float64(n) * float64(b.N)
	b.ReportMetric(total/b.Elapsed().Seconds(), "companies/s")
	b.ReportMetric(float64(sentAfter-sent)/total, "B-to-tax/company")
	b.ReportMetric(float64(receivedAfter-received)/total, "B-to-bank/company")
	b.ReportMetric(float64(l.flights), "flights")
	l.close(b)
}
