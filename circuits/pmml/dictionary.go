package pmml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/blindscore/blindscore/circuits"
)

// field is an entry of the data dictionary together with what the mining schema says of it.
type field struct {
	Field
	node       *node
	text       bool   // constants are texts, not numbers
	dataType   string // as declared
	optype     string
	listed     bool // in the mining schema
	active     bool
	used       bool // by a predicate
	domain     domain
	treat      treatment
	unreadable string // why no predicate can use it; empty if one can
}

// scope is what predicates can name.
type scope struct {
	order []*field          // the data dictionary
	named map[string]*field // with the names of derived fields
	proof int               // budget left for proving attributes unreachable
}

func (s *scope) dictionary(n *node) error {
	if err := n.only("numberOfFields"); err != nil {
		return err
	}
	for _, c := range n.children {
		if c.name != "DataField" {
			return c.unexpected() // Taxonomy too
		}
		f, err := readDataField(c)
		if err != nil {
			return err
		}
		if s.named[f.Name] != nil {
			return c.failf(ErrDocument, "name: %s is already taken", short(f.Name))
		}
		s.named[f.Name] = f
		s.order = append(s.order, f)
	}
	if count, ok := n.attr("numberOfFields"); ok && count != strconv.Itoa(len(s.order)) {
		return n.failf(ErrDocument, "numberOfFields: want %d, got %s", len(s.order), short(count))
	}
	return nil
}

func readDataField(n *node) (*field, error) {
	if err := n.only("name", "displayName", "optype", "dataType", "isCyclic"); err != nil {
		return nil, err
	}
	f := &field{node: n}
	var err error
	if f.Name, err = n.need("name"); err != nil {
		return nil, err
	}
	if f.dataType, err = n.need("dataType"); err != nil {
		return nil, err
	}
	if f.optype, err = n.need("optype"); err != nil {
		return nil, err
	}
	f.DisplayName, _ = n.attr("displayName")
	if err := f.setKind(n); err != nil {
		return nil, err
	}
	if err := f.readDomain(n); err != nil {
		return nil, err
	}
	return f, nil
}

// setKind derives the kind from dataType and optype; the mining schema may change the latter.
func (f *field) setKind(n *node) error {
	if !slices.Contains([]string{"continuous", "categorical", "ordinal"}, f.optype) {
		return n.failf(ErrDocument, "optype: want continuous, categorical or ordinal, got %s", short(f.optype))
	}
	f.Kind, f.text, f.Integer, f.unreadable = circuits.KindOrdinal, false, false, ""
	switch f.dataType {
	case "integer":
		f.Integer = true
	case "float", "double":
	case "string", "boolean":
		f.Kind, f.text = circuits.KindCategorical, true
	default:
		f.text, f.unreadable = true, "dataType "+short(f.dataType)
	}
	if f.optype == "continuous" {
		if f.text && f.unreadable == "" {
			return n.failf(ErrDocument, "optype: continuous for the dataType %s", f.dataType)
		}
		f.Kind = circuits.KindContinuous
	}
	return nil
}

// readDomain reads the declared values and intervals.
func (f *field) readDomain(n *node) error {
	for _, c := range n.children {
		var err error
		switch c.name {
		case "Value":
			err = f.readValue(c)
		case "Interval":
			err = f.readInterval(c)
		default:
			return c.unexpected()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *field) readValue(n *node) error {
	if err := n.only("value", "displayValue", "property"); err != nil {
		return err
	}
	if err := n.empty(); err != nil {
		return err
	}
	text, err := n.need("value")
	if err != nil {
		return err
	}
	property, err := n.choice("property", "valid", "invalid", "missing")
	if err != nil {
		return err
	}
	v, err := f.constant(text)
	if err != nil {
		return n.fail(err)
	}
	switch property {
	case "valid":
		f.domain.valid = append(f.domain.valid, v)
		if f.text {
			f.Categories = append(f.Categories, text)
		}
	case "invalid":
		f.domain.invalid = append(f.domain.invalid, v)
	case "missing":
		f.domain.missing = append(f.domain.missing, v)
	}
	return nil
}

func (f *field) readInterval(n *node) error {
	if err := n.only("closure", "leftMargin", "rightMargin"); err != nil {
		return err
	}
	if err := n.empty(); err != nil {
		return err
	}
	if f.text {
		return n.failf(ErrDocument, "want no interval for the dataType %s", f.dataType)
	}
	if _, err := n.need("closure"); err != nil {
		return err
	}
	closure, err := n.choice("closure", "openOpen", "openClosed", "closedOpen", "closedClosed")
	if err != nil {
		return err
	}
	s := span{feature: f.Name}
	if text, ok := n.attr("leftMargin"); ok {
		if s.low, err = number(text); err != nil {
			return n.fail(err)
		}
		s.lowOp, s.belowOp = circuits.OpGreaterThan, circuits.OpLessOrEqual
		if strings.HasPrefix(closure, "closed") {
			s.lowOp, s.belowOp = circuits.OpGreaterOrEqual, circuits.OpLessThan
		}
	}
	if text, ok := n.attr("rightMargin"); ok {
		if s.high, err = number(text); err != nil {
			return n.fail(err)
		}
		s.highOp, s.aboveOp = circuits.OpLessThan, circuits.OpGreaterOrEqual
		if strings.HasSuffix(closure, "Closed") {
			s.highOp, s.aboveOp = circuits.OpLessOrEqual, circuits.OpGreaterThan
		}
	}
	f.domain.spans = append(f.domain.spans, s)
	return nil
}

// constant reads a value of the field's type.
func (f *field) constant(text string) (circuits.Value, error) {
	if f.text {
		if f.dataType == "boolean" && text != "true" && text != "false" {
			return circuits.Value{}, fmt.Errorf("%w: field %s: want true or false, got %s", ErrDocument, short(f.Name), short(text))
		}
		return circuits.Text(text), nil
	}
	x, err := number(text)
	if err != nil {
		return circuits.Value{}, fmt.Errorf("field %s: %w", short(f.Name), err)
	}
	return circuits.Number(x), nil
}

// number reads a finite decimal number; it leaves out what Go would take besides (hexadecimals, names of infinities).
func number(text string) (float64, error) {
	trimmed := strings.Trim(text, " \t\r\n")
	if trimmed == "" || strings.Trim(trimmed, "0123456789+-.eE") != "" {
		return 0, fmt.Errorf("%w: want a number, got %s", ErrDocument, short(text))
	}
	x, err := strconv.ParseFloat(trimmed, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: want a number that fits a double, got %s", ErrDocument, short(text))
	}
	return x, nil
}

// find resolves a name that a predicate uses.
func (s *scope) find(n *node, name string) (*field, error) {
	f := s.named[name]
	switch {
	case f == nil:
		return nil, n.failf(ErrDocument, "field: want one of the data dictionary, got %s", short(name))
	case !f.listed:
		return nil, n.failf(ErrDocument, "field: %s is not in the mining schema", short(name))
	case !f.active:
		return nil, n.failf(ErrDocument, "field: %s is not an active field of the mining schema", short(name))
	case f.unreadable != "":
		return nil, n.failf(ErrUnsupported, "field %s of %s", short(name), f.unreadable)
	}
	f.used = true
	return f, nil
}

// checkUnused refuses a field that no predicate reads, but a value of which makes the score invalid: a sum of tables
// over the other fields cannot say that.
func (s *scope) checkUnused() error {
	for _, f := range s.order {
		if f.active && !f.used && len(f.treat.guards) > 0 {
			return f.treat.node.failf(ErrUnsupported,
				"no characteristic reads the field %s, but some of its values make the result invalid; want it treated asIs or asMissing, or left out",
				short(f.Name))
		}
	}
	return nil
}
