package mpc

import "context"

// Channel carries the messages of a set-up phase: in order, each with a label
// and of a size that the receiver knows beforehand.
type Channel interface {
	// Send sends one message. It may return before the peer has it.
	Send(ctx context.Context, label uint8, msg []byte) error

	// Recv returns the next message. It fails with ErrPeer unless that message
	// carries this label and has exactly size bytes; a longer one is never
	// allocated.
	Recv(ctx context.Context, label uint8, size int) ([]byte, error)
}
