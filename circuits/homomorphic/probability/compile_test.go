package probability

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

func TestCompileRefuses(t *testing.T) {
	s, good := mixed(t)
	_, err := Compile(nil, s, Options{OutputBits: 8})
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = Compile(good, nil, Options{OutputBits: 8})
	require.ErrorIs(t, err, homomorphic.ErrParams)
	for name, bad := range map[string]func(m *circuits.Linear, o *Options){
		"no terms":             func(m *circuits.Linear, o *Options) { m.Terms = nil },
		"unknown feature":      func(m *circuits.Linear, o *Options) { m.Terms[0].Feature = "nobody" },
		"feature twice":        func(m *circuits.Linear, o *Options) { m.Terms[1] = m.Terms[0] },
		"grid values":          func(m *circuits.Linear, o *Options) { m.Terms[0].At = []float64{1, 2} },
		"weights on numbers":   func(m *circuits.Linear, o *Options) { m.Terms[0].Weights = map[string]float64{} },
		"coefficient on text":  func(m *circuits.Linear, o *Options) { m.Terms[2].Coefficient = 1 },
		"weight missing":       func(m *circuits.Linear, o *Options) { m.Terms[2].Weights = map[string]float64{"trade": 1} },
		"unknown category":     func(m *circuits.Linear, o *Options) { m.Terms[2].Weights = map[string]float64{"trade": 1, "x": 2} },
		"unknown special":      func(m *circuits.Linear, o *Options) { m.Terms[0].Specials = map[string]float64{"x": 2} },
		"infinite coefficient": func(m *circuits.Linear, o *Options) { m.Terms[1].Coefficient = math.Inf(1) },
		"intercept":            func(m *circuits.Linear, o *Options) { m.Intercept = math.NaN() },
		"few bits":             func(m *circuits.Linear, o *Options) { o.OutputBits = MinOutputBits - 1 },
		"many bits":            func(m *circuits.Linear, o *Options) { o.OutputBits = MaxOutputBits + 1 },
		"no error":             func(m *circuits.Linear, o *Options) { o.MaxError = -1 },
		"not a number":         func(m *circuits.Linear, o *Options) { o.MaxError = math.NaN() },
		"no set":               func(m *circuits.Linear, o *Options) { o.Least = lastSet + 1 },
	} {
		m, o := *good, Options{OutputBits: 8}
		m.Terms = slices.Clone(m.Terms)
		bad(&m, &o)
		_, err := Compile(&m, s, o)
		require.ErrorIs(t, err, homomorphic.ErrParams, name)
	}
	for name, bad := range map[string]func(m *circuits.Linear, o *Options){
		"too wide":  func(m *circuits.Linear, o *Options) { m.Terms[1].Coefficient = 100 },
		"too far":   func(m *circuits.Linear, o *Options) { m.Intercept = 1e9 },
		"too exact": func(m *circuits.Linear, o *Options) { o.MaxError = 1e-12 },
	} {
		m, o := *good, Options{OutputBits: 8}
		m.Terms = slices.Clone(m.Terms)
		bad(&m, &o)
		_, err := Compile(&m, s, o)
		require.ErrorIs(t, err, homomorphic.ErrNoise, name)
	}
}

func TestLayout(t *testing.T) {
	s, m := mixed(t)
	c, err := Compile(m, s, Options{OutputBits: 6})
	require.NoError(t, err)
	spec := c.Layout().Spec()
	l, err := NewLayout(s, spec) // as the tax node makes it
	require.NoError(t, err)
	require.Equal(t, c.Layout().MessageBytes(), l.MessageBytes())
	// months: value, never, missing; growth; sector: two categories, missing; fixed
	require.Equal(t, 8, l.Columns())
	spec.Features[0] = "changed"
	require.NotEqual(t, spec.Features[0], l.Spec().Features[0])

	v, err := l.Values([]record{
		{"months": circuits.Number(30), "growth": circuits.Number(2), "sector": circuits.Text("build"), "fixed": circuits.Number(7)},
		{"months": circuits.Number(-1), "sector": circuits.Text("farm")},
		{},
	})
	require.NoError(t, err)
	for i, want := range [][]float64{{1, 0, 0, 0.5, 0, 1, 0, 0}, {0, 1, 0, -1, 0, 0, 0, -1}, {0, 0, 1, -1, 0, 0, 1, -1}} {
		for k, x := range want {
			if k == 7 { // a range of one value: folded or not, the weight is zero
				continue
			}
			require.Equal(t, x, v.columns[k][i], "company %d, column %d", i, k)
		}
	}

	spec = l.Spec()
	spec.Complete = true
	complete, err := NewLayout(s, spec)
	require.NoError(t, err)
	require.Equal(t, 5, complete.Columns())
	_, err = complete.Values([]record{{
		"months": circuits.Number(-1), "growth": circuits.Number(2), "sector": circuits.Text("x"), "fixed": circuits.Number(2),
	}})
	require.ErrorIs(t, err, homomorphic.ErrRange)
	_, err = complete.Values([]record{{"months": circuits.Number(1), "growth": circuits.Number(2), "fixed": circuits.Number(2)}})
	require.ErrorIs(t, err, homomorphic.ErrRange)
	full := []record{{"months": circuits.Number(1), "growth": circuits.Number(2), "sector": circuits.Text("x"), "fixed": circuits.Number(2)}}
	other, err := complete.Values(full)
	require.NoError(t, err)
	key, err := NewKey(l, stream(1))
	require.NoError(t, err)
	_, err = key.Encrypt(other, stream(2))
	require.ErrorIs(t, err, homomorphic.ErrParams, "values of another layout")
	_, err = key.Encrypt(nil, stream(2))
	require.ErrorIs(t, err, homomorphic.ErrParams)

	wide := circuits.FeatureSpec{Name: "wide", Kind: circuits.KindCategorical, Sensitivity: circuits.SensitivityInternal}
	for i := range MaxColumns {
		wide.Categories = append(wide.Categories, string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	open := numeric("open", 0, 1)
	open.Range = nil
	s, err = circuits.NewSchema("s", "1", wide, open, numeric("x", 0, 1))
	require.NoError(t, err)
	for name, spec := range map[string]LayoutSpec{
		"no set":     {Set: 0, OutputBits: 8, Features: []string{"x"}},
		"far set":    {Set: lastSet + 1, OutputBits: 8, Features: []string{"x"}},
		"too wide":   {Set: 1, OutputBits: 8, Features: []string{"wide"}},
		"no range":   {Set: 1, OutputBits: 8, Features: []string{"open"}},
		"no feature": {Set: 1, OutputBits: 8},
	} {
		_, err := NewLayout(s, spec)
		require.ErrorIs(t, err, homomorphic.ErrParams, name)
	}
}

// Every set has parameters of 128 bits of security, of the sizes that the doc gives, and the mask's sums fit 128 bits.
func TestSets(t *testing.T) {
	logQP := map[Set]int{1: 217, 2: 284, 3: 321, 4: 358, 5: 395, 6: 432}
	for set := LogN13Degree7; set <= lastSet; set++ {
		if testing.Short() && set > LogN14Degree7 {
			continue
		}
		p, err := set.parameters()
		require.NoError(t, err)
		require.NoError(t, homomorphic.CheckParameters(p.Parameters.Parameters))
		require.Equal(t, logQP[set], int(math.Ceil(p.LogQP())), set)
		h, err := set.shape()
		require.NoError(t, err)
		require.Equal(t, h.top(), p.MaxLevel())
		q := math.Log2(float64(p.Q()[0])) + math.Log2(float64(p.Q()[1]))
		require.Less(t, q+float64(h.logN)+0.5+float64(h.fraction()), 127.0)
		require.Greater(t, h.fraction(), h.logN+4, "the transform is exact to a unit of the ciphertext")
	}
	require.Equal(t, "Set(0)", Set(0).String())
	require.Zero(t, Set(0).Companies())
}

func TestIndexAndProbability(t *testing.T) {
	s, m := mixed(t)
	c, err := Compile(m, s, Options{OutputBits: 8})
	require.NoError(t, err)
	for u := range uint32(256) {
		p := c.Probability(u)
		require.True(t, p >= 0 && p <= 1)
		if u > 0 && p > 0 && p < 1 {
			require.Greater(t, p, c.Probability(u-1))
			require.Equal(t, u, c.Index(p-1e-9))
			require.Equal(t, u+1, c.Index(p+1e-9))
		}
	}
	require.Zero(t, c.Index(math.NaN()))
	require.Zero(t, c.Index(math.Inf(-1)))
	require.EqualValues(t, 256, c.Index(math.Inf(1)))
}

// Blocks run at once on a fixed number of evaluators, each as it does alone.
func TestConcurrentBlocks(t *testing.T) {
	s := newSession(t, 3)
	bank, err := NewBank(s.circuit, joint, s.keys, 2)
	require.NoError(t, err)
	var wg sync.WaitGroup
	replies := make([][]byte, 5)
	for i := range replies {
		wg.Go(func() {
			replies[i], _, _ = bank.Evaluate(context.Background(), s.message, 3, stream(4))
		})
	}
	wg.Wait()
	for _, reply := range replies {
		require.Equal(t, s.reply, reply)
	}
}
