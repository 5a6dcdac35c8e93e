package pmml

import (
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/circuits"
)

// What went wrong. Every error of Read wraps one of these (or one of package circuits, or comes from the reader), and
// is an *Error, which says where.
var (
	// ErrDocument: not well-formed XML, or not the structure that the standard asks for.
	ErrDocument = errors.New("pmml: bad document")
	// ErrVersion: not PMML 4.0 to 4.4, or the version and the namespace disagree.
	ErrVersion = errors.New("pmml: want PMML 4.0 to 4.4")
	// ErrModel: the document holds another model than one scorecard.
	ErrModel = errors.New("pmml: want exactly one scorecard")
	// ErrExtension: a vendor's extension, whose meaning is not known.
	ErrExtension = errors.New("pmml: extensions are not supported")
	// ErrUnsupported: the standard allows it, but it cannot become a sum of tables (or is not worth it). It is a
	// circuits.ErrUnsupported too.
	ErrUnsupported = fmt.Errorf("pmml: not supported: %w", circuits.ErrUnsupported)
	// ErrLimit: larger than a document may be. It is a circuits.ErrLimit too.
	ErrLimit = fmt.Errorf("pmml: document too large: %w", circuits.ErrLimit)
)

// Error says where in the document something is wrong.
type Error struct {
	Line, Column int    // of the end of the element's start tag, from 1
	Path         string // "PMML/Scorecard/Characteristics/Characteristic[2]/Attribute[3]"; may be empty
	Err          error
}

// Error is the position, the path and the reason.
func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
	}
	return fmt.Sprintf("line %d, column %d: %s: %v", e.Line, e.Column, e.Path, e.Err)
}

// Unwrap is the reason.
func (e *Error) Unwrap() error { return e.Err }

// short quotes outside text for an error message, cut to a readable length.
func short(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%q...", s[:60])
	}
	return fmt.Sprintf("%q", s)
}
