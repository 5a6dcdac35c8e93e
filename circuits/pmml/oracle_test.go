package pmml

import (
	"encoding/xml"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
)

// The oracle is a tiny evaluator of its own: it decodes a document by reflection, treats raw values field by field as
// the mining schema says, and evaluates the elements on treated values. It shares no code with the reader.
type oracle struct {
	Fields []struct {
		Name     string `xml:"name,attr"`
		DataType string `xml:"dataType,attr"`
		Values   []struct {
			Value    string `xml:"value,attr"`
			Property string `xml:"property,attr"`
		} `xml:"Value"`
		Intervals []struct {
			Closure string `xml:"closure,attr"`
			Left    string `xml:"leftMargin,attr"`
			Right   string `xml:"rightMargin,attr"`
		} `xml:"Interval"`
	} `xml:"DataDictionary>DataField"`
	Global []oracleRename `xml:"TransformationDictionary>DerivedField"`
	Card   struct {
		Initial float64        `xml:"initialScore,attr"`
		Local   []oracleRename `xml:"LocalTransformations>DerivedField"`
		Mining  []struct {
			Name        string `xml:"name,attr"`
			Replacement string `xml:"missingValueReplacement,attr"`
			Missing     string `xml:"missingValueTreatment,attr"`
			Invalid     string `xml:"invalidValueTreatment,attr"`
			Outliers    string `xml:"outliers,attr"`
			Low         string `xml:"lowValue,attr"`
			High        string `xml:"highValue,attr"`
		} `xml:"MiningSchema>MiningField"`
		Characteristics []struct {
			Attributes []struct {
				Points float64         `xml:"partialScore,attr"`
				Rules  []oracleElement `xml:",any"`
			} `xml:"Attribute"`
		} `xml:"Characteristics>Characteristic"`
	} `xml:"Scorecard"`
}

type oracleRename struct {
	Name string `xml:"name,attr"`
	Ref  struct {
		Field string `xml:"field,attr"`
	} `xml:"FieldRef"`
}

type oracleElement struct {
	XMLName  xml.Name
	Field    string          `xml:"field,attr"`
	Operator string          `xml:"operator,attr"`
	Boolean  string          `xml:"booleanOperator,attr"`
	Value    string          `xml:"value,attr"`
	Text     string          `xml:",chardata"`
	Inner    []oracleElement `xml:",any"`
}

// score is nil where the result is invalid. Values are texts; a field that is not in the map is missing.
func (o *oracle) score(raw map[string]string) *float64 {
	treated, kinds := make(map[string]string), make(map[string]string)
	for i, f := range o.Fields {
		kinds[f.Name] = f.DataType
		v, there, valid := o.treat(i, raw)
		if !valid {
			return nil
		}
		if there {
			treated[f.Name] = v
		}
	}
	for _, r := range slices.Concat(o.Global, o.Card.Local) {
		kinds[r.Name] = kinds[r.Ref.Field]
		if v, there := treated[r.Ref.Field]; there {
			treated[r.Name] = v
		}
	}
	sum := o.Card.Initial
	for _, ch := range o.Card.Characteristics {
		i := 0
		for i < len(ch.Attributes) && ch.Attributes[i].Rules[0].truth(treated, kinds) != "true" {
			i++
		}
		if i == len(ch.Attributes) {
			return nil
		}
		sum += ch.Attributes[i].Points
	}
	return &sum
}

func (o *oracle) treat(i int, raw map[string]string) (v string, there, valid bool) {
	f := o.Fields[i]
	v, there = raw[f.Name]
	x, _ := strconv.ParseFloat(v, 64)
	declared, inside, forbidden := len(f.Intervals) > 0, false, false
	for _, d := range f.Values {
		hit := there && sameText(d.Value, v, f.DataType)
		switch d.Property {
		case "missing":
			there = there && !hit
		case "invalid":
			forbidden = forbidden || hit
		default:
			declared, inside = true, inside || hit
		}
	}
	for _, d := range f.Intervals {
		left, errLeft := strconv.ParseFloat(d.Left, 64)
		right, errRight := strconv.ParseFloat(d.Right, 64)
		above := errLeft != nil || x > left || x == left && d.Closure[:4] == "clos"
		below := errRight != nil || x < right || x == right && d.Closure[len(d.Closure)-6:] == "Closed"
		inside = inside || above && below
	}
	ok := !forbidden && (inside || !declared)
	for _, m := range o.Card.Mining {
		if m.Name != f.Name {
			continue
		}
		if there && !ok {
			switch m.Invalid {
			case "", "returnInvalid":
				return "", false, false
			case "asMissing":
				there = false
			}
		}
		if there && m.Outliers == "asMissingValues" {
			low, _ := strconv.ParseFloat(m.Low, 64)
			high, _ := strconv.ParseFloat(m.High, 64)
			there = x >= low && x <= high
		}
		if !there && m.Replacement != "" {
			v, there = m.Replacement, true
		}
		if !there && m.Missing == "returnInvalid" {
			return "", false, false
		}
	}
	return v, there, true
}

func sameText(a, b, dataType string) bool {
	if dataType == "string" || dataType == "boolean" {
		return a == b
	}
	x, _ := strconv.ParseFloat(a, 64)
	y, _ := strconv.ParseFloat(b, 64)
	return x == y
}

func yes(b bool) string { return strconv.FormatBool(b) }

// truth is "true", "false" or "unknown".
func (e oracleElement) truth(values, kinds map[string]string) string {
	switch e.XMLName.Local {
	case "True":
		return "true"
	case "False":
		return "false"
	case "CompoundPredicate":
		return e.compound(values, kinds)
	}
	v, there := values[e.Field]
	switch {
	case e.Operator == "isMissing":
		return yes(!there)
	case e.Operator == "isNotMissing":
		return yes(there)
	case !there:
		return "unknown"
	case e.XMLName.Local == "SimpleSetPredicate":
		in := slices.ContainsFunc(oracleWords(e.Inner[0].Text), func(w string) bool { return sameText(w, v, kinds[e.Field]) })
		return yes(in == (e.Boolean == "isIn"))
	}
	x, _ := strconv.ParseFloat(v, 64)
	c, _ := strconv.ParseFloat(trim(e.Value), 64)
	switch e.Operator {
	case "equal":
		return yes(sameText(e.Value, v, kinds[e.Field]))
	case "notEqual":
		return yes(!sameText(e.Value, v, kinds[e.Field]))
	case "lessThan":
		return yes(x < c)
	case "lessOrEqual":
		return yes(x <= c)
	case "greaterThan":
		return yes(x > c)
	default:
		return yes(x >= c)
	}
}

func (e oracleElement) compound(values, kinds map[string]string) string {
	count := make(map[string]int)
	for _, q := range e.Inner {
		t := q.truth(values, kinds)
		count[t]++
		if e.Boolean == "surrogate" && t != "unknown" {
			return t
		}
	}
	switch {
	case e.Boolean == "or" && count["true"] > 0:
		return "true"
	case e.Boolean == "and" && count["false"] > 0:
		return "false"
	case count["unknown"] > 0:
		return "unknown"
	case e.Boolean == "xor":
		return yes(count["true"]%2 == 1)
	}
	return yes(e.Boolean == "and")
}

func trim(s string) string {
	for s != "" && s[0] == ' ' {
		s = s[1:]
	}
	for s != "" && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// oracleWords splits an Array with a state machine of two states.
func oracleWords(text string) []string {
	var words []string
	word, open, in := "", false, false
	for i, r := range text {
		escaped := i > 0 && text[i-1] == '\\'
		switch {
		case r == '"' && escaped:
			word = word[:len(word)-1] + `"`
		case r == '"':
			open, in = !open, true
		case !open && (r == ' ' || r == '\n' || r == '\t'):
			if in {
				words = append(words, word)
			}
			word, in = "", false
		default:
			word, in = word+string(r), true
		}
	}
	if in {
		words = append(words, word)
	}
	return words
}

// values are worth trying for any field: the constants of the test documents and their neighbours, and others.
var tries = []string{
	"-1e9", "-999", "-998.5", "-998", "-10.5", "-10", "-5.5", "-5", "-1", "0", "1", "1.25", "1.5", "1.75", "2", "3", "4", "5", "5.5",
	"7", "7.5", "8", "10", "10.5", "30", "50", "99.5", "100", "150", "200", "201", "1e9",
}

var words = []string{"a", "b", "c", "d", "retail", "whole sale", `a "b" c`, "other", "mine", "true", "false"}

// TestAgainstOracle compares scores on random rows, weighted to missing values and to the documents' own constants.
func TestAgainstOracle(t *testing.T) {
	for _, name := range []string{"operators.xml", "treatments.xml"} {
		t.Run(name, func(t *testing.T) {
			text := testdata(t, name)
			doc, err := read(text, Options{})
			require.NoError(t, err)
			var o oracle
			dec := xml.NewDecoder(strings.NewReader(text))
			dec.CharsetReader = charset
			require.NoError(t, dec.Decode(&o))
			// Over the proposed grid the tables say the same, wherever the card does not say that the result is invalid.
			schema, err := ProposeSchema(doc, "proposed", "1")
			require.NoError(t, err)
			model, report, err := circuits.Compile(doc.Card, schema, circuits.CompileOptions{Default: new(circuits.Decimal)})
			require.NoError(t, err)
			require.Empty(t, report.Moved)
			r := rand.New(rand.NewPCG(1, 2))
			valid, invalid := 0, 0
			for range 20000 {
				raw, values := oracleRow(r, &o)
				want := o.score(raw)
				got, err := doc.Card.Evaluate(values)
				if want == nil {
					invalid++
					require.ErrorIs(t, err, circuits.ErrNoMatch, "%v", raw)
					continue
				}
				valid++
				require.NoError(t, err, "%v", raw)
				require.Equal(t, *want, got.Score.Float(), "%v", raw)
				var levels []uint16
				for _, i := range model.FeatureIndexes() {
					levels = append(levels, uint16(schema.At(i).Level(values[schema.At(i).Name()])))
				}
				if integral(schema, values) {
					require.Equal(t, *want, float64(model.Score(levels, 0))/float64(model.Scale()), "%v", raw)
				}
			}
			require.Greater(t, valid, 1000)
			require.Greater(t, invalid, 1000)
		})
	}
}

// integral reports whether integer features have integers: a grid rounds others, PMML does not.
func integral(schema *circuits.Schema, values map[string]circuits.Value) bool {
	for name, v := range values {
		f, ok := schema.Feature(name)
		if x, number := v.Number(); ok && number && f.Integer() && x != math.Trunc(x) {
			return false
		}
	}
	return true
}

func oracleRow(r *rand.Rand, o *oracle) (map[string]string, map[string]circuits.Value) {
	raw, values := make(map[string]string), make(map[string]circuits.Value)
	for _, f := range o.Fields {
		if r.IntN(6) == 0 {
			continue
		}
		if f.DataType == "string" || f.DataType == "boolean" {
			raw[f.Name] = words[r.IntN(len(words))]
			values[f.Name] = circuits.Text(raw[f.Name])
			continue
		}
		raw[f.Name] = tries[r.IntN(len(tries))]
		if f.Name == "ranged" && r.IntN(2) == 0 {
			raw[f.Name] = tries[9+r.IntN(16)] // mostly valid, so that enough scores are
		}
		x, _ := strconv.ParseFloat(raw[f.Name], 64)
		values[f.Name] = circuits.Number(x)
	}
	return raw, values
}
