package lattice

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/blindscore/blindscore/mpc/internal/rowadd"
)

var benchShapes = []struct{ features, levels, m int }{
	{12, 256, 10}, {12, 256, 13}, {12, 256, 15}, {12, 1024, 10}, {12, 4096, 10}, {12, 10, 10},
}

// perCompany reports wall and processor time.
func perCompany(b *testing.B, n int, work func()) {
	cpu := cpuTime()
	for b.Loop() {
		work()
	}
	total := float64(b.N) * float64(n)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/total, "ns/company")
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/total, "cpu-ns/company")
}

// BenchmarkTax times Eval of a superblock and its parts.
func BenchmarkTax(b *testing.B) {
	for _, s := range benchShapes {
		b.Run(fmt.Sprintf("features=%d/levels=%d/m=%d", s.features, s.levels, s.m), func(b *testing.B) {
			rng := rand.New(rand.NewChaCha8([32]byte{1}))
			x := newFixture(b, rng, slices.Repeat([]int{s.levels}, s.features), s.m)
			const n = tile * Block
			levels, index := x.inputs(rng, n)
			for f := range levels {
				for i := range levels[f] {
					levels[f][i] = uint16(rng.IntN(s.levels))
				}
			}
			out := make([]byte, x.p.CiphertextBytes(n))
			b.Run("eval", func(b *testing.B) {
				perCompany(b, n, func() {
					if err := x.c.Evaluator(x.seed).Eval(levels, index, out); err != nil {
						b.Fatal(err)
					}
				})
				b.ReportMetric(float64(len(out))/n, "B/company")
			})
			w := newWorkspace(x.p, tile*Block)
			b.Run("part=zero", func(b *testing.B) { perCompany(b, n, func() { w.zero(x.c, x.seed, n) }) })
			b.Run("part=add", func(b *testing.B) { perCompany(b, n, func() { w.add(x.c, levels, 0, n) }) })
			b.Run("part=pack", func(b *testing.B) { perCompany(b, n, func() { w.pack(x.p, out, n) }) })
		})
	}
}

// BenchmarkRowAdds measures Eval against its limit: the same number of row adds, of the same tables in the same order,
// with offsets at hand and nothing else.
func BenchmarkRowAdds(b *testing.B) {
	rng := rand.New(rand.NewChaCha8([32]byte{2}))
	x := newFixture(b, rng, slices.Repeat([]int{256}, 12), 10)
	const n = tile * Block
	levels, index := x.inputs(rng, n)
	for f := range levels {
		for i := range levels[f] {
			levels[f][i] = uint16(rng.IntN(256))
		}
	}
	out := make([]byte, x.p.CiphertextBytes(n))
	w := newWorkspace(x.p, tile*Block)
	offs := make([][]uint32, 12)
	for f := range offs {
		for i := range n {
			offs[f] = append(offs[f], uint32(levels[f][i])*rowWords+uint32(Block-i%Block))
		}
	}
	// Both in turn, so that a busy machine slows both alike.
	var raw, eval time.Duration
	for b.Loop() {
		start := cpuTime()
		for f := range offs {
			for i := range x.p.set.rank + 1 {
				for blk := range tile {
					rowadd.RotAdd(&w.sum[i][blk], x.c.rows[i][f], offs[f][blk*Block:(blk+1)*Block])
				}
			}
		}
		middle := cpuTime()
		if err := x.c.Evaluator(x.seed).Eval(levels, index, out); err != nil {
			b.Fatal(err)
		}
		raw, eval = raw+middle-start, eval+cpuTime()-middle
	}
	adds := float64(b.N) * n * 12 * float64(x.p.set.rank+1)
	b.ReportMetric(adds/raw.Seconds()/1e6, "raw-Madds/s")
	b.ReportMetric(adds/eval.Seconds()/1e6, "eval-Madds/s")
	b.ReportMetric(raw.Seconds()/eval.Seconds(), "ratio")
}

func BenchmarkBank(b *testing.B) {
	for _, m := range []int{10, 13, 15} {
		b.Run(fmt.Sprintf("m=%d", m), func(b *testing.B) {
			rng := rand.New(rand.NewChaCha8([32]byte{3}))
			x := newFixture(b, rng, slices.Repeat([]int{4}, 12), m)
			const n = tile * Block
			levels, index := x.inputs(rng, n)
			out, z := make([]byte, x.p.CiphertextBytes(n)), make([]uint32, n)
			if err := x.c.Evaluator(x.seed).Eval(levels, index, out); err != nil {
				b.Fatal(err)
			}
			perCompany(b, n, func() {
				if err := x.key.Decrypt(out, n, z); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkModel times what happens once per model: 12 x 256.
func BenchmarkModel(b *testing.B) {
	x := newFixture(b, rand.New(rand.NewChaCha8([32]byte{4})), slices.Repeat([]int{256}, 12), 10)
	digest := x.table.Digest()
	b.Run("generate", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = Generate(x.p, testJoint, x.tables, x.seed)
		}
	})
	b.Run("certify", func(b *testing.B) {
		for b.Loop() {
			_, _ = x.table.Certify(digest)
		}
	})
}

// BenchmarkOne is one company alone.
func BenchmarkOne(b *testing.B) {
	rng := rand.New(rand.NewChaCha8([32]byte{5}))
	x := newFixture(b, rng, slices.Repeat([]int{256}, 12), 10)
	levels, index := x.inputs(rng, 1)
	out, z := make([]byte, x.p.CiphertextBytes(1)), make([]uint32, 1)
	b.Run("eval", func(b *testing.B) {
		for b.Loop() {
			_ = x.c.Evaluator(x.seed).Eval(levels, index, out)
		}
	})
	b.Run("prepared", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			e := x.c.Evaluator(x.seed)
			_ = e.Prepare(1)
			b.StartTimer()
			_ = e.Eval(levels, index, out)
		}
	})
	b.Run("decrypt", func(b *testing.B) {
		for b.Loop() {
			_ = x.key.Decrypt(out, 1, z)
		}
	})
}
