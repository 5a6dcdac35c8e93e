package mpc

import "errors"

// Errors of this storey, by fault. Everything that mpc and the rooms below it
// return wraps exactly one of them, so that a caller can decide what to do
// with errors.Is and need not read the text.
var (
	// ErrPeer: the peer sent something that an honest peer never sends. The
	// connection is closed; trying again with the same peer is pointless until
	// its operator has been asked.
	ErrPeer = errors.New("mpc: the peer broke the protocol")

	// ErrCheck: a consistency check on the peer's OT messages failed. It is an
	// ErrPeer whose correlation is burnt: new base OTs are needed. Nothing more
	// specific is ever said, because the reason would be a bit of Delta.
	ErrCheck error = &wrapped{ErrPeer, "mpc: consistency check failed"}

	// ErrAborted: the peer ended the session and said so. Its own log tells why.
	ErrAborted = errors.New("mpc: the peer aborted")

	// ErrInterrupted: the connection was lost, or a deadline passed. Nobody is
	// to blame; resume the batch.
	ErrInterrupted = errors.New("mpc: interrupted")

	// ErrParams: the caller of this library asked for something impossible.
	ErrParams = errors.New("mpc: invalid parameters")

	// ErrUsed: something that may be used once was used a second time.
	ErrUsed = errors.New("mpc: used twice")
)

// wrapped is a sentinel that is a special case of another sentinel.
type wrapped struct {
	parent error
	text   string
}

func (w *wrapped) Error() string { return w.text }
func (w *wrapped) Unwrap() error { return w.parent }
