package pmml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// node is one element of the document. Elements of other namespaces than the root's never become nodes.
type node struct {
	name         string
	attrs        []xml.Attr
	children     []*node
	text         []byte
	parent       *node
	line, column int
}

// path is the way from the root, with a position where a name occurs more than once.
func (n *node) path() string {
	if n.parent == nil {
		return n.name
	}
	position, count := 0, 0
	for _, c := range n.parent.children {
		if c.name == n.name {
			count++
		}
		if c == n {
			position = count
		}
	}
	step := n.name
	if count > 1 {
		step += "[" + strconv.Itoa(position) + "]"
	}
	return n.parent.path() + "/" + step
}

// fail makes an error at this element. An error that has a position keeps it.
func (n *node) fail(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{n.line, n.column, n.path(), err}
}

func (n *node) failf(sentinel error, format string, args ...any) error {
	return n.fail(fmt.Errorf("%w: %s", sentinel, fmt.Sprintf(format, args...)))
}

// attr finds an attribute by name.
func (n *node) attr(name string) (string, bool) {
	for _, a := range n.attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// need finds an attribute that must be there.
func (n *node) need(name string) (string, error) {
	v, ok := n.attr(name)
	if !ok {
		return "", n.failf(ErrDocument, "want the attribute %s, got none", name)
	}
	return v, nil
}

// only wants no other attributes than these, and no text: what is not understood is refused, not skipped.
func (n *node) only(names ...string) error {
	for _, a := range n.attrs {
		if a.Name.Space == "" && a.Name.Local != "xmlns" && !slices.Contains(names, a.Name.Local) {
			return n.failf(ErrDocument, "want no attribute %s", short(a.Name.Local))
		}
	}
	if text := bytes.TrimSpace(n.text); len(text) > 0 && n.name != "Array" {
		return n.failf(ErrDocument, "want no text, got %s", short(string(text)))
	}
	return nil
}

// empty wants no child elements.
func (n *node) empty() error {
	if len(n.children) > 0 {
		return n.children[0].unexpected()
	}
	return nil
}

// unexpected is the error for an element that has no place here.
func (n *node) unexpected() error {
	if n.name == "Extension" {
		name, _ := n.attr("name")
		return n.failf(ErrExtension, "extension %s", short(name))
	}
	return n.failf(ErrDocument, "want no element %s here", short(n.name))
}

// one is the only child of that name, or nil.
func (n *node) one(name string) (*node, error) {
	var found *node
	for _, c := range n.children {
		if c.name != name {
			continue
		}
		if found != nil {
			return nil, c.failf(ErrDocument, "want %s once", name)
		}
		found = c
	}
	return found, nil
}

// choice is an attribute with one of the given values; the first is the default.
func (n *node) choice(name string, values ...string) (string, error) {
	v, ok := n.attr(name)
	if !ok {
		return values[0], nil
	}
	if !slices.Contains(values, v) {
		return "", n.failf(ErrDocument, "%s: want %s, got %s", name, strings.Join(values, ", "), short(v))
	}
	return v, nil
}
