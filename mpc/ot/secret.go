package ot

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

var errSecret = errors.New("ot: secret state does not serialise")

// opaque is embedded in whatever holds secrets: it prints as one word under
// every verb and refuses to serialise.
type opaque struct{}

const redacted = "ot(secret)"

// Format implements fmt.Formatter; it prints no secret, whatever the verb.
func (opaque) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer; it logs no secret.
func (opaque) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON refuses.
func (opaque) MarshalJSON() ([]byte, error) { return nil, errSecret }

// MarshalText refuses.
func (opaque) MarshalText() ([]byte, error) { return nil, errSecret }

// GobEncode refuses.
func (opaque) GobEncode() ([]byte, error) { return nil, errSecret }

// swapIf exchanges a and b, of equal length, if bit is 1, in constant time.
func swapIf(bit byte, a, b []byte) {
	mask := -bit
	for i := range a {
		d := (a[i] ^ b[i]) & mask
		a[i] ^= d
		b[i] ^= d
	}
}

// xorInto adds a to dst.
func xorInto(dst, a []byte) { subtle.XORBytes(dst, dst, a) }

// bitOf returns bit i of a little-endian bit string.
func bitOf(b []byte, i int) byte { return b[i/8] >> (i % 8) & 1 }
