package probability

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// stream is a deterministic reader for tests.
func stream(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

var joint = homomorphic.Seed{1, 2, 3}

type record = map[string]circuits.Value

// run is the whole of it: shares of a block, added up to u.
func run(t testing.TB, c *Circuit, records []record, seed byte) []uint32 {
	t.Helper()
	l := c.Layout()
	key, err := NewKey(l, stream(seed))
	require.NoError(t, err)
	keys, err := key.EvaluationKeys(joint, stream(seed+1))
	require.NoError(t, err)
	require.Len(t, keys, l.KeyBytes())
	bank, err := NewBank(c, joint, keys, 1)
	require.NoError(t, err)
	values, err := l.Values(records)
	require.NoError(t, err)
	message, err := key.Encrypt(values, stream(seed+2))
	require.NoError(t, err)
	require.Len(t, message, l.MessageBytes())
	reply, z, err := bank.Evaluate(context.Background(), message, len(records), stream(seed+3))
	require.NoError(t, err)
	require.Len(t, reply, l.ReplyBytes())
	w, err := key.Open(reply, len(records), stream(seed+4))
	require.NoError(t, err)
	return join(l, z, w)
}

// join is what stage 2 does: u for z + w = 2u + {0, 1}.
func join(l *Layout, z, w []uint32) []uint32 {
	u := make([]uint32, len(z))
	for i := range u {
		u[i] = (z[i] + w[i]) & (2<<l.spec.OutputBits - 1) >> 1
	}
	return u
}

// exact is the linear term of a model on a record, as the doc of circuits.Linear says.
func exact(m *circuits.Linear, s *circuits.Schema, r record) float64 {
	z := m.Intercept
	for _, t := range m.Terms {
		f, _ := s.Feature(t.Feature)
		v := f.Normal(r[t.Feature])
		special := false
		for _, sp := range f.Specials() {
			if sp.Value == v {
				w, ok := t.Specials[sp.Name]
				if !ok {
					w = t.Missing
				}
				z, special = z+w, true
			}
		}
		x, number := v.Number()
		text, _ := v.Text()
		switch {
		case special:
		case v.IsMissing() && !f.Spec().FoldMissing:
			z += t.Missing
		case f.Numeric():
			rg, _ := f.Range()
			if !number {
				x = rg.Min
			}
			z += t.Coefficient * min(max(x, rg.Min), rg.Max)
		default:
			if w, ok := t.Weights[text]; ok && !v.IsMissing() {
				z += w
			} else {
				z += t.Other
			}
		}
	}
	return z
}

// check compares released numbers with the plain logistic and returns the largest difference.
func check(t testing.TB, c *Circuit, m *circuits.Linear, s *circuits.Schema, records []record, u []uint32) float64 {
	t.Helper()
	worst := 0.0
	for i, r := range records {
		p := circuits.Logistic(exact(m, s, r))
		worst = max(worst, math.Abs(c.Probability(u[i])-p))
	}
	require.LessOrEqual(t, worst, c.Report().Bound)
	return worst
}

// numeric is a feature of a range.
func numeric(name string, low, high float64) circuits.FeatureSpec {
	return circuits.FeatureSpec{
		Name: name, Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal,
		Range: &circuits.Range{Min: low, Max: high}, Cuts: circuits.Before(low/2 + high/2), FoldMissing: true,
	}
}

// mixed is a schema and a model with everything in it.
func mixed(t testing.TB) (*circuits.Schema, *circuits.Linear) {
	t.Helper()
	months := numeric("months", 0, 24)
	months.Integer, months.FoldMissing = true, false
	months.Specials = []circuits.Special{{Name: "never", Value: circuits.Number(-1)}}
	sector := circuits.FeatureSpec{
		Name: "sector", Kind: circuits.KindCategorical, Sensitivity: circuits.SensitivityInternal, Categories: []string{"trade", "build"},
	}
	s, err := circuits.NewSchema("mixed", "1", numeric("growth", -1, 3), months, sector, numeric("fixed", 2, 2))
	require.NoError(t, err)
	return s, &circuits.Linear{
		Name: "m", Intercept: -1.2,
		Terms: []circuits.LinearTerm{
			{Feature: "months", Coefficient: 0.05, Missing: 0.4, Specials: map[string]float64{"never": -0.3}},
			{Feature: "growth", Coefficient: -0.7},
			{Feature: "sector", Weights: map[string]float64{"trade": 0.2, "build": 0.6}, Other: -0.1, Missing: 0.3},
			{Feature: "fixed", Coefficient: 0.25},
		},
	}
}

// mixedRecords are random records of that schema, with values out of range, unknown and missing.
func mixedRecords(n int, seed uint64) []record {
	rnd := rand.New(rand.NewPCG(seed, 0))
	sectors := []circuits.Value{circuits.Text("trade"), circuits.Text("build"), circuits.Text("farm"), circuits.Missing()}
	records := make([]record, n)
	for i := range records {
		records[i] = record{
			"growth": circuits.Number(rnd.Float64()*6 - 2),
			"months": circuits.Number(float64(rnd.IntN(30) - 2)),
			"sector": sectors[rnd.IntN(4)],
			"fixed":  circuits.Number(rnd.Float64() * 4),
		}
		switch rnd.IntN(8) {
		case 0:
			delete(records[i], "months")
		case 1:
			records[i]["growth"] = circuits.Number(math.Inf(1 - 2*rnd.IntN(2)))
		case 2:
			delete(records[i], "growth")
		}
	}
	return records
}

// decrypted is the phase of a ciphertext at the end's level, in coefficients.
func decrypted(k *Key, ct *rlwe.Ciphertext) ring.Poly {
	r := k.layout.params.RingQ().AtLevel(endLevel)
	phase := *ct.Value[0].CopyNew()
	r.MulCoeffsMontgomeryThenAdd(ct.Value[1], k.end(), phase)
	r.INTT(phase, phase)
	return phase
}
