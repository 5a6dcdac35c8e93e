package pmml

import (
	"slices"
	"strconv"

	"github.com/blindscore/blindscore/circuits"
)

var predicateNames = []string{"SimplePredicate", "SimpleSetPredicate", "CompoundPredicate", "True", "False"}

// predicate reads one predicate element. exact says that it is below xor or surrogate (see field.apply).
func (s *scope) predicate(n *node, depth int, exact bool) (circuits.Predicate, error) {
	if depth >= circuits.MaxPredicateDepth {
		return circuits.Predicate{}, n.failf(ErrLimit, "want predicates nested at most %d deep", circuits.MaxPredicateDepth)
	}
	switch n.name {
	case "True", "False":
		p := circuits.True()
		if n.name == "False" {
			p = circuits.False()
		}
		if err := n.only(); err != nil {
			return p, err
		}
		return p, n.empty()
	case "SimplePredicate":
		return s.simple(n, exact)
	case "SimpleSetPredicate":
		return s.set(n, exact)
	case "CompoundPredicate":
		return s.compound(n, depth, exact)
	}
	return circuits.Predicate{}, n.unexpected()
}

func (s *scope) simple(n *node, exact bool) (circuits.Predicate, error) {
	var p circuits.Predicate
	if err := n.only("field", "operator", "value"); err != nil {
		return p, err
	}
	if err := n.empty(); err != nil {
		return p, err
	}
	f, err := s.fieldOf(n)
	if err != nil {
		return p, err
	}
	if _, err := n.need("operator"); err != nil {
		return p, err
	}
	name, err := n.choice("operator", "equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual",
		"isMissing", "isNotMissing")
	if err != nil {
		return p, err
	}
	op, _ := circuits.ParseOp(name) // PMML's names are ours
	p = circuits.Predicate{Op: op, Feature: f.Name}
	text, given := n.attr("value")
	switch op {
	case circuits.OpIsMissing, circuits.OpIsNotMissing:
		if given {
			return p, n.failf(ErrDocument, "want no value with %s", name)
		}
	default:
		if !given {
			return p, n.failf(ErrDocument, "want a value with %s, got none", name)
		}
		if f.text && op != circuits.OpEqual && op != circuits.OpNotEqual {
			return p, n.failf(ErrUnsupported, "%s on the field %s of dataType %s: texts are not ordered", name, short(f.Name), f.dataType)
		}
		v, err := f.constant(text)
		if err != nil {
			return p, n.fail(err)
		}
		p.Values = []circuits.Value{v}
	}
	return f.rewrite(n, p, exact)
}

func (s *scope) set(n *node, exact bool) (circuits.Predicate, error) {
	var p circuits.Predicate
	if err := n.only("field", "booleanOperator"); err != nil {
		return p, err
	}
	f, err := s.fieldOf(n)
	if err != nil {
		return p, err
	}
	if _, err := n.need("booleanOperator"); err != nil {
		return p, err
	}
	name, err := n.choice("booleanOperator", "isIn", "isNotIn")
	if err != nil {
		return p, err
	}
	if len(n.children) != 1 || n.children[0].name != "Array" {
		return p, n.failf(ErrDocument, "want one Array")
	}
	items, err := readArray(n.children[0])
	if err != nil {
		return p, err
	}
	op, _ := circuits.ParseOp(name)
	p = circuits.Predicate{Op: op, Feature: f.Name}
	seen := make(map[circuits.Value]bool, len(items))
	for _, item := range items {
		v, err := f.constant(item)
		if err != nil {
			return p, n.children[0].fail(err)
		}
		if !seen[v] {
			seen[v] = true
			p.Values = append(p.Values, v)
		}
	}
	if len(p.Values) == 0 {
		return p, n.children[0].failf(ErrDocument, "want at least one value, got none")
	}
	return f.rewrite(n, p, exact)
}

func (f *field) rewrite(n *node, p circuits.Predicate, exact bool) (circuits.Predicate, error) {
	p, err := f.apply(p, exact)
	if err != nil {
		return p, n.fail(err)
	}
	return p, nil
}

func (s *scope) fieldOf(n *node) (*field, error) {
	name, err := n.need("field")
	if err != nil {
		return nil, err
	}
	return s.find(n, name)
}

func (s *scope) compound(n *node, depth int, exact bool) (circuits.Predicate, error) {
	var p circuits.Predicate
	if err := n.only("booleanOperator"); err != nil {
		return p, err
	}
	if _, err := n.need("booleanOperator"); err != nil {
		return p, err
	}
	name, err := n.choice("booleanOperator", "and", "or", "xor", "surrogate")
	if err != nil {
		return p, err
	}
	if len(n.children) < 2 {
		return p, n.failf(ErrDocument, "want at least 2 predicates, got %d", len(n.children))
	}
	p.Op, _ = circuits.ParseOp(name)
	exact = exact || p.Op == circuits.OpXor || p.Op == circuits.OpSurrogate
	for _, c := range n.children {
		q, err := s.predicate(c, depth+1, exact)
		if err != nil {
			return p, err
		}
		p.Of = append(p.Of, q)
	}
	return p, nil
}

// readArray splits the text of an Array element. The standard (General Structure, "Array"): items stand between
// blanks; a text item may stand in double quotes, within which \" is a quote. Any other backslash is itself.
func readArray(n *node) ([]string, error) {
	if err := n.only("n", "type"); err != nil {
		return nil, err
	}
	if err := n.empty(); err != nil {
		return nil, err
	}
	if _, err := n.need("type"); err != nil {
		return nil, err
	}
	kind, err := n.choice("type", "string", "int", "real")
	if err != nil {
		return nil, err
	}
	items, err := splitArray(n, string(n.text), kind == "string")
	if err != nil {
		return nil, err
	}
	if count, ok := n.attr("n"); ok && count != strconv.Itoa(len(items)) {
		return nil, n.failf(ErrDocument, "n: want the number of items, %d, got %s", len(items), short(count))
	}
	return items, nil
}

func splitArray(n *node, text string, quotes bool) ([]string, error) {
	blanks := []byte(" \t\r\n")
	var items []string
	for i := 0; i < len(text); {
		if slices.Contains(blanks, text[i]) {
			i++
			continue
		}
		if text[i] != '"' {
			start := i
			for i < len(text) && !slices.Contains(blanks, text[i]) {
				if text[i] == '"' {
					return nil, n.failf(ErrDocument, "item %d: want a quote only around an item", len(items)+1)
				}
				i++
			}
			items = append(items, text[start:i])
			continue
		}
		if !quotes {
			return nil, n.failf(ErrDocument, "item %d: want a number, got a quoted text", len(items)+1)
		}
		item, length := quoted(text[i:])
		if length == 0 {
			return nil, n.failf(ErrDocument, "item %d: want a closing quote, got none", len(items)+1)
		}
		i += length
		if i < len(text) && !slices.Contains(blanks, text[i]) {
			return nil, n.failf(ErrDocument, "item %d: want a blank behind the closing quote", len(items)+1)
		}
		items = append(items, item)
	}
	return items, nil
}

// quoted reads the item in quotes at the beginning of text, and its length with the quotes; 0 without a closing one.
func quoted(text string) (item string, length int) {
	var b []byte
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return string(b), i + 1
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '"':
			i++
		}
		b = append(b, text[i])
	}
	return "", 0
}
