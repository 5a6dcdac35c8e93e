package replay

import (
	"context"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
)

// ErrRecord means that the record cannot be replayed: flights are missing, have
// another size than the parameters imply, or do not hash to the transcript; or
// set-up messages are not those of the signed digest. It is an mpc.ErrParams.
var ErrRecord = fmt.Errorf("%w: the record cannot be replayed", mpc.ErrParams)

func malformed(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrRecord, fmt.Sprintf(format, a...))
}

// Message is a set-up message on record.
type Message struct {
	Label   uint8
	Size    int
	Sum     [32]byte // mpc.Hash of the payload
	Payload []byte   // nil where it is not needed: see Link
}

// NewMessage records a set-up message with a copy of its payload, or with its
// hash alone.
func NewMessage(label uint8, payload []byte, keep bool) Message {
	m := Message{Label: label, Size: len(payload), Sum: mpc.Hash(payload)}
	if keep {
		m.Payload = slices.Clone(payload)
	}
	return m
}

// Link is one side's record of a connection up to the start of a session.
type Link struct {
	OT   ot.Params
	SID  [32]byte // that both sides gave to ot.NewSender and ot.NewReceiver
	Seed mpc.Seed // that this side gave to it; secret

	// Sent and Received are all set-up messages of the connection before the
	// session, in order, from this side's point of view: first those of the OT
	// set-up, then corrections that were exchanged ahead. Payloads are needed of
	// those that this side received in the OT set-up, and of those that Prepared
	// names.
	Sent, Received []Message

	// Digest is mpc.Conn.SetupDigest at the start of the session, as signed.
	Digest [32]byte
}

// check compares the messages with their hashes and those with the digest.
func (l *Link) check(role mpc.Role) error {
	var sent, received mpc.SetupChain
	for i, m := range l.Sent {
		if err := m.check(); err != nil {
			return malformed("set-up message %d of those sent %v", i, err)
		}
		sent.Add(m.Label, m.Size, m.Sum)
	}
	for i, m := range l.Received {
		if err := m.check(); err != nil {
			return malformed("set-up message %d of those received %v", i, err)
		}
		received.Add(m.Label, m.Size, m.Sum)
	}
	if role == mpc.RoleTax {
		sent, received = received, sent
	}
	if mpc.SetupDigest(sent, received) != l.Digest {
		return malformed("the set-up messages are not those of the signed digest")
	}
	return nil
}

func (m *Message) check() error {
	if m.Payload != nil && (len(m.Payload) != m.Size || mpc.Hash(m.Payload) != m.Sum) {
		return fmt.Errorf("is not what its size and hash say")
	}
	return nil
}

// Session is one side's record of a session, but for its flights.
type Session struct {
	Params  score.Params
	Binding [32]byte
	Blocks  []int  // all superblocks of the session, ascending, as given to Run
	Counter uint64 // ot.Sender.Next, or ot.Receiver.Next, before the session

	// Seeds returns the seed of a superblock of this side (mpc.BlockSeed); it is
	// asked for the replayed ones only. See FromSession.
	Seeds func(block int) mpc.Seed

	// Prepared is set if the session is of one company whose OT corrections were
	// exchanged ahead (score.PrepareBank, score.PrepareTax).
	Prepared *Prepared
}

// FromSession returns the superblocks' seeds of a session's seed.
func FromSession(session mpc.Seed) func(block int) mpc.Seed {
	return func(block int) mpc.Seed { return mpc.BlockSeed(session, block) }
}

// Prepared says which corrections a session of one company used.
type Prepared struct {
	Counter uint64   // number of their OT extension
	Binding [32]byte // that they were made under
	Message int      // their place among the set-up messages of the tax node, from 0
}

// check looks at what does not depend on the record's flights.
func (s *Session) check(sample []int) error {
	if err := s.Params.Validate(); err != nil {
		return err
	}
	ascending := func(b []int) bool {
		for i := range b {
			if i > 0 && b[i-1] >= b[i] {
				return false
			}
		}
		return true
	}
	last := s.Params.Superblocks() - 1
	switch {
	case s.Seeds == nil:
		return fmt.Errorf("%w: no seeds", mpc.ErrParams)
	case len(s.Blocks) > 0 && (s.Blocks[0] < 0 || s.Blocks[len(s.Blocks)-1] > last), !ascending(s.Blocks):
		return malformed("the session's superblocks are not an ascending list of those from 0 to %d", last)
	case !ascending(sample):
		return fmt.Errorf("%w: the superblocks to replay are not ascending", mpc.ErrParams)
	case s.Counter > 1<<62:
		return malformed("the session's first OT extension has number %d", s.Counter)
	case s.Prepared != nil && (s.Params.Companies != 1 || s.Params.Engine != score.EngineLattice):
		return malformed("corrections were exchanged ahead for %d companies under %v", s.Params.Companies, s.Params.Engine)
	}
	for _, b := range sample {
		if _, found := slices.BinarySearch(s.Blocks, b); !found {
			return fmt.Errorf("%w: superblock %d is none of the session", mpc.ErrParams, b)
		}
	}
	return nil
}

// sizes are those of a superblock's flights.
func (s *Session) sizes(block int) ([]int, error) {
	from, to := s.Params.Span(block)
	sizes, err := s.Params.Sizes(to - from)
	if err != nil || s.Prepared == nil {
		return sizes, err
	}
	ahead, err := s.Params.ReadyBytes()
	sizes[0] -= ahead
	return sizes, err
}

// number is that of the superblock's OT extension.
func (s *Session) number(block int) uint64 {
	if s.Prepared != nil {
		return s.Prepared.Counter
	}
	at, _ := slices.BinarySearch(s.Blocks, block)
	return s.Counter + uint64(at)
}

// Load returns the recorded flights of a superblock, first to last. It is called
// from several goroutines at once, once for each superblock; what it returns must
// not change. The payloads of the side that is replayed may be nil.
type Load func(ctx context.Context, block int) ([]mpc.Flight, error)

// SetUp stands for the superblock where a Deviation is in the set-up.
const SetUp = -1

// Deviation is a message of the replayed side that is not what it should have
// sent. It holds hashes only.
type Deviation struct {
	Block  int // or SetUp
	Flight int // number of the flight; of a set-up message its place in Link.Sent, from 0

	Recorded [32]byte // BLAKE3-256 of what was sent

	// Recomputed is the hash of what a bank should have sent, unless there is a
	// Cause. It is for auditors: a peer that has the recorded message and guesses
	// how little the right one differs can try its guesses on the hash. For a tax
	// node it is always zero, since the guess would be a company's level or band.
	Recomputed [32]byte

	// Cause, if not nil, is why an honest side would not have sent this message at
	// all: what it had received was refused, as mpc.ErrPeer or mpc.ErrCheck.
	Cause error
}

func (d Deviation) String() string {
	where := fmt.Sprintf("superblock %d, flight %d", d.Block, d.Flight)
	if d.Block == SetUp {
		where = fmt.Sprintf("set-up message %d", d.Flight)
	}
	if d.Cause != nil {
		return fmt.Sprintf("%s: %x was sent where nothing should have been: %v", where, d.Recorded[:8], d.Cause)
	}
	if d.Recomputed == [32]byte{} {
		return fmt.Sprintf("%s: %x was sent, which is not right", where, d.Recorded[:8])
	}
	return fmt.Sprintf("%s: %x was sent, %x is right", where, d.Recorded[:8], d.Recomputed[:8])
}
