package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// A witness signs a checkpoint as C2SP tlog-cosignature says (cosignature/v1): over the time and the checkpoint's text, with
// the time, 8 bytes big-endian in seconds, in front of the Ed25519 signature. So it tells that the checkpoint was the newest
// that the witness knew at that time, and any witness that speaks this format can serve.
const (
	algorithmEd25519  = 1
	algorithmCosigned = 4
)

// LogSigner makes the signer of a ledger's checkpoints from a signing function: Ed25519 by key. Errors wrap ErrConfig.
func LogSigner(g *Genesis, key Key, sign func(msg []byte) []byte) (note.Signer, error) {
	name, err := g.LogName()
	if err != nil {
		return nil, because(ErrConfig, "%v", err)
	}
	if sign == nil {
		return nil, because(ErrConfig, "no signing function")
	}
	return &logSigner{logVerifier{name, key}, sign}, nil
}

// keyHash is that of package note and of C2SP signed-note.
func keyHash(name string, algorithm byte, key Key) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"+string(rune(algorithm))), key[:]...))
	return binary.BigEndian.Uint32(sum[:])
}

type logVerifier struct {
	name string
	key  Key
}

func (v *logVerifier) Name() string    { return v.name }
func (v *logVerifier) KeyHash() uint32 { return keyHash(v.name, algorithmEd25519, v.key) }
func (v *logVerifier) Verify(msg, sig []byte) bool {
	return ed25519.Verify(v.key[:], msg, sig)
}

type logSigner struct {
	logVerifier
	sign func([]byte) []byte
}

func (s *logSigner) Sign(msg []byte) ([]byte, error) { return signature(s.sign(msg)) }

func signature(sig []byte) ([]byte, error) {
	if len(sig) != ed25519.SignatureSize {
		return nil, because(ErrConfig, "the signer made a signature of %d bytes", len(sig))
	}
	return sig, nil
}

// WitnessKey names a witness and its Ed25519 public key.
type WitnessKey struct {
	Name string // 1 to 128 bytes without spaces and "+"
	Key  Key
}

type cosignVerifier struct{ WitnessKey }

func (v *cosignVerifier) Name() string { return v.WitnessKey.Name }
func (v *cosignVerifier) KeyHash() uint32 {
	return keyHash(v.WitnessKey.Name, algorithmCosigned, v.Key)
}

func (v *cosignVerifier) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at <= maxTime && ed25519.Verify(v.Key[:], cosigned(at, msg), sig[8:])
}

// cosigned is what a witness signs.
func cosigned(at uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), text...)
}

type cosigner struct {
	cosignVerifier
	sign func([]byte) []byte
	now  func() time.Time
}

func (s *cosigner) Sign(msg []byte) ([]byte, error) {
	at := uint64(max(s.now().Unix(), 0))
	sig, err := signature(s.sign(cosigned(at, msg)))
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint64(nil, at), sig...), nil
}
