package evidence

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/partypb"
)

const sessionTitle = "blindscore session v1\n"

// Records of a session's file.
const (
	recordStart  byte = iota + 1 // signed StartBody
	recordReply                  // signed StartReplyBody
	recordFlight                 // a flight
)

// flightHead is the fixed part of a flight: block (4) | number (1) | from (1) | sum (32) | digest (32) | signature (64).
const flightHead = 4 + 1 + 1 + 32 + 32 + 64

// SessionLog writes the file of one attempt at a task.
type SessionLog struct{ l *log }

// Start writes what both sides signed to begin with.
func (s *SessionLog) Start(start, reply *partypb.Signed) error {
	a, err1 := signed(start)
	b, err2 := signed(reply)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	return errors.Join(s.l.add(recordStart, a), s.l.add(recordReply, b))
}

// Flight writes a flight, with its payload if keep is set. It fits mpc.Config.Record.
func (s *SessionLog) Flight(f mpc.Flight, keep bool) error {
	if len(f.Signature) != partypb.SignatureSize || f.Number < 1 || f.Number > 255 || !possible(f) {
		return invalid("flight %d of superblock %d by %v with a signature of %d bytes", f.Number, f.Block, f.From, len(f.Signature))
	}
	head := make([]byte, 0, flightHead)
	head = binary.LittleEndian.AppendUint32(head, uint32(f.Block))
	head = append(head, byte(f.Number), byte(f.From))
	head = append(append(append(head, f.Sum[:]...), f.Digest[:]...), f.Signature...)
	if !keep {
		return s.l.add(recordFlight, head)
	}
	return s.l.add(recordFlight, head, f.Payload)
}

// Sync forces what was written so far to disk.
func (s *SessionLog) Sync() error { return s.l.sync() }

// Close forces the file to disk.
func (s *SessionLog) Close() error { return s.l.close() }

// Session is the file of one attempt, being read.
type Session struct {
	Start, Reply *partypb.Signed
	r            *reader
}

// ReadSession reads the beginning of a session's file. Flights gives the rest, once. Errors wrap ErrInvalid or ErrFile.
func ReadSession(r io.Reader) (*Session, error) {
	in, err := newReader(r, sessionTitle)
	if err != nil {
		return nil, err
	}
	s := &Session{r: in}
	for _, want := range []struct {
		kind byte
		into **partypb.Signed
		name string
	}{{recordStart, &s.Start, "start"}, {recordReply, &s.Reply, "reply to start"}} {
		kind, body, err := in.next()
		if errors.Is(err, io.EOF) || (err == nil && kind != want.kind) {
			return nil, invalid("no %s", want.name)
		}
		if err != nil {
			return nil, err
		}
		if err := put(want.into, body, want.name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Flights iterates over the flights in the order in which they were sent and received; those of one superblock are in the
// superblock's order. Payload is nil where it was not kept. An error ends it. Memory is that of one flight.
func (s *Session) Flights() iter.Seq2[mpc.Flight, error] {
	return func(yield func(mpc.Flight, error) bool) {
		for {
			kind, b, err := s.r.next()
			if errors.Is(err, io.EOF) {
				return
			}
			var f mpc.Flight
			if err == nil {
				f, err = parseFlight(kind, b)
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// Torn reports, once Flights is through, whether the file ends in the middle of a record, as after a crash.
func (s *Session) Torn() bool { return s.r.torn }

func parseFlight(kind byte, b []byte) (mpc.Flight, error) {
	if kind != recordFlight || len(b) < flightHead {
		return mpc.Flight{}, invalid("record %d of %d bytes among the flights", kind, len(b))
	}
	f := mpc.Flight{
		Block: int(binary.LittleEndian.Uint32(b)), Number: int(b[4]), From: mpc.Role(b[5]),
		Sum: [32]byte(b[6:38]), Digest: mpc.Digest(b[38:70]), Signature: b[70:134:134],
	}
	if f.Number < 1 || !possible(f) {
		return mpc.Flight{}, invalid("flight %d of superblock %d by %v", f.Number, f.Block, f.From)
	}
	if len(b) > flightHead {
		f.Payload = b[flightHead:]
	}
	return f, nil
}

// possible reports whether there can be such a flight.
func possible(f mpc.Flight) bool {
	return f.Block >= 0 && f.Block < partypb.MaxSuperblocks && (f.From == mpc.RoleBank || f.From == mpc.RoleTax)
}

// reached reads a session's file up to its last whole record, and returns where that ends and how many flights of a
// superblock there are. ErrUnknown if the file ends before the session begins.
func reached(r io.Reader, block int) (end int64, flights int, err error) {
	in, err := newReader(r, sessionTitle)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	end = int64(len(sessionTitle))
	for n := 0; ; n++ {
		kind, body, err := in.next()
		switch {
		case errors.Is(err, io.EOF) && n < 2:
			return 0, 0, fmt.Errorf("%w: the session did not begin", ErrUnknown)
		case errors.Is(err, io.EOF):
			return end, flights, nil
		case err != nil:
			return 0, 0, err
		}
		if n >= 2 {
			f, err := parseFlight(kind, body)
			if err != nil {
				return 0, 0, err
			}
			if f.Block == block {
				flights = f.Number
			}
		}
		end += int64(recordHead + len(body))
	}
}
