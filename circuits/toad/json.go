package toad

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/blindscore/blindscore/circuits"
)

// Limits of a file from outside.
const (
	MaxBytes   = 4 << 20
	maxDepth   = 4
	maxEntries = 1 << 17 // keys and items
)

// value is a JSON value with its keys in order. Exactly one of the fields is set, or none for null.
type value struct {
	object []entry
	list   []value
	text   *string
	number *circuits.Decimal
	kind   byte // '{', '[', '"', '0' or 'n'
}

type entry struct {
	key   string
	value value
}

// what names the kind for error messages.
func (v *value) what() string {
	switch v.kind {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case '0':
		return "a number"
	}
	return "null"
}

// get finds a key of an object.
func (v *value) get(key string) (*value, bool) {
	for i := range v.object {
		if v.object[i].key == key {
			return &v.object[i].value, true
		}
	}
	return nil, false
}

type parser struct {
	decoder *json.Decoder
	entries int
}

// parse reads one JSON value within the limits. Repeated keys are refused: which one counts would be anyone's guess.
func parse(r io.Reader) (*value, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("toad: %w", err)
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%w: want at most %d bytes", ErrLimit, MaxBytes)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%w: want valid UTF-8", ErrFormat)
	}
	p := &parser{decoder: json.NewDecoder(bytes.NewReader(data))}
	p.decoder.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, p.fail(ErrFormat, "want one JSON value, got more")
	}
	return &v, nil
}

func (p *parser) fail(sentinel error, format string, args ...any) error {
	return fmt.Errorf("%w: byte %d: %s", sentinel, p.decoder.InputOffset(), fmt.Sprintf(format, args...))
}

func (p *parser) token() (json.Token, error) {
	t, err := p.decoder.Token()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, p.fail(ErrFormat, "want a JSON value, got a file that ends in the middle")
	case err != nil:
		return nil, p.fail(ErrFormat, "%v", err)
	}
	return t, nil
}

func (p *parser) value(depth int) (value, error) {
	t, err := p.token()
	if err != nil {
		return value{}, err
	}
	if p.entries++; p.entries > maxEntries {
		return value{}, p.fail(ErrLimit, "want at most %d values", maxEntries)
	}
	switch t := t.(type) {
	case json.Delim:
		if depth >= maxDepth {
			return value{}, p.fail(ErrLimit, "want a nesting of at most %d", maxDepth)
		}
		if t == '{' {
			return p.object(depth)
		}
		return p.list(depth)
	case string:
		return value{kind: '"', text: &t}, nil
	case json.Number:
		d, err := circuits.ParseDecimal(t.String())
		if err != nil {
			return value{}, p.fail(ErrFormat, "%v", err)
		}
		return value{kind: '0', number: &d}, nil
	case nil:
		return value{kind: 'n'}, nil
	}
	return value{}, p.fail(ErrFormat, "want no true or false")
}

func (p *parser) object(depth int) (value, error) {
	v := value{kind: '{'}
	seen := make(map[string]bool)
	for p.decoder.More() {
		t, err := p.token()
		if err != nil {
			return v, err
		}
		key, ok := t.(string)
		if !ok {
			return v, p.fail(ErrFormat, "want a key")
		}
		if seen[key] {
			return v, p.fail(ErrFormat, "want the key %s once", short(key))
		}
		seen[key] = true
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.object = append(v.object, entry{key, item})
	}
	_, err := p.token() // the closing delimiter
	return v, err
}

func (p *parser) list(depth int) (value, error) {
	v := value{kind: '['}
	for p.decoder.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.list = append(v.list, item)
	}
	_, err := p.token() // the closing delimiter
	return v, err
}

// short quotes outside text for an error message, cut to a readable length.
func short(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%q...", s[:60])
	}
	return fmt.Sprintf("%q", s)
}
