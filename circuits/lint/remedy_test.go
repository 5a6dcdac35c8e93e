package lint

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
)

// applied makes the change, compiles and lints anew.
func applied(t *testing.T, r *Remedy, card *circuits.Scorecard, s *circuits.Schema, p Policy) *Report {
	t.Helper()
	changed, policy, err := r.Apply(card, p)
	require.NoError(t, err)
	model, _, err := circuits.Compile(changed, s, circuits.CompileOptions{})
	require.NoError(t, err)
	return check(t, model, policy)
}

func remedy(r *Report, kind RemedyKind) *Remedy {
	for i := range r.Remedies {
		if r.Remedies[i].Kind == kind {
			return &r.Remedies[i]
		}
	}
	return nil
}

func TestRemedies(t *testing.T) {
	blocky := make([][]int64, 8) // three blocks of points, and small change that makes every score unique
	for f := range blocky {
		blocky[f] = []int64{0, 100 + int64(1)<<f, 200 + int64(2)<<f}
	}
	for _, tt := range []struct {
		name       string
		tables     [][]int64
		thresholds []int64
		policy     Policy
		kind       RemedyKind
		severity   Severity // afterwards
	}{
		{"needle", honest(), []int64{90, 110, 262}, Policy{Output: OutputBand}, MergeBands, Info},
		{"slices", honest(), []int64{90, 91, 92, 140}, Policy{Output: OutputBand}, MergeBands, Info},
		{"unused", honest(), []int64{-900, 90, 900}, Policy{Output: OutputBand}, MergeBands, Info},
		{"tails", honest(), nil, Policy{Output: OutputScore}, ClampScore, Info},
		{"bands", honest(), []int64{90, 120}, Policy{Output: OutputScore}, UseBands, Info},
		{"points", blocky, nil, Policy{Output: OutputScore}, RoundPoints, Warning},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, card, schema := build(t, tt.tables, nil, tt.thresholds)
			before := check(t, m, tt.policy)
			found := remedy(before, tt.kind)
			require.NotNil(t, found, before.Text())
			require.Equal(t, tt.severity, found.After.Severity, before.Text())
			after := applied(t, found, card, schema, tt.policy)
			require.Equal(t, found.After, after.effect())
			require.True(t, before.helps(after))
		})
	}
}

// What a remedy promises is what the lint says of the changed card, on random cards.
func TestRemediesHold(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 7))
	kinds := make(map[RemedyKind]int)
	for range 150 {
		c, err := circuitstest.Random(rng, circuitstest.Shape{
			Features: 2 + rng.IntN(6), MaxLevels: 8, Bands: 1 + rng.IntN(8), ScoreBits: 3 + rng.IntN(7), Own: rng.IntN(2), Places: rng.IntN(2),
		})
		require.NoError(t, err)
		p := Policy{Output: Output(1 + rng.IntN(2)), K: 2 + rng.IntN(6)}
		before := check(t, c.Model, p)
		for i := range before.Remedies {
			r := &before.Remedies[i]
			kinds[r.Kind]++
			after := applied(t, r, c.Card, c.Schema, p)
			require.True(t, before.helps(after))
			if r.Kind == RoundPoints && after.Scale != before.Scale {
				continue // in other units, spare bits and steps read differently
			}
			require.Equal(t, r.After, after.effect(), r.Kind)
		}
	}
	for kind := MergeBands; kind <= RoundPoints; kind++ {
		require.Positive(t, kinds[kind], kind)
	}
}

func TestApplyErrors(t *testing.T) {
	card := &circuits.Scorecard{Characteristics: []circuits.Characteristic{{
		Name: "a", Attributes: []circuits.Attribute{{Predicate: circuits.Less("f", 1), Points: circuits.Int(3)}},
	}}}
	fine, err := circuits.ParseDecimal("0.25")
	require.NoError(t, err)
	precise := &circuits.Scorecard{Characteristics: []circuits.Characteristic{{
		Name: "a", Attributes: []circuits.Attribute{{Predicate: circuits.Less("f", 1), Points: fine}},
	}}}
	for name, tt := range map[string]struct {
		remedy Remedy
		card   *circuits.Scorecard
	}{
		"no card":      {Remedy{Kind: UseBands}, nil},
		"no kind":      {Remedy{}, card},
		"no threshold": {Remedy{Kind: MergeBands, Drop: []int{0}}, card},
		"no step":      {Remedy{Kind: RoundPoints, Scale: 1}, card},
		"other card":   {Remedy{Kind: RoundPoints, Scale: 10, Step: 2}, precise},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := tt.remedy.Apply(tt.card, Policy{Output: OutputBand})
			require.ErrorIs(t, err, ErrRemedy)
		})
	}
}
