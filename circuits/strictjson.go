package circuits

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxJSONDepth bounds the nesting of a file: a predicate of full depth takes two levels for each of its own.
const maxJSONDepth = 2*MaxPredicateDepth + 8

// checkJSON wants one JSON value of bounded size and depth in valid UTF-8. encoding/json alone would take duplicate
// keys, keys in the wrong case, null for anything, and whatever follows the value.
func checkJSON(data []byte, limit int) error {
	if len(data) > limit {
		return fmt.Errorf("want at most %d bytes, got %d", limit, len(data))
	}
	if !utf8.Valid(data) {
		return errors.New("want valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := checkJSONValue(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("want one JSON value, got more at byte %d", dec.InputOffset())
	}
	return nil
}

func checkJSONValue(dec *json.Decoder, depth int) error {
	token, err := dec.Token()
	if err != nil {
		return jsonError(err)
	}
	delim, nested := token.(json.Delim)
	switch {
	case token == nil:
		return fmt.Errorf("want a value, got null before byte %d", dec.InputOffset())
	case !nested:
		return nil
	case depth >= maxJSONDepth:
		return fmt.Errorf("want a nesting of at most %d", maxJSONDepth)
	}
	keys := make(map[string]bool)
	for dec.More() {
		if delim == '{' {
			if err := checkJSONKey(dec, keys); err != nil {
				return err
			}
		}
		if err := checkJSONValue(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token() // the closing delimiter
	return jsonError(err)
}

func checkJSONKey(dec *json.Decoder, keys map[string]bool) error {
	token, err := dec.Token()
	if err != nil {
		return jsonError(err)
	}
	key, ok := token.(string)
	if !ok || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return fmt.Errorf("want a field name in lower case, got %s", quoteShort(fmt.Sprint(token)))
	}
	if keys[key] {
		return fmt.Errorf("field %s: want it once, got it twice", key)
	}
	keys[key] = true
	return nil
}

// decodeJSON decodes one value that checkJSON has seen, or a part of it, refusing unknown fields.
func decodeJSON(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return jsonError(dec.Decode(into))
}

// jsonError rewords the errors of encoding/json without Go's type names.
func jsonError(err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("want a JSON value, got a file that ends in the middle")
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return fmt.Errorf("field %s: want another type or size, got %s", wrongType.Field, wrongType.Value)
	case errors.As(err, &wrongType):
		return fmt.Errorf("want another type or size, got %s", wrongType.Value)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// nameOf peeks at the name of an object for error messages; it is empty if there is none.
func nameOf(data []byte) string {
	var named struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(data, &named) != nil {
		return ""
	}
	return named.Name
}

// writeJSON appends v in one line, without HTML escapes.
func writeJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the newline
	return nil
}

// scalar is a Value as JSON: a number or a text.
type scalar struct{ Value }

func (s *scalar) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var t string
		err := json.Unmarshal(data, &t)
		s.Value = Text(t)
		return err
	}
	var x float64
	err := json.Unmarshal(data, &x)
	s.Value = Number(x)
	return err
}

func (s scalar) MarshalJSON() ([]byte, error) {
	if x, ok := s.Number(); ok {
		return json.Marshal(x)
	}
	t, _ := s.Text()
	var b bytes.Buffer
	err := writeJSON(&b, t)
	return b.Bytes(), err
}
