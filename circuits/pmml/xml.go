package pmml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of a document from outside.
const (
	MaxBytes      = 4 << 20   // of the document
	MaxRunBytes   = 256 << 10 // of a tag, a comment or a text: between one "<" and the next
	MaxDepth      = 64        // of elements
	MaxElements   = 1 << 17
	MaxAttributes = 32 // of an element
)

// ignored are the elements that say nothing about how a score is computed; they are checked for being XML within the
// limits, and skipped. ComplexPartialScore is refused, or unreachable: either way its content is not looked at.
var ignored = []string{
	"Header", "MiningBuildTask", "Output", "ModelStats", "ModelExplanation", "ModelVerification", "ComplexPartialScore",
}

// parse reads a document into nodes, within the limits. Document type declarations are refused and entities (but for
// the five of XML itself) never resolved, so nothing is fetched and nothing expands.
func parse(r io.Reader) (*node, string, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, "", fmt.Errorf("pmml: %w", err)
	}
	if err := checkSize(data); err != nil {
		return nil, "", err
	}
	p := &parser{decoder: xml.NewDecoder(bytes.NewReader(data))}
	p.decoder.CharsetReader = charset
	for {
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.take(token)
		} else {
			err = fmt.Errorf("%w: %w", ErrDocument, err)
		}
		if err != nil {
			return nil, "", p.at(err)
		}
	}
	if p.root == nil {
		return nil, "", p.at(fmt.Errorf("%w: want a PMML element, got none", ErrDocument))
	}
	return p.root, p.space, nil
}

func checkSize(data []byte) error {
	if len(data) > MaxBytes {
		return fmt.Errorf("%w: want at most %d bytes", ErrLimit, MaxBytes)
	}
	line := 1
	for run := range bytes.SplitSeq(data, []byte{'<'}) {
		if len(run) > MaxRunBytes {
			return &Error{Line: line, Column: 1, Err: fmt.Errorf("%w: want at most %d bytes from one < to the next, got %d",
				ErrLimit, MaxRunBytes, len(run))}
		}
		line += bytes.Count(run, []byte{'\n'})
	}
	return nil
}

type parser struct {
	decoder  *xml.Decoder
	root     *node
	space    string // namespace of the root
	current  *node
	depth    int
	skip     int // depth at which an ignored element began; 0 outside one
	elements int
}

// at adds the position, unless the error has one.
func (p *parser) at(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	line, column := p.decoder.InputPos()
	path := ""
	if p.current != nil {
		path = p.current.path()
	}
	return &Error{line, column, path, err}
}

func (p *parser) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return fmt.Errorf("%w: want no document type declaration", ErrDocument)
	case xml.CharData:
		return p.text(t)
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		if p.skip == 0 || p.skip == p.depth {
			p.skip, p.current = 0, p.current.parent
		}
		p.depth--
	}
	return nil // comments and processing instructions say nothing
}

func (p *parser) text(t xml.CharData) error {
	switch {
	case p.skip > 0:
	case p.current != nil:
		p.current.text = append(p.current.text, t...)
	case len(bytes.TrimSpace(t)) > 0:
		return fmt.Errorf("%w: want no text outside of PMML, got %s", ErrDocument, short(string(t)))
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	p.depth++
	p.elements++
	switch {
	case p.depth > MaxDepth:
		return fmt.Errorf("%w: want elements nested at most %d deep", ErrLimit, MaxDepth)
	case p.elements > MaxElements:
		return fmt.Errorf("%w: want at most %d elements", ErrLimit, MaxElements)
	case len(t.Attr) > MaxAttributes:
		return fmt.Errorf("%w: %s: want at most %d attributes, got %d", ErrLimit, short(t.Name.Local), MaxAttributes, len(t.Attr))
	case p.skip > 0:
		return nil
	}
	if err := checkAttrs(t); err != nil {
		return err
	}
	n := &node{name: t.Name.Local, attrs: t.Attr, parent: p.current}
	n.line, n.column = p.decoder.InputPos()
	if p.current == nil {
		if p.root != nil || n.name != "PMML" {
			return fmt.Errorf("%w: want one PMML element, got %s", ErrDocument, short(n.name))
		}
		p.root, p.space = n, t.Name.Space
	} else {
		if t.Name.Space != p.space {
			return fmt.Errorf("%w: element %s of namespace %s", ErrExtension, short(n.name), short(t.Name.Space))
		}
		p.current.children = append(p.current.children, n)
	}
	p.current = n
	if slices.Contains(ignored, n.name) {
		p.skip = p.depth
	}
	return nil
}

// checkAttrs wants no attribute twice, and none of another namespace but for declarations and XML Schema's own.
func checkAttrs(t xml.StartElement) error {
	for i, a := range t.Attr {
		for _, b := range t.Attr[:i] {
			if a.Name == b.Name {
				return fmt.Errorf("%w: %s: attribute %s twice", ErrDocument, short(t.Name.Local), short(a.Name.Local))
			}
		}
		switch a.Name.Space {
		case "", "xmlns", "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace", "xml":
		default:
			return fmt.Errorf("%w: attribute %s of namespace %s", ErrExtension, short(a.Name.Local), short(a.Name.Space))
		}
	}
	return nil
}

// charset reads the encodings that need no table.
func charset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "ascii", "us-ascii", "iso-8859-1", "latin1":
		return &latin1{r: r}, nil // ASCII is part of it
	}
	return nil, fmt.Errorf("want the encoding UTF-8, US-ASCII or ISO-8859-1, got %s", short(name))
}

// latin1 turns ISO-8859-1 into UTF-8: a byte is its own code point.
type latin1 struct {
	r    io.Reader
	rest []byte
}

func (l *latin1) Read(dst []byte) (int, error) {
	if len(l.rest) == 0 {
		buf := make([]byte, 4096)
		n, err := l.r.Read(buf)
		for _, b := range buf[:n] {
			l.rest = append(l.rest, string(rune(b))...)
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(dst, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}
