package circuits

import (
	"fmt"
	"slices"
)

// Op is the operator of a Predicate, with PMML's names. The zero Op is invalid.
type Op uint8

const (
	OpTrue           Op = iota + 1 // always true
	OpFalse                        // always false
	OpEqual                        // simple: feature and one constant
	OpNotEqual                     //
	OpLessThan                     // ordering operators take a number
	OpLessOrEqual                  //
	OpGreaterThan                  //
	OpGreaterOrEqual               //
	OpIsMissing                    // feature alone; never unknown
	OpIsNotMissing                 //
	OpIsIn                         // set: feature and one or more constants
	OpIsNotIn                      //
	OpAnd                          // compound: two or more predicates
	OpOr                           //
	OpXor                          //
	OpSurrogate                    // the first that is not unknown
)

var opNames = []string{
	"", "true", "false", "equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual",
	"isMissing", "isNotMissing", "isIn", "isNotIn", "and", "or", "xor", "surrogate",
}

// String is PMML's name of the operator.
func (o Op) String() string {
	if o == 0 || int(o) >= len(opNames) {
		return fmt.Sprintf("Op(%d)", uint8(o))
	}
	return opNames[o]
}

// ParseOp finds an operator by PMML's name.
func ParseOp(name string) (Op, bool) {
	i := slices.Index(opNames, name)
	return Op(max(i, 0)), i > 0
}

func (o Op) ordering() bool { return o >= OpLessThan && o <= OpGreaterOrEqual }
func (o Op) simple() bool   { return o >= OpEqual && o <= OpGreaterOrEqual }
func (o Op) compound() bool { return o >= OpAnd && o <= OpSurrogate }

// Predicate is a condition on raw values: a tree of PMML's simple, set and compound predicates with PMML's
// three-valued logic. Only the fields that the operator takes are set; Scorecard.Validate checks that.
type Predicate struct {
	Op      Op
	Feature string      // operators on a feature
	Values  []Value     // constants: one for simple operators, one or more for sets
	Of      []Predicate // compound operators
}

// True holds always, False never.
func True() Predicate  { return Predicate{Op: OpTrue} }
func False() Predicate { return Predicate{Op: OpFalse} }

// Compare is a simple predicate: feature, operator (OpEqual to OpGreaterOrEqual), constant.
func Compare(feature string, op Op, constant Value) Predicate {
	return Predicate{Op: op, Feature: feature, Values: []Value{constant}}
}

// Less is feature < x.
func Less(feature string, x float64) Predicate { return Compare(feature, OpLessThan, Number(x)) }

// AtLeast is feature >= x.
func AtLeast(feature string, x float64) Predicate {
	return Compare(feature, OpGreaterOrEqual, Number(x))
}

// Between is low <= feature < high.
func Between(feature string, low, high float64) Predicate {
	return All(AtLeast(feature, low), Less(feature, high))
}

// Equal is feature == constant.
func Equal(feature string, constant Value) Predicate { return Compare(feature, OpEqual, constant) }

// IsMissing holds for a missing value.
func IsMissing(feature string) Predicate { return Predicate{Op: OpIsMissing, Feature: feature} }

// IsNotMissing holds for any value that is not missing.
func IsNotMissing(feature string) Predicate { return Predicate{Op: OpIsNotMissing, Feature: feature} }

// In holds for any of the constants.
func In(feature string, constants ...Value) Predicate {
	return Predicate{Op: OpIsIn, Feature: feature, Values: constants}
}

// NotIn holds for anything but the constants that is not missing.
func NotIn(feature string, constants ...Value) Predicate {
	return Predicate{Op: OpIsNotIn, Feature: feature, Values: constants}
}

// All is PMML's "and", Any its "or", Xor its "xor", Surrogate its "surrogate".
func All(of ...Predicate) Predicate       { return Predicate{Op: OpAnd, Of: of} }
func Any(of ...Predicate) Predicate       { return Predicate{Op: OpOr, Of: of} }
func Xor(of ...Predicate) Predicate       { return Predicate{Op: OpXor, Of: of} }
func Surrogate(of ...Predicate) Predicate { return Predicate{Op: OpSurrogate, Of: of} }

// walk calls visit for the predicate and everything below it, in order, and stops at the first error.
// The depth of the tree has been checked, or is checked by visit.
func (p *Predicate) walk(depth int, visit func(p *Predicate, depth int) error) error {
	if err := visit(p, depth); err != nil {
		return err
	}
	for i := range p.Of {
		if err := p.Of[i].walk(depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// check wants the fields that the operator takes and no others.
func (p *Predicate) check(depth int) error {
	if depth >= MaxPredicateDepth {
		return fmt.Errorf("want a predicate of depth %d at most", MaxPredicateDepth)
	}
	if p.Op < OpTrue || p.Op > OpSurrogate {
		return fmt.Errorf("op: want a known operator, got %s", p.Op)
	}
	feature, values, of := 0, 0, 0
	switch {
	case p.Op.simple():
		feature, values = 1, 1
	case p.Op == OpIsIn || p.Op == OpIsNotIn:
		feature, values = 1, max(1, len(p.Values))
	case p.Op == OpIsMissing || p.Op == OpIsNotMissing:
		feature = 1
	case p.Op.compound():
		of = max(2, len(p.Of))
	}
	if (p.Feature != "") != (feature == 1) {
		return fmt.Errorf("%s: want %d feature, got %s", p.Op, feature, quoteShort(p.Feature))
	}
	if len(p.Values) != values {
		return fmt.Errorf("%s: want %d constants, got %d", p.Op, values, len(p.Values))
	}
	if len(p.Of) != of {
		return fmt.Errorf("%s: want %d predicates, got %d", p.Op, of, len(p.Of))
	}
	if p.Feature != "" {
		if err := checkName(p.Op.String()+": feature", p.Feature); err != nil {
			return err
		}
	}
	return p.checkConstants()
}

func (p *Predicate) checkConstants() error {
	for i, v := range p.Values {
		x, number := v.Number()
		t, text := v.Text()
		switch {
		case number && !finite(x):
			return fmt.Errorf("%s: values[%d]: want a finite number, got %v", p.Op, i, x)
		case number:
		case text && p.Op.ordering():
			return fmt.Errorf("%s: values[%d]: want a number to order by, got the text %s", p.Op, i, quoteShort(t))
		case text:
			if err := checkText(fmt.Sprintf("%s: values[%d]", p.Op, i), t, MaxTextBytes); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s: values[%d]: want a number or a text; use isMissing for missing", p.Op, i)
		}
	}
	return nil
}
