package circuits

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MaxScorecardBytes bounds a scorecard file.
const MaxScorecardBytes = 8 << 20

// scorecardFormat is the version of the file format, the field "blindscore_scorecard".
const scorecardFormat = 1

type scorecardFile struct {
	Format          int               `json:"blindscore_scorecard"`
	Name            string            `json:"name"`
	Version         string            `json:"version,omitempty"`
	Base            decimalFile       `json:"base"`
	Reasons         string            `json:"reasons,omitempty"`
	Own             []ownFile         `json:"own,omitempty"`
	Thresholds      []decimalFile     `json:"thresholds,omitempty"`
	Bands           []string          `json:"bands,omitempty"`
	Characteristics []json.RawMessage `json:"characteristics,omitempty"`
}

type ownFile struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

type characteristicFile struct {
	Name       string          `json:"name"`
	ReasonCode string          `json:"reason_code,omitempty"`
	Baseline   *decimalFile    `json:"baseline,omitempty"`
	Attributes []attributeFile `json:"attributes"`
}

type attributeFile struct {
	When       predicateFile `json:"when"`
	Points     *decimalFile  `json:"points"`
	ReasonCode string        `json:"reason_code,omitempty"`
}

type predicateFile struct {
	Op      string          `json:"op"`
	Feature string          `json:"feature,omitempty"`
	Value   *scalar         `json:"value,omitempty"`
	Values  []scalar        `json:"values,omitempty"`
	Of      []predicateFile `json:"of,omitempty"`
}

// decimalFile is a Decimal as a JSON number, read from its digits and never through a float.
type decimalFile struct{ Decimal }

func (d *decimalFile) UnmarshalJSON(data []byte) (err error) {
	if len(data) > 0 && data[0] == '"' {
		return fmt.Errorf("%w: want a number, got a text", ErrDecimal)
	}
	d.Decimal, err = ParseDecimal(string(data))
	return err
}

func (d decimalFile) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

var reasonNames = []string{"", "pointsAbove", "pointsBelow"}

// ParseScorecard reads a scorecard file: strict JSON of bounded size, without unknown or repeated fields; decimals
// are read exactly. The card is valid. Errors wrap ErrCard (or ErrLimit) and name the characteristic and the field.
func ParseScorecard(data []byte) (*Scorecard, error) {
	var file scorecardFile
	err := checkJSON(data, MaxScorecardBytes)
	if err == nil {
		err = decodeJSON(data, &file)
	}
	if err == nil && file.Format != scorecardFormat {
		err = fmt.Errorf("blindscore_scorecard: want format %d, got %d", scorecardFormat, file.Format)
	}
	if err == nil && len(file.Characteristics) > MaxCharacteristics {
		err = fmt.Errorf("characteristics: want 1 to %d, got %d", MaxCharacteristics, len(file.Characteristics))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCard, err)
	}
	card, err := file.head()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCard, err)
	}
	for i, raw := range file.Characteristics {
		ch, err := parseCharacteristic(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: characteristics[%d] %s: %w", ErrCard, i, quoteShort(nameOf(raw)), err)
		}
		card.Characteristics = append(card.Characteristics, ch)
	}
	if err := card.Validate(); err != nil {
		return nil, err
	}
	return card, nil
}

func (file *scorecardFile) head() (*Scorecard, error) {
	card := &Scorecard{Name: file.Name, Version: file.Version, Base: file.Base.Decimal, Bands: file.Bands}
	if file.Reasons != "" {
		method, err := enumOf("reasons", reasonNames, file.Reasons)
		if err != nil {
			return nil, err
		}
		card.Reasons = ReasonMethod(method)
	}
	for i, f := range file.Own {
		kind, err := enumOf(fmt.Sprintf("own[%d].kind", i), kindNames, f.Kind)
		if err != nil {
			return nil, err
		}
		card.Own = append(card.Own, OwnFeature{f.Name, Kind(kind)})
	}
	for _, t := range file.Thresholds {
		card.Thresholds = append(card.Thresholds, t.Decimal)
	}
	return card, nil
}

func parseCharacteristic(raw []byte) (Characteristic, error) {
	var w characteristicFile
	if err := decodeJSON(raw, &w); err != nil {
		return Characteristic{}, err
	}
	ch := Characteristic{Name: w.Name, ReasonCode: w.ReasonCode}
	if w.Baseline != nil {
		ch.Baseline = w.Baseline.Decimal
	}
	for i, a := range w.Attributes {
		p, err := a.When.predicate()
		if err == nil && a.Points == nil {
			err = fmt.Errorf("points: want a number, got none")
		}
		if err != nil {
			return Characteristic{}, fmt.Errorf("attributes[%d]: %w", i, err)
		}
		ch.Attributes = append(ch.Attributes, Attribute{p, a.Points.Decimal, a.ReasonCode})
	}
	return ch, nil
}

// predicate reads the shape; Scorecard.Validate checks the content.
func (w *predicateFile) predicate() (Predicate, error) {
	op, ok := ParseOp(w.Op)
	if !ok {
		return Predicate{}, fmt.Errorf("op: want a known operator, got %s", quoteShort(w.Op))
	}
	p := Predicate{Op: op, Feature: w.Feature}
	switch {
	case op.simple() && w.Values != nil:
		return Predicate{}, fmt.Errorf("%s: values: want the field value in its place", op)
	case !op.simple() && w.Value != nil:
		return Predicate{}, fmt.Errorf("%s: value: want no such field", op)
	case w.Value != nil:
		p.Values = []Value{w.Value.Value}
	}
	for _, v := range w.Values {
		p.Values = append(p.Values, v.Value)
	}
	for i := range w.Of {
		sub, err := w.Of[i].predicate()
		if err != nil {
			return Predicate{}, err
		}
		p.Of = append(p.Of, sub)
	}
	return p, nil
}

// Encode writes the scorecard file: deterministic, one characteristic a line; ParseScorecard reads it back as the
// same card. The card must be valid; ErrLimit if the file would exceed MaxScorecardBytes.
func (c *Scorecard) Encode() ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	file := scorecardFile{
		Format: scorecardFormat, Name: c.Name, Version: c.Version, Base: decimalFile{c.Base}, Bands: c.Bands,
		Reasons: reasonNames[c.Reasons],
	}
	for _, f := range c.Own {
		file.Own = append(file.Own, ownFile{f.Name, f.Kind.String()})
	}
	for _, t := range c.Thresholds {
		file.Thresholds = append(file.Thresholds, decimalFile{t})
	}
	var b bytes.Buffer
	err := writeJSON(&b, file)
	if err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - 1) // the closing brace: the characteristics come before it
	b.WriteString(",\n\"characteristics\":[")
	for i := range c.Characteristics {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		if err == nil {
			err = writeJSON(&b, c.Characteristics[i].file())
		}
	}
	b.WriteString("\n]}\n")
	if err == nil && b.Len() > MaxScorecardBytes {
		err = fmt.Errorf("%w: want a scorecard file of at most %d bytes, got %d", ErrLimit, MaxScorecardBytes, b.Len())
	}
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (ch *Characteristic) file() characteristicFile {
	w := characteristicFile{Name: ch.Name, ReasonCode: ch.ReasonCode}
	if ch.Baseline != (Decimal{}) {
		w.Baseline = &decimalFile{ch.Baseline}
	}
	for i := range ch.Attributes {
		a := &ch.Attributes[i]
		w.Attributes = append(w.Attributes, attributeFile{a.Predicate.file(), &decimalFile{a.Points}, a.ReasonCode})
	}
	return w
}

func (p *Predicate) file() predicateFile {
	w := predicateFile{Op: p.Op.String(), Feature: p.Feature}
	for _, v := range p.Values {
		if p.Op.simple() {
			w.Value = &scalar{v}
		} else {
			w.Values = append(w.Values, scalar{v})
		}
	}
	for i := range p.Of {
		w.Of = append(w.Of, p.Of[i].file())
	}
	return w
}
