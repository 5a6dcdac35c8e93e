package lattice

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice/estimate"
)

// TestEstimates recomputes the table of the package documentation. The attack on u has k*256 samples, that on s any
// number; secrets and errors have the same widths on both sides, so one instance covers both.
func TestEstimates(t *testing.T) {
	want := map[string][4]float64{ // primal, dual hybrid and primal hybrid in core-SVP; the least in the HE standard
		"wide":   {128.8, 122.7, 153.1, 154.6},
		"middle": {128.8, 123.3, 148.0, 155.0},
		"narrow": {149.5, 143.2, 170.9, 175.5},
	}
	for _, s := range sets {
		std, entropy := estimate.Binomial(s.eta)
		in := estimate.Instance{
			N: s.rank * Block, LogQ: 32, Secret: std, Error: math.Sqrt(s.errorVariance()), Entropy: entropy,
		}
		primal, dual, hybrid := in.Primal(estimate.CoreSVP), in.DualHybrid(estimate.CoreSVP), in.PrimalHybrid(estimate.CoreSVP)
		standard := in.Bits(estimate.Standard)
		t.Logf("%s: sigma_s %.2f sigma_e %.1f; core-SVP: primal %v, dual hybrid %v, primal hybrid %v; HE standard: %.1f",
			s.name, std, in.Error, primal, dual, hybrid, standard)
		require.GreaterOrEqual(t, primal.Bits, 128.0, s.name)
		require.GreaterOrEqual(t, standard, 128.0, s.name)
		w := want[s.name]
		require.InDelta(t, w[0], primal.Bits, 0.1, s.name)
		require.InDelta(t, w[1], dual.Bits, 0.1, s.name)
		require.InDelta(t, w[2], hybrid.Bits, 0.1, s.name)
		require.InDelta(t, w[3], standard, 0.1, s.name)
	}
}

// TestFailureBound: what NewParams accepts fails with probability below 2^-64, by an exact recomputation of the bound.
func TestFailureBound(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{1}))
	for range 300 {
		features, m := 1+rng.IntN(100), 1+rng.IntN(MaxScoreBits)
		p, err := NewParams(slices.Repeat([]int{2 + rng.IntN(300)}, features), m)
		require.NoError(t, err)
		x := p.NoiseLimit() / p.NoiseStd()
		require.Less(t, math.Log2(2)-x*x/2*math.Log2E, -64.0, "%v", p)
		require.LessOrEqual(t, p.FailureBits(), -64.0)
		// The limit leaves room for what the offset is between: both ends of the guard bit's range.
		half := math.Exp2(float64(31 - m))
		window := half / math.Exp2(float64(p.cut))
		offset := (half + window) / 2
		require.GreaterOrEqual(t, offset-p.NoiseLimit()-window, 0.0)
		require.LessOrEqual(t, offset+p.NoiseLimit()+half, 2*half)
	}
}

func TestChoice(t *testing.T) {
	for _, c := range []struct {
		features, levels, m int
		set                 string
		cut, drop           int
	}{
		{12, 256, 1, "wide", 1, 8},
		{12, 256, 9, "wide", 1, 8},
		{9, 256, 10, "wide", 3, 8},
		{12, 256, 10, "wide", 3, 8},
		{30, 256, 10, "wide", 3, 8},
		{64, 256, 10, "middle", 1, 8},
		{12, 1024, 11, "middle", 1, 8},
		{12, 256, 13, "middle", 1, 8},
		{12, 256, 14, "middle", 3, 8},
		{12, 256, 15, "middle", 2, 0},
		{64, 4096, 15, "narrow", 1, 0},
	} {
		p, err := NewParams(slices.Repeat([]int{c.levels}, c.features), c.m)
		require.NoError(t, err)
		require.Equal(t, c.set, p.set.name, "%v", p)
		require.Equal(t, [2]int{c.cut, c.drop}, [2]int{p.cut, p.drop}, "%v", p)
		t.Logf("%v: 2^%.0f failure, guard leak %.2g bits, %.2f bytes a company, table %d, memory %d",
			p, p.FailureBits(), p.GuardLeak(), float64(p.CiphertextBytes(1<<15))/(1<<15), p.TableBytes(), p.MemoryBytes())
	}
}

func TestNewParamsRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		levels []int
		m      int
	}{
		"no features":   {nil, 10},
		"one level":     {[]int{5, 1}, 10},
		"many levels":   {[]int{4097}, 10},
		"many entries":  {slices.Repeat([]int{4096}, 65), 10},
		"no score":      {[]int{2}, 0},
		"large score":   {[]int{2}, 16},
		"much noise":    {slices.Repeat([]int{2}, 3000), 15},
		"negative bits": {[]int{2}, -1},
	} {
		_, err := NewParams(c.levels, c.m)
		require.ErrorIs(t, err, mpc.ErrParams, name)
	}
	_, err := NewParams([]int{2}, 16)
	require.ErrorContains(t, err, "oblivious-transfer engine")
}

func TestSizes(t *testing.T) {
	p, err := NewParams(slices.Repeat([]int{256}, 12), 10)
	require.NoError(t, err)
	require.Equal(t, 80+4*1024+12*256*1024, p.TableBytes())
	a := 4 * 256 * 3
	require.Equal(t, 0, p.CiphertextBytes(0))
	require.Equal(t, 0, p.CiphertextBytes(-1))
	require.Equal(t, 0, p.CiphertextBytes(MaxCompanies+1))
	require.Equal(t, a+2, p.CiphertextBytes(1))
	require.Equal(t, a+256*14/8, p.CiphertextBytes(256))
	require.Equal(t, 2*a+256*14/8+2, p.CiphertextBytes(257))
	require.Equal(t, 5*(12*256*2048+4*4096), p.MemoryBytes())
	require.Equal(t, 12, p.Features())
	require.Equal(t, 10, p.ScoreBits())
	require.Equal(t, 4, p.Rank())

	levels := p.Levels()
	levels[0] = 7
	require.Equal(t, 256, p.levels[0], "parameters are immutable")
	require.Equal(t, Params{}.CiphertextBytes(5), 0)
	require.True(t, strings.Contains(Params{}.String(), "invalid"))
}

// TestDigest: every choice changes the digest.
func TestDigest(t *testing.T) {
	seen := map[[32]byte]string{}
	for _, levels := range [][]int{{2, 3}, {3, 2}, {2}, {2, 3, 2}} {
		for m := 1; m <= MaxScoreBits; m++ {
			p, err := NewParams(levels, m)
			require.NoError(t, err)
			_, old := seen[p.Digest()]
			require.False(t, old)
			seen[p.Digest()] = p.String()
		}
	}
}

func TestColumns(t *testing.T) {
	p, err := NewParams([]int{4, 8, 8, 2, 256, 2, 3, 4096}, 8)
	require.NoError(t, err)
	require.Equal(t, []column{{0, 3, 256}, {3, 1, 2}, {4, 1, 256}, {5, 2, 6}, {7, 1, 4096}}, p.columns())
}
