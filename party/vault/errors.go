package vault

import (
	"errors"
	"fmt"
)

// Errors by fault. Errors of the rooms below (threshold.ErrMissing and ErrLie, which name holders; homomorphic.ErrParams)
// pass through.
var (
	// ErrConfig: the caller's own parts do not fit each other.
	ErrConfig = errors.New("vault: parts do not fit")
	// ErrEncoding: bytes from outside are not what they are said to be: misshapen, or not signed.
	ErrEncoding = errors.New("vault: invalid encoding")
	// ErrSnapshot: the snapshot, or a chunk of it, is not what the tax node signed.
	ErrSnapshot = errors.New("vault: the snapshot is not the tax node's")
	// ErrRefused: a holder does not serve the request: model not approved, companies not admitted, another snapshot.
	ErrRefused = errors.New("vault: refused")
	// ErrResult: the platform's result is not that of the approved model on the snapshot.
	ErrResult = errors.New("vault: the platform's result is another one")
	// ErrUsed: the request was answered before, or its task with another content.
	ErrUsed = errors.New("vault: used before")
	// ErrUnanswered: fewer holders answered than it takes; the error says why each did not.
	ErrUnanswered = errors.New("vault: not enough holders answered")
	// ErrRegister: the register of used tasks is damaged or cannot be written. Nothing is answered without it.
	ErrRegister = errors.New("vault: the register failed")
)

// because adds a reason to a sentinel.
func because(err error, format string, a ...any) error {
	return fmt.Errorf("%w: %s", err, fmt.Sprintf(format, a...))
}
