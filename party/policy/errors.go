package policy

import (
	"errors"
	"fmt"
)

// ErrDenied is wrapped by each reason below: the policy does not admit what was asked for. An error that does not wrap it is
// a fault of a file or of the caller. A reason is for the tax node's own log and reports; a bank must not learn which it was.
var ErrDenied = errors.New("policy: denied")

// The reasons for which a task is denied as a whole, in the order in which Explain gives them.
var (
	// ErrStopped: the kill switch is on, or there is no policy.
	ErrStopped error = reason("policy: stopped")
	// ErrBank: the bank is not listed.
	ErrBank error = reason("policy: bank not listed")
	// ErrWindow: the bank's time has not come, or is over.
	ErrWindow error = reason("policy: outside the bank's period")
	// ErrPurpose: the purpose is not listed.
	ErrPurpose error = reason("policy: purpose not listed")
	// ErrSchema: the schema is not listed.
	ErrSchema error = reason("policy: schema not listed")
	// ErrFeature: a feature is not listed, or none was asked for.
	ErrFeature error = reason("policy: feature not listed")
	// ErrOutput: the kind of output is not listed.
	ErrOutput error = reason("policy: kind of output not listed")
	// ErrBits: more bits a company than the output, or any budget, ever allows.
	ErrBits error = reason("policy: too many bits")
	// ErrEngine: the engine is not listed.
	ErrEngine error = reason("policy: engine not listed")
	// ErrSize: too many companies in one task.
	ErrSize error = reason("policy: too many companies")
	// ErrStaleLedger: the witnessed checkpoint of the ledger is too old, missing, or of the future.
	ErrStaleLedger error = reason("policy: stale checkpoint of the ledger")
	// ErrQuota: the bank used up its tasks or companies of the day.
	ErrQuota error = reason("policy: quota of the day used up")
	// ErrTasks: the bank has as many tasks under way as it may.
	ErrTasks error = reason("policy: too many tasks under way")
	// ErrLinks: the bank has as many links open as it may.
	ErrLinks error = reason("policy: too many links")
)

// The reasons for which a company of an admitted task is refused.
var (
	// ErrBudget: the bits would exceed a budget of the company.
	ErrBudget error = reason("policy: bit budget of the company used up")
	// ErrStaleRecord: the record is too old or of the future, or its time is unknown where the policy wants it known.
	ErrStaleRecord error = reason("policy: stale record")
	// ErrExcluded: the caller had refused the company before.
	ErrExcluded error = reason("policy: refused before the policy was asked")
)

// Faults of a file or of the caller.
var (
	// ErrPolicy: the text is no policy. The message names line and field.
	ErrPolicy = errors.New("policy: invalid policy")
	// ErrInvalid: the caller passed something that makes no sense.
	ErrInvalid = errors.New("policy: invalid argument")
	// ErrReplayed: the task was charged before, for something else.
	ErrReplayed = errors.New("policy: replayed")
	// ErrCorrupt: the file of counters is damaged. Nothing more is written to it, and nothing admitted.
	ErrCorrupt = errors.New("policy: damaged file")
	// ErrFile: a file cannot be opened, read or written. Counters that could not write admit nothing until they are opened
	// anew.
	ErrFile = errors.New("policy: cannot use file")
	// ErrVersion: the file is one of another kind or version.
	ErrVersion = errors.New("policy: wrong kind or version of file")
	// ErrClosed: the counters were closed.
	ErrClosed = errors.New("policy: closed")
)

// Denial is a reason with what was wanted and what was got. It wraps Reason and ErrDenied.
type Denial struct {
	Reason error // one of the sentinels
	Detail string
}

// Error is the reason and the detail. It names no company.
func (d *Denial) Error() string {
	if d.Detail == "" {
		return d.Reason.Error()
	}
	return d.Reason.Error() + ": " + d.Detail
}

// Unwrap returns the reason.
func (d *Denial) Unwrap() error { return d.Reason }

// denied is a sentinel that wraps ErrDenied.
type denied struct {
	text string
}

func (d *denied) Error() string { return d.text }
func (d *denied) Unwrap() error { return ErrDenied }

func reason(text string) *denied { return &denied{text} }

// deny returns a *Denial as an error.
func deny(sentinel error, format string, args ...any) error {
	return &Denial{sentinel, fmt.Sprintf(format, args...)}
}

func because(sentinel error, format string, args ...any) error {
	return fmt.Errorf("%w: %s", sentinel, fmt.Sprintf(format, args...))
}
