package threshold

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors by fault. What the room returns besides wraps an error of package homomorphic: ErrParams for the caller's own
// mistakes, ErrUsed, ErrNoise, ErrEncoding for a key file.
var (
	// ErrMissing: a holder's message is not there. Nothing is lost: ask it again, or take another subset where the protocol
	// is for a subset.
	ErrMissing = errors.New("threshold: a holder's message is missing")
	// ErrLie: a holder sent what an honest one never sends. The session is over.
	ErrLie = errors.New("threshold: a holder broke the protocol")
	// ErrView: a holder says that it received other messages before this one than we did. Either it lies or a holder sent two
	// versions of a message: compare the signed messages, of which two that differ convict their signer.
	ErrView = errors.New("threshold: holders disagree on what was said")
)

// Fault names holders that are at fault, by their points, and wraps ErrMissing, ErrLie or ErrView.
type Fault struct {
	Holders []int    // points, ascending
	Names   []string // in the same order
	Reason  string
	kind    error
}

// Error names the holders.
func (f *Fault) Error() string {
	return fmt.Sprintf("%v: %s: %s", f.kind, strings.Join(f.Names, ", "), f.Reason)
}

// Unwrap gives ErrMissing, ErrLie or ErrView.
func (f *Fault) Unwrap() error { return f.kind }

// Named gives the points of the holders that an error of this package names, nil if it names none.
func Named(err error) []int {
	if f, ok := errors.AsType[*Fault](err); ok {
		return slices.Clone(f.Holders)
	}
	return nil
}

// blame makes a Fault.
func (g *Group) blame(kind error, reason string, holders ...int) error {
	f := &Fault{Holders: holders, Reason: reason, kind: kind}
	for _, h := range holders {
		f.Names = append(f.Names, g.holders[h-1].Name)
	}
	return f
}
