package transport

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
)

const pinPrefix = "blindscore1:"

// Pin stands for a public key: SHA-256 of its SubjectPublicKeyInfo (RFC 5280), as RFC 7469 pins keys.
type Pin [sha256.Size]byte

// PinOf returns the pin of an Ed25519 public key. Errors wrap ErrConfig.
func PinOf(key ed25519.PublicKey) (Pin, error) {
	if len(key) != ed25519.PublicKeySize {
		return Pin{}, fmt.Errorf("%w: a public key of %d bytes, want %d", ErrConfig, len(key), ed25519.PublicKeySize)
	}
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return Pin{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return sha256.Sum256(spki), nil
}

// ParsePin reads a pin in its one written form: "blindscore1:" and 64 small hexadecimal digits. Errors wrap ErrConfig.
func ParsePin(s string) (Pin, error) {
	var p Pin
	digits, ok := strings.CutPrefix(s, pinPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(p)) || strings.ToLower(digits) != digits {
		return Pin{}, fmt.Errorf("%w: pin %q: want %q and 64 small hexadecimal digits", ErrConfig, clip(s), pinPrefix)
	}
	if _, err := hex.Decode(p[:], []byte(digits)); err != nil {
		return Pin{}, fmt.Errorf("%w: pin %q: %w", ErrConfig, clip(s), err)
	}
	return p, nil
}

// String returns the pin as ParsePin reads it.
func (p Pin) String() string { return pinPrefix + hex.EncodeToString(p[:]) }
