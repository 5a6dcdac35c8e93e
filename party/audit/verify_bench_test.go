package audit

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/uscc"
)

// recordAll puts consents on record without a store.
func (w *world) recordAll(n int) {
	w.Helper()
	shown, commitments := make([][]byte, n), make([]ledger.Commitment, n)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for k := range workers {
		wg.Go(func() {
			for i := k; i < n; i += workers {
				salt, err := ledger.NewSalt()
				if err != nil {
					w.Error(err)
					return
				}
				a := w.artefact(i, w.Bank, nil)
				commitments[i], err = consent.Commit(salt, uscc.Synthetic(uint64(i)), a)
				if err != nil {
					w.Error(err)
				}
				shown[i] = append(salt.Reveal(), a...)
			}
		})
	}
	wg.Wait()
	for i := range shown {
		w.shown[fmt.Sprint(i, w.Bank.Name)] = shown[i]
	}
	ledger.SortCommitments(commitments)
	for len(commitments) > 0 {
		k := min(len(commitments), ledger.MaxCommitments)
		w.say(w.Tax, &ledger.ConsentGranted{Consents: commitments[:k]})
		commitments = commitments[k:]
	}
}

// BenchmarkVerify decides on one task of n companies with a consent each, and reports what of the heap was in use at most. That
// of the disclosure, which a file would hold, is taken off.
func BenchmarkVerify(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		w := newWorld(b)
		w.recordAll(n)
		companies := make([]int, n)
		for i := range companies {
			companies[i] = i
		}
		w.run(w.Bank, companies...)
		w.shown = make(map[string][]byte)
		stream := w.stream()
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) {
			var peak uint64
			for b.Loop() {
				q := w.inquiry()
				q.Ledger = bytes.NewReader(stream)
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				before, stop, done := m.HeapInuse, make(chan struct{}), make(chan struct{})
				go func() {
					defer close(done)
					for {
						select {
						case <-stop:
							return
						case <-time.After(20 * time.Millisecond):
							var m runtime.MemStats
							runtime.ReadMemStats(&m)
							peak = max(peak, m.HeapInuse-min(before, m.HeapInuse))
						}
					}
				}()
				r, err := q.Verify(b.Context())
				close(stop)
				<-done
				require.NoError(b, err)
				require.Equal(b, n, r.Tasks[0].Clear)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "evaluations/s")
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
		})
	}
}
