package evidence

import (
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/partypb"
)

const linkTitle = "blindscore link v1\n"

// Records of a connection's file.
const (
	recordLink    byte = iota + 1 // role (1) | link (32) | own key (32) | peer's key (32)
	recordMessage                 // label (1) | sent (1) | size (8) | sum (32) | payload, if it was kept
	recordEscrow                  // signed EscrowBody
	recordOwn                     // signed EscrowBody with this side's seed, for its own auditors
)

const messageHead = 1 + 1 + 8 + 32

// Bounds of what a connection's file may hold.
const (
	maxMessages      = 1 << 20
	maxKept          = 1 << 28 // bytes of payloads
	spareKept        = 1 << 22 // of maxKept, for escrows
	linkRecordLength = 1 + 32 + 32 + 32
)

// LinkLog writes the file of one connection.
type LinkLog struct {
	l               *log
	messages, bytes atomic.Int64
}

// Message writes a set-up message, with its payload if keep is set. It fits mpc.Conn.RecordSetup. More than a file may hold
// is ErrInvalid, and ends the file: a peer that goes on preparing for ever must not make this side's evidence unreadable.
func (k *LinkLog) Message(label uint8, sent bool, payload []byte, keep bool) error {
	size := messageHead
	if keep {
		size += len(payload)
	}
	if k.messages.Add(1) > maxMessages || k.bytes.Add(int64(size)) > maxKept-spareKept {
		return k.l.stop(invalid("a connection with more than %d set-up messages or %d bytes of them", maxMessages, maxKept-spareKept))
	}
	head := make([]byte, 0, messageHead)
	head = append(head, label, 0)
	if sent {
		head[1] = 1
	}
	head = binary.LittleEndian.AppendUint64(head, uint64(len(payload)))
	sum := mpc.Hash(payload)
	head = append(head, sum[:]...)
	if !keep {
		return k.l.add(recordMessage, head)
	}
	return k.l.add(recordMessage, head, payload)
}

// Escrow writes the bank's signed escrow.
func (k *LinkLog) Escrow(s *partypb.Signed) error { return k.signed(recordEscrow, s) }

// Own writes this side's own seed, sealed to its own auditors and signed.
func (k *LinkLog) Own(s *partypb.Signed) error { return k.signed(recordOwn, s) }

func (k *LinkLog) signed(kind byte, s *partypb.Signed) error {
	b, err := signed(s)
	if err != nil {
		return err
	}
	return k.l.add(kind, b)
}

// Close forces the file to disk.
func (k *LinkLog) Close() error { return k.l.close() }

// Drop closes and removes the file: that of a connection on which no session was started is evidence of nothing, and a peer
// that only connects must not fill the disk.
func (k *LinkLog) Drop() error { return k.l.drop() }

// Message is a set-up message of a connection.
type Message struct {
	Label   uint8
	Sent    bool // by the side that keeps the file
	Size    int
	Sum     [32]byte // BLAKE3-256 of the payload
	Payload []byte   // nil where it was not kept
}

// Link is the file of one connection.
type Link struct {
	Role      mpc.Role // of the side that keeps the file
	Link      [32]byte
	Own, Peer [32]byte // Ed25519 keys
	Escrow    *partypb.Signed
	Sealed    *partypb.Signed // this side's own seed, for its own auditors; nil if there is none
	Messages  []Message
	Torn      bool // the file ends in the middle of a record
}

// ReadLink reads a connection's file, of at most 256 MiB. Errors wrap ErrInvalid or ErrFile.
func ReadLink(r io.Reader) (*Link, error) {
	in, err := newReader(r, linkTitle)
	if err != nil {
		return nil, err
	}
	kind, b, err := in.next()
	if errors.Is(err, io.EOF) || (err == nil && (kind != recordLink || len(b) != linkRecordLength)) {
		return nil, invalid("no connection")
	}
	if err != nil {
		return nil, err
	}
	k := &Link{Role: mpc.Role(b[0]), Link: [32]byte(b[1:33]), Own: [32]byte(b[33:65]), Peer: [32]byte(b[65:97])}
	if k.Role != mpc.RoleBank && k.Role != mpc.RoleTax {
		return nil, invalid("%v", k.Role)
	}
	for kept := 0; ; {
		kind, b, err := in.next()
		if errors.Is(err, io.EOF) {
			k.Torn = in.torn
			return k, nil
		}
		if err == nil {
			err = k.take(kind, b)
		}
		if err != nil {
			return nil, err
		}
		if kept += len(b); kept > maxKept || len(k.Messages) > maxMessages {
			return nil, invalid("%d messages, %d bytes", len(k.Messages), kept)
		}
	}
}

func (k *Link) take(kind byte, b []byte) error {
	switch kind {
	case recordEscrow:
		return put(&k.Escrow, b, "escrow")
	case recordOwn:
		return put(&k.Sealed, b, "own escrow")
	case recordMessage:
		if len(b) < messageHead || b[1] > 1 {
			return invalid("a set-up message of %d bytes", len(b))
		}
		m := Message{Label: b[0], Sent: b[1] == 1, Sum: [32]byte(b[10:42])}
		size := binary.LittleEndian.Uint64(b[2:])
		if size > maxKept || (len(b) > messageHead && uint64(len(b)-messageHead) != size) {
			return invalid("a set-up message of %d bytes, of which %d are kept", size, len(b)-messageHead)
		}
		if m.Size = int(size); len(b) > messageHead {
			m.Payload = b[messageHead:]
		}
		k.Messages = append(k.Messages, m)
		return nil
	}
	return invalid("record %d of a connection", kind)
}

// Chains returns the digests of the set-up messages up to, but not including, message n (all of them if n is too large),
// bank to tax node and back: those that a signed Ground names, by mpc.SetupDigest.
func (k *Link) Chains(n int) (fromBank, fromTax mpc.SetupChain) {
	for _, m := range k.Messages[:min(max(n, 0), len(k.Messages))] {
		chain := &fromBank
		if m.Sent != (k.Role == mpc.RoleBank) {
			chain = &fromTax
		}
		chain.Add(m.Label, m.Size, m.Sum)
	}
	return fromBank, fromTax
}

// Sync forces what was written so far to disk, and returns the first error of any write. Nothing written since the last time
// costs nothing.
func (k *LinkLog) Sync() error { return k.l.sync() }
