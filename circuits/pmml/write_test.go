package pmml

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
)

// TestRoundTrip: a random card, written and read, gives the same results, reasons included, on raw values.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	written := 0
	for i := range 300 {
		shape := circuitstest.Shape{Features: 1 + r.IntN(5), Places: r.IntN(4), Wild: i%2 == 0, Reasons: i%3 == 0}
		if !shape.Reasons {
			shape.Own = r.IntN(3)
		}
		c, err := circuitstest.Random(r, shape)
		require.NoError(t, err)
		var b bytes.Buffer
		if err := Write(&b, c.Card, c.Schema); err != nil {
			require.ErrorIs(t, err, ErrUnsupported) // texts among numbers
			continue
		}
		written++
		opts := Options{Version: c.Card.Version, Thresholds: c.Card.Thresholds, Bands: c.Card.Bands}
		reads := make(map[string]bool)
		for i := range c.Card.Characteristics {
			for _, f := range c.Card.Characteristics[i].Features() {
				reads[f] = true
			}
		}
		for _, o := range c.Card.Own {
			if reads[o.Name] {
				opts.Own = append(opts.Own, o.Name)
			}
		}
		doc, err := Read(&b, opts)
		require.NoError(t, err)
		for range 100 {
			values := c.Company(r)
			want, wantErr := c.Card.Evaluate(values)
			got, gotErr := doc.Card.Evaluate(values)
			require.Equal(t, errors.Is(wantErr, circuits.ErrNoMatch), errors.Is(gotErr, circuits.ErrNoMatch))
			require.Equal(t, want, got)
		}
		if len(doc.Fields) == len(doc.Card.Own) {
			continue // nothing for a schema
		}
		schema, err := ProposeSchema(doc, "proposed", "1")
		require.NoError(t, err)
		// The proposed grid carries all cut-offs.
		model, report, err := circuits.Compile(doc.Card, schema, circuits.CompileOptions{})
		require.NoError(t, err)
		require.Empty(t, report.Moved)
		require.Equal(t, c.Model.Scale(), model.Scale())
	}
	require.Greater(t, written, 100)
}

func TestWriteTexts(t *testing.T) {
	schema, err := circuits.NewSchema("s", "1", circuits.FeatureSpec{
		Name: `a<&"b`, Kind: circuits.KindCategorical, Sensitivity: circuits.SensitivityInternal, Categories: []string{"x"},
	})
	require.NoError(t, err)
	texts := []string{`a b`, `q"q`, `back\slash`, `end\`, `\"`, `<&>`, `税 务`, `'`, ``}
	for _, set := range [][]string{texts, {`a b`, `q"q`, ``}, {`\`}} {
		var values []circuits.Value
		for _, text := range set {
			values = append(values, circuits.Text(text))
		}
		card := &circuits.Scorecard{Name: "texts & more", Characteristics: []circuits.Characteristic{{
			Name: "one", Attributes: []circuits.Attribute{
				{Predicate: circuits.NotIn(`a<&"b`, values...), Points: circuits.Int(1)},
				{Predicate: circuits.In(`a<&"b`, values...), Points: circuits.Int(2)},
				{Predicate: circuits.True(), Points: circuits.Int(3)},
			},
		}}}
		var b bytes.Buffer
		require.NoError(t, Write(&b, card, schema))
		doc, err := Read(&b, Options{})
		require.NoError(t, err)
		for _, v := range append(values, circuits.Text("z"), circuits.Text("back"), circuits.Missing()) {
			want, err := card.Evaluate(map[string]circuits.Value{`a<&"b`: v})
			require.NoError(t, err)
			got, err := doc.Card.Evaluate(map[string]circuits.Value{`a<&"b`: v})
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	schema, err := circuits.NewSchema("s", "1", circuits.FeatureSpec{
		Name: "x", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal,
	})
	require.NoError(t, err)
	card := func(p circuits.Predicate) *circuits.Scorecard {
		return &circuits.Scorecard{Name: "c", Characteristics: []circuits.Characteristic{{
			Name: "one", Attributes: []circuits.Attribute{{Predicate: p}},
		}}}
	}
	var b bytes.Buffer
	require.ErrorIs(t, Write(&b, nil, schema), circuits.ErrCard)
	require.ErrorIs(t, Write(&b, &circuits.Scorecard{}, schema), circuits.ErrCard)
	require.ErrorIs(t, Write(&b, card(circuits.Less("y", 1)), schema), circuits.ErrCard)
	require.ErrorIs(t, Write(&b, card(circuits.Equal("x", circuits.Text("a"))), schema), ErrUnsupported)
	ranked := card(circuits.True())
	ranked.Reasons = circuits.PointsAbove
	require.ErrorIs(t, Write(&b, ranked, schema), ErrUnsupported)
	require.Zero(t, b.Len())
}
