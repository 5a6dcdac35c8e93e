package admission

import (
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/party/policy"
)

// The reasons that are the ledger's, each an ErrDenied. Those of the policy are package policy's, and wrapped with ErrDenied.
var (
	// ErrBank: the bank is not on the ledger under this name and key, or is suspended there.
	ErrBank error = &reason{"admission: the bank is not active on the ledger"}
	// ErrTaxNode: this node is not, and could not answer for what it admits.
	ErrTaxNode error = &reason{"admission: this node is not active on the ledger"}
	// ErrSchema: the schema is not published on the ledger.
	ErrSchema error = &reason{"admission: the schema is not published"}
	// ErrModel: the model is not approved for this bank and schema, or its approval was withdrawn.
	ErrModel error = &reason{"admission: the model is not approved"}
	// ErrTable: the encrypted table is not the one that was approved with the model.
	ErrTable error = &reason{"admission: the encrypted table is not approved"}
	// ErrFork: the ledger was caught with two histories; nothing on it counts until that is settled.
	ErrFork error = &reason{"admission: there is evidence against the ledger"}
)

// Faults of this node.
var (
	// ErrConfig: a gate cannot be made of this.
	ErrConfig = errors.New("admission: invalid configuration")
	// ErrApplication: the caller passed something that makes no sense.
	ErrApplication = errors.New("admission: invalid argument")
	// ErrUnknown: the task was not admitted here.
	ErrUnknown = errors.New("admission: no such task")
	// ErrFault: something below failed; the task may be put up again.
	ErrFault = errors.New("admission: fault")
)

// reason is a sentinel that wraps ErrDenied.
type reason struct{ text string }

func (r *reason) Error() string { return r.text }
func (r *reason) Unwrap() error { return ErrDenied }

// denied makes a denial by the policy one of this package, and anything else a fault.
func denied(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, policy.ErrDenied):
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return fault(err)
}

func fault(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrFault, err)
}
