package circuits

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The truth tables of PMML 4.4, "Predicates".
func TestThreeValuedLogic(t *testing.T) {
	T, F, U := True(), False(), Less("missing", 1)
	for _, c := range []struct {
		p    Predicate
		want Truth
	}{
		{All(T, T), IsTrue},
		{All(T, F), IsFalse},
		{All(T, U), IsUnknown},
		{All(F, U), IsFalse},
		{All(U, F), IsFalse},
		{All(U, U), IsUnknown},
		{All(F, F), IsFalse},
		{Any(T, F), IsTrue},
		{Any(F, F), IsFalse},
		{Any(T, U), IsTrue},
		{Any(U, T), IsTrue},
		{Any(F, U), IsUnknown},
		{Any(U, U), IsUnknown},
		{Xor(T, F), IsTrue},
		{Xor(T, T), IsFalse},
		{Xor(F, F), IsFalse},
		{Xor(T, U), IsUnknown},
		{Xor(F, U), IsUnknown},
		{Xor(T, T, T), IsTrue},
		{Surrogate(U, T), IsTrue},
		{Surrogate(U, F, T), IsFalse},
		{Surrogate(U, U), IsUnknown},
		{Surrogate(T, F), IsTrue},
	} {
		require.Equal(t, c.want, c.p.Evaluate(nil), "%v", c.p)
	}
}

func TestPredicatesOnValues(t *testing.T) {
	next := math.Nextafter(5, 6)
	for _, c := range []struct {
		p    Predicate
		v    Value
		want Truth
	}{
		{Less("x", 5), Number(5), IsFalse},
		{Less("x", 5), Number(math.Nextafter(5, 4)), IsTrue},
		{AtLeast("x", 5), Number(5), IsTrue},
		{Compare("x", OpGreaterThan, Number(5)), Number(5), IsFalse},
		{Compare("x", OpGreaterThan, Number(5)), Number(next), IsTrue},
		{Compare("x", OpLessOrEqual, Number(5)), Number(next), IsFalse},
		{Equal("x", Number(0)), Number(math.Copysign(0, -1)), IsTrue},
		{Compare("x", OpNotEqual, Number(1)), Number(2), IsTrue},
		{Less("x", 5), Number(math.Inf(-1)), IsTrue},
		{Less("x", 5), Number(math.NaN()), IsUnknown},
		{Less("x", 5), Text("4"), IsUnknown},
		{Equal("x", Number(4)), Text("4"), IsFalse},
		{Equal("x", Text("")), Text(""), IsTrue},
		{Equal("x", Text("a")), Missing(), IsUnknown},
		{In("x", Text("a"), Number(1)), Number(1), IsTrue},
		{In("x", Text("a")), Text("b"), IsFalse},
		{In("x", Text("a")), Missing(), IsUnknown},
		{NotIn("x", Text("a")), Text("b"), IsTrue},
		{NotIn("x", Text("a")), Text("a"), IsFalse},
		{NotIn("x", Text("a")), Missing(), IsUnknown},
		{IsMissing("x"), Missing(), IsTrue},
		{IsMissing("x"), Number(0), IsFalse},
		{IsNotMissing("x"), Missing(), IsFalse},
		{IsNotMissing("x"), Text(""), IsTrue},
		{Predicate{Op: OpEqual, Feature: "x"}, Number(1), IsUnknown}, // malformed, and still no panic
	} {
		require.Equal(t, c.want, c.p.Evaluate(map[string]Value{"x": c.v}), "%s %v on %s", c.p.Op, len(c.p.Values), c.v.Reveal())
	}
}

func TestOperatorsHaveNames(t *testing.T) {
	for op := OpTrue; op <= OpSurrogate; op++ {
		again, ok := ParseOp(op.String())
		require.True(t, ok)
		require.Equal(t, op, again)
	}
	for _, name := range []string{"", "TRUE", "Op(0)", "lessthan"} {
		_, ok := ParseOp(name)
		require.False(t, ok, name)
	}
}
