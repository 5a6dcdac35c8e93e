package ledger

import (
	"errors"
	"fmt"
)

// Errors about an entry. Those of a rule are decided by the entries before it and by nothing else, so every copy of the
// ledger decides alike.
var (
	// ErrInvalid: not the one encoding of an entry, a genesis or a checkpoint, or a field of it is out of bounds.
	ErrInvalid = errors.New("ledger: invalid encoding")

	// ErrSignature: not signed by the author, for this ledger. It is an ErrInvalid.
	ErrSignature error = &special{ErrInvalid, "ledger: bad signature"}

	// ErrRule: the entry is well-formed and signed, and the state refuses it. The errors below are cases of it.
	ErrRule = errors.New("ledger: refused by the rules")

	// ErrAuthor: the author's key is not that of a registered party.
	ErrAuthor error = &special{ErrRule, "ledger: unknown author"}
	// ErrRole: the author may not write entries of this kind, or not this one.
	ErrRole error = &special{ErrRule, "ledger: wrong role"}
	// ErrSuspended: the author, or a party that the entry engages, is suspended.
	ErrSuspended error = &special{ErrRule, "ledger: suspended party"}
	// ErrSequence: not the author's next entry: it is a replay, or one before it is missing.
	ErrSequence error = &special{ErrRule, "ledger: out of sequence"}
	// ErrDuplicate: the ledger has this already.
	ErrDuplicate error = &special{ErrRule, "ledger: recorded before"}
	// ErrUnknown: the entry refers to what is not on the ledger.
	ErrUnknown error = &special{ErrRule, "ledger: refers to nothing"}
	// ErrState: the entry does not fit what it refers to, such as a consent revoked twice or a receipt for more companies than
	// were admitted.
	ErrState error = &special{ErrRule, "ledger: does not fit"}
)

// Errors about histories.
var (
	// ErrHistory: entries, proof and checkpoint do not belong together.
	ErrHistory = errors.New("ledger: not the history of the checkpoint")

	// ErrFork: the ledger's operator signed two histories. It is an ErrHistory; a *ForkError holds the evidence.
	ErrFork error = &special{ErrHistory, "ledger: forked history"}

	// ErrQuorum: too few witnesses signed the checkpoint. It is an ErrHistory.
	ErrQuorum error = &special{ErrHistory, "ledger: too few witnesses"}

	// ErrStale: a witness has seen a later checkpoint, or another one than the proof starts from; see StaleError.
	ErrStale = errors.New("ledger: witness is elsewhere")
)

// Errors about files and life.
var (
	// ErrCorrupt: the file or the stream is damaged.
	ErrCorrupt = errors.New("ledger: damaged file")
	// ErrFile: the file cannot be opened: in use by another process, readable by others, there already.
	ErrFile = errors.New("ledger: cannot open file")
	// ErrVersion: the file is one of another kind, version or ledger.
	ErrVersion = errors.New("ledger: wrong kind or version of file")
	// ErrClosed: the ledger was closed. An entry that was submitted may still have been recorded.
	ErrClosed = errors.New("ledger: closed")
	// ErrConfig: the caller's configuration makes no sense.
	ErrConfig = errors.New("ledger: invalid configuration")
)

// special is a sentinel that is a case of another one.
type special struct {
	parent error
	text   string
}

func (s *special) Error() string { return s.text }
func (s *special) Unwrap() error { return s.parent }

func because(sentinel error, format string, args ...any) error {
	return fmt.Errorf("%w: %s", sentinel, fmt.Sprintf(format, args...))
}

// ForkError is an ErrFork with its evidence: two checkpoints signed by the ledger, of histories that exclude each other.
type ForkError struct{ A, B []byte }

func (*ForkError) Error() string { return ErrFork.Error() }

// Unwrap returns ErrFork.
func (*ForkError) Unwrap() error { return ErrFork }

// StaleError is an ErrStale that tells where the witness is.
type StaleError struct{ Size uint64 }

func (e *StaleError) Error() string { return fmt.Sprintf("%v: at size %d", ErrStale, e.Size) }

// Unwrap returns ErrStale.
func (*StaleError) Unwrap() error { return ErrStale }
