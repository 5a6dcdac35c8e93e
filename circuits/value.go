package circuits

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
)

// Value is one raw value of a feature: a number, a text, or missing.
// It is comparable; the zero Value is missing.
//
// A company's values are secrets of the node that holds them, so a Value does not print: formatting and logging show
// its kind alone, and JSON refuses. Call Reveal where a person is meant to read it.
type Value struct {
	kind valueKind
	num  float64
	text string
}

type valueKind uint8

const (
	valueMissing valueKind = iota // the zero Value
	valueNumber
	valueText
)

// Number is a numeric value. NaN is missing; infinities are kept and compare as IEEE 754 says; -0 becomes 0.
// Integers are exact up to 2^53 (money in fen: 90 trillion yuan).
func Number(x float64) Value {
	if math.IsNaN(x) {
		return Value{}
	}
	return Value{kind: valueNumber, num: x + 0} // -0 + 0 = +0, so that equal numbers are equal Values
}

// Text is a text value, as categories have. The empty text is a text, not missing.
func Text(s string) Value { return Value{kind: valueText, text: s} }

// Missing is the missing value.
func Missing() Value { return Value{} }

// IsMissing reports whether v is missing.
func (v Value) IsMissing() bool { return v.kind == valueMissing }

// Number returns the number, and false if v is not one.
func (v Value) Number() (float64, bool) { return v.num, v.kind == valueNumber }

// Text returns the text, and false if v is not one.
func (v Value) Text() (string, bool) { return v.text, v.kind == valueText }

// Reveal writes the value out for a person: a number in its shortest decimal form, a text quoted, or "missing".
func (v Value) Reveal() string {
	switch v.kind {
	case valueNumber:
		return formatNumber(v.num)
	case valueText:
		return strconv.Quote(v.text)
	default:
		return "missing"
	}
}

// formatNumber is the shortest decimal form that reads back as the same float64; no exponent below 1e21.
func formatNumber(x float64) string {
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

func (v Value) redacted() string {
	switch v.kind {
	case valueNumber:
		return "Value(number)"
	case valueText:
		return "Value(text)"
	default:
		return "Value(missing)"
	}
}

// Format prints the kind of the value, never the value.
func (v Value) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, v.redacted()) }

// LogValue logs the kind of the value, never the value.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.redacted()) }

// MarshalJSON refuses.
func (v Value) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("%w: a feature value", ErrSecret)
}
