package scoretest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/score"
)

// Full is a batch on features of full precision: a logistic model, as integers or
// as a circuit, and raw values.
type Full struct {
	Schema  *circuits.Schema
	Linear  *circuits.Linear
	Records []map[string]circuits.Value
	Columns [][]int64 // the tax node's, column-major

	Integer *circuits.IntegerModel // of EngineLinear
	Key     *linear.Key
	Table   *linear.Certified

	Circuit *probability.Circuit // of EngineProbability
	Cuts    []float64
}

// FullShape says what RandomFull makes.
type FullShape struct {
	Numeric    int     // features of random ranges, up to 10^6 wide, with missing values
	Categories int     // of one categorical feature more, if not 0
	Bands      int     // at least 2
	Small      bool    // features of one bit, so that a score of one of them fits 15
	Spread     float64 // of the linear term, from its middle; zero means 4
}

// RandomFull makes n random companies for a random logistic model.
func RandomFull(t testing.TB, rng *rand.Rand, shape FullShape, n int) *Full {
	t.Helper()
	f := &Full{Linear: &circuits.Linear{Name: "full", Version: "1"}}
	var specs []circuits.FeatureSpec
	share := 4.0 / float64(shape.Numeric+1)
	if shape.Spread > 0 {
		share *= shape.Spread / 4
	}
	for i := range shape.Numeric {
		width := math.Pow(10, float64(1+i%6))
		low := -width * float64(i%3) / 2
		spec := circuits.FeatureSpec{
			Name: fmt.Sprintf("f%d", i), Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
			Range: &circuits.Range{Min: low, Max: low + width}, Cuts: circuits.Before(low + width/2),
		}
		if shape.Small {
			spec.Range, spec.Integer, spec.Cuts = &circuits.Range{Min: 0, Max: 1}, true, circuits.Before(1)
			spec.FoldMissing = true
			width = 1
		}
		specs = append(specs, spec)
		f.Linear.Terms = append(f.Linear.Terms, circuits.LinearTerm{
			Feature: spec.Name, Coefficient: share * (2*rng.Float64() - 1) / width, Missing: share * (rng.Float64() - 0.5),
		})
	}
	if shape.Categories > 0 {
		spec := circuits.FeatureSpec{Name: "z", Kind: circuits.KindCategorical, Sensitivity: circuits.SensitivityConfidential}
		term := circuits.LinearTerm{Feature: "z", Weights: map[string]float64{}, Other: 0.1, Missing: -0.1}
		for i := range shape.Categories {
			name := fmt.Sprintf("c%d", i)
			spec.Categories = append(spec.Categories, name)
			term.Weights[name] = share * (rng.Float64() - 0.5)
		}
		specs, f.Linear.Terms = append(specs, spec), append(f.Linear.Terms, term)
	}
	for range n {
		f.Records = append(f.Records, record(rng, specs))
	}
	for i := range shape.Bands {
		f.Linear.Bands = append(f.Linear.Bands, fmt.Sprintf("B%d", i))
		if i > 0 {
			f.Linear.Probabilities = append(f.Linear.Probabilities, 0.1+0.8*(float64(i)-rng.Float64()/2)/float64(shape.Bands))
		}
	}
	var err error
	f.Schema, err = circuits.NewSchema("full", "1", specs...)
	require.NoError(t, err)
	return f
}

// record draws values, often at the ends of their ranges, beyond, or missing.
func record(rng *rand.Rand, specs []circuits.FeatureSpec) map[string]circuits.Value {
	r := make(map[string]circuits.Value)
	for _, s := range specs {
		switch {
		case rng.IntN(8) == 0: // missing
		case s.Kind == circuits.KindCategorical:
			r[s.Name] = circuits.Text(append(s.Categories, "none of them")[rng.IntN(len(s.Categories)+1)])
		case rng.IntN(8) == 0:
			r[s.Name] = circuits.Number([]float64{s.Range.Min, s.Range.Max, s.Range.Min - 1, s.Range.Max + 1}[rng.IntN(4)])
		default:
			x := s.Range.Min + rng.Float64()*(s.Range.Max-s.Range.Min)
			if s.Integer {
				x = math.Floor(x)
			}
			r[s.Name] = circuits.Number(x)
		}
	}
	return r
}

// ForLinear makes the case for EngineLinear, with a table that is trusted.
func (f *Full) ForLinear(t testing.TB, output score.OutputKind, shareBits, widen int) *Case {
	t.Helper()
	g := *f
	var err error
	g.Integer, _, err = f.Linear.Integer(f.Schema, nil)
	require.NoError(t, err)
	p, err := score.LinearParams(g.Integer, output, shareBits, widen)
	require.NoError(t, err)
	var table *linear.Table
	g.Key, table, err = linear.Generate(*p.Linear, g.Integer.Weights(), linear.Joint{7}, mpctest.Seed(0x44).PRG())
	require.NoError(t, err)
	digest, err := table.Digest()
	require.NoError(t, err)
	g.Table, err = table.Certify(digest)
	require.NoError(t, err)
	g.Columns = transpose(g.Integer.Columns().Len(), f.Records, func(r map[string]circuits.Value) ([]int64, error) {
		return g.Integer.Values(r), nil
	})
	return g.finish(p)
}

// ForProbability makes the case for EngineProbability.
func (f *Full) ForProbability(t testing.TB, output score.OutputKind, opts probability.Options) *Case {
	t.Helper()
	g := *f
	var err error
	g.Circuit, err = probability.Compile(f.Linear, f.Schema, opts)
	require.NoError(t, err)
	if output == score.OutputBand {
		g.Cuts = f.Linear.Probabilities
	}
	l := g.Circuit.Layout()
	g.Columns = transpose(l.Columns(), f.Records, l.Integers)
	return g.finish(score.ProbabilityParams(g.Circuit, output, len(g.Cuts)))
}

func (f *Full) finish(p score.Params) *Case {
	p.Companies, p.OT.K = len(f.Records), 4
	p.Superblock = p.DefaultSuperblock()
	return &Case{Params: p, Full: f}
}

func transpose(columns int, records []map[string]circuits.Value, of func(map[string]circuits.Value) ([]int64, error)) [][]int64 {
	out := make([][]int64, columns)
	for c := range out {
		out[c] = make([]int64, len(records))
	}
	for i, r := range records {
		values, err := of(r)
		if err != nil {
			return nil // which the protocol refuses
		}
		for c, v := range values {
			out[c][i] = v
		}
	}
	return out
}

// Input hands the columns to the tax node's side.
func (f *Full) Input(_ context.Context, from, to int) ([][]int64, error) {
	x := make([][]int64, len(f.Columns))
	for c := range x {
		x[c] = f.Columns[c][from:to]
	}
	return x, nil
}

func (f *Full) check(t testing.TB, p score.Params, r *Result) {
	t.Helper()
	for i, v := range r.Values {
		if p.Engine == score.EngineLinear {
			f.checkLinear(t, p, r.Bank, i, v)
		} else {
			f.checkProbability(t, p, r.Bank, i, v)
		}
	}
}

// checkLinear compares with the plain evaluator on integers: exactly where the
// unit is 1, else as linear.Params.Rounding says.
func (f *Full) checkLinear(t testing.TB, p score.Params, b *score.Bank, i int, v uint16) {
	t.Helper()
	columns := make([]int64, len(f.Columns))
	for c := range columns {
		columns[c] = f.Columns[c][i]
	}
	want, err := f.Integer.Score(columns)
	require.NoError(t, err)
	unit := p.Linear.Unit()
	if p.Output == score.OutputScore {
		lo, _ := f.Integer.Range()
		low, high := p.Linear.Rounding(want - f.Integer.Base() - lo)
		got := (b.Score(i, v) - f.Integer.Base() - lo) / unit
		require.True(t, low <= got && got <= high, "score %d of company %d, want %d to %d units", got, i, low, high)
		return
	}
	if unit == 1 {
		require.Equal(t, f.Integer.Band(want), int(v), "band of company %d, score %d", i, want)
		return
	}
	low, high := f.Integer.Band(want-unit), f.Integer.Band(want+unit)
	require.True(t, low <= int(v) && int(v) <= high, "band %d of company %d, want %d to %d", v, i, low, high)
}

// checkProbability compares with the logistic of the linear term, to within the
// bound of the circuit's report.
func (f *Full) checkProbability(t testing.TB, p score.Params, b *score.Bank, i int, v uint16) {
	t.Helper()
	want := 1 / (1 + math.Exp(-f.term(i)))
	bound := f.Circuit.Report().Bound
	if p.Output == score.OutputProbability {
		require.InDelta(t, want, b.Probability(v), bound, "company %d", i)
		return
	}
	low, high := reached(f.Cuts, want-bound), reached(f.Cuts, want+bound)
	require.True(t, low <= int(v) && int(v) <= high, "band %d of company %d, want %d to %d", v, i, low, high)
}

func reached(cuts []float64, p float64) (n int) {
	for _, c := range cuts {
		if c <= p {
			n++
		}
	}
	return n
}

// term is the linear term of company i, in floating point.
func (f *Full) term(i int) float64 {
	z := f.Linear.Intercept
	for _, term := range f.Linear.Terms {
		v := f.Records[i][term.Feature]
		feature, _ := f.Schema.Feature(term.Feature)
		switch x, ok := v.Number(); {
		case v.IsMissing():
			z += term.Missing
		case ok:
			r, _ := feature.Range()
			z += term.Coefficient * min(max(x, r.Min), r.Max)
		default:
			text, _ := v.Text()
			w, known := term.Weights[text]
			if !known {
				w = term.Other
			}
			z += w
		}
	}
	return z
}
