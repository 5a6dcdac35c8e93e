package policy

import (
	"fmt"
	"testing"
)

// BenchmarkCharge charges batches of companies that were never charged, and of such that are refused.
func BenchmarkCharge(b *testing.B) {
	for _, count := range []int{1, 1000, 100_000} {
		for _, full := range []bool{false, true} {
			b.Run(fmt.Sprintf("companies=%d/refused=%t", count, full), func(b *testing.B) {
				p := simple(b, "[{bits: 4, window: 30d}, {bits: 4, window: 1d}]", "{}")
				c := open(b, fileOf(b), Options{})
				n := 0
				if full {
					charge(b, c, chargeOf(b, p, n, 4, 0, count))
				}
				for b.Loop() {
					b.StopTimer()
					n++
					first := 0
					if !full {
						first = n * count
					}
					ch := chargeOf(b, p, n, 4, first, count)
					b.StartTimer()
					out := charge(b, c, ch)
					if count > 0 && (out[0] != nil) != full {
						b.Fatal("not what was to be measured")
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count), "ns/company")
			})
		}
	}
}

// BenchmarkOpen reads charges of a window into the index.
func BenchmarkOpen(b *testing.B) {
	const tasks, count = 10, 100_000
	p := simple(b, "[{bits: 4, window: 30d}]", "{}")
	file := fileOf(b)
	c := open(b, file, Options{})
	for n := range tasks {
		charge(b, c, chargeOf(b, p, n, 1, n*count, count))
	}
	for b.Loop() {
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
		c = open(b, file, Options{})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/tasks/count, "ns/company")
}
