package ledger

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

// Commitment stands on the ledger for what must not: a company's consent. It is
//
//	SHA-256("blindscore ledger commitment v1" || 0x00 || salt || len(company) || company || len(part) || part || ...)
//
// with a salt of 32 random bytes and lengths of 8 bytes, big-endian. Modelling SHA-256 as a random oracle, a commitment says
// nothing to who lacks its salt, not even whether two of them are of one company, provided that every commitment has a salt
// of its own; and to find two openings of one is to find a collision.
type Commitment [32]byte

// Salt opens a Commitment. It is secret: company codes are few enough to try them all. It does not print.
type Salt struct{ b [32]byte }

const commitContext = "blindscore ledger commitment v1\x00"

// Bounds of what is committed to.
const (
	maxCommitted = 1 << 20 // bytes of one part
	maxParts     = 16
)

// NewSalt draws a salt, to be used for one commitment.
func NewSalt() (Salt, error) {
	var s Salt
	if _, err := rand.Read(s.b[:]); err != nil {
		return Salt{}, err
	}
	return s, nil
}

// RestoreSalt returns the salt that Reveal returned. Errors wrap ErrInvalid.
func RestoreSalt(b []byte) (Salt, error) {
	if len(b) != 32 || subtle.ConstantTimeCompare(b, make([]byte, 32)) == 1 {
		return Salt{}, because(ErrInvalid, "salt: want 32 bytes, not all zero, got %d", len(b))
	}
	return Salt{[32]byte(b)}, nil
}

// Reveal returns the 32 secret bytes, for a store or an auditor.
func (s Salt) Reveal() []byte { return bytes.Clone(s.b[:]) }

// Format prints no secret.
func (Salt) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("ledger.Salt(secret)")) }

// LogValue logs no secret.
func (Salt) LogValue() slog.Value { return slog.StringValue("ledger.Salt(secret)") }

// MarshalJSON refuses.
func (Salt) MarshalJSON() ([]byte, error) {
	return nil, errors.New("ledger: a salt does not serialise; use Reveal")
}

// Commit commits to a company and to what is said of it, such as the digest of its consent artefact: at most 16 parts of at
// most 1 MiB, the company not empty. Errors wrap ErrInvalid.
func Commit(salt Salt, company string, parts ...[]byte) (Commitment, error) {
	if salt == (Salt{}) || len(company) == 0 || len(company) > maxCommitted || len(parts) > maxParts {
		return Commitment{}, because(ErrInvalid, "commitment: want a salt, a company and at most %d parts", maxParts)
	}
	h := sha256.New()
	h.Write([]byte(commitContext))
	h.Write(salt.b[:])
	for i, p := range append([][]byte{[]byte(company)}, parts...) {
		if len(p) > maxCommitted {
			return Commitment{}, because(ErrInvalid, "commitment: part %d has %d bytes, at most %d", i, len(p), maxCommitted)
		}
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return Commitment(h.Sum(nil)), nil
}

// Opens reports whether c commits to company and parts under salt.
func (c Commitment) Opens(salt Salt, company string, parts ...[]byte) bool {
	got, err := Commit(salt, company, parts...)
	return err == nil && subtle.ConstantTimeCompare(got[:], c[:]) == 1
}

// SortCommitments brings them into the order that entries want.
func SortCommitments(list []Commitment) {
	slices.SortFunc(list, func(a, b Commitment) int { return bytes.Compare(a[:], b[:]) })
}
