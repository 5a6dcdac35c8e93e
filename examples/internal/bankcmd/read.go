package bankcmd

import (
	"encoding/json"
	"errors"
	"io"
)

// ReadOutput reads one object of the JSON form, a company at a time, so that a million need no memory.
func ReadOutput(r io.Reader, each func(Line) error) (*Summary, error) {
	d := json.NewDecoder(r)
	if err := wantTokens(d, json.Delim('{'), "results", json.Delim('[')); err != nil {
		return nil, err
	}
	for d.More() {
		var line Line
		if err := d.Decode(&line); err != nil {
			return nil, err
		}
		if err := each(line); err != nil {
			return nil, err
		}
	}
	if err := wantTokens(d, json.Delim(']'), "summary"); err != nil {
		return nil, err
	}
	s := new(Summary)
	if err := d.Decode(s); err != nil {
		return nil, err
	}
	return s, wantTokens(d, json.Delim('}'))
}

var errOutput = errors.New("not the results of a batch in JSON")

func wantTokens(d *json.Decoder, want ...json.Token) error {
	for _, w := range want {
		got, err := d.Token()
		if err != nil {
			return err
		}
		if got != w {
			return errOutput
		}
	}
	return nil
}
