package pmml

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

func decimal(t testing.TB, text string) circuits.Decimal {
	t.Helper()
	d, err := circuits.ParseDecimal(text)
	require.NoError(t, err)
	return d
}

func codesOf(r circuits.Result) []string {
	var codes []string
	for _, reason := range r.Reasons {
		codes = append(codes, reason.Code)
	}
	return codes
}

// TestPublishedExample: the Data Mining Group's own example has two ComplexPartialScores. The one of attribute 3 can
// never be reached (attribute 2 has the same predicate); that of attribute 5 can, so the document is refused.
func TestPublishedExample(t *testing.T) {
	text := example(t, "dmg_scorecard_example_v4_3.xml")
	_, err := read(text, Options{})
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorIs(t, err, circuits.ErrUnsupported)
	require.ErrorContains(t, err, `characteristic "incomeScore", attribute 5`)
	var at *Error
	require.ErrorAs(t, err, &at)
	require.Equal(t, "PMML/Scorecard/Characteristics/Characteristic[3]/Attribute[5]/ComplexPartialScore", at.Path)
	require.Equal(t, strings.Count(text[:strings.LastIndex(text, "<ComplexPartialScore>")], "\n")+1, at.Line)

	start, end := strings.LastIndex(text, "<Attribute>"), strings.LastIndex(text, "</Attribute>")+len("</Attribute>")
	doc, err := read(text[:start]+text[end:], Options{})
	require.NoError(t, err)
	require.Equal(t, "4.3", doc.Version)
	require.Equal(t, "SampleScorecard", doc.Card.Name)
	require.Len(t, doc.Card.Characteristics[2].Attributes, 3, "the unreachable attribute is dropped")
	company := map[string]circuits.Value{
		"department": circuits.Text("engineering"), "age": circuits.Number(25), "income": circuits.Number(500),
	}
	r, err := doc.Card.Evaluate(company)
	require.NoError(t, err)
	require.Equal(t, circuits.Int(29), r.Score)
	require.Equal(t, []string{"RC2", "RC1"}, codesOf(r)[:2])

	company["income"] = circuits.Number(3000) // was the complex attribute's alone
	_, err = doc.Card.Evaluate(company)
	require.ErrorIs(t, err, circuits.ErrNoMatch)

	company["income"] = circuits.Number(1700) // attribute 4 stands before the complex one
	r, err = doc.Card.Evaluate(company)
	require.NoError(t, err)
	require.Equal(t, circuits.Int(8), r.Score)
}

func TestRiskExample(t *testing.T) {
	doc, err := read(example(t, "pyscorecard_risk_example.xml"), Options{Version: "7"})
	require.NoError(t, err)
	require.Equal(t, circuits.PointsAbove, doc.Card.Reasons)
	require.Equal(t, "7", doc.Card.Version)
	require.Equal(t, []Field{
		{Name: "role", Kind: circuits.KindCategorical},
		{Name: "age", Kind: circuits.KindContinuous, Integer: true},
		{Name: "wage", Kind: circuits.KindContinuous},
	}, doc.Fields)
	r, err := doc.Card.Evaluate(map[string]circuits.Value{
		"role": circuits.Text("engineering"), "age": circuits.Number(25), "wage": circuits.Number(500),
	})
	require.NoError(t, err)
	require.Equal(t, circuits.Int(55), r.Score)
	require.Equal(t, []string{"AgeYoungAdult", "WageLow", "RoleENGR"}, codesOf(r), "ties in order of the card")

	_, err = doc.Card.Evaluate(map[string]circuits.Value{"role": circuits.Text("cook")})
	require.ErrorIs(t, err, circuits.ErrNoMatch)

	schema, err := ProposeSchema(doc, "risk", "1")
	require.NoError(t, err)
	age, _ := schema.Feature("age")
	require.Equal(t, circuits.Before(19, 30, 40), age.Cuts())
	require.Equal(t, []string{"marketing", "engineering", "business"}, schema.At(0).Categories())
	_, _, err = circuits.Compile(doc.Card, schema, circuits.CompileOptions{})
	require.ErrorIs(t, err, circuits.ErrNoMatch, "no attribute for other roles")
	zero := circuits.Decimal{}
	_, report, err := circuits.Compile(doc.Card, schema, circuits.CompileOptions{Default: &zero})
	require.NoError(t, err)
	require.Len(t, report.Defaulted, 1)
}

func TestOptions(t *testing.T) {
	doc, err := read(testdata(t, "operators.xml"), Options{
		Name: "mine", Version: "2", Own: []string{"b"},
		Thresholds: []circuits.Decimal{circuits.Int(120)}, Bands: []string{"low", "high"},
	})
	require.NoError(t, err)
	require.Equal(t, "mine", doc.Card.Name)
	require.Equal(t, decimal(t, "100.25"), doc.Card.Base)
	require.Equal(t, []circuits.OwnFeature{{Name: "b", Kind: circuits.KindCategorical}}, doc.Card.Own)
	r, err := doc.Card.Evaluate(map[string]circuits.Value{"c": circuits.Text("mine")})
	require.NoError(t, err)
	require.Equal(t, "high", r.BandName)

	schema, err := ProposeSchema(doc, "s", "1")
	require.NoError(t, err)
	require.Equal(t, -1, schema.Index("b"), "the bank's own")
	require.Equal(t, "Sales", schema.At(schema.Index("x")).Description())
	// The proposed grid carries every cut-off: tables and raw evaluation agree on all kinds of values.
	zero := circuits.Decimal{}
	model, report, err := circuits.Compile(doc.Card, schema, circuits.CompileOptions{Default: &zero})
	require.NoError(t, err)
	require.Empty(t, report.Moved)
	require.Equal(t, []string{"x", "n", "c"}, model.Features())

	_, err = read(testdata(t, "operators.xml"), Options{Own: []string{"score"}})
	require.ErrorIs(t, err, ErrDocument)
}

// TestVersions: all namespaces of 4.x, versions with a third number, and no others.
func TestVersions(t *testing.T) {
	for _, minor := range []string{"0", "1", "2", "3", "4"} {
		text := swap(t, minimal, "PMML-4_4", "PMML-4_"+minor)
		_, err := read(swap(t, text, `version="4.4"`, `version="4.`+minor+`"`), Options{})
		require.NoError(t, err)
		_, err = read(swap(t, text, `version="4.4"`, `version="4.`+minor+`.1"`), Options{})
		require.NoError(t, err)
	}
}

const minimal = `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
<Header/>
<DataDictionary>
<DataField name="x" optype="continuous" dataType="double"/>
<DataField name="c" optype="categorical" dataType="string"/>
<DataField name="unlisted" optype="continuous" dataType="double"/>
</DataDictionary>
<Scorecard modelName="m" functionName="regression" initialScore="1" baselineScore="3">
<MiningSchema><MiningField name="x"/><MiningField name="c" importance="1"/></MiningSchema>
<Characteristics>
<Characteristic name="one" reasonCode="R1">
<Attribute partialScore="2"><SimplePredicate field="x" operator="lessThan" value="10"/></Attribute>
<Attribute partialScore="3.5"><True/></Attribute>
</Characteristic>
<Characteristic name="two">
<Attribute partialScore="4" reasonCode="R2"><SimpleSetPredicate field="c" booleanOperator="isIn"><Array n="2" type="string">a b</Array></SimpleSetPredicate></Attribute>
<Attribute partialScore="5" reasonCode="R3"><True></True></Attribute>
</Characteristic>
</Characteristics>
</Scorecard>
</PMML>
`

func TestReasonCodes(t *testing.T) {
	doc, err := read(minimal, Options{})
	require.NoError(t, err)
	require.Equal(t, circuits.PointsBelow, doc.Card.Reasons, "the standard's defaults")
	r, err := doc.Card.Evaluate(nil)
	require.NoError(t, err)
	require.Equal(t, decimal(t, "9.5"), r.Score)
	require.Equal(t, []string{"R1", "R3"}, codesOf(r), "an attribute's own code comes before the characteristic's")

	own := swap(t, minimal, `name="two"`, `name="two" baselineScore="100"`)
	doc, err = read(own, Options{})
	require.NoError(t, err)
	r, err = doc.Card.Evaluate(nil)
	require.NoError(t, err)
	require.Equal(t, []string{"R3", "R1"}, codesOf(r))

	plain := strings.NewReplacer(` baselineScore="3"`, "", ` reasonCode="R1"`, "", ` reasonCode="R2"`, "", ` reasonCode="R3"`, "").Replace(minimal)
	doc, err = read(plain, Options{})
	require.NoError(t, err)
	require.Zero(t, doc.Card.Reasons, "no codes, and none asked for")
	_, err = read(swap(t, plain, `modelName="m"`, `modelName="m" useReasonCodes="true"`), Options{})
	require.ErrorIs(t, err, ErrDocument)
}

// TestArrays: the quoting rules.
func TestArrays(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{`a b`, []string{"a", "b"}},
		{"\n\t a\r\n \"b c\"  d ", []string{"a", "b c", "d"}},
		{`"" a`, []string{"", "a"}},
		{`"say \"hi\"" b\c "d\e"`, []string{`say "hi"`, `b\c`, `d\e`}},
		{``, nil},
		{`税 "a 号"`, []string{"税", "a 号"}},
	} {
		got, err := splitArray(&node{name: "Array"}, c.text, true)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
	for _, text := range []string{`"a`, `"a\"`, `a"b`, `"a"b`, `a "`} {
		_, err := splitArray(&node{name: "Array"}, text, true)
		require.ErrorIs(t, err, ErrDocument, text)
	}
	_, err := splitArray(&node{name: "Array"}, `1 "2"`, false)
	require.ErrorIs(t, err, ErrDocument)
}

// TestUnreachable: a ComplexPartialScore is dropped only where a proof says that no value can come to it.
func TestUnreachable(t *testing.T) {
	const complexScore = `<Attribute partialScore="9">%P<ComplexPartialScore><Apply function="+"><Constant>1</Constant><FieldRef field="x"/></Apply></ComplexPartialScore></Attribute>`
	place := func(t *testing.T, predicate string) string {
		attr := strings.Replace(complexScore, "%P", predicate, 1)
		return swap(t, minimal, `<Attribute partialScore="3.5">`, attr+`<Attribute partialScore="3.5">`)
	}
	for name, c := range map[string]struct {
		predicate string
		dropped   bool
	}{
		"the same":            {`<SimplePredicate field="x" operator="lessThan" value="10"/>`, true},
		"implied":             {`<SimplePredicate field="x" operator="lessOrEqual" value="9.5"/>`, true},
		"never":               {`<False/>`, true},
		"one number more":     {`<SimplePredicate field="x" operator="lessOrEqual" value="10"/>`, false},
		"a point":             {`<SimplePredicate field="x" operator="equal" value="10"/>`, false},
		"an interval between": {`<CompoundPredicate booleanOperator="and"><SimplePredicate field="x" operator="greaterThan" value="11"/><SimplePredicate field="x" operator="lessThan" value="12"/></CompoundPredicate>`, false},
		"missing":             {`<SimplePredicate field="x" operator="isMissing"/>`, false},
		"another field":       {`<SimplePredicate field="c" operator="equal" value="a"/>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := read(place(t, c.predicate), Options{})
			if !c.dropped {
				require.ErrorIs(t, err, ErrUnsupported)
				require.ErrorContains(t, err, "ComplexPartialScore")
				return
			}
			require.NoError(t, err)
			require.Len(t, doc.Card.Characteristics[0].Attributes, 2)
		})
	}
	after := swap(t, minimal, `<Attribute partialScore="3.5"><True/></Attribute>`,
		`<Attribute partialScore="3.5"><True/></Attribute>`+strings.Replace(complexScore, "%P", `<True/>`, 1))
	_, err := read(after, Options{})
	require.NoError(t, err, "nothing comes behind True")
}
