package propose

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

func TestGrid(t *testing.T) {
	behind := func(x float64) circuits.Cut { return circuits.Cut{At: x, After: true} }
	before := func(x float64) circuits.Cut { return circuits.Cut{At: x} }
	for name, c := range map[string]struct {
		cuts    []circuits.Cut
		integer bool
		want    []circuits.Cut
	}{
		"sorted":         {[]circuits.Cut{before(3), before(-1), behind(3), before(3)}, false, []circuits.Cut{before(-1), before(3), behind(3)}},
		"integers":       {[]circuits.Cut{behind(18), before(19), before(18.5), behind(18.5), before(18)}, true, []circuits.Cut{before(18), before(19)}},
		"one ulp":        {[]circuits.Cut{before(math.Nextafter(1, 2)), behind(1)}, false, []circuits.Cut{before(math.Nextafter(1, 2))}},
		"large integers": {[]circuits.Cut{behind(1 << 60)}, true, []circuits.Cut{before(1<<60 + 256)}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, grid(c.cuts, c.integer))
			_, err := circuits.NewSchema("s", "1", circuits.FeatureSpec{
				Name: "x", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal, Integer: c.integer, Cuts: c.want,
			})
			require.NoError(t, err)
		})
	}
}

func TestFeatures(t *testing.T) {
	card := func(p circuits.Predicate) *circuits.Scorecard {
		return &circuits.Scorecard{Characteristics: []circuits.Characteristic{{Attributes: []circuits.Attribute{{Predicate: p}}}}}
	}
	number := []Field{{Name: "x", Kind: circuits.KindContinuous}}
	text := []Field{{Name: "x", Kind: circuits.KindCategorical, Categories: []string{"b"}}}
	got, err := Features(card(circuits.In("x", circuits.Text("a"), circuits.Text("b"))), text)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "a"}, got[0].Categories)
	for _, c := range []struct {
		p      circuits.Predicate
		fields []Field
	}{
		{circuits.Equal("x", circuits.Text("a")), number},
		{circuits.Equal("x", circuits.Number(1)), text},
		{circuits.Equal("x", circuits.Text("")), text},
		{circuits.Less("y", 1), number},
	} {
		_, err := Features(card(c.p), c.fields)
		require.ErrorIs(t, err, circuits.ErrUnsupported)
	}
	own := card(circuits.Less("y", 1))
	own.Own = []circuits.OwnFeature{{Name: "y", Kind: circuits.KindContinuous}}
	got, err = Features(own, number)
	require.NoError(t, err)
	require.Empty(t, got)
}
