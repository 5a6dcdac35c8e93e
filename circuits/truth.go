package circuits

import "slices"

// Truth is the value of a predicate in PMML's three-valued logic. The zero Truth is invalid.
type Truth uint8

// The values of a predicate: IsUnknown is that of a comparison with a missing value.
const (
	IsFalse Truth = iota + 1
	IsUnknown
	IsTrue
)

func truth(b bool) Truth {
	if b {
		return IsTrue
	}
	return IsFalse
}

// Evaluate is the predicate's value on raw values; a feature that is not in the map is missing. The rules are PMML's
// (4.4, "Predicates"): a simple or set predicate on a missing value is unknown, except isMissing and isNotMissing;
// and: false if one is false, else unknown if one is unknown; or: true if one is true, else unknown if one is unknown;
// xor: unknown if one is unknown, else whether an odd number is true; surrogate: the first that is not unknown.
//
// A number and a text are never equal, and an ordering of a text against a number is unknown.
func (p *Predicate) Evaluate(values map[string]Value) Truth {
	return p.evaluate(func(feature string) Value { return values[feature] })
}

func (p *Predicate) evaluate(value func(feature string) Value) Truth {
	switch p.Op {
	case OpTrue:
		return IsTrue
	case OpFalse:
		return IsFalse
	case OpAnd, OpOr, OpXor, OpSurrogate:
		return p.compound(value)
	}
	v := value(p.Feature)
	switch {
	case p.Op == OpIsMissing:
		return truth(v.IsMissing())
	case p.Op == OpIsNotMissing:
		return truth(!v.IsMissing())
	case v.IsMissing() || len(p.Values) == 0:
		return IsUnknown
	case p.Op == OpIsIn:
		return truth(slices.Contains(p.Values, v))
	case p.Op == OpIsNotIn:
		return truth(!slices.Contains(p.Values, v))
	}
	return compare(p.Op, v, p.Values[0])
}

func compare(op Op, v, constant Value) Truth {
	switch op {
	case OpEqual:
		return truth(v == constant)
	case OpNotEqual:
		return truth(v != constant)
	}
	x, okX := v.Number()
	c, okC := constant.Number()
	if !okX || !okC {
		return IsUnknown
	}
	switch op {
	case OpLessThan:
		return truth(x < c)
	case OpLessOrEqual:
		return truth(x <= c)
	case OpGreaterThan:
		return truth(x > c)
	case OpGreaterOrEqual:
		return truth(x >= c)
	default:
		return IsUnknown
	}
}

func (p *Predicate) compound(value func(feature string) Value) Truth {
	odd, unknown := false, false
	for i := range p.Of {
		t := p.Of[i].evaluate(value)
		switch {
		case p.Op == OpSurrogate && t != IsUnknown, p.Op == OpAnd && t == IsFalse, p.Op == OpOr && t == IsTrue:
			return t
		case t == IsUnknown:
			unknown = true
		case t == IsTrue:
			odd = !odd
		}
	}
	switch {
	case unknown || p.Op == OpSurrogate:
		return IsUnknown
	case p.Op == OpXor:
		return truth(odd)
	default:
		return truth(p.Op == OpAnd)
	}
}
