package pmml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/blindscore/blindscore/circuits"
)

// Write writes a scorecard as a PMML 4.4 document, which Read reads back to a card with the same scores and reason
// codes. The schema tells the types of the fields; numeric features must not have texts among their constants (a named
// text as a special value, say). Thresholds and bands are left out, because PMML has no place for them. The document is as secret as the
// card. A card that ranks reason codes must have one for each attribute.
// Errors wrap circuits.ErrCard or ErrUnsupported, or come from w.
func Write(w io.Writer, card *circuits.Scorecard, schema *circuits.Schema) error {
	if card == nil || schema == nil {
		return fmt.Errorf("%w: want a scorecard and a schema, got nil", circuits.ErrCard)
	}
	if err := card.Validate(); err != nil {
		return err
	}
	d := &writer{kinds: make(map[string]circuits.Kind)}
	if err := d.document(card, schema); err != nil {
		return err
	}
	_, err := w.Write(d.Bytes())
	return err
}

// writer builds a document; its elements are indented by their depth.
type writer struct {
	bytes.Buffer
	depth int
	kinds map[string]circuits.Kind
}

// tag begins an element; attrs are names and values, and an empty value leaves the attribute out.
func (d *writer) tag(name string, attrs ...string) {
	d.WriteString(strings.Repeat("  ", d.depth) + "<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i+1] != "" {
			d.attr(attrs[i], attrs[i+1])
		}
	}
}

func (d *writer) attr(name, value string) {
	d.WriteString(" " + name + `="`)
	_ = xml.EscapeText(d, []byte(value)) // a buffer takes everything
	d.WriteString(`"`)
}

func (d *writer) leaf(name string, attrs ...string) {
	d.tag(name, attrs...)
	d.WriteString("/>\n")
}

func (d *writer) open(name string, attrs ...string) {
	d.tag(name, attrs...)
	d.WriteString(">\n")
	d.depth++
}

func (d *writer) close(name string) {
	d.depth--
	d.WriteString(strings.Repeat("  ", d.depth) + "</" + name + ">\n")
}

type declared struct {
	name     string
	dataType string
	optype   string
}

func (d *writer) document(card *circuits.Scorecard, schema *circuits.Schema) error {
	fields, err := d.fields(card, schema)
	if err != nil {
		return err
	}
	d.WriteString(xml.Header)
	d.open("PMML", "xmlns", namespaceStem+"4", "version", "4.4")
	d.leaf("Header")
	d.open("DataDictionary", "numberOfFields", strconv.Itoa(len(fields)))
	for _, f := range fields {
		d.leaf("DataField", "name", f.name, "optype", f.optype, "dataType", f.dataType)
	}
	d.close("DataDictionary")
	reasons, algorithm := "false", ""
	switch card.Reasons {
	case circuits.PointsAbove:
		reasons, algorithm = "true", "pointsAbove"
	case circuits.PointsBelow:
		reasons, algorithm = "true", "pointsBelow"
	}
	d.open("Scorecard", "modelName", card.Name, "functionName", "regression", "initialScore", card.Base.String(),
		"useReasonCodes", reasons, "reasonCodeAlgorithm", algorithm)
	d.open("MiningSchema")
	for _, f := range fields {
		d.leaf("MiningField", "name", f.name)
	}
	d.close("MiningSchema")
	d.open("Characteristics")
	for i := range card.Characteristics {
		if err := d.characteristic(&card.Characteristics[i], card.Reasons != 0); err != nil {
			return fmt.Errorf("characteristic %s: %w", short(card.Characteristics[i].Name), err)
		}
	}
	d.close("Characteristics")
	d.close("Scorecard")
	d.close("PMML")
	return nil
}

// fields are the features that the card reads, in order of appearance, with their types.
func (d *writer) fields(card *circuits.Scorecard, schema *circuits.Schema) ([]declared, error) {
	kinds := make(map[string]circuits.Kind)
	for _, o := range card.Own {
		kinds[o.Name] = o.Kind
	}
	var fields []declared
	for i := range card.Characteristics {
		for _, name := range card.Characteristics[i].Features() {
			if d.kinds[name] != 0 {
				continue
			}
			kind, integer := kinds[name], false
			if f, ok := schema.Feature(name); ok && kind == 0 {
				kind, integer = f.Kind(), f.Integer()
			}
			d.kinds[name] = kind
			f := declared{name: name, dataType: "double", optype: "continuous"}
			switch kind {
			case circuits.KindContinuous:
			case circuits.KindOrdinal:
				f.optype = "ordinal"
			case circuits.KindCategorical:
				f.dataType, f.optype = "string", "categorical"
			default:
				return nil, fmt.Errorf("%w: characteristic %s: feature %s is neither in the schema nor one of the card's own",
					circuits.ErrCard, short(card.Characteristics[i].Name), short(name))
			}
			if integer {
				f.dataType = "integer"
			}
			fields = append(fields, f)
		}
	}
	return fields, nil
}

func (d *writer) characteristic(ch *circuits.Characteristic, reasons bool) error {
	d.open("Characteristic", "name", ch.Name, "reasonCode", ch.ReasonCode, "baselineScore", ch.Baseline.String())
	for i := range ch.Attributes {
		a := &ch.Attributes[i]
		if reasons && ch.ReasonCode == "" && a.ReasonCode == "" {
			return fmt.Errorf("%w: attribute %d: want a reason code, as PMML does of all attributes if of one", ErrUnsupported, i+1)
		}
		d.open("Attribute", "partialScore", a.Points.String(), "reasonCode", a.ReasonCode)
		if err := d.predicate(&a.Predicate); err != nil {
			return err
		}
		d.close("Attribute")
	}
	d.close("Characteristic")
	return nil
}

func (d *writer) predicate(p *circuits.Predicate) error {
	texts := make([]string, len(p.Values))
	for i, v := range p.Values {
		x, isNumber := v.Number()
		t, _ := v.Text()
		if isNumber == (d.kinds[p.Feature] == circuits.KindCategorical) {
			return fmt.Errorf("%w: feature %s: want numbers for a numeric feature and texts for a categorical one", ErrUnsupported, short(p.Feature))
		}
		texts[i] = t
		if isNumber {
			texts[i] = strconv.FormatFloat(x, 'g', -1, 64)
		}
	}
	switch p.Op {
	case circuits.OpTrue:
		d.leaf("True")
	case circuits.OpFalse:
		d.leaf("False")
	case circuits.OpIsMissing, circuits.OpIsNotMissing:
		d.simple(p.Feature, p.Op)
	case circuits.OpIsIn, circuits.OpIsNotIn:
		d.set(p, texts)
	case circuits.OpAnd, circuits.OpOr, circuits.OpXor, circuits.OpSurrogate:
		d.open("CompoundPredicate", "booleanOperator", p.Op.String())
		for i := range p.Of {
			if err := d.predicate(&p.Of[i]); err != nil {
				return err
			}
		}
		d.close("CompoundPredicate")
	default:
		d.simple(p.Feature, p.Op, texts[0])
	}
	return nil
}

func (d *writer) simple(feature string, op circuits.Op, value ...string) {
	d.tag("SimplePredicate", "field", feature, "operator", op.String())
	for _, v := range value {
		d.attr("value", v) // it may be empty
	}
	d.WriteString("/>\n")
}

// set writes a set predicate. A text with a backslash has no sure form in an Array, so that a set with one becomes
// the simple predicates that mean the same.
func (d *writer) set(p *circuits.Predicate, texts []string) {
	if strings.Contains(strings.Join(texts, ""), `\`) {
		op, all := circuits.OpEqual, "or"
		if p.Op == circuits.OpIsNotIn {
			op, all = circuits.OpNotEqual, "and"
		}
		if len(texts) > 1 {
			d.open("CompoundPredicate", "booleanOperator", all)
			defer d.close("CompoundPredicate")
		}
		for _, t := range texts {
			d.simple(p.Feature, op, t)
		}
		return
	}
	kind := "string"
	if d.kinds[p.Feature] != circuits.KindCategorical {
		kind = "real"
	}
	items := make([]string, len(texts))
	for i, t := range texts {
		items[i] = t
		if kind == "string" {
			items[i] = `"` + strings.ReplaceAll(t, `"`, `\"`) + `"`
		}
	}
	d.open("SimpleSetPredicate", "field", p.Feature, "booleanOperator", p.Op.String())
	d.tag("Array", "n", strconv.Itoa(len(items)), "type", kind)
	d.WriteString(">")
	_ = xml.EscapeText(d, []byte(strings.Join(items, " "))) // a buffer takes everything
	d.WriteString("</Array>\n")
	d.close("SimpleSetPredicate")
}
