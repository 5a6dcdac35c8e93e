package policy

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A place is a node of the text with the path of fields that leads to it, for messages.
type place struct {
	node *yaml.Node
	path string
}

func (p place) bad(format string, args ...any) error {
	field := p.path
	if field == "" {
		field = "policy"
	}
	return because(ErrPolicy, "line %d: %s: "+format, append([]any{p.node.Line, field}, args...)...)
}

// parseDocument reads the one document of a text, without resolving anything in it.
func parseDocument(data []byte) (place, error) {
	if len(data) > MaxFile {
		return place{}, because(ErrPolicy, "%d bytes, want at most %d", len(data), MaxFile)
	}
	var doc, next yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return place{}, because(ErrPolicy, "empty")
	} else if err != nil {
		return place{}, because(ErrPolicy, "%v", err)
	}
	if err := d.Decode(&next); !errors.Is(err, io.EOF) {
		return place{}, because(ErrPolicy, "want one document, got more after it")
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return place{}, because(ErrPolicy, "want one document")
	}
	return place{doc.Content[0], ""}, nil
}

// plain refuses what a reader of the text could overlook: anchors, aliases and tags.
func (p place) plain() error {
	switch {
	case p.node.Kind == yaml.AliasNode || p.node.Anchor != "":
		return p.bad("anchors and aliases are not allowed")
	case p.node.Style&yaml.TaggedStyle != 0:
		return p.bad("tags are not allowed")
	}
	return nil
}

// pairs returns the keys and values of a mapping. No key stands twice.
func (p place) pairs() (keys []string, values []place, err error) {
	if err := p.plain(); err != nil {
		return nil, nil, err
	}
	if p.node.Kind != yaml.MappingNode {
		return nil, nil, p.bad("want a mapping of fields")
	}
	seen := make(map[string]bool, len(p.node.Content)/2)
	for pair := range slices.Chunk(p.node.Content, 2) {
		key := place{pair[0], p.path}
		if err := key.plain(); err != nil {
			return nil, nil, err
		}
		if key.node.Kind != yaml.ScalarNode || len(key.node.Value) > maxText {
			return nil, nil, key.bad("want the name of a field")
		}
		name := key.node.Value
		if seen[name] {
			return nil, nil, key.bad("%q stands twice", name)
		}
		seen[name] = true
		keys = append(keys, name)
		values = append(values, place{pair[1], strings.TrimPrefix(p.path+"."+name, ".")})
	}
	return keys, values, nil
}

// fields reads a mapping, each field by its reader.
func (p place) fields(readers map[string]func(place) error) error {
	keys, values, err := p.pairs()
	if err != nil {
		return err
	}
	for i, k := range keys {
		read, known := readers[k]
		if !known {
			return place{values[i].node, p.path}.bad("unknown field %q", k)
		}
		if err := read(values[i]); err != nil {
			return err
		}
	}
	return nil
}

// items returns the items of a list, at most limit.
func (p place) items(limit int) ([]place, error) {
	if err := p.plain(); err != nil {
		return nil, err
	}
	if p.node.Kind != yaml.SequenceNode {
		return nil, p.bad("want a list")
	}
	if len(p.node.Content) > limit {
		return nil, p.bad("want at most %d items, got %d", limit, len(p.node.Content))
	}
	out := make([]place, len(p.node.Content))
	for i, n := range p.node.Content {
		out[i] = place{n, p.path + "[" + strconv.Itoa(i) + "]"}
	}
	return out, nil
}

// text reads a scalar as it stands in the text.
func (p place) text() (string, error) {
	if err := p.plain(); err != nil {
		return "", err
	}
	if p.node.Kind != yaml.ScalarNode || p.node.ShortTag() == "!!null" || p.node.Value == "" {
		return "", p.bad("want a value")
	}
	if len(p.node.Value) > maxText {
		return "", p.bad("want at most %d bytes, got %d", maxText, len(p.node.Value))
	}
	return p.node.Value, nil
}

// number reads a decimal number into v.
func (p place) number(v *int, lo, hi int) error {
	s, err := p.text()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(s)
	if err != nil || strconv.Itoa(n) != s || p.node.ShortTag() != "!!int" || n < lo || n > hi {
		return p.bad("want %d to %d, got %.32q", lo, hi, s)
	}
	*v = n
	return nil
}

// choice reads one of two words: v becomes true for yes.
func (p place) choice(v *bool, no, yes string) error {
	s, err := p.text()
	if err != nil {
		return err
	}
	if s != no && s != yes {
		return p.bad("want %s or %s, got %.32q", no, yes, s)
	}
	*v = s == yes
	return nil
}

// span reads a duration such as 90s, 720h or 30d: whole seconds, from a second to MaxWindow.
func (p place) span(v *time.Duration) error {
	s, err := p.text()
	if err != nil {
		return err
	}
	var d time.Duration
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); err == nil && n <= int(MaxWindow/day) {
			d = time.Duration(max(n, 0)) * day
		}
	} else {
		d, err = time.ParseDuration(s)
	}
	if err != nil || d < time.Second || d > MaxWindow || d%time.Second != 0 {
		return p.bad("want a duration such as 90s, 720h or 30d, up to %dd, got %.32q", MaxWindow/day, s)
	}
	*v = d
	return nil
}

// moment reads a time.
func (p place) moment(v *time.Time) error {
	s, err := p.text()
	if err != nil {
		return err
	}
	t, err := time.Parse(timeFormat, s)
	if err != nil || t.Format(timeFormat) != s {
		return p.bad("want a time such as %s, got %.32q", timeFormat, s)
	}
	*v = t
	return nil
}
