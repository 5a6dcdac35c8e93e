package mpc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/blindscore/blindscore/mpc/internal/aes128"
)

// SeedSize is the length of a seed in bytes.
const SeedSize = 32

// Seed is the root, or a node, of a tree of secret randomness. All randomness
// of one side of a session derives from one fresh seed, so that whoever is
// given the seed (an auditor, by escrow) can replay that side; and a subtree
// can be opened without its siblings.
//
// A Seed does not print, log or serialise. Its bytes leave it only by Reveal.
type Seed struct{ b [SeedSize]byte }

// NewSeed draws a fresh seed from the operating system.
func NewSeed() (Seed, error) {
	var s Seed
	if _, err := io.ReadFull(rand.Reader, s.b[:]); err != nil {
		return Seed{}, fmt.Errorf("mpc: no randomness: %w", err)
	}
	return s, nil
}

// RestoreSeed rebuilds a seed from bytes that Reveal returned. It exists for
// resumption (unmasking a stored answer) and for replay by an auditor. A
// session never runs from a restored seed: see Fresh.
func RestoreSeed(b []byte) (Seed, error) {
	if len(b) != SeedSize {
		return Seed{}, fmt.Errorf("%w: a seed has %d bytes, got %d", ErrParams, SeedSize, len(b))
	}
	return Seed{[SeedSize]byte(b)}, nil
}

// Reveal returns the bytes of the seed, for storage under the caller's care or
// for escrow.
func (s Seed) Reveal() []byte { return append([]byte(nil), s.b[:]...) }

// Derive returns the child of s that is named by a label and up to a few
// indices: HMAC-SHA256(s, label || 0 || LE64(index)...). Labels contain no zero
// byte. Children are independent as long as HMAC-SHA256 is a PRF.
func (s Seed) Derive(label string, index ...uint64) Seed {
	h := hmac.New(sha256.New, s.b[:])
	h.Write([]byte(label))
	h.Write([]byte{0})
	var le [8]byte
	for _, i := range index {
		binary.LittleEndian.PutUint64(le[:], i)
		h.Write(le[:])
	}
	var child Seed
	h.Sum(child.b[:0])
	return child
}

// Commitment is a binding and (a seed has 256 bits of entropy) hiding
// commitment to s.
func (s Seed) Commitment() [32]byte {
	c := s.Derive("blindscore seed commitment v1")
	return c.b
}

// Key16 returns the first 16 bytes of the child named label, as an AES key.
func (s Seed) Key16(label string, index ...uint64) [16]byte {
	c := s.Derive(label, index...)
	return [16]byte(c.b[:16])
}

// PRG returns a pseudorandom generator keyed by s.
func (s Seed) PRG() *PRG { return &PRG{key: aes128.NewKey(s.Key16("prg"))} }

const redacted = "mpc.Seed(secret)"

var errSecret = errors.New("mpc: a seed does not serialise; see Reveal")

// Format implements fmt.Formatter; it prints no secret, whatever the verb.
func (s Seed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer; it logs no secret.
func (s Seed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON refuses.
func (s Seed) MarshalJSON() ([]byte, error) { return nil, errSecret }

// MarshalText refuses.
func (s Seed) MarshalText() ([]byte, error) { return nil, errSecret }

// GobEncode refuses.
func (s Seed) GobEncode() ([]byte, error) { return nil, errSecret }

// PRG is AES-128 in counter mode. Its output depends on the sequence of calls:
// each call starts at a fresh block, so that two Fills of 8 bytes are not one
// Fill of 16. It is not for concurrent use.
type PRG struct {
	key *aes128.Key
	ctr uint64
}

// Fill overwrites dst with pseudorandom bytes.
func (p *PRG) Fill(dst []byte) {
	whole := len(dst) &^ 15
	p.key.CTR(dst[:whole], 0, p.ctr)
	p.ctr += uint64(whole / 16)
	if rest := dst[whole:]; len(rest) > 0 {
		var block [16]byte
		p.key.CTR(block[:], 0, p.ctr)
		p.ctr++
		copy(rest, block[:])
	}
}

// Read implements io.Reader; it never fails.
func (p *PRG) Read(dst []byte) (int, error) {
	p.Fill(dst)
	return len(dst), nil
}

// Format implements fmt.Formatter; it prints no secret.
func (p *PRG) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "mpc.PRG(secret)") }
