package pmml

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

// TestErrors: one change to a good document each; the error has the sentinel, and names the element and the reason.
func TestErrors(t *testing.T) {
	const (
		simple = `<SimplePredicate field="x" operator="lessThan" value="10"/>`
		set    = `<Array n="2" type="string">a b</Array>`
		field  = `<DataField name="x" optype="continuous" dataType="double"/>`
		mining = `<MiningField name="x"/>`
	)
	for name, c := range map[string]struct {
		old, replacement string
		want             error
		says             string
	}{
		"version too old":          {`version="4.4"`, `version="3.2"`, ErrVersion, "3.2"},
		"version too new":          {`version="4.4"`, `version="4.5"`, ErrVersion, "4.5"},
		"version and namespace":    {`version="4.4"`, `version="4.1"`, ErrVersion, "version 4.1 in the namespace http://www.dmg.org/PMML-4_4"},
		"no version":               {` version="4.4"`, ``, ErrDocument, "want the attribute version"},
		"namespace":                {`http://www.dmg.org/PMML-4_4`, `http://example.org/PMML-4_4`, ErrVersion, "want the namespace"},
		"no namespace":             {` xmlns="http://www.dmg.org/PMML-4_4"`, ``, ErrVersion, "want the namespace"},
		"not PMML":                 {minimal, `<svg/>`, ErrDocument, `"svg"`},
		"empty":                    {minimal, ``, ErrDocument, "got none"},
		"text behind":              {"</PMML>\n", "</PMML>more", ErrDocument, "no text outside"},
		"two roots":                {"</PMML>\n", "</PMML><PMML/>", ErrDocument, "want one PMML"},
		"cut off":                  {"</PMML>\n", "", ErrDocument, "unexpected EOF"},
		"type declaration":         {`<PMML `, `<!DOCTYPE PMML [<!ENTITY a "b">]><PMML `, ErrDocument, "document type"},
		"entity":                   {`modelName="m"`, `modelName="&a;"`, ErrDocument, "entity"},
		"encoding":                 {`<PMML `, `<?xml version="1.0" encoding="GBK"?><PMML `, ErrDocument, "GBK"},
		"stray text":               {`<True/>`, `<True>yes</True>`, ErrDocument, "want no text"},
		"attribute twice":          {`modelName="m"`, `modelName="m" modelName="m"`, ErrDocument, "twice"},
		"foreign attribute":        {`modelName="m"`, `modelName="m" xmlns:v="urn:v" v:a="1"`, ErrExtension, "urn:v"},
		"foreign element":          {`<Characteristics>`, `<v:a xmlns:v="urn:v"/><Characteristics>`, ErrExtension, "urn:v"},
		"extension":                {`<Characteristics>`, `<Extension name="calibration"/><Characteristics>`, ErrExtension, "calibration"},
		"extension in a field":     {simple, `<SimplePredicate field="x" operator="lessThan" value="10"><Extension name="e"/></SimplePredicate>`, ErrExtension, `"e"`},
		"other model":              {`<Scorecard `, `<RegressionModel/><Scorecard `, ErrModel, "RegressionModel"},
		"two scorecards":           {`</PMML>`, `<Scorecard/></PMML>`, ErrModel, "second"},
		"unknown model":            {`</PMML>`, `<OracleModel/></PMML>`, ErrDocument, "OracleModel"},
		"no scorecard":             {minimal, `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><DataDictionary/></PMML>`, ErrModel, "none"},
		"no dictionary":            {minimal, `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Scorecard/></PMML>`, ErrDocument, "want a DataDictionary"},
		"number of fields":         {`<DataDictionary>`, `<DataDictionary numberOfFields="2">`, ErrDocument, "want 3"},
		"field twice":              {field, field + field, ErrDocument, "already taken"},
		"taxonomy":                 {field, field + `<Taxonomy name="t"/>`, ErrDocument, "Taxonomy"},
		"dataType":                 {`name="x" optype="continuous" dataType="double"`, `name="x" optype="continuous" dataType="date"`, ErrUnsupported, `"date"`},
		"optype":                   {`optype="categorical"`, `optype="nominal"`, ErrDocument, "nominal"},
		"continuous text":          {`optype="categorical"`, `optype="continuous"`, ErrDocument, "continuous for the dataType string"},
		"declared value":           {field, `<DataField name="x" optype="continuous" dataType="double"><Value value="0x10"/></DataField>`, ErrDocument, "0x10"},
		"interval of texts":        {`dataType="string"/>`, `dataType="string"><Interval closure="openOpen"/></DataField>`, ErrDocument, "no interval"},
		"closure":                  {field, `<DataField name="x" optype="continuous" dataType="double"><Interval closure="open"/></DataField>`, ErrDocument, "closure"},
		"mining field unknown":     {mining, `<MiningField name="y"/>`, ErrDocument, `"y"`},
		"mining field twice":       {mining, mining + mining, ErrDocument, "twice"},
		"usage":                    {mining, `<MiningField name="x" usageType="supplementary"/>`, ErrDocument, "not an active field"},
		"extreme values":           {mining, `<MiningField name="x" outliers="asExtremeValues" lowValue="1" highValue="2"/>`, ErrUnsupported, "asExtremeValues"},
		"outliers without ends":    {mining, `<MiningField name="x" outliers="asMissingValues" lowValue="1"/>`, ErrDocument, "highValue"},
		"mean without value":       {mining, `<MiningField name="x" missingValueTreatment="asMean"/>`, ErrDocument, "missingValueReplacement"},
		"both missing treatments":  {mining, `<MiningField name="x" missingValueTreatment="returnInvalid" missingValueReplacement="1"/>`, ErrDocument, "together"},
		"replacement":              {mining, `<MiningField name="x" missingValueReplacement="NaN"/>`, ErrDocument, "NaN"},
		"unused guarded field":     {mining, mining + `<MiningField name="unlisted" missingValueTreatment="returnInvalid"/>`, ErrUnsupported, `"unlisted"`},
		"field not listed":         {`field="x"`, `field="unlisted"`, ErrDocument, "not in the mining schema"},
		"field unknown":            {`field="x"`, `field="z"`, ErrDocument, `"z"`},
		"expression":               {`<Characteristics>`, `<LocalTransformations><DerivedField name="d" optype="continuous" dataType="double"><Apply function="ln"><FieldRef field="x"/></Apply></DerivedField></LocalTransformations><Characteristics>`, ErrUnsupported, `derived field "d"`},
		"converting rename":        {`<Characteristics>`, `<LocalTransformations><DerivedField name="d" optype="continuous" dataType="integer"><FieldRef field="x"/></DerivedField></LocalTransformations><Characteristics>`, ErrUnsupported, "converts dataType"},
		"mapping rename":           {`<Characteristics>`, `<LocalTransformations><DerivedField name="d" optype="continuous" dataType="double"><FieldRef field="x" mapMissingTo="1"/></DerivedField></LocalTransformations><Characteristics>`, ErrUnsupported, "plain FieldRef"},
		"function":                 {`<Scorecard `, `<TransformationDictionary><DefineFunction name="f"/></TransformationDictionary><Scorecard `, ErrUnsupported, "function"},
		"target":                   {`<Characteristics>`, `<Targets><Target field="x" rescaleFactor="2"/></Targets><Characteristics>`, ErrUnsupported, "transform"},
		"function name":            {`functionName="regression"`, `functionName="classification"`, ErrDocument, "classification"},
		"not scorable":             {`modelName="m"`, `modelName="m" isScorable="false"`, ErrUnsupported, "isScorable"},
		"misspelt attribute":       {`initialScore="1"`, `initialscore="1"`, ErrDocument, "initialscore"},
		"initial score":            {`initialScore="1"`, `initialScore="one"`, ErrDocument, `initialScore`},
		"baseline":                 {` baselineScore="3"`, ``, ErrDocument, "want a baselineScore"},
		"reason code":              {` reasonCode="R3"`, ``, ErrDocument, "attribute 2: want a reasonCode"},
		"reason algorithm":         {`modelName="m"`, `modelName="m" reasonCodeAlgorithm="best"`, ErrDocument, "best"},
		"baseline method":          {`modelName="m"`, `modelName="m" baselineMethod="best"`, ErrDocument, "best"},
		"use of codes":             {`modelName="m"`, `modelName="m" useReasonCodes="maybe"`, ErrDocument, "maybe"},
		"same characteristic":      {`name="two"`, `name="one"`, circuits.ErrCard, "already taken"},
		"no points":                {` partialScore="3.5"`, ``, ErrDocument, "want a partialScore"},
		"inexact points":           {`partialScore="3.5"`, `partialScore="3.1234567890123456789"`, ErrDocument, "18 decimal places"},
		"no predicate":             {`<True/>`, ``, ErrDocument, "want a predicate"},
		"two predicates":           {`<True/>`, `<True/><False/>`, ErrDocument, "second"},
		"unknown predicate":        {`<True/>`, `<Maybe/>`, ErrDocument, "Maybe"},
		"operator":                 {`"lessThan"`, `"less"`, ErrDocument, `"less"`},
		"no operator":              {` operator="lessThan"`, ``, ErrDocument, "operator"},
		"no value":                 {` value="10"`, ``, ErrDocument, "want a value with lessThan"},
		"value of isMissing":       {`operator="lessThan"`, `operator="isMissing"`, ErrDocument, "want no value"},
		"value is no number":       {`value="10"`, `value="INF"`, ErrDocument, "INF"},
		"value too large":          {`value="10"`, `value="1e999"`, ErrDocument, "1e999"},
		"order of texts":           {simple, `<SimplePredicate field="c" operator="lessThan" value="m"/>`, ErrUnsupported, "not ordered"},
		"set operator":             {`"isIn"`, `"in"`, ErrDocument, `"in"`},
		"array count":              {`n="2"`, `n="3"`, ErrDocument, "want the number of items, 2"},
		"array type":               {`type="string"`, `type="text"`, ErrDocument, "text"},
		"empty array":              {set, `<Array type="string"> </Array>`, ErrDocument, "at least one"},
		"no array":                 {set, ``, ErrDocument, "want one Array"},
		"open quote":               {set, `<Array type="string">a "b</Array>`, ErrDocument, "closing quote"},
		"compound of one":          {simple, `<CompoundPredicate booleanOperator="and">` + simple + `</CompoundPredicate>`, ErrDocument, "at least 2"},
		"compound operator":        {simple, `<CompoundPredicate booleanOperator="nand">` + simple + simple + `</CompoundPredicate>`, ErrDocument, "nand"},
		"too deep predicate":       {simple, strings.Repeat(`<CompoundPredicate booleanOperator="and"><True/>`, 16) + simple + strings.Repeat(`</CompoundPredicate>`, 16), ErrLimit, "nested"},
		"unprintable category":     {set, "<Array type=\"string\">a \u200b</Array>", circuits.ErrCard, "printable"},
		"too deep":                 {`<Header/>`, strings.Repeat(`<Header>`, 64) + strings.Repeat(`</Header>`, 64), ErrLimit, "64 deep"},
		"too many elements":        {`<Header/>`, `<Header>` + strings.Repeat("<a/>", MaxElements) + `</Header>`, ErrLimit, "elements"},
		"too many attributes":      {`<Header/>`, `<Header><a` + strings.Repeat(` a=""`, 33) + `/></Header>`, ErrLimit, "attributes"},
		"too long a text":          {`<Header/>`, `<Header>` + strings.Repeat("a", MaxRunBytes+1) + `</Header>`, ErrLimit, "from one < to the next"},
		"too large":                {`<Header/>`, strings.Repeat("<!--"+strings.Repeat("a", 1<<16)+"-->", 64), ErrLimit, "4194304 bytes"},
		"too many characteristics": {`</Characteristics>`, strings.Repeat(`<Characteristic reasonCode="R"><Attribute partialScore="1"><True/></Attribute></Characteristic>`, 512) + `</Characteristics>`, circuits.ErrCard, "512"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(swap(t, minimal, c.old, c.replacement), Options{})
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			require.Less(t, len(err.Error()), 500)
			var at *Error
			if name != "too large" {
				require.ErrorAs(t, err, &at)
				require.Positive(t, at.Line)
			}
		})
	}
}

// TestUnknownUnderXor: values that count as missing cannot be told from false there, so it is refused; with a
// replacement, or under "or", it can.
func TestUnknownUnderXor(t *testing.T) {
	const simple = `<SimplePredicate field="x" operator="lessThan" value="10"/>`
	for _, c := range []struct {
		op, more string
		ok       bool
	}{
		{"xor", "", false},
		{"surrogate", "", false},
		{"or", "", true},
		{"xor", ` missingValueReplacement="1"`, true},
	} {
		text := swap(t, minimal, `<MiningField name="x"/>`, `<MiningField name="x" outliers="asMissingValues" lowValue="1" highValue="2"`+c.more+`/>`)
		text = swap(t, text, simple, `<CompoundPredicate booleanOperator="`+c.op+`"><CompoundPredicate booleanOperator="and">`+simple+`<True/></CompoundPredicate><False/></CompoundPredicate>`)
		_, err := read(text, Options{})
		if c.ok {
			require.NoError(t, err, c.op)
		} else {
			require.ErrorIs(t, err, ErrUnsupported, c.op)
		}
	}
}

func TestErrorPosition(t *testing.T) {
	_, err := read(swap(t, minimal, `partialScore="5"`, `partialScore="5,0"`), Options{})
	var at *Error
	require.ErrorAs(t, err, &at)
	require.Equal(t, 17, at.Line)
	require.Equal(t, "PMML/Scorecard/Characteristics/Characteristic[2]/Attribute[2]", at.Path)
	require.ErrorContains(t, err, "line 17, column")
	require.ErrorContains(t, err, `partialScore`)
}

func TestBrokenReader(t *testing.T) {
	broken := errors.New("disk on fire")
	_, err := Read(io.MultiReader(strings.NewReader("<PMML"), iotest.ErrReader(broken)), Options{})
	require.ErrorIs(t, err, broken)
}

// FuzzRead: no document panics; every error is typed; what is read is valid and can be proposed a schema for, or the
// proposal fails with a typed error.
func FuzzRead(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(testdata(f, "operators.xml")))
	f.Add([]byte(testdata(f, "treatments.xml")))
	f.Add([]byte(`<!DOCTYPE a><a/>`))
	f.Add([]byte("<?xml version=\"1.0\" encoding=\"latin1\"?><PMML \xff=\"\"/>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Read(strings.NewReader(string(data)), Options{})
		if err != nil {
			for _, known := range []error{ErrDocument, ErrVersion, ErrModel, ErrExtension, ErrUnsupported, ErrLimit, circuits.ErrCard, circuits.ErrLimit} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("untyped error: %v", err)
		}
		require.NoError(t, doc.Card.Validate())
		if _, err := ProposeSchema(doc, "fuzz", "1"); err != nil && !errors.Is(err, circuits.ErrSchema) && !errors.Is(err, circuits.ErrUnsupported) {
			t.Fatalf("untyped error: %v", err)
		}
	})
}
