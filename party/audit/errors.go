package audit

import (
	"errors"
	"fmt"
)

// Errors of this package. A violation by a party is never an error: it is what an audit finds.
var (
	// ErrEvidence: what was handed over is not whole, or not what the parties signed. It says nothing about the party
	// unless it was its own duty to keep it.
	ErrEvidence = errors.New("audit: unusable evidence")

	// ErrInput: the caller passed something that makes no sense, such as another model than the approved one.
	ErrInput = errors.New("audit: invalid input")

	// ErrFinding: a finding is not signed by enough auditors, or quotes what was not signed.
	ErrFinding = errors.New("audit: invalid finding")
)

func evidenceError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrEvidence, fmt.Errorf(format, args...))
}

func inputError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInput, fmt.Errorf(format, args...))
}
