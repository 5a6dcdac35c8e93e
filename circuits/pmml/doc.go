// Package pmml reads scorecards written in PMML, the Predictive Model Markup Language of the Data Mining Group: the
// model element Scorecard of versions 4.1 to 4.4 (and of documents that say 4.0). Most people call Read, then
// ProposeSchema or their own schema, then circuits.Compile.
//
// # What is read
//
// The result computes what the standard defines: in each characteristic the first attribute whose predicate is true
// gives its partial score, predicates on missing values are unknown, and where no attribute matches the result is
// invalid (circuits.ErrNoMatch). All predicates are read: simple, set, compound, surrogate, true and false. Missing
// and invalid values (declared values and intervals, missingValueReplacement, missingValueTreatment,
// invalidValueTreatment, outliers as missing values) are rewritten into the predicates, exactly. A derived field may
// rename a field. Header, Output, ModelStats, ModelExplanation and ModelVerification say nothing about the score and
// are skipped.
//
// Refused, each with an error that says where: ComplexPartialScore (unless no value can reach its attribute), other
// derived fields, functions, targets that transform the score, outliers as extreme values, ordering of texts, dates,
// extensions outside of what is skipped, other models, several models. What is not understood is never ignored.
//
// Numbers are compared as float64 whatever the declared dataType; partial scores are exact decimals.
//
// # Adversary
//
// A document may come from anyone. Its size, depth and number of elements are bounded before it is looked at, type
// declarations are refused, entities are not resolved, and nothing is fetched. A document and the scorecard read from
// it are the bank's secrets; errors quote them and are for the bank alone.
package pmml

import (
	"io"

	"github.com/blindscore/blindscore/circuits"
)

// Options complete what PMML does not say.
type Options struct {
	// Name replaces the model's name; one of the two must be there. Version is the scorecard's version.
	Name, Version string
	// Own names the fields that the bank itself holds; all others are to be in the schema.
	Own []string
	// Thresholds and Bands cut the score (see circuits.Scorecard); PMML has no bands.
	Thresholds []circuits.Decimal
	Bands      []string
}

// Document is what was read.
type Document struct {
	Version string // of PMML, as the document says it
	Card    *circuits.Scorecard
	Fields  []Field // the fields that the card reads, in the order of the data dictionary
}

// Field is one entry of the data dictionary.
type Field struct {
	Name        string
	DisplayName string
	Kind        circuits.Kind // numeric fields that are not continuous are ordinal; texts and booleans are categorical
	Integer     bool
	Categories  []string // the declared valid values of a categorical field
}

// Read reads one document, of at most MaxBytes, that holds one scorecard.
func Read(r io.Reader, opts Options) (*Document, error) {
	root, namespace, err := parse(r)
	if err != nil {
		return nil, err
	}
	version, err := checkVersion(root, namespace)
	if err != nil {
		return nil, err
	}
	doc := &Document{Version: version}
	if err := doc.read(root, opts); err != nil {
		return nil, err
	}
	return doc, nil
}
