package party

import (
	"context"
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/partypb"
)

// Errors of this room, by what the caller should do. Everything that it returns
// wraps at least one of them.
var (
	// ErrRefused, for a company: the tax node does not evaluate it for this
	// bank. It is the one answer for every reason: not on record, no consent or
	// one that was revoked or is used up, no bits left, a record that is too old.
	// The reason stays with the tax node. For a whole task: the tax node does not
	// run it, as when its policy, the approval of the model or the bank's standing
	// on the ledger does not allow it.
	ErrRefused = errors.New("party: refused")

	// ErrBusy: the tax node has no room for another session. Try again later.
	ErrBusy = errors.New("party: busy")

	// ErrTask: the request cannot become a task: correct it.
	ErrTask = errors.New("party: invalid task")

	// ErrUnsupported: the two nodes have no protocol version, engine or schema
	// in common. Upgrade, or fetch the schema anew.
	ErrUnsupported = errors.New("party: unsupported")

	// ErrPeer: the peer broke the protocol, or signed what it should not have.
	// The evidence is in the log; do not just try again.
	ErrPeer = errors.New("party: the peer misbehaved")

	// ErrInterrupted: the connection or a deadline was lost. Dial again and call
	// Resume: nothing is evaluated twice.
	ErrInterrupted = errors.New("party: interrupted")

	// ErrInternal: a fault of this node (its disk, its records). Nothing was
	// released.
	ErrInternal = errors.New("party: internal fault")

	// ErrClosed: the link or the node was closed.
	ErrClosed = errors.New("party: closed")
)

// classify turns an error of the storeys below into one of this room.
func classify(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{ErrRefused, ErrBusy, ErrTask, ErrUnsupported, ErrPeer, ErrInterrupted, ErrInternal, ErrClosed} {
		if errors.Is(err, known) {
			return err
		}
	}
	if r, ok := partypb.IsRefusal(err); ok {
		return refusalError(r)
	}
	switch {
	case errors.Is(err, mpc.ErrPeer), errors.Is(err, partypb.ErrInvalid):
		return fmt.Errorf("%w: %w", ErrPeer, err)
	case errors.Is(err, mpc.ErrInterrupted), errors.Is(err, mpc.ErrAborted),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrInterrupted, err)
	case errors.Is(err, mpc.ErrParams):
		return fmt.Errorf("%w: %w", ErrTask, err)
	}
	return fmt.Errorf("%w: %w", ErrInternal, err)
}

// refusalError is what a refusal means to the side that hears it.
func refusalError(r *partypb.Refusal) error {
	switch r.GetCode() {
	case partypb.RefusalCode_REFUSAL_CODE_BUSY:
		return fmt.Errorf("%w: try again in %d ms", ErrBusy, r.GetRetryAfterMs())
	case partypb.RefusalCode_REFUSAL_CODE_UNSUPPORTED:
		return fmt.Errorf("%w: says the peer", ErrUnsupported)
	case partypb.RefusalCode_REFUSAL_CODE_INTERNAL:
		return fmt.Errorf("%w: the peer has a fault", ErrInterrupted)
	}
	return fmt.Errorf("%w: the task", ErrRefused)
}

// refusalCode is what the peer is told of an error of this side: as little as
// lets it act.
func refusalCode(err error) partypb.RefusalCode {
	switch {
	case errors.Is(err, ErrBusy):
		return partypb.RefusalCode_REFUSAL_CODE_BUSY
	case errors.Is(err, ErrUnsupported):
		return partypb.RefusalCode_REFUSAL_CODE_UNSUPPORTED
	case errors.Is(err, ErrInternal):
		return partypb.RefusalCode_REFUSAL_CODE_INTERNAL
	}
	return partypb.RefusalCode_REFUSAL_CODE_TASK
}

// internal marks a fault of this node's disk or records; errors that already
// say whose fault they are stay as they are.
func internal(err error) error {
	if err == nil {
		return nil
	}
	return classify(err)
}
