package bench_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/score"
)

// TestCase wants the shape that the report claims, equal cases from equal
// arguments, and every band in use.
func TestCase(t *testing.T) {
	for _, levels := range []int{256, 1024, 4096} {
		c, err := bench.NewCase(12, levels, 2000)
		require.NoError(t, err)
		require.Equal(t, bench.ScoreBits, c.Model.ScoreBits())
		require.Equal(t, bench.BandBits, c.Model.BandBits())
		for _, n := range c.Model.Levels() {
			require.Equal(t, levels, n)
		}
		again, err := bench.NewCase(12, levels, 2000)
		require.NoError(t, err)
		require.Equal(t, c.Levels, again.Levels)
		require.Equal(t, c.Model.Commit([32]byte{}), again.Model.Commit([32]byte{}))
		require.Equal(t, c.Schema.Digest(), again.Schema.Digest())

		scores, bands := c.Plain()
		seen := map[int]bool{}
		for i, s := range scores {
			require.Equal(t, c.Model.Band(s), bands[i])
			seen[bands[i]] = true
		}
		require.Greater(t, len(seen), bench.Bands/2)
	}
	for _, bad := range [][3]int{{0, 4, 1}, {3, 3, 1}, {3, 4, -1}, {65, 4, 1}, {3, 5000, 1}} {
		_, err := bench.NewCase(bad[0], bad[1], bad[2])
		require.Error(t, err, "%v", bad)
	}
}

func TestEngineNamed(t *testing.T) {
	for _, e := range all() {
		got, err := bench.EngineNamed(e.Name)
		require.NoError(t, err)
		require.Equal(t, e, got)
	}
	_, err := bench.EngineNamed("punched cards")
	require.ErrorContains(t, err, "ot")
}

// TestFullCase wants equal cases from equal arguments, and no engine on the batch of
// another kind.
func TestFullCase(t *testing.T) {
	c, err := bench.NewFullCase(12, 100)
	require.NoError(t, err)
	require.Equal(t, 100, c.Companies())
	again, err := bench.NewFullCase(12, 100)
	require.NoError(t, err)
	require.Equal(t, c.Schema.Digest(), again.Schema.Digest())
	grid, err := bench.NewCase(12, 16, 100)
	require.NoError(t, err)
	for _, e := range all() {
		right, wrong := grid, c
		if e.Full() {
			right, wrong = c, grid
		}
		_, err := right.Params(e, score.OutputBand, 100)
		require.NoError(t, err)
		_, err = wrong.Params(e, score.OutputBand, 100)
		require.Error(t, err)
	}
	_, err = c.Params(bench.FullEngines()[0], score.OutputScore, 1)
	require.Error(t, err)
	for _, bad := range [][2]int{{0, 1}, {33, 1}, {3, -1}} {
		_, err := bench.NewFullCase(bad[0], bad[1])
		require.Error(t, err)
	}
}
