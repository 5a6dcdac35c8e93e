package main

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/score"
)

// TestPlan wants every engine, output, grid, size and link that the report
// promises, in the quick one too.
func TestPlan(t *testing.T) {
	for _, quick := range []bool{true, false} {
		groups := plan(quick, false)
		has := func(which func(g group) bool) bool { return slices.ContainsFunc(groups, which) }
		for _, e := range bench.Engines() {
			require.True(t, has(func(g group) bool { return g.engine == e }), e.Name)
			if e.Form == score.OneTable {
				for _, levels := range []int{256, 1024, 4096} {
					require.True(t, has(func(g group) bool { return g.engine == e && g.levels == levels }), "%s, %d", e.Name, levels)
				}
				require.True(t, has(func(g group) bool { return g.engine == e && g.output == score.OutputScore }), e.Name)
				for _, link := range []linkKind{linkTCP, linkTLS} {
					require.True(t, has(func(g group) bool {
						return g.engine == e && g.link == link && g.batches[0].n == 1 && g.batches[len(g.batches)-1].n == 100_000
					}), "%s over %s", e.Name, link)
				}
				require.True(t, has(func(g group) bool { return g.engine == e && g.link == linkWAN }), e.Name)
			}
			if e.Form == score.OneTable || !quick {
				require.True(t, has(func(g group) bool { return g.engine == e && g.link == linkNodes }), e.Name)
			}
			if e.Prepares() {
				require.True(t, has(func(g group) bool { return g.engine == e && g.batches[1].ready }), e.Name)
			}
		}
		for _, g := range groups {
			require.NotEmpty(t, g.batches, "%v", g)
			require.GreaterOrEqual(t, g.dials, 1, "%v", g)
		}
	}
	require.True(t, slices.ContainsFunc(plan(false, true), func(g group) bool { return g.batches[0].n == 1_000_000 }))
}

// TestBatches cuts a batch down that would move too many bytes.
func TestBatches(t *testing.T) {
	e := effort{bytes: 100 << 20}
	engine, err := bench.EngineNamed("ot")
	require.NoError(t, err)
	var sizes []int
	for _, b := range e.batches(engine, score.OutputBand, 256, []int{1, 1000, 100_000}) {
		sizes = append(sizes, b.n)
	}
	require.Equal(t, []int{1, 1000, 10_000}, sizes)
}

// TestInTime drops large batches first, and nothing but in a quick report.
func TestInTime(t *testing.T) {
	g := group{engine: bench.Engines()[0], batches: []batch{{n: 1}, {n: 1000}, {n: 100_000}}}
	for _, c := range []struct {
		spent time.Duration
		quick bool
		want  int
	}{{0, true, 3}, {quickLarge + time.Second, true, 2}, {quickSmall + time.Second, true, 0}, {time.Hour, false, 3}} {
		r := &report{begin: time.Now().Add(-c.spent), quick: c.quick, log: io.Discard}
		require.Len(t, r.inTime(g).batches, c.want)
		require.Len(t, r.left, 3-c.want)
	}
	require.Len(t, g.batches, 3)
}
