package threshold

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// RootBytes is the size of a root.
const RootBytes = 32

// Root is the one secret from which all randomness of one holder, for one key, derives: what it says in key generation and
// in every switch is a function of its root and of what it received. So an auditor that is shown the root can recompute
// all of it (VerifyKeyGen, VerifySwitch), and nothing that is asked for twice is answered with two different noises.
//
// A root does not print, log or serialise. A fresh one serves one key generation; a restored one serves none.
type Root struct {
	b     [RootBytes]byte
	fresh atomic.Bool
}

// NewRoot draws a root. Errors are those of the operating system.
func NewRoot() (*Root, error) {
	r := new(Root)
	if _, err := io.ReadFull(rand.Reader, r.b[:]); err != nil {
		return nil, fmt.Errorf("threshold: no randomness: %w", err)
	}
	r.fresh.Store(true)
	return r, nil
}

// RestoreRoot returns the root that Reveal returned, for an audit or for a stored Share.
func RestoreRoot(b []byte) (*Root, error) {
	if len(b) != RootBytes || subtle.ConstantTimeCompare(b, make([]byte, RootBytes)) == 1 {
		return nil, wrong("want a root of %d bytes, not all zero", RootBytes)
	}
	return &Root{b: [RootBytes]byte(b)}, nil
}

// Reveal returns the secret bytes, for the holder's own store or for its auditor. See the package's note on audits first:
// the roots of Threshold holders are the key.
func (r *Root) Reveal() []byte { return bytes.Clone(r.b[:]) }

// take uses a fresh root up.
func (r *Root) take() error {
	if r == nil || !r.fresh.CompareAndSwap(true, false) {
		return fmt.Errorf("%w: a key generation wants a root of its own, fresh from NewRoot", homomorphic.ErrUsed)
	}
	return nil
}

// derive is HMAC-SHA256(root, label || 0 || context || LE64(index)).
func (r *Root) derive(label string, context [32]byte, index int) [32]byte {
	h := hmac.New(sha256.New, r.b[:])
	h.Write([]byte(label))
	h.Write([]byte{0})
	h.Write(context[:])
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(index)))
	return [32]byte(h.Sum(nil))
}

// stream is the key stream of AES-256 in counter mode from block 0: where randomness derives from a key that is used for
// nothing else.
type stream struct{ ctr cipher.Stream }

// newStream starts a stream.
func newStream(key [32]byte) (*stream, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("threshold: %w", err)
	}
	return &stream{cipher.NewCTR(block, make([]byte, aes.BlockSize))}, nil
}

// Read fills b.
func (s *stream) Read(b []byte) (int, error) {
	clear(b)
	s.ctr.XORKeyStream(b, b)
	return len(b), nil
}

const redacted = "(secret)"

// Format prints no secret.
func (*Root) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "threshold.Root"+redacted) }

// LogValue logs no secret.
func (*Root) LogValue() slog.Value { return slog.StringValue("threshold.Root" + redacted) }

// MarshalJSON refuses.
func (*Root) MarshalJSON() ([]byte, error) { return nil, homomorphic.ErrSecret }

// MarshalText refuses.
func (*Root) MarshalText() ([]byte, error) { return nil, homomorphic.ErrSecret }

// GobEncode refuses.
func (*Root) GobEncode() ([]byte, error) { return nil, homomorphic.ErrSecret }
