package evidence

import (
	"errors"
	"fmt"
)

// Errors of this package.
var (
	// ErrFile: a file or directory cannot be read or written.
	ErrFile = errors.New("evidence: file")

	// ErrInvalid: not a file of this package, or one out of its bounds.
	ErrInvalid = errors.New("evidence: invalid record")

	// ErrUnknown: there is no such evidence.
	ErrUnknown = errors.New("evidence: not found")

	// ErrClosed: the file was closed.
	ErrClosed = errors.New("evidence: closed")
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

func onFile(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrFile, err)
}
