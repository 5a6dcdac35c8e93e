package ledger

import (
	"bytes"
	"crypto/ed25519"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/blindscore/blindscore/party/ledger/internal/signatures"
)

// Hash is a hash of the Merkle tree (RFC 6962, section 2.1).
type Hash = tlog.Hash

// An entry is
//
//	version (1) | kind (1) | author (32) | sequence (8) | time (8) | body | signature (64)
//
// with numbers big-endian, and bodies as their types list their fields. The signature is Ed25519 by the author over
//
//	"blindscore ledger entry v1" || 0x00 || ID of the genesis (32) || the entry without its signature.
const (
	entryVersion  = 1
	entryContext  = "blindscore ledger entry v1\x00"
	signatureSize = ed25519.SignatureSize

	// MaxEntry bounds an entry, in bytes.
	MaxEntry = 16 << 10
)

// Entry is one entry of a ledger. It comes from Seal or Open and does not change.
type Entry struct {
	author   Key
	sequence uint64
	time     time.Time
	body     Body
	raw      []byte
}

// Author returns who wrote it.
func (e *Entry) Author() Key { return e.author }

// Sequence returns which of the author's entries it is, from 1.
func (e *Entry) Sequence() uint64 { return e.sequence }

// Time returns when it was written, as the author says; whole seconds, UTC. No rule depends on it.
func (e *Entry) Time() time.Time { return e.time }

// Body returns what it says; not to be changed.
func (e *Entry) Body() Body { return e.body }

// Bytes returns a copy of the encoding.
func (e *Entry) Bytes() []byte { return bytes.Clone(e.raw) }

// LeafHash returns its hash in the tree.
func (e *Entry) LeafHash() Hash { return tlog.RecordHash(e.raw) }

// head is what stands in front of the body.
func (e *Entry) head(c *coder, kind *Kind) {
	version := uint64(entryVersion)
	c.number("entry.version", &version, 1, entryVersion, entryVersion)
	enum(c, "entry.kind", kind, KindFinding)
	c.key("entry.author", &e.author)
	c.number("entry.sequence", &e.sequence, 8, 1, 1<<62)
	c.time("entry.time", &e.time)
}

// Seal makes the author's entry with the given sequence number (the author's last plus one, see Records.Next), to the second,
// signed with sign: Ed25519 by the author's key. Errors wrap ErrInvalid.
func Seal(g *Genesis, author Key, sign func(msg []byte) []byte, sequence uint64, at time.Time, body Body) (*Entry, error) {
	id, err := g.ID()
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, because(ErrInvalid, "entry without a body")
	}
	e, c, kind := &Entry{author: author, sequence: sequence, time: at.UTC().Truncate(time.Second)}, new(coder), body.Kind()
	e.head(c, &kind)
	body.fields(c)
	if c.err != nil {
		return nil, c.err
	}
	sig := sign(signed(id, c.buf))
	if len(sig) != signatureSize {
		return nil, because(ErrInvalid, "the signer made a signature of %d bytes", len(sig))
	}
	return parseEntry(append(c.buf, sig...)) // so that the caller's body is not part of it
}

// Open parses an entry and verifies its signature, for the ledger with the given ID. Errors wrap ErrInvalid or ErrSignature.
// Whether it may stand on the ledger is for State.Apply to say.
func Open(id Digest, b []byte) (*Entry, error) {
	e, err := open(id, b)
	if err != nil {
		return nil, err
	}
	e.raw = bytes.Clone(b)
	return e, nil
}

// authors verifies what authors signed: few keys sign many entries.
var authors signatures.Verifier

// open is Open for bytes that nobody changes: the entry keeps b.
func open(id Digest, b []byte) (*Entry, error) {
	e, err := parseEntry(b)
	if err != nil {
		return nil, err
	}
	end := len(b) - signatureSize
	if !authors.Verify((*[32]byte)(&e.author), signed(id, b[:end]), b[end:]) {
		return nil, because(ErrSignature, "of %v over entry %d of it", e.author, e.sequence)
	}
	return e, nil
}

func signed(id Digest, body []byte) []byte {
	msg := make([]byte, 0, len(entryContext)+len(id)+len(body))
	msg = append(msg, entryContext...)
	msg = append(msg, id[:]...)
	return append(msg, body...)
}

// parseEntry does not verify the signature, and keeps b.
func parseEntry(b []byte) (*Entry, error) {
	if len(b) < signatureSize || len(b) > MaxEntry {
		return nil, because(ErrInvalid, "entry of %d bytes, want %d to %d", len(b), signatureSize, MaxEntry)
	}
	e, c := &Entry{raw: b}, &coder{buf: b[:len(b)-signatureSize], reading: true}
	var kind Kind
	e.head(c, &kind)
	if c.err != nil {
		return nil, c.err
	}
	e.body = kinds[kind].body()
	e.body.fields(c)
	c.end("entry")
	if c.err != nil {
		return nil, c.err
	}
	return e, nil
}
