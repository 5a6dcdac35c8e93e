package bench_test

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/score"
)

// What a frame adds to the payload of a flight: header and signature; and the
// order that begins a run here.
const (
	frameBytes = 12 + 64
	orderBytes = 12 + 10
)

// correction is the message of OT extension for n companies with so many bits of
// choices each, K = 4 (see ot.Shape.CorrectionBytes).
func correction(n, bits int) int { return 128/4*16*(1+(n+127)/128*bits) + 48 }

// ciphertext is what the encrypted table costs n companies at 12 x 256 and
// m = 10: for every 256 of them four polynomials of three bytes a coefficient, and
// 14 bits for each: m, the guard bit, and three that keep it from leaking.
func ciphertext(n int) int { return (n+255)/256*4*256*3 + packed(n, 14) }

func packed(n, bits int) int { return (n*bits + 7) / 8 }

// stable is what a superblock of n companies costs, band output, 12 x 256,
// m = 10, b = 3: the payload of every flight, the tax node's first; and what a
// session of 10,000 companies may allocate for each, both sides together: objects
// as measured and half as much again, bytes with room for a few flights more that
// happen to be under way at once and find no buffer in a pool.
var stable = map[string]struct {
	flights func(n int) []int
	objects float64
	bytes   float64
}{
	"ot": {func(n int) []int {
		return []int{correction(n, 12*8+10), n * 12 * 512, packed(n, 10), n * 384, packed(n, 3)}
	}, 1.2, 5200},
	"ot-two-tables": {func(n int) []int { // m = 11: windows of 32, of which there are 64
		return []int{correction(n, 12*8+6+6), n * 12 * 512, packed(n, 11), n * 72, packed(n, 6), n * 24, packed(n, 3)}
	}, 1.5, 1500},
	"lattice": {func(n int) []int {
		return []int{correction(n, 11) + ciphertext(n), n * 768, packed(n, 3)}
	}, 0.16, 500},
	"lattice-two-tables": {func(n int) []int {
		return []int{correction(n, 6+6) + ciphertext(n), n * 72, packed(n, 6), n * 24, packed(n, 3)}
	}, 0.22, 500},
}

// TestBytes holds flights and bytes of every engine to the formula, exactly.
func TestBytes(t *testing.T) {
	const most = 9001
	for _, e := range bench.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			want, ok := stable[e.Name]
			require.True(t, ok, "give the engine a line in stable")
			l := newLink(t, e, 256, most)
			c, err := bench.NewCase(12, 256, 0)
			require.NoError(t, err)
			for _, n := range []int{1, 128, 1000, most} {
				p, err := c.Params(e, score.OutputBand, n)
				require.NoError(t, err)
				toBank, toTax := 0, orderBytes
				for block := range p.Superblocks() {
					from, to := p.Span(block)
					flights := want.flights(to - from)
					require.Equal(t, p.Flights(), len(flights))
					for i, size := range flights {
						if i%2 == 0 {
							toBank += size + frameBytes
						} else {
							toTax += size + frameBytes
						}
					}
				}
				sent, received := l.conn.Bytes()
				out, err := l.Run(t.Context(), score.OutputBand, n)
				require.NoError(t, err)
				require.NoError(t, out.Check())
				sentAfter, receivedAfter := l.conn.Bytes()
				require.EqualValues(t, toTax, sentAfter-sent, "to the tax node, %d companies", n)
				require.EqualValues(t, toBank, receivedAfter-received, "to the bank, %d companies", n)
			}
			l.close(t)
		})
	}
}

// TestPromisedBytes: 850 bytes a company in three flights, 200 in five.
func TestPromisedBytes(t *testing.T) {
	const n = 8192 // a superblock
	for name, limit := range map[string]int{"lattice": 850, "lattice-two-tables": 200} {
		total := 0
		for _, size := range stable[name].flights(n) {
			total += size + frameBytes
		}
		require.LessOrEqual(t, total, limit*n, name)
	}
}

// TestAllocations bounds what both sides together allocate for a company, in a
// session after the first of a link.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too, and empties pools at random")
	}
	const n = 10_000
	for _, e := range bench.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			l := newLink(t, e, 256, n)
			run := func() {
				out, err := l.Run(t.Context(), score.OutputBand, n)
				require.NoError(t, err)
				require.NoError(t, out.Check())
			}
			run()
			runtime.GC()
			defer debug.SetGCPercent(debug.SetGCPercent(-1)) // so that pools keep what they have
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			run()
			runtime.ReadMemStats(&after)
			objects, bytes := float64(after.Mallocs-before.Mallocs)/n, float64(after.TotalAlloc-before.TotalAlloc)/n
			t.Logf("%.3f objects and %.0f bytes a company", objects, bytes)
			require.LessOrEqual(t, objects, stable[e.Name].objects)
			require.LessOrEqual(t, bytes, stable[e.Name].bytes)
			l.close(t)
		})
	}
}
