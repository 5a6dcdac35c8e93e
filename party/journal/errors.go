package journal

import "errors"

// Errors of this package.
var (
	// ErrExists: the record is there already, and records do not change.
	ErrExists = errors.New("journal: exists already")

	// ErrUnknown: there is no such record.
	ErrUnknown = errors.New("journal: not found")

	// ErrTries: too many attempts at the task began, and none of them was answered. It is not begun again.
	ErrTries = errors.New("journal: too many attempts without an answer")

	// ErrInvalid: the caller passed something that a record cannot hold.
	ErrInvalid = errors.New("journal: invalid record")

	// ErrCorrupt: the file is damaged. Nothing more is written to it; restore it, or start a new one and settle with the
	// peers what was done.
	ErrCorrupt = errors.New("journal: damaged file")

	// ErrVersion: the file is a journal of another version, or of the other side.
	ErrVersion = errors.New("journal: wrong kind or version of journal")

	// ErrFile: the file cannot be opened: in use by another process, readable by others, not there.
	ErrFile = errors.New("journal: cannot open file")

	// ErrClosed: the journal was closed.
	ErrClosed = errors.New("journal: closed")
)

// refusal reports whether err says that a change was refused before it touched anything, so that other changes of the
// same commit may go ahead.
func refusal(err error) bool {
	return errors.Is(err, ErrExists) || errors.Is(err, ErrUnknown) || errors.Is(err, ErrInvalid) || errors.Is(err, ErrTries)
}
