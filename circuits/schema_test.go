package circuits

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// schemaText is a schema with every field in use; its digest is frozen below.
const schemaText = `{"blindscore_schema":1,"name":"tax","version":"2026-01","features":[
{"name":"sales","kind":"continuous","unit":"CNY fen","description":"net sales of 12 months","sensitivity":"confidential","integer":true,"range":{"min":0,"max":1000000},"end_levels":true,"cuts":[100,5000],"specials":[{"name":"no invoice yet","value":-999},{"name":"sealed","value":"sealed"}]},
{"name":"growth","kind":"continuous","sensitivity":"confidential","cuts":[-0.5,0,{"after":0},{"after":1.5}]},
{"name":"rating","kind":"ordinal","sensitivity":"restricted","range":{"min":1,"max":9},"cuts":[4],"fold_missing":true},
{"name":"sector","kind":"categorical","sensitivity":"public","categories":["retail","零售 & more"],"specials":[{"name":"unassigned","value":"?"}]}
]}`

func TestSchemaFile(t *testing.T) {
	s, err := ParseSchema([]byte(schemaText))
	require.NoError(t, err)
	require.Equal(t, "tax", s.Name())
	require.Equal(t, "2026-01", s.Version())
	require.Equal(t, 4, s.Len())
	require.Equal(t, 1, s.Index("growth"))
	require.Equal(t, -1, s.Index("nobody"))
	_, ok := s.Feature("nobody")
	require.False(t, ok)
	f, ok := s.Feature("sales")
	require.True(t, ok)
	require.Equal(t, "CNY fen", f.Unit())
	require.Equal(t, SensitivityConfidential, f.Sensitivity())

	file, err := s.Encode()
	require.NoError(t, err)
	require.Equal(t, schemaText+"\n", string(file))
	again, err := ParseSchema(file)
	require.NoError(t, err)
	require.Equal(t, s.Canonical(), again.Canonical())

	// Frozen: a change here changes every task that was ever agreed on. A second program, written from the package
	// documentation alone, computed the same digest.
	digest := s.Digest()
	require.Equal(t, "5c15b041c240fd190894c308998215084122c06c9018d17d5da9fc4c81571d05", hex.EncodeToString(digest[:]))
}

func TestLevelsAndTheirNames(t *testing.T) {
	s, err := ParseSchema([]byte(schemaText))
	require.NoError(t, err)
	up := func(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }
	down := func(x float64) float64 { return math.Nextafter(x, math.Inf(-1)) }
	names := map[string][]string{
		"sales":  {"(-inf, 0)", "[0, 100)", "[100, 5000)", "[5000, 1000001)", "[1000001, inf)", "missing", "no invoice yet", "sealed"},
		"growth": {"(-inf, -0.5)", "[-0.5, 0)", "[0, 0]", "(0, 1.5]", "(1.5, inf)", "missing"},
		"rating": {"(-inf, 4)", "[4, inf)"},
		"sector": {"retail", "零售 & more", "other", "missing", "unassigned"},
	}
	for _, f := range s.Features() {
		var got []string
		for l := range f.Levels() {
			got = append(got, f.LevelName(l))
		}
		require.Equal(t, names[f.Name()], got)
		require.Equal(t, "no level -1", f.LevelName(-1))
		require.Equal(t, fmt.Sprintf("no level %d", f.Levels()), f.LevelName(f.Levels()))
	}
	for _, c := range []struct {
		feature string
		v       Value
		level   int
	}{
		{"sales", Number(-1), 0},
		{"sales", Number(0), 1},
		{"sales", Number(math.Copysign(0, -1)), 1},
		{"sales", Number(99), 1},
		{"sales", Number(100), 2},
		{"sales", Number(99.4), 1},
		{"sales", Number(99.5), 2},
		{"sales", Number(98.5), 1}, // to the nearest, ties to even
		{"sales", Number(1000000), 3},
		{"sales", Number(1000001), 4},
		{"sales", Number(math.Inf(1)), 4},
		{"sales", Number(math.Inf(-1)), 0},
		{"sales", Number(math.NaN()), 5},
		{"sales", Missing(), 5},
		{"sales", Text("12"), 5},
		{"sales", Number(-999), 6},
		{"sales", Text("sealed"), 7},
		{"growth", Number(down(-0.5)), 0},
		{"growth", Number(-0.5), 1},
		{"growth", Number(down(0)), 1},
		{"growth", Number(0), 2},
		{"growth", Number(up(0)), 3},
		{"growth", Number(1.5), 3},
		{"growth", Number(up(1.5)), 4},
		{"growth", Number(math.MaxFloat64), 4},
		{"growth", Number(math.NaN()), 5},
		{"rating", Missing(), 0},
		{"rating", Number(-100), 0},
		{"rating", Number(4), 1},
		{"rating", Number(math.Inf(1)), 1},
		{"sector", Text("retail"), 0},
		{"sector", Text("零售 & more"), 1},
		{"sector", Text("Retail"), 2},
		{"sector", Text(""), 2},
		{"sector", Number(3), 2},
		{"sector", Missing(), 3},
		{"sector", Text("?"), 4},
		{"sector", Text("\xff"), 2},
	} {
		f, _ := s.Feature(c.feature)
		require.Equal(t, c.level, f.Level(c.v), "%s %s", c.feature, c.v.Reveal())
	}
	require.Equal(t, []uint16{2, 5, 0, 3}, s.Levels(map[string]Value{"sales": Number(100)}))
}

func TestParseValue(t *testing.T) {
	s, err := ParseSchema([]byte(schemaText))
	require.NoError(t, err)
	for _, c := range []struct {
		feature, text string
		want          Value
	}{
		{"sales", "", Missing()},
		{"sales", "12.5", Number(12.5)},
		{"sales", " -3 ", Number(-3)},
		{"sales", "sealed", Text("sealed")},
		{"sales", "abc", Missing()},
		{"sales", "1,000", Missing()},
		{"sales", "1e999", Number(math.Inf(1))},
		{"sales", "-1e999", Number(math.Inf(-1))},
		{"sales", "NaN", Missing()},
		{"sales", "-999", Number(-999)},
		{"sales", "   ", Missing()},
		{"sector", "retail", Text("retail")},
		{"sector", " retail", Text(" retail")},
		{"sector", "7", Text("7")},
		{"sector", "", Missing()},
	} {
		f, _ := s.Feature(c.feature)
		require.Equal(t, c.want.Reveal(), f.Parse(c.text).Reveal(), "%s %q", c.feature, c.text)
	}
}

func TestSchemaErrorsNameFeatureAndField(t *testing.T) {
	replace := func(old, new string) string {
		require.Contains(t, schemaText, old)
		return strings.Replace(schemaText, old, new, 1)
	}
	for _, c := range []struct{ text, want string }{
		{replace(`"cuts":[4]`, `"cuts":[4,4]`), `features[2] "rating": cuts[1]`},
		{replace(`"cuts":[4]`, `"cuts":[10]`), `"rating": cuts[0]: want a cut within the range`},
		{replace(`"cuts":[4]`, `"cuts":"4"`), `"rating": field cuts`},
		{replace(`"cuts":[4]`, `"cuts":[{"before":4}]`), `"rating": cuts: unknown field "before"`},
		{replace(`"cuts":[4]`, `"cuts":[{}]`), `"rating": cuts: want a number or`},
		{replace(`"cuts":[4]`, `"cuts":[1e999]`), `"rating": `},
		{replace(`"cuts":[100,5000]`, `"cuts":[100.5]`), `"sales": cuts[0]: want a cut before an integer`},
		{replace(`"cuts":[100,5000]`, `"cuts":[{"after":100}]`), `"sales": cuts[0]: want a cut before an integer`},
		{replace(`"kind":"ordinal"`, `"kind":"Ordinal"`), `"rating": kind: want one of [continuous ordinal categorical]`},
		{replace(`"kind":"ordinal",`, ``), `"rating": kind`},
		{replace(`"sensitivity":"restricted"`, `"sensitivity":"secret"`), `"rating": sensitivity`},
		{replace(`"min":1,`, ``), `"rating": range: want min and max`},
		{replace(`"max":9`, `"max":0`), `"rating": range`},
		{replace(`"name":"growth"`, `"name":"sales"`), `features[1] "sales": name: also the name of features[0]`},
		{replace(`"name":"growth"`, `"name":""`), `features[1] "": name: want a name`},
		{replace(`"name":"growth"`, `"name":"`+strings.Repeat("x", 129)+`"`), `name: want at most 128 bytes, got 129`},
		{replace(`"name":"growth"`, `"name":" growth"`), `name: want printable text`},
		{replace(`"name":"growth"`, `"name":"gro\u0000wth"`), `name: want printable text`},
		{replace(`"name":"growth"`, `"name":"gro\ud800wth"`), `name: want printable text`},
		{replace(`"fold_missing":true`, `"fold_missing":true,"colour":1`), `"rating": unknown field "colour"`},
		{replace(`"fold_missing":true`, `"fold_missing":true,"fold_missing":true`), `field fold_missing: want it once`},
		{replace(`"fold_missing":true`, `"Fold_Missing":true`), `want a field name in lower case`},
		{replace(`"fold_missing":true`, `"fold_missing":null`), `got null`},
		{replace(`"retail",`, `"?",`), `"sector": specials[0].value`},
		{replace(`"retail",`, `"零售 & more",`), `"sector": categories[1]: want distinct`},
		{replace(`"retail",`, `"",`), `"sector": categories[0]: want a text`},
		{replace(`"value":"?"`, `"value":7`), `"sector": specials[0].value: want a text`},
		{replace(`"value":-999`, `"value":-999.5`), `"sales": specials[0].value`},
		{replace(`"value":-999`, `"value":"sealed"`), `"sales": specials[1]: want distinct`},
		{replace(`"value":-999`, `"value":[]`), `"sales": `},
		{replace(`"categories"`, `"integer":true,"categories"`), `"sector": cuts: want no integer`},
		{replace(`"blindscore_schema":1`, `"blindscore_schema":2`), `blindscore_schema: want format 1, got 2`},
		{replace(`"version":"2026-01"`, `"version":""`), `version: want a name`},
		{schemaText + "{}", `want one JSON value`},
		{schemaText[:100], `ends in the middle`},
		{"", `ends in the middle`},
		{"[]", `want another type`},
		{strings.Repeat("[", 100000), `want a nesting of at most`},
		{strings.Repeat(" ", MaxSchemaBytes+1), `want at most 4194304 bytes`},
		{`{"blindscore_schema":1,"name":"x","version":"1","features":[]}`, `features: want 1 to 256, got 0`},
		{"{\"blindscore_schema\":1,\"name\":\"\xff\"}", `want valid UTF-8`},
	} {
		_, err := ParseSchema([]byte(c.text))
		require.ErrorIs(t, err, ErrSchema, c.want)
		require.ErrorContains(t, err, c.want)
	}
}

func TestSchemaLimits(t *testing.T) {
	f := FeatureSpec{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic}
	for i := range MaxLevels - 1 {
		f.Cuts = append(f.Cuts, Cut{At: float64(i)})
	}
	_, err := NewSchema("s", "1", f)
	require.ErrorContains(t, err, "levels: want at most 4096, got 4097")
	f.FoldMissing = true
	s, err := NewSchema("s", "1", f)
	require.NoError(t, err)
	require.Equal(t, MaxLevels, s.At(0).Levels())

	_, err = NewSchema("s", "1", make([]FeatureSpec, MaxFeatures+1)...)
	require.ErrorIs(t, err, ErrSchema)
	for _, bad := range []FeatureSpec{
		{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, Cuts: []Cut{{At: math.NaN()}}},
		{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, Cuts: []Cut{{At: math.Inf(1)}}},
		{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, Range: &Range{math.Inf(-1), 0}},
		{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, EndLevels: true},
		{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, Cuts: []Cut{{1, true}, {1, false}}},
		{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, Specials: []Special{{"m", Missing()}}},
		{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, Categories: []string{"a"}},
		{Name: "f", Kind: 9, Sensitivity: SensitivityPublic},
		{Name: "f", Kind: KindOrdinal},
	} {
		_, err := NewSchema("s", "1", bad)
		require.ErrorIs(t, err, ErrSchema)
	}
}

// A schema does not change with the literal that made it, nor with what it hands out.
func TestSchemaIsImmutable(t *testing.T) {
	spec := FeatureSpec{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, Range: &Range{0, 9}, Cuts: Before(1, 2)}
	s, err := NewSchema("s", "1", spec)
	require.NoError(t, err)
	spec.Cuts[0].At, spec.Range.Max = 7, 8
	got := s.At(0).Spec()
	got.Cuts[1].At, got.Range.Min = 7, 8
	s.At(0).Cuts()[0].At = 3
	s.Canonical()[0] ^= 1
	s.Features()[0] = nil
	require.Equal(t, FeatureSpec{Name: "f", Kind: KindContinuous, Sensitivity: SensitivityPublic, Range: &Range{0, 9}, Cuts: Before(1, 2)}, s.At(0).Spec())
	again, err := NewSchema("s", "1", s.At(0).Spec())
	require.NoError(t, err)
	require.Equal(t, s.Canonical(), again.Canonical())
}

// Every field counts for the digest.
func TestDigestCoversEveryField(t *testing.T) {
	base := func() FeatureSpec {
		return FeatureSpec{Name: "f", Kind: KindContinuous, Unit: "u", Sensitivity: SensitivityPublic, Range: &Range{0, 9}, Cuts: Before(1, 2), Specials: []Special{{"s", Number(-1)}}}
	}
	seen := map[[32]byte]string{}
	for name, change := range map[string]func(f *FeatureSpec){
		"none": func(*FeatureSpec) {}, "name": func(f *FeatureSpec) { f.Name = "g" }, "kind": func(f *FeatureSpec) { f.Kind = KindOrdinal },
		"unit": func(f *FeatureSpec) { f.Unit = "v" }, "description": func(f *FeatureSpec) { f.Description = "d" },
		"sensitivity": func(f *FeatureSpec) { f.Sensitivity = SensitivityInternal }, "integer": func(f *FeatureSpec) { f.Integer = true },
		"min": func(f *FeatureSpec) { f.Range.Min = 1 }, "max": func(f *FeatureSpec) { f.Range.Max = 2 }, "no range": func(f *FeatureSpec) { f.Range = nil },
		"ends": func(f *FeatureSpec) { f.EndLevels = true }, "cut": func(f *FeatureSpec) { f.Cuts[1].At = 3 }, "side": func(f *FeatureSpec) { f.Cuts[1].After = true },
		"special name": func(f *FeatureSpec) { f.Specials[0].Name = "t" }, "special value": func(f *FeatureSpec) { f.Specials[0].Value = Number(-2) },
		"special text": func(f *FeatureSpec) { f.Specials[0].Value = Text("-1") }, "fold": func(f *FeatureSpec) { f.FoldMissing = true },
	} {
		f := base()
		change(&f)
		s, err := NewSchema("s", "1", f)
		require.NoError(t, err, name)
		other, twice := seen[s.Digest()]
		require.False(t, twice, "%s and %s have the same digest", name, other)
		seen[s.Digest()] = name
	}
}

func FuzzParseSchema(f *testing.F) {
	f.Add([]byte(schemaText))
	f.Add([]byte(`{"blindscore_schema":1,"name":"s","version":"1","features":[{"name":"f","kind":"categorical","sensitivity":"public"}]}`))
	f.Add([]byte(`{"features":[{"name":"f","cuts":[{"after":1}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSchema(data)
		if err != nil {
			require.ErrorIs(t, err, ErrSchema)
			return
		}
		file, err := s.Encode()
		require.NoError(t, err)
		again, err := ParseSchema(file)
		require.NoError(t, err, "%s", file)
		require.Equal(t, s.Digest(), again.Digest())
		twice, err := again.Encode()
		require.NoError(t, err)
		require.Equal(t, string(file), string(twice))
		for _, feature := range s.Features() {
			for _, v := range []Value{Missing(), Number(0), Number(math.Inf(1)), Number(math.Inf(-1)), Number(math.NaN()), Text("x")} {
				require.Less(t, feature.Level(v), feature.Levels())
			}
		}
	})
}
