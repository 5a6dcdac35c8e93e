package mpc

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
)

// Flight is one signed flight of a superblock, as Config.Record is shown it and
// as a record of a session keeps it.
type Flight struct {
	Block  int
	Number int // 1, 2, ... within the superblock
	From   Role
	// Payload and Signature are valid during the call of Config.Record only. In a
	// record that is kept Payload may be nil where the hash is enough.
	Payload   []byte
	Sum       [32]byte // BLAKE3-256 of the payload
	Digest    Digest   // transcript hash of the superblock up to this flight
	Signature []byte   // Ed25519 of the sender over Digest; see VerifyFlight
}

// CheckFlights reports whether the flights are all those of a superblock, first
// to last and of the sizes that were planned, and whether their hashes form the
// transcript of that superblock under the binding. A payload that is there has
// its size and hash checked too. Signatures are not looked at (see VerifyFlight).
// The error is an ErrParams: who made the record is known to the caller only.
func CheckFlights(binding [32]byte, block int, sizes []int, flights []Flight) error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: record of superblock %d: %s", ErrParams, block, fmt.Sprintf(format, a...))
	}
	if len(flights) != len(sizes) {
		return bad("%d flights, want %d", len(flights), len(sizes))
	}
	digest := newTranscript(binding, block)
	for i := range flights {
		f := &flights[i]
		from := RoleBank
		if RoleTax.sends(i + 1) {
			from = RoleTax
		}
		if f.Block != block || f.Number != i+1 || f.From != from {
			return bad("wanted flight %d of the %v, got flight %d of the %v of superblock %d", i+1, from, f.Number, f.From, f.Block)
		}
		if f.Payload != nil {
			if len(f.Payload) != sizes[i] {
				return bad("flight %d has %d bytes, want %d", i+1, len(f.Payload), sizes[i])
			}
			if Hash(f.Payload) != f.Sum {
				return bad("flight %d does not have the hash that it is recorded with", i+1)
			}
		}
		if digest = digest.after(i+1, f.Sum); digest != f.Digest {
			return bad("flight %d does not continue the transcript", i+1)
		}
	}
	return nil
}

// SetupChain is the running digest of the set-up messages that went one way over
// a connection:
//
//	c_0 = SHA-256("blindscore set-up v1")
//	c_n = SHA-256(c_(n-1) || label || LE64(size) || BLAKE3-256(message n))
//
// The zero value is the chain of no messages.
type SetupChain struct {
	n      uint64
	digest [32]byte
}

var setupStart = sha256.Sum256([]byte("blindscore set-up v1"))

// Add puts the next message, of size bytes and with this BLAKE3-256 hash, on the
// chain.
func (c *SetupChain) Add(label uint8, size int, sum [32]byte) {
	before := c.value()
	var b [32 + 1 + 8 + 32]byte
	copy(b[:], before[:])
	b[32] = label
	binary.LittleEndian.PutUint64(b[33:], uint64(size))
	copy(b[41:], sum[:])
	c.digest = sha256.Sum256(b[:])
	c.n++
}

func (c *SetupChain) value() [32]byte {
	if c.n == 0 {
		return setupStart
	}
	return c.digest
}

// SetupDigest is the digest of all set-up messages of a connection, both ways:
//
//	SHA-256("blindscore set-up digest v1" || chain bank to tax node || chain tax node to bank)
func SetupDigest(fromBank, fromTax SetupChain) [32]byte {
	b, t := fromBank.value(), fromTax.value()
	return sha256.Sum256(append(append([]byte("blindscore set-up digest v1"), b[:]...), t[:]...))
}

// setupRecord is what a Conn keeps of its set-up messages.
type setupRecord struct {
	mu             sync.Mutex
	sent, received SetupChain
	record         func(label uint8, sent bool, payload []byte)
}

func (r *setupRecord) add(label uint8, sent bool, msg []byte) {
	sum := Hash(msg)
	r.mu.Lock()
	defer r.mu.Unlock()
	chain := &r.received
	if sent {
		chain = &r.sent
	}
	chain.Add(label, len(msg), sum)
	if r.record != nil {
		r.record(label, sent, msg)
	}
}

// SetupDigest returns the digest of all set-up messages that went over this
// connection so far, for the end that has the given role. Both ends have the same
// once each has sent and received the same messages. A message counts from when
// Send has its place on the wire, and from when Recv returns it; so of a message
// that is still on its way the sender's digest knows and the receiver's does not.
// Sign it where the protocol of the storey above leaves none on the way.
func (c *Conn) SetupDigest(role Role) [32]byte {
	c.setup.mu.Lock()
	defer c.setup.mu.Unlock()
	if role == RoleBank {
		return SetupDigest(c.setup.sent, c.setup.received)
	}
	return SetupDigest(c.setup.received, c.setup.sent)
}

// RecordSetup has f called for every set-up message that is sent or received
// from here on, in the order of the digest in either direction: of one that is
// sent right before it leaves, of one that is received before Recv returns it.
// Calls do not overlap. The payload is valid during the call only, and f must not
// use the Conn.
func (c *Conn) RecordSetup(f func(label uint8, sent bool, payload []byte)) {
	c.setup.mu.Lock()
	defer c.setup.mu.Unlock()
	c.setup.record = f
}
