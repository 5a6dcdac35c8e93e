package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

// BenchmarkSubmitters measures the file ledger with many authors, each of whom has so many entries under way and waits for the
// oldest before it submits the next: what is acknowledged is on disk.
func BenchmarkSubmitters(b *testing.B) {
	for _, c := range []struct{ authors, window int }{{1, 1}, {16, 16}, {64, 16}} {
		b.Run(fmt.Sprintf("authors=%d/window=%d", c.authors, c.window), func(b *testing.B) {
			w := ledgertest.NewWorld(b, 0)
			l, err := ledger.CreateFile(filepath.Join(b.TempDir(), "ledger.db"), w.Config)
			require.NoError(b, err)
			defer l.Close()
			each := (b.N + c.authors - 1) / c.authors
			lists := make([][][]byte, c.authors)
			for i := range lists {
				a := w.Actor(fmt.Sprintf("tax-%d", i))
				ledgertest.Add(b, l, w.Register(b, a, ledger.RoleTax))
				for k := range each {
					lists[i] = append(lists[i], a.Seal(b, granted(fmt.Sprint(i, k))).Bytes())
				}
			}
			ctx := context.Background()
			b.ResetTimer()
			var wg sync.WaitGroup
			for _, list := range lists {
				wg.Go(func() {
					var under []*ledger.Pending
					for n, e := range list {
						p, err := l.Submit(ctx, e)
						if err != nil {
							b.Error(err)
							return
						}
						under = append(under, p)
						for len(under) == c.window || n == len(list)-1 && len(under) > 0 {
							if _, err := under[0].Index(ctx); err != nil {
								b.Error(err)
								return
							}
							under = under[1:]
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(each*c.authors)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
