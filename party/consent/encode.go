package consent

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

const (
	version    = 1
	timeFormat = "2006-01-02T15:04:05Z"
)

// The payloads as JSON: these fields in this order, without white space. Names follow ReBIT where it has the field.
type (
	consentJSON struct {
		Version     int       `json:"version"`
		ID          string    `json:"id"` // 32 hexadecimal digits
		Start       string    `json:"start"`
		Expiry      string    `json:"expiry"`
		Customer    string    `json:"customer"`
		Task        string    `json:"task"` // 32 hexadecimal digits, or empty
		Revocations uint64    `json:"revocations"`
		Terms       termsJSON `json:"terms"`
	}
	termsJSON struct {
		Mode        string        `json:"mode"`
		Purpose     purposeJSON   `json:"purpose"`
		Consumer    nodeJSON      `json:"consumer"`
		Provider    nodeJSON      `json:"provider"`
		Schema      string        `json:"schema"` // 64 hexadecimal digits
		Features    []string      `json:"features"`
		Range       rangeJSON     `json:"range"`
		Life        lifeJSON      `json:"life"`
		Frequency   frequencyJSON `json:"frequency"`
		Output      string        `json:"output"`
		Bits        int           `json:"bits"`
		Evaluations uint32        `json:"evaluations"`
	}
	purposeJSON struct {
		Code string `json:"code"`
		Text string `json:"text"`
	}
	nodeJSON struct {
		Name string `json:"name"`
		Pin  string `json:"pin"`
	}
	rangeJSON struct {
		From string `json:"from"` // both empty for all time
		To   string `json:"to"`
	}
	lifeJSON struct {
		Unit  string `json:"unit"`
		Value uint32 `json:"value"`
	}
	frequencyJSON struct {
		Unit  string `json:"unit"`
		Times uint32 `json:"times"`
	}
)

func (c *Consent) toJSON() consentJSON {
	j := consentJSON{
		Version: version, ID: c.ID.String(), Start: timeText(c.Start), Expiry: timeText(c.Expiry), Customer: c.Company.String(),
		Revocations: c.Revocations, Terms: c.Terms.toJSON(),
	}
	if c.Task != [16]byte{} {
		j.Task = hex.EncodeToString(c.Task[:])
	}
	return j
}

func (t *Terms) toJSON() termsJSON {
	j := termsJSON{
		Mode: t.Mode.String(), Purpose: purposeJSON(t.Purpose), Consumer: t.Bank.toJSON(), Provider: t.TaxNode.toJSON(),
		Schema: hex.EncodeToString(t.Schema[:]), Features: t.Features,
		Life:      lifeJSON{Unit: t.Life.Unit.String(), Value: t.Life.Value},
		Frequency: frequencyJSON{Unit: t.Frequency.Per.String(), Times: t.Frequency.Times},
		Output:    t.Output.String(), Bits: t.Bits, Evaluations: t.MaxEvaluations,
	}
	if !t.Range.IsZero() {
		j.Range = rangeJSON{timeText(t.Range.From), timeText(t.Range.To)}
	}
	return j
}

func (n Node) toJSON() nodeJSON { return nodeJSON{n.Name.String(), n.Pin.String()} }

func (j *consentJSON) consent() (*Consent, error) {
	c := &Consent{Revocations: j.Revocations}
	var e [6]error
	if j.Version != version {
		e[0] = because(ErrMalformed, "version: want %d, got %d", version, j.Version)
	}
	e[1] = hexInto("id", c.ID[:], j.ID)
	c.Start, e[2] = timeOf("start", j.Start)
	c.Expiry, e[3] = timeOf("expiry", j.Expiry)
	c.Company, e[4] = companyOf(j.Customer)
	if j.Task != "" {
		e[5] = hexInto("task", c.Task[:], j.Task)
	}
	if err := cmp.Or(e[:]...); err != nil {
		return nil, err
	}
	t, err := j.Terms.terms()
	if err != nil {
		return nil, err
	}
	c.Terms = *t
	return c, nil
}

func (j *termsJSON) terms() (*Terms, error) {
	t := &Terms{
		Purpose: Purpose(j.Purpose), Features: j.Features, Bits: j.Bits, MaxEvaluations: j.Evaluations,
		Mode: valueOf[Mode](modes, j.Mode), Output: valueOf[Output](outputs, j.Output),
		Life:      Life{Value: j.Life.Value, Unit: valueOf[Unit](units, j.Life.Unit)},
		Frequency: Frequency{Times: j.Frequency.Times, Per: valueOf[Unit](units, j.Frequency.Unit)},
	}
	var e [5]error
	t.Bank, e[0] = j.Consumer.node()
	t.TaxNode, e[1] = j.Provider.node()
	e[2] = hexInto("schema", t.Schema[:], j.Schema)
	if j.Range != (rangeJSON{}) {
		t.Range.From, e[3] = timeOf("range from", j.Range.From)
		t.Range.To, e[4] = timeOf("range to", j.Range.To)
	}
	return t, cmp.Or(e[:]...)
}

func (j nodeJSON) node() (n Node, err error) {
	if n.Name, err = transport.ParseName(j.Name); err == nil {
		n.Pin, err = transport.ParsePin(j.Pin)
	}
	if err != nil {
		return Node{}, because(ErrMalformed, "node: %v", err)
	}
	return n, nil
}

// valueOf returns the value with that name, or 0, which is invalid.
func valueOf[T ~uint8](names []string, name string) T {
	if name == "" {
		return 0
	}
	return T(max(slices.Index(names, name), 0))
}

func companyOf(s string) (uscc.ID, error) {
	id, err := uscc.Parse(s)
	if err != nil {
		return uscc.ID{}, because(ErrMalformed, "customer: %v", err)
	}
	return id, nil
}

func timeText(t time.Time) string { return t.UTC().Format(timeFormat) }

func timeOf(field, s string) (time.Time, error) {
	t, err := time.Parse(timeFormat, s)
	if err != nil || timeText(t) != s {
		return time.Time{}, because(ErrMalformed, "%s: want a time such as %s", field, timeFormat)
	}
	return t, nil
}

func hexInto(field string, dst []byte, s string) error {
	if len(s) != hex.EncodedLen(len(dst)) {
		return because(ErrMalformed, "%s: want %d hexadecimal digits, got %d bytes", field, hex.EncodedLen(len(dst)), len(s))
	}
	if _, err := hex.Decode(dst, []byte(s)); err != nil {
		return because(ErrMalformed, "%s: not hexadecimal", field)
	}
	return nil
}

// encodeJSON returns the one encoding of a payload.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, because(ErrMalformed, "%v", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decodeJSON reads a payload; canonical must follow once it is understood.
func decodeJSON(payload []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return because(ErrMalformed, "not the JSON wanted: %.100q", err.Error())
	}
	return nil
}

// canonical refuses a payload that is not the one encoding of what was read from it: with white space, with a field that occurs
// twice, is out of order or in other letters, or with anything after the end.
func canonical(payload []byte, read any) error {
	again, err := encodeJSON(read)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, payload) {
		return because(ErrMalformed, "not the canonical encoding")
	}
	return nil
}

func decodeTerms(b []byte) (*Terms, error) {
	var j termsJSON
	if err := decodeJSON(b, &j); err != nil {
		return nil, err
	}
	t, err := j.terms()
	if err != nil {
		return nil, err
	}
	if err := t.validate(); err != nil {
		return nil, err
	}
	return t, canonical(b, t.toJSON())
}
