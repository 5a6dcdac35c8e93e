package consent

import (
	"errors"
	"fmt"
)

// ErrConsent is wrapped by each refusal below: what was asked for has no valid consent. An error that does not wrap it is a
// fault of the store or of the caller. A refusal is for the tax node's own log; a bank must not learn which it was.
var ErrConsent = errors.New("consent: refused")

// The refusals. Where a company has several consents and none fits, Lookup gives the refusal that stands last in this list:
// that of the consent that came nearest.
var (
	// ErrMalformed: not the one encoding of an artefact or revocation, or a field of it is out of bounds.
	ErrMalformed error = refuse(1, "consent: malformed")
	// ErrUnknownKey: the company has no registered key.
	ErrUnknownKey error = refuse(2, "consent: no key of this company is known")
	// ErrAltered: the company's key did not sign these bytes.
	ErrAltered error = refuse(3, "consent: altered, or signed by another key")
	// ErrReplayed: the artefact, or another one with its id, was granted before.
	ErrReplayed error = refuse(4, "consent: replayed")
	// ErrLimit: the company has too many consents, or took back too many one by one.
	ErrLimit error = refuse(5, "consent: too many of one company")
	// ErrNone: the company has granted no consent, or all of them expired long ago.
	ErrNone error = refuse(6, "consent: none granted")
	// ErrWrongTaxNode: it names another tax node.
	ErrWrongTaxNode error = refuse(7, "consent: wrong tax node")
	// ErrWrongBank: it names another bank, or another key of it.
	ErrWrongBank error = refuse(8, "consent: wrong bank")
	// ErrWrongSchema: it is on another schema.
	ErrWrongSchema error = refuse(9, "consent: wrong schema")
	// ErrWrongPurpose: it is for another purpose.
	ErrWrongPurpose error = refuse(10, "consent: wrong purpose")
	// ErrWrongFeature: it does not list a feature.
	ErrWrongFeature error = refuse(11, "consent: wrong feature")
	// ErrWrongOutput: it allows another kind of output.
	ErrWrongOutput error = refuse(12, "consent: wrong kind of output")
	// ErrTooManyBits: it allows fewer bits of output.
	ErrTooManyBits error = refuse(13, "consent: too many bits")
	// ErrWrongRange: the records are of a period that it does not cover.
	ErrWrongRange error = refuse(14, "consent: wrong data range")
	// ErrWrongTask: it is bound to another task.
	ErrWrongTask error = refuse(15, "consent: wrong task")
	// ErrExpired: its expiry has come.
	ErrExpired error = refuse(16, "consent: expired")
	// ErrNotYetValid: its start has not come.
	ErrNotYetValid error = refuse(17, "consent: not yet valid")
	// ErrRevoked: the company took it back.
	ErrRevoked error = refuse(18, "consent: revoked")
	// ErrExhausted: all its evaluations are used.
	ErrExhausted error = refuse(19, "consent: exhausted")
	// ErrTooOften: the evaluations of this hour, day, month or year are used.
	ErrTooOften error = refuse(20, "consent: too often")
)

// Faults of the store or of its caller.
var (
	// ErrInvalid: the caller passed something that makes no sense.
	ErrInvalid = errors.New("consent: invalid argument")
	// ErrKeys: the register of keys could not be asked.
	ErrKeys = errors.New("consent: cannot look up a key")
	// ErrSign: the company's key could not sign.
	ErrSign = errors.New("consent: cannot sign")
	// ErrCorrupt: the file is damaged. Nothing more is written to it.
	ErrCorrupt = errors.New("consent: damaged file")
	// ErrFile: the file cannot be opened: in use by another process, readable by others, not a file.
	ErrFile = errors.New("consent: cannot open file")
	// ErrVersion: the file is one of another kind, version or tax node.
	ErrVersion = errors.New("consent: wrong kind or version of file")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("consent: closed")
)

// refusal is a sentinel with its place in the list, which a stored charge refers to.
type refusal struct {
	code uint8
	text string
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return ErrConsent }

// refusals holds the sentinels by code.
var refusals [21]error

func refuse(code uint8, text string) *refusal {
	r := &refusal{code, text}
	refusals[code] = r
	return r
}

// codeOf returns the code of the refusal that err wraps, 0 for none.
func codeOf(err error) uint8 {
	var r *refusal
	if errors.As(err, &r) {
		return r.code
	}
	return 0
}

// Reason returns the refusal that err wraps, as text without particulars, or nothing: for counting in a log.
func Reason(err error) string {
	if code := codeOf(err); code != 0 {
		return refusals[code].Error()
	}
	return ""
}

func because(sentinel error, format string, args ...any) error {
	return fmt.Errorf("%w: %s", sentinel, fmt.Sprintf(format, args...))
}
