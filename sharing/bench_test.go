package sharing

import (
	"crypto/rand"
	"fmt"
	"testing"
)

func BenchmarkEscrow(b *testing.B) {
	for _, c := range []struct{ t, n int }{{2, 3}, {3, 5}, {11, 20}, {67, 100}} {
		name := fmt.Sprintf("t=%d/n=%d", c.t, c.n)
		v, openings, keys, terms := escrowed(b, c.t, c.n, 90)
		size := float64(len(v.Escrow().Encode()))
		b.Run("New/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := NewEscrow(terms, testSeed, rand.Reader); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(size, "bytes")
		})
		b.Run("Verify/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := v.Escrow().Verify(terms); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("Open/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := v.Open(keys[0], rand.Reader); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("Recover/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := v.Recover(openings[:c.t]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAdditive(b *testing.B) {
	const n = 1 << 15
	rg := ring(b, 10, 1)
	values := make([]uint32, n)
	shares, err := Split(values, rg, 2, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for name, run := range map[string]func() error{
		"Split": func() error { _, err := Split(values, rg, 2, rand.Reader); return err },
		"Add":   func() error { _, err := shares[0].Add(shares[0]); return err },
		"Open":  func() error { _, err := Open(shares...); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
	}
}

func BenchmarkThreshold(b *testing.B) {
	for _, c := range []struct{ t, n int }{{3, 5}, {683, 1024}} {
		p := params(b, c.t, c.n)
		commitment, shares, err := FeldmanSplit(scalar("benchmark"), p, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		name := fmt.Sprintf("t=%d/n=%d", c.t, c.n)
		b.Run("Verify/"+name, func(b *testing.B) {
			for b.Loop() {
				if err := commitment.Verify(shares[c.n-1]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("RecoverSecret/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := RecoverSecret(p, shares); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
