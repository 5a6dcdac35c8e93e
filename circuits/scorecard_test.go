package circuits

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const cardText = `{"blindscore_scorecard":1,"name":"loan","version":"3","base":600,"reasons":"pointsBelow","own":[{"name":"balance","kind":"continuous"},{"name":"branch","kind":"categorical"}],"thresholds":[580.25,620],"bands":["decline","review","accept"],
"characteristics":[
{"name":"age","reason_code":"R1","baseline":12.5,"attributes":[{"when":{"op":"isMissing","feature":"age"},"points":-1.25},{"when":{"op":"and","of":[{"op":"greaterThan","feature":"age","value":18},{"op":"lessOrEqual","feature":"age","value":39}]},"points":12.5,"reason_code":"R1b"},{"when":{"op":"true"},"points":3}]},
{"name":"sector","reason_code":"R2","attributes":[{"when":{"op":"isIn","feature":"sector","values":["retail","trade & <co>"]},"points":20},{"when":{"op":"true"},"points":0}]},
{"name":"own","attributes":[{"when":{"op":"surrogate","of":[{"op":"lessThan","feature":"balance","value":0},{"op":"equal","feature":"branch","value":"north"}]},"points":-15},{"when":{"op":"true"},"points":0}]}
]}
`

func TestScorecardFile(t *testing.T) {
	c, err := ParseScorecard([]byte(cardText))
	require.NoError(t, err)
	require.Equal(t, dec(t, "580.25"), c.Thresholds[0])
	require.Equal(t, dec(t, "-1.25"), c.Characteristics[0].Attributes[0].Points)
	require.Equal(t, []string{"balance", "branch"}, c.Characteristics[2].Features())
	file, err := c.Encode()
	require.NoError(t, err)
	require.Equal(t, cardText, string(file))

	r, err := c.Evaluate(map[string]Value{"age": Number(30), "balance": Number(-1)})
	require.NoError(t, err)
	require.Equal(t, "597.5", r.Score.String())
	require.Equal(t, "review", r.BandName)
	require.Equal(t, 1, r.Band)
	require.Equal(t, []Partial{{"age", 1, dec(t, "12.5")}, {"sector", 1, Int(0)}, {"own", 0, Int(-15)}}, r.Partials)
	require.Equal(t, []Reason{{"R1b", "age", Int(0)}, {"R2", "sector", Int(0)}}, r.Reasons, "ties keep the card's order")
}

func TestReasonsRankByDifference(t *testing.T) {
	always := func(name, code string, baseline, points int64) Characteristic {
		return Characteristic{Name: name, ReasonCode: code, Baseline: Int(baseline), Attributes: []Attribute{{Predicate: True(), Points: Int(points)}}}
	}
	c := card(always("a", "A", 10, 3), always("b", "B", 18, 0), always("c", "C", 10, 26), always("d", "", 0, 99), always("e", "E", 7, 0))
	codes := func() (codes string) {
		r, err := c.Evaluate(nil)
		require.NoError(t, err)
		for _, reason := range r.Reasons {
			codes += reason.Code
		}
		return codes
	}
	require.Empty(t, codes())
	c.Reasons = PointsBelow
	require.Equal(t, "BAEC", codes())
	c.Reasons = PointsAbove
	require.Equal(t, "CAEB", codes())
}

func TestScorecardErrorsNameTheField(t *testing.T) {
	replace := func(old, new string) string {
		require.Contains(t, cardText, old)
		return strings.Replace(cardText, old, new, 1)
	}
	deep := strings.Repeat(`{"op":"and","of":[{"op":"true"},`, 17) + `{"op":"true"}` + strings.Repeat(`]}`, 17)
	for _, c := range []struct{ text, want string }{
		{replace(`"points":-1.25`, `"points":"-1.25"`), `characteristics[0] "age"`},
		{replace(`"points":-1.25`, `"points":1e400`), `characteristics[0] "age"`},
		{replace(`,"points":-1.25`, ``), `"age": attributes[0]: points: want a number, got none`},
		{replace(`"op":"isMissing"`, `"op":"ismissing"`), `"age": attributes[0]: op: want a known operator, got "ismissing"`},
		{replace(`"op":"isMissing"`, `"op":"equal"`), `"age": attributes[0]: equal: want 1 constants, got 0`},
		{replace(`"op":"isMissing"`, `"op":"true"`), `"age": attributes[0]: true: want 0 feature`},
		{replace(`"op":"isMissing"`, `"op":"isMissing","value":3`), `isMissing: value: want no such field`},
		{replace(`"op":"isMissing"`, `"op":"isMissing","values":[3]`), `isMissing: want 0 constants, got 1`},
		{replace(`"value":18`, `"values":[18]`), `greaterThan: values: want the field value`},
		{replace(`"value":18`, `"value":"18"`), `greaterThan: values[0]: want a number to order by, got the text "18"`},
		{replace(`"value":18`, `"value":true`), `characteristics[0] "age"`},
		{replace(`["retail","trade & <co>"]`, `[]`), `"sector": attributes[0]: isIn: want 1 constants, got 0`},
		{replace(`{"op":"true"}`, deep), `want a predicate of depth 16 at most`},
		{replace(`"value":0`, `"value":"x"`), `"own": attributes[0]: lessThan`},
		{replace(`"op":"equal","feature":"branch","value":"north"`, `"op":"lessThan","feature":"branch","value":1`), `own feature "branch" is categorical`},
		{replace(`[580.25,620]`, `[620,580.25]`), `thresholds[1]: want ascending thresholds, got 580.25 after 620`},
		{replace(`[580.25,620]`, `[580.25]`), `bands: want 2 names for 1 thresholds, got 3`},
		{replace(`"decline","review"`, `"review","review"`), `bands[1]: "review" is already taken`},
		{replace(`"reasons":"pointsBelow"`, `"reasons":"below"`), `reasons: want one of`},
		{replace(`"name":"branch"`, `"name":"balance"`), `own[1].name: "balance" is already taken`},
		{replace(`"kind":"categorical"`, `"kind":"text"`), `own[1].kind`},
		{replace(`"name":"sector"`, `"name":"age"`), `characteristics[1] "age": name: already taken`},
		{replace(`"reason_code":"R1"`, `"reason_code":"`+strings.Repeat("R", 129)+`"`), `"age": reason_code: want at most 128`},
		{replace(`"baseline":12.5`, `"baseline":9223372036854775807`), `"age": baseline: attributes[0]`},
		{replace(`"base":600`, `"base":600,"bonus":1`), `unknown field "bonus"`},
		{replace(`"blindscore_scorecard":1`, `"blindscore_scorecard":0`), `want format 1, got 0`},
		{`{"blindscore_scorecard":1,"name":"x","base":0,"characteristics":[]}`, `characteristics: want 1 to 512, got 0`},
		{`{"blindscore_scorecard":1,"name":"x","base":0,"characteristics":[{"name":"c","attributes":[]}]}`, `attributes: want 1 to 4200, got 0`},
		{strings.Repeat(" ", MaxScorecardBytes+1), `want at most`},
	} {
		_, err := ParseScorecard([]byte(c.text))
		require.ErrorIs(t, err, ErrCard, c.want)
		require.ErrorContains(t, err, c.want)
	}
}

func FuzzParseScorecard(f *testing.F) {
	f.Add([]byte(cardText))
	f.Add([]byte(`{"blindscore_scorecard":1,"name":"c","base":1e2,"characteristics":[{"name":"c","attributes":[{"when":{"op":"xor","of":[{"op":"true"},{"op":"isNotIn","feature":"f","values":["a",1]}]},"points":0.10}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseScorecard(data)
		if err != nil {
			require.True(t, isAny(err, ErrCard, ErrLimit), "%v", err)
			return
		}
		file, err := c.Encode()
		require.NoError(t, err)
		again, err := ParseScorecard(file)
		require.NoError(t, err, "%s", file)
		twice, err := again.Encode()
		require.NoError(t, err)
		require.Equal(t, string(file), string(twice))
		if _, err := c.Evaluate(nil); err != nil {
			require.ErrorIs(t, err, ErrNoMatch)
		}
	})
}
