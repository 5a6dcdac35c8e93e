package lint

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

// build compiles a card with the given points for each feature's levels; own points are those of one own feature.
func build(t testing.TB, tables [][]int64, own, thresholds []int64) (*circuits.Model, *circuits.Scorecard, *circuits.Schema) {
	t.Helper()
	card := &circuits.Scorecard{Name: "built", Version: "1", Base: circuits.Int(100)}
	var specs []circuits.FeatureSpec
	for f, points := range tables {
		name := fmt.Sprintf("f%d", f)
		spec := circuits.FeatureSpec{
			Name: name, Kind: circuits.KindContinuous, Integer: true, FoldMissing: true,
			Sensitivity: circuits.SensitivityConfidential,
		}
		ch := circuits.Characteristic{Name: name}
		for l := 1; l < len(points); l++ {
			spec.Cuts = append(spec.Cuts, circuits.Cut{At: float64(l)})
			p := circuits.Less(name, float64(l))
			if l == 1 {
				p = circuits.Any(p, circuits.IsMissing(name))
			}
			ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: p, Points: circuits.Int(points[l-1])})
		}
		ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: circuits.True(), Points: circuits.Int(points[len(points)-1])})
		specs, card.Characteristics = append(specs, spec), append(card.Characteristics, ch)
	}
	if len(own) > 0 {
		card.Own = []circuits.OwnFeature{{Name: "own", Kind: circuits.KindContinuous}}
		ch := circuits.Characteristic{Name: "own"}
		for i, points := range own {
			p := circuits.Less("own", float64(i))
			if i == len(own)-1 {
				p = circuits.True()
			}
			ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: p, Points: circuits.Int(points)})
		}
		card.Characteristics = append(card.Characteristics, ch)
	}
	for i, th := range thresholds {
		card.Thresholds = append(card.Thresholds, circuits.Int(th))
		card.Bands = append(card.Bands, fmt.Sprintf("band %d", i))
	}
	if len(thresholds) > 0 {
		card.Bands = append(card.Bands, fmt.Sprintf("band %d", len(thresholds)))
	}
	schema, err := circuits.NewSchema("built", "1", specs...)
	require.NoError(t, err)
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	return model, card, schema
}

func check(t testing.TB, m *circuits.Model, p Policy) *Report {
	t.Helper()
	r, err := Check(context.Background(), m, p)
	require.NoError(t, err)
	return r
}

// found are the severities of the findings of a code.
func found(r *Report, code Code) []Severity {
	var s []Severity
	for _, f := range r.Findings {
		if f.Code == code {
			s = append(s, f.Severity)
		}
	}
	return s
}

// powers is the hostile card: level l of feature f gives l * base^f points.
func powers(features, levels int, base int64) [][]int64 {
	tables, unit := make([][]int64, features), int64(1)
	for f := range tables {
		for l := range levels {
			tables[f] = append(tables[f], int64(l)*unit)
		}
		unit *= base
	}
	return tables
}

// honest is what a risk team would draw up: twelve features of five to eight bins, points of like size.
func honest() [][]int64 {
	return [][]int64{
		{-20, -8, 0, 6, 13, 21},
		{-15, -5, 2, 9, 14},
		{-25, -12, -3, 4, 10, 17, 22},
		{-10, -4, 1, 5, 11},
		{12, 7, 3, -6, -18},
		{9, 4, 0, -7, -13, -22},
		{-16, -9, 0, 8, 12, 15},
		{-11, -2, 3, 7, 10, 14, 18, 19},
		{8, 5, 1, -5, -14},
		{-9, -3, 0, 4, 6},
		{-12, -6, 1, 7, 13, 16},
		{-8, -2, 2, 5, 9},
	}
}
