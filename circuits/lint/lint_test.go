package lint

import (
	"context"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
)

func TestHostileCard(t *testing.T) {
	permuted := powers(5, 5, 5)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(permuted), func(i, j int) { permuted[i], permuted[j] = permuted[j], permuted[i] })
	shifted := powers(5, 5, 5)
	for f, table := range shifted {
		for l := range table {
			table[l] = 4*table[l] - int64(100*f)
		}
	}
	conwayGuy := [][]int64{{0, 11}, {0, 17}, {0, 20}, {0, 22}, {0, 23}, {0, 24}} // distinct subset sums, not superincreasing
	for name, tables := range map[string][][]int64{
		"5^i": powers(5, 5, 5), "2^i": powers(13, 2, 2), "permuted": permuted, "scaled and shifted": shifted, "Conway-Guy": conwayGuy,
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range []Policy{{Output: OutputScore}, {Output: OutputBand}} {
				m, _, _ := build(t, tables, nil, []int64{110, 120, 130})
				r := check(t, m, p)
				require.False(t, r.Passed())
				require.True(t, r.Unique)
				require.InDelta(t, 1, r.UniqueShare, 1e-12)
				require.Equal(t, []Severity{Critical}, found(r, CodeUnique))
				if name != "Conway-Guy" {
					require.Equal(t, []Severity{Critical}, found(r, CodeSuperincreasing))
					require.Len(t, r.Chain, len(tables))
				}
			}
			m, _, _ := build(t, tables, nil, nil)
			r := check(t, m, Policy{Output: OutputScore})
			require.EqualValues(t, 1, r.Summary.SmallestBins.Int().Int64())
			require.InDelta(t, 1, r.Summary.PinnedShare, 1e-12)
			require.InDelta(t, r.Summary.Log2, r.Summary.Shannon, 1e-9)
			for _, f := range r.Features {
				require.InDelta(t, 1, f.PinnedShare, 1e-12)
			}
			for _, remedy := range r.Remedies {
				require.NotEqual(t, Info, remedy.After.Severity)
			}
		})
	}
}

// A code among most features, blurred by two others that are small: the chain names the code.
func TestChainAmongOthers(t *testing.T) {
	tables := append(powers(4, 4, 4), []int64{0, 1, 2}, []int64{0, 1, 2})
	for f := range 4 {
		for l := range tables[f] {
			tables[f][l] *= 7
		}
	}
	m, _, _ := build(t, tables, nil, []int64{200})
	r := check(t, m, Policy{Output: OutputScore})
	require.False(t, r.Unique)
	require.Len(t, r.Chain, 5)
	require.Equal(t, []Severity{Warning}, found(r, CodeSuperincreasing))
	require.False(t, r.Passed(), "scores pin four features")
	for f := range 4 {
		require.InDelta(t, 1, r.Features[f].PinnedShare, 1e-12)
	}
}

func TestHonestCard(t *testing.T) {
	m, _, _ := build(t, honest(), []int64{-10, 0, 10}, []int64{60, 90, 115, 140})
	r := check(t, m, Policy{Output: OutputBand})
	require.Equal(t, Info, r.Severity, r.Text())
	require.Empty(t, r.Findings)
	require.Empty(t, r.Remedies)
	require.Equal(t, 5, r.Summary.Outputs)
	require.Equal(t, 3, r.Bits)
	require.Greater(t, r.Summary.SmallestBins.Log2(), 20.0)
	require.Equal(t, 21, r.Own.Values)

	r = check(t, m, Policy{Output: OutputScore})
	require.True(t, r.Passed(), r.Text())
	require.Equal(t, []Severity{Warning}, found(r, CodePinnedOutput), "the tails of a score")
	require.Less(t, r.Summary.PinnedShare, 1e-6)
}

func TestFindings(t *testing.T) {
	twelve := honest()
	knockOut := append(honest(), []int64{0, -2000})
	for _, tt := range []struct {
		name       string
		tables     [][]int64
		own        []int64
		thresholds []int64
		policy     Policy
		code       Code
		want       []Severity
	}{
		{"needle", twelve, nil, []int64{100, 262}, Policy{Output: OutputBand}, CodePinnedOutput, []Severity{Critical}},
		{"needle for some own points", twelve, []int64{0, 120}, []int64{100, 382}, Policy{Output: OutputBand}, CodePinnedOutput, []Severity{Critical}},
		{"no needle", twelve, nil, []int64{100, 150}, Policy{Output: OutputBand}, CodePinnedOutput, nil},
		{"single score", twelve, nil, []int64{100, 101, 150}, Policy{Output: OutputBand}, CodeSingleScore, []Severity{Warning}},
		{"unused", twelve, nil, []int64{-5000, 100, 5000}, Policy{Output: OutputBand}, CodeUnused, []Severity{Info, Info}},
		{"used by own points", twelve, []int64{-10, 4900}, []int64{100, 5000}, Policy{Output: OutputBand}, CodeUnused, nil},
		{"knock-out tells", knockOut, nil, []int64{-500, 100}, Policy{Output: OutputBand}, CodePinnedFeature, []Severity{Critical}},
		{"knock-out dominates", knockOut, nil, []int64{-500, 100}, Policy{Output: OutputBand}, CodeDominant, []Severity{Warning}},
		{"the others are idle", [][]int64{{0, 1000}, {0, 1, 2, 3}}, nil, []int64{500}, Policy{Output: OutputBand}, CodeIdle, []Severity{Warning}},
		{"constant", append(honest(), []int64{7, 7}), nil, []int64{100}, Policy{Output: OutputBand}, CodeIdle, []Severity{Warning}},
		{"budget", twelve, nil, []int64{90, 100, 110, 120}, Policy{Output: OutputBand, Bits: 2}, CodeOverBudget, []Severity{Critical}},
		{"score over budget", twelve, nil, nil, Policy{Output: OutputScore, Bits: 8}, CodeOverBudget, []Severity{Critical}},
		{"spare bits", twelve, nil, []int64{100}, Policy{Output: OutputBand, Bits: 3}, CodeSpareBits, []Severity{Info}},
		{"one feature", [][]int64{{0, 1, 2}}, nil, nil, Policy{Output: OutputScore}, CodePinnedFeature, []Severity{Critical}},
		{"readable", [][]int64{{0, 1, 2, 3}, {0, 1, 2, 3}}, nil, nil, Policy{Output: OutputScore}, CodeReadable, []Severity{Critical}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, _, _ := build(t, tt.tables, tt.own, tt.thresholds)
			r := check(t, m, tt.policy)
			require.Equal(t, tt.want, found(r, tt.code), r.Text())
		})
	}
}

// Figures that follow from arithmetic on cards too large for enumeration.
func TestLargeCounts(t *testing.T) {
	tables := make([][]int64, MaxFeatures)
	for f := range tables {
		for l := range 256 {
			tables[f] = append(tables[f], int64(l%2)) // two bins of 128 levels
		}
	}
	m, _, _ := build(t, tables, nil, []int64{132})
	r := check(t, m, Policy{Output: OutputScore})
	require.Zero(t, r.Levels.Int().Cmp(new(big.Int).Exp(big.NewInt(256), big.NewInt(MaxFeatures), nil)))
	require.Len(t, r.Outputs, MaxFeatures+1)
	for k := range r.Outputs {
		want := new(big.Int).Binomial(MaxFeatures, int64(k))
		require.Zero(t, want.Cmp(r.Outputs[k].Bins.Int()))
		require.Zero(t, want.Lsh(want, 7*MaxFeatures).Cmp(r.Outputs[k].Levels.Int()))
	}
	r = check(t, m, Policy{Output: OutputBand})
	require.InDelta(t, 1, r.Summary.Shannon, 0.01)
}

func TestChainIsLongest(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		v := &view{}
		n := 1 + rng.IntN(6)
		for range n {
			at, bins := 0, []bin{{}}
			for range 1 + rng.IntN(3) {
				at += 1 + rng.IntN(1<<rng.IntN(7))
				bins = append(bins, bin{offset: at})
			}
			v.bins, v.widths = append(v.bins, bins), append(v.widths, at)
		}
		superincreasing := func(order []int) bool {
			sum := 0
			for _, f := range order {
				if step(v.bins[f]) <= sum {
					return false
				}
				sum += v.widths[f]
			}
			return true
		}
		longest := 0
		var search func(order []int, used int)
		search = func(order []int, used int) {
			if !superincreasing(order) {
				return
			}
			longest = max(longest, len(order))
			for f := range n {
				if used>>f&1 == 0 {
					search(append(order[:len(order):len(order)], f), used|1<<f)
				}
			}
		}
		search(nil, 0)
		require.True(t, superincreasing(v.chain()))
		require.Len(t, v.chain(), longest)
	}
}

func TestTooLarge(t *testing.T) {
	for name, tt := range map[string]struct {
		tables [][]int64
		own    []int64
		policy Policy
		ok     bool
	}{
		"range":             {[][]int64{{0, 1 << 15}, {0, 1 << 15}}, nil, Policy{Output: OutputScore}, false},
		"just within":       {[][]int64{{0, 1 << 15}, {0, 1<<15 - 1}}, nil, Policy{Output: OutputScore}, true},
		"features":          {powers(MaxFeatures+1, 2, 1), nil, Policy{Output: OutputScore}, false},
		"own points":        {powers(4, 4, 4), []int64{0, 1 << 40}, Policy{Output: OutputBand}, false},
		"own points, score": {powers(4, 4, 4), []int64{0, 1 << 40}, Policy{Output: OutputScore}, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, _ := build(t, tt.tables, tt.own, []int64{150, 1 << 30})
			_, err := Check(context.Background(), m, tt.policy)
			if tt.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrTooLarge)
			}
		})
	}
	var many []int64
	for i := range 20 {
		many = append(many, int64(110+i))
	}
	m, _, _ := build(t, powers(4, 4, 4), []int64{0, 1 << 16}, append(many, 1<<16))
	_, err := Check(context.Background(), m, Policy{Output: OutputBand})
	require.ErrorIs(t, err, ErrTooLarge, "windows")
	// The same own points are fine where the thresholds they reach are few units apart.
	m, _, _ = build(t, powers(4, 4, 4), []int64{0, 1 << 40}, []int64{150, 170})
	require.Equal(t, 71, check(t, m, Policy{Output: OutputBand}).Own.Values)
}

func TestPolicyErrors(t *testing.T) {
	m, _, _ := build(t, [][]int64{{0, 1}, {0, 2, 3}}, nil, []int64{101})
	half, nan := []float64{0.5, 0.5}, math.NaN()
	for _, p := range []Policy{
		{},
		{Output: 3},
		{Output: OutputBand, Bits: -1},
		{Output: OutputBand, Bits: 65},
		{Output: OutputBand, K: 1},
		{Output: OutputBand, K: -4},
		{Output: OutputBand, Clamp: &Clamp{}},
		{Output: OutputScore, Clamp: &Clamp{2, 1}},
		{Output: OutputBand, Prior: [][]float64{half}},
		{Output: OutputBand, Prior: [][]float64{half, half}},
		{Output: OutputBand, Prior: [][]float64{half, {0.5, 0.5, 0.5}}},
		{Output: OutputBand, Prior: [][]float64{half, {nan, 0.5, 0.5}}},
		{Output: OutputBand, Prior: [][]float64{half, {-0.5, 1, 0.5}}},
	} {
		_, err := Check(context.Background(), m, p)
		require.ErrorIs(t, err, ErrPolicy, "%+v", p)
	}
	_, err := Check(context.Background(), nil, Policy{Output: OutputBand})
	require.ErrorIs(t, err, ErrPolicy)
}

func TestCancelled(t *testing.T) {
	m, _, _ := build(t, honest(), nil, []int64{100})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Check(ctx, m, Policy{Output: OutputScore})
	require.ErrorIs(t, err, context.Canceled)
}

func TestReportJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	for range 20 {
		c, err := circuitstest.Random(rng, circuitstest.Shape{Features: 5, Bands: 4, ScoreBits: 7, Own: 1, Places: 1})
		require.NoError(t, err)
		for _, out := range []Output{OutputBand, OutputScore} {
			r := check(t, c.Model, Policy{Output: out, Prior: randomPrior(rng, c.Model.Levels())})
			text, err := r.JSON()
			require.NoError(t, err)
			var back Report
			require.NoError(t, json.Unmarshal(text, &back))
			again, err := back.JSON()
			require.NoError(t, err)
			require.Equal(t, string(text), string(again))
			require.True(t, strings.HasPrefix(r.Text(), `model "random" 1, output `+out.String()))
			for _, f := range r.Findings {
				require.Contains(t, r.Text(), string(f.Code))
			}
		}
	}
	for _, bad := range []string{`""`, `"-1"`, `1`, `"1x"`, `"` + strings.Repeat("9", maxCountDigits+1) + `"`} {
		require.Error(t, json.Unmarshal([]byte(bad), new(Count)), bad)
	}
	for _, bad := range []any{Severity(0), Output(0), RemedyKind(9)} {
		_, err := json.Marshal(bad)
		require.Error(t, err)
	}
	require.Error(t, new(Severity).UnmarshalText([]byte("")))
}

// The model says what the report says of its bits.
func TestBitsOfModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 11))
	for range 50 {
		c, err := circuitstest.Random(rng, circuitstest.Shape{Features: 4, Bands: 1 + rng.IntN(9), ScoreBits: 1 + rng.IntN(9), Places: rng.IntN(2)})
		require.NoError(t, err)
		require.Equal(t, c.Model.BandBits(), check(t, c.Model, Policy{Output: OutputBand}).Bits)
		require.Equal(t, c.Model.ScoreBits(), check(t, c.Model, Policy{Output: OutputScore}).Bits)
	}
}
