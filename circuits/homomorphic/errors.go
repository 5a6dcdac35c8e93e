package homomorphic

import (
	"errors"
	"fmt"
)

// Errors by fault. Everything that this package and the rooms below it return wraps one of them, or the error of the
// reader that was to give randomness.
var (
	// ErrParams: the caller asked for parameters, levels or shapes that are not admitted.
	ErrParams = errors.New("homomorphic: invalid parameters")
	// ErrEncoding: bytes from outside are not the encoding of anything.
	ErrEncoding = errors.New("homomorphic: invalid encoding")
	// ErrRange: a value is outside what the circuit holds.
	ErrRange = errors.New("homomorphic: value out of range")
	// ErrNoise: a circuit would leave more noise than its result survives.
	ErrNoise = errors.New("homomorphic: too much noise")
	// ErrUsed: something that may be used once was used a second time.
	ErrUsed = errors.New("homomorphic: used twice")
	// ErrSecret: a secret refuses to be serialised by accident.
	ErrSecret = errors.New("homomorphic: a secret does not serialise; see Reveal")
)

// wantBytes refuses a message of the wrong size.
func wantBytes(what string, b []byte, want int) error {
	if len(b) != want {
		return fmt.Errorf("%w: %s has %d bytes, got %d", ErrEncoding, what, want, len(b))
	}
	return nil
}
