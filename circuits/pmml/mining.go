package pmml

import (
	"github.com/blindscore/blindscore/circuits"
)

// miningSchema reads usage and treatment of each field.
func (s *scope) miningSchema(n *node) error {
	if err := n.only(); err != nil {
		return err
	}
	for _, c := range n.children {
		if c.name != "MiningField" {
			return c.unexpected()
		}
		if err := s.miningField(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) miningField(n *node) error {
	err := n.only("name", "usageType", "optype", "importance", "outliers", "lowValue", "highValue",
		"missingValueReplacement", "missingValueTreatment", "invalidValueTreatment", "invalidValueReplacement")
	if err != nil {
		return err
	}
	if err := n.empty(); err != nil {
		return err
	}
	name, err := n.need("name")
	if err != nil {
		return err
	}
	f := s.named[name]
	if f == nil {
		return n.failf(ErrDocument, "name: want a field of the data dictionary, got %s", short(name))
	}
	if f.listed {
		return n.failf(ErrDocument, "name: %s is listed twice", short(name))
	}
	f.listed = true
	usage, err := n.choice("usageType", "active", "predicted", "target", "supplementary", "group", "order",
		"frequencyWeight", "analysisWeight")
	if err != nil {
		return err
	}
	f.active = usage == "active"
	if optype, ok := n.attr("optype"); ok {
		f.optype = optype
		if err := f.setKind(n); err != nil {
			return err
		}
	}
	if !f.active || f.unreadable != "" {
		return nil // no predicate reads it
	}
	return f.readTreatment(n)
}

// readTreatment turns what is to be done with missing, invalid and outlying values into predicates.
func (f *field) readTreatment(n *node) error {
	f.treat = treatment{node: n}
	t := &f.treat
	if len(f.domain.missing) > 0 {
		t.countAsMissing(circuits.In(f.Name, f.domain.missing...), circuits.NotIn(f.Name, f.domain.missing...))
	}
	invalid, err := n.choice("invalidValueTreatment", "returnInvalid", "asIs", "asMissing", "asValue")
	if err != nil {
		return err
	}
	if inside, outside, declared := f.domain.validity(f.Name); declared {
		switch invalid {
		case "asMissing":
			t.countAsMissing(outside, inside)
		case "returnInvalid":
			// What counts as missing is not invalid.
			admitted := append([]circuits.Predicate{circuits.IsMissing(f.Name), inside}, t.gone...)
			t.guards = append(t.guards, anyOf(admitted...))
		case "asValue":
			return n.failf(ErrUnsupported, "invalidValueTreatment asValue")
		}
	}
	// Only what is neither missing nor invalid can be an outlier.
	if err := f.readOutliers(n); err != nil {
		return err
	}
	return f.readMissing(n)
}

// readMissing reads the replacement of missing values. Where one is given, how it was found (asMean, asMode, ...) is
// information only.
func (f *field) readMissing(n *node) error {
	treatment, err := n.choice("missingValueTreatment", "asIs", "asMean", "asMode", "asMedian", "asValue", "returnInvalid")
	if err != nil {
		return err
	}
	text, ok := n.attr("missingValueReplacement")
	switch {
	case ok && treatment == "returnInvalid":
		return n.failf(ErrDocument, "missingValueTreatment returnInvalid together with a missingValueReplacement")
	case ok:
		v, err := f.constant(text)
		if err != nil {
			return n.fail(err)
		}
		f.treat.replacement = &v
	case treatment == "returnInvalid":
		f.treat.guards = append(f.treat.guards, allOf(append([]circuits.Predicate{circuits.IsNotMissing(f.Name)}, f.treat.kept...)...))
	case treatment != "asIs":
		return n.failf(ErrDocument, "want a missingValueReplacement with missingValueTreatment %s, got none", treatment)
	}
	return nil
}

func (f *field) readOutliers(n *node) error {
	outliers, err := n.choice("outliers", "asIs", "asMissingValues", "asExtremeValues")
	if err != nil || outliers == "asIs" {
		return err
	}
	if outliers == "asExtremeValues" {
		return n.failf(ErrUnsupported, "outliers asExtremeValues: want the cut-offs to say it")
	}
	if f.text {
		return n.failf(ErrDocument, "outliers: want them for numbers alone, got the dataType %s", f.dataType)
	}
	for _, end := range []struct {
		name    string
		out, in circuits.Op
	}{
		{"lowValue", circuits.OpLessThan, circuits.OpGreaterOrEqual},
		{"highValue", circuits.OpGreaterThan, circuits.OpLessOrEqual},
	} {
		text, err := n.need(end.name)
		if err != nil {
			return err
		}
		x, err := number(text)
		if err != nil {
			return n.fail(err)
		}
		v := circuits.Number(x)
		f.treat.countAsMissing(circuits.Compare(f.Name, end.out, v), circuits.Compare(f.Name, end.in, v))
	}
	return nil
}

// transformations accepts derived fields that rename another field, and nothing else.
func (s *scope) transformations(n *node) error {
	if err := n.only(); err != nil {
		return err
	}
	for _, c := range n.children {
		switch c.name {
		case "DerivedField":
			if err := s.derivedField(c); err != nil {
				return err
			}
		case "DefineFunction":
			return c.failf(ErrUnsupported, "want derived fields that rename a field alone, got a function")
		default:
			return c.unexpected()
		}
	}
	return nil
}

func (s *scope) derivedField(n *node) error {
	name, err := n.need("name")
	if err != nil {
		return err
	}
	if len(n.children) != 1 || n.children[0].name != "FieldRef" {
		return n.failf(ErrUnsupported, "derived field %s: want one FieldRef, that renames a field", short(name))
	}
	if err := n.only("name", "displayName", "optype", "dataType"); err != nil {
		return err
	}
	ref := n.children[0]
	if err := ref.only("field"); err != nil {
		return ref.failf(ErrUnsupported, "derived field %s: want a plain FieldRef, that renames a field", short(name))
	}
	if err := ref.empty(); err != nil {
		return err
	}
	source, err := ref.need("field")
	if err != nil {
		return err
	}
	f := s.named[source]
	if f == nil {
		return ref.failf(ErrDocument, "field: want one that is defined before, got %s", short(source))
	}
	if s.named[name] != nil {
		return n.failf(ErrDocument, "name: %s is already taken", short(name))
	}
	for _, same := range []struct{ attr, want string }{{"dataType", f.dataType}, {"optype", f.optype}} {
		got, err := n.need(same.attr)
		if err != nil {
			return err
		}
		if got != same.want {
			return n.failf(ErrUnsupported, "derived field %s converts %s from %s to %s: want a renamed field",
				short(name), same.attr, short(same.want), short(got))
		}
	}
	s.named[name] = f
	return nil
}
