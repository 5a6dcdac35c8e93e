// Package uscc is the unified social credit code of a company in China, the 18 characters that name it in every
// register (GB 32100-2015):
//
//	position   1      registration authority
//	           2      category of the organisation
//	           3-8    administrative division of the registration authority, six digits (GB/T 2260)
//	           9-17   organisation code, its last character a check character (GB 11714-1997)
//	           18     check character
//
// The alphabet is the ten digits and the Latin capitals without I, O, S, V and Z: 31 characters, so that the check
// character is taken modulo the prime 31 and finds every single wrong character and every exchange of two neighbours.
// Parse verifies it always. The check character inside the organisation code is a convention of the older standard that
// codes issued in the years of transition do not all follow; Parse does not ask for it, and [ID.OrganisationCode] tells
// whether it holds.
//
// A code is public, but that a bank asked about a company is not. An ID prints itself where the program asks for it with
// String; in a structured log it is redacted (LogValue). slog calls LogValue on a single value only, so do not log slices
// of IDs or structures that hold them.
package uscc

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
)

// Size is the length of a code in characters and in bytes of its binary encoding.
const Size = 18

// ErrInvalid is wrapped by each error of this package.
var ErrInvalid = errors.New("not a unified social credit code")

// ID is a checked code: a value other than the zero value comes from Parse, UnmarshalText, UnmarshalBinary or Synthetic,
// and is valid. It is comparable and may be the key of a map. The zero value names no company.
type ID struct {
	code [Size]byte
}

// Parse reads a code in its one written form: 18 characters, capitals, no blanks. Errors wrap ErrInvalid and name the
// position at fault, never the code.
func Parse(s string) (ID, error) {
	return parse(s)
}

func parse[T string | []byte](s T) (ID, error) {
	if len(s) != Size {
		return ID{}, fmt.Errorf("%w: %d bytes, want %d", ErrInvalid, len(s), Size)
	}
	var id ID
	for i := range Size {
		c := s[i]
		if values[c] == none {
			return ID{}, fmt.Errorf("%w: position %d is outside the alphabet of GB 32100-2015", ErrInvalid, i+1)
		}
		if i >= divisionStart && i < organisationStart && (c < '0' || c > '9') {
			return ID{}, fmt.Errorf("%w: position %d of the administrative division is not a digit", ErrInvalid, i+1)
		}
		id.code[i] = c
	}
	if id.code[Size-1] != checkCharacter(&id.code) {
		return ID{}, fmt.Errorf("%w: wrong check character", ErrInvalid)
	}
	return id, nil
}

// String is the whole code, 18 characters, or the empty string for the zero value.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	return string(id.code[:])
}

// LogValue keeps companies out of logs: whoever reads a log learns that there was a company, and nothing that links two
// lines to each other or to a company.
func (id ID) LogValue() slog.Value {
	if id.IsZero() {
		return slog.StringValue("company(none)")
	}
	return slog.StringValue("company(redacted)")
}

// IsZero tells whether the ID is the zero value, which names no company.
func (id ID) IsZero() bool { return id == ID{} }

// Compare orders IDs by their bytes: -1, 0 or +1.
func (id ID) Compare(other ID) int { return bytes.Compare(id.code[:], other.code[:]) }

// OrganisationCode returns positions 9 to 17 and whether their own check character (GB 11714-1997) holds. A code that
// fails it is still valid under GB 32100-2015.
func (id ID) OrganisationCode() (code string, ok bool) {
	if id.IsZero() {
		return "", false
	}
	return string(id.code[organisationStart : Size-1]), id.code[Size-2] == organisationCheck(&id.code)
}

// AppendBinary appends the 18 bytes of the code. It refuses the zero value, which no reader would accept.
func (id ID) AppendBinary(dst []byte) ([]byte, error) {
	if id.IsZero() {
		return dst, fmt.Errorf("%w: the zero ID has no encoding", ErrInvalid)
	}
	return append(dst, id.code[:]...), nil
}

// MarshalBinary returns the 18 bytes of the code.
func (id ID) MarshalBinary() ([]byte, error) { return id.AppendBinary(nil) }

// UnmarshalBinary accepts exactly what MarshalBinary gives: 18 bytes that Parse accepts.
func (id *ID) UnmarshalBinary(b []byte) error {
	parsed, err := parse(b)
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// AppendText appends the 18 characters of the code; the binary and the text encoding are the same.
func (id ID) AppendText(dst []byte) ([]byte, error) { return id.AppendBinary(dst) }

// MarshalText returns the 18 characters of the code, for JSON and the like.
func (id ID) MarshalText() ([]byte, error) { return id.AppendBinary(nil) }

// UnmarshalText accepts exactly what MarshalText gives.
func (id *ID) UnmarshalText(b []byte) error { return id.UnmarshalBinary(b) }
