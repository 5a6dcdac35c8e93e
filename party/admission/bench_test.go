package admission

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/consent"
)

// BenchmarkAdmit decides on tasks of companies that all consented, and reports how long each part takes.
func BenchmarkAdmit(b *testing.B) {
	r := newRig(b)
	// A company has five uses in its window, as it might have: budgets walk through them.
	text := strings.Replace(fmt.Sprintf(rules, sum("schema")), "bits: 6, window: 30d", "bits: 15, window: 10s", 1)
	r.cfg.Policy.Store(parse(b, text))
	const most = 100_000
	done := 0
	for done < most {
		list := make([][]byte, 0, 20_000)
		for i := range cap(list) {
			list = append(list, r.artefact(b, uint64(done+i), r.world.Bank, nil))
		}
		granted, err := r.Grant(ctx, list...)
		require.NoError(b, err)
		require.NoError(b, granted[0].Err)
		done += len(list)
	}
	task := uint64(0)
	for _, n := range []int{1, 1000, most} {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				task++
				r.now = r.now.Add(2 * time.Second)
				a := r.application(task, r.world.Bank, n)
				b.StartTimer()
				if d := r.admit(b, a); len(d.Refusals) > 0 {
					b.Fatal(d.Refusals)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "companies/s")
		})
	}
	b.Run("parts", func(b *testing.B) {
		var lookup, budgets, consents, withdrawn time.Duration
		for b.Loop() {
			task++
			r.now = r.now.Add(2 * time.Second)
			a := r.application(task, r.world.Bank, most)
			q, err := r.question(a)
			require.NoError(b, err)
			at := time.Now()
			answers, err := r.cfg.Consents.Lookup(ctx, a.Companies, q)
			require.NoError(b, err)
			lookup += time.Since(at)
			at = time.Now()
			_, err = r.chargeBudgets(ctx, a, q.Bank.Name, answers)
			require.NoError(b, err)
			budgets += time.Since(at)
			refs := make([]consent.Reference, most)
			for i := range answers {
				refs[i] = answers[i].Reference
			}
			s, err := a.validate()
			require.NoError(b, err)
			at = time.Now()
			_, err = r.cfg.Consents.ChargeWith(ctx, a.Digest, refs, 1, q, s.encode())
			require.NoError(b, err)
			consents += time.Since(at)
			positions := make([]int, 1<<15)
			for i := range positions {
				positions[i] = i
			}
			at = time.Now()
			_, err = r.Withdrawn(ctx, a.Digest, positions)
			require.NoError(b, err)
			withdrawn += time.Since(at)
		}
		for name, d := range map[string]time.Duration{"lookup": lookup, "budgets": budgets, "consents": consents, "withdrawn": withdrawn} {
			b.ReportMetric(float64(d.Milliseconds())/float64(b.N), name+"-ms/op")
		}
	})
}
