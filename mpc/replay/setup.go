package replay

import (
	"context"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
)

// setup is the Channel of a set-up that is replayed.
type setup struct {
	link           *Link
	sent, received int
	found          []Deviation
}

// Send compares.
func (s *setup) Send(ctx context.Context, label uint8, msg []byte) error {
	if err := interrupted(ctx); err != nil {
		return err
	}
	if s.sent == len(s.link.Sent) {
		return malformed("set-up message %d of this side is missing", s.sent)
	}
	s.found = append(s.found, differs(s.link.Sent[s.sent], s.sent, label, msg)...)
	s.sent++
	return nil
}

// differs compares a set-up message with what should have been sent.
func differs(recorded Message, at int, label uint8, msg []byte) []Deviation {
	sum := mpc.Hash(msg)
	if recorded.Label == label && recorded.Size == len(msg) && recorded.Sum == sum {
		return nil
	}
	return []Deviation{{Block: SetUp, Flight: at, Recorded: recorded.Sum, Recomputed: sum}}
}

// Recv plays what was received.
func (s *setup) Recv(ctx context.Context, label uint8, size int) ([]byte, error) {
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	if s.received == len(s.link.Received) {
		return nil, malformed("set-up message %d of the peer is missing", s.received)
	}
	m := s.link.Received[s.received]
	if m.Label != label || m.Size != size || len(m.Payload) != size {
		return nil, malformed("set-up message %d of the peer has label %d and %d bytes (%d on record), want label %d and %d bytes",
			s.received, m.Label, m.Size, len(m.Payload), label, size)
	}
	s.received++
	return m.Payload, nil
}

// refused is the deviation of a side that went on after what it should have
// refused.
func (s *setup) refused(cause error) []Deviation {
	d := Deviation{Block: SetUp, Flight: s.sent, Cause: cause}
	if s.sent < len(s.link.Sent) {
		d.Recorded = s.link.Sent[s.sent].Sum
	}
	return append(s.found, d)
}

func interrupted(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", mpc.ErrInterrupted, context.Cause(ctx))
	}
	return nil
}
