package partypb

import (
	"fmt"
	"math/bits"
	"time"
	"unicode"
	"unicode/utf8"
)

// Each check of this file returns nil or an ErrInvalid that names the field, what was wanted and what was got.

func invalid(field, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrInvalid, field, fmt.Sprintf(format, args...))
}

func wantBytes(field string, b []byte, size int) error {
	if len(b) != size {
		return invalid(field, "want %d bytes, got %d", size, len(b))
	}
	return nil
}

// wantOptional allows size bytes or none.
func wantOptional(field string, b []byte, size int) error {
	if len(b) == 0 {
		return nil
	}
	return wantBytes(field, b, size)
}

// wantCode allows what goes into a policy file and a consent without quotes.
func wantCode(field, s string, limit int) error {
	if len(s) == 0 || len(s) > limit {
		return invalid(field, "want 1 to %d characters, got %d", limit, len(s))
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '_' {
			return invalid(field, "want A-Z, a-z, 0-9, \".\", \"-\", \"_\"; got another at %d", i)
		}
	}
	return nil
}

func wantRange(field string, v, lo, hi uint64) error {
	if v < lo || v > hi {
		return invalid(field, "want %d to %d, got %d", lo, hi, v)
	}
	return nil
}

// wantText allows printable characters only, so that a peer's text can go into a log or on a terminal as it is.
func wantText(field, s string, limit int) error {
	if len(s) == 0 || len(s) > limit {
		return invalid(field, "want 1 to %d bytes, got %d", limit, len(s))
	}
	if !utf8.ValidString(s) {
		return invalid(field, "not UTF-8")
	}
	for i, r := range s {
		if !unicode.IsPrint(r) {
			return invalid(field, "unprintable character at byte %d", i)
		}
	}
	return nil
}

func wantNames(field string, names []string, least int) error {
	if len(names) < least || len(names) > MaxFeatures {
		return invalid(field, "want %d to %d names, got %d", least, MaxFeatures, len(names))
	}
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if err := wantText(field, n, MaxNameBytes); err != nil {
			return err
		}
		if seen[n] {
			return invalid(field, "%q twice", n)
		}
		seen[n] = true
	}
	return nil
}

func wantTime(field, s string) error {
	if len(s) != len(timeFormat) {
		return invalid(field, "want a time such as %s, got %d bytes", timeFormat, len(s))
	}
	t, err := time.Parse(timeFormat, s)
	if err != nil || t.Format(timeFormat) != s || t.Year() < 1970 {
		return invalid(field, "want a time from 1970 on, such as %s", timeFormat)
	}
	return nil
}

func wantOtK(field string, k uint32) error {
	if k != 1 && k != 2 && k != 4 && k != 8 {
		return invalid(field, "want 1, 2, 4 or 8, got %d", k)
	}
	return nil
}

// wantBitmap returns an error unless b is a bitmap of n bits.
func wantBitmap(field string, b []byte, n uint64) error {
	size := n/8 + (n%8+7)/8 // does not wrap, whatever n is
	if uint64(len(b)) != size {
		return invalid(field, "want %d bytes for %d bits, got %d", size, n, len(b))
	}
	if n%8 != 0 && b[len(b)-1]>>(n%8) != 0 {
		return invalid(field, "bits past the last are set")
	}
	return nil
}

// Bitmap is a set of companies or superblocks as messages carry it: bit i % 8 of byte i / 8 stands for member i.
type Bitmap []byte

// NewBitmap returns an empty set of members 0 to n-1; n below 0 counts as 0.
func NewBitmap(n int) Bitmap { return make(Bitmap, (max(n, 0)+7)/8) }

// Set puts i into the set; outside the set's range it does nothing.
func (b Bitmap) Set(i int) {
	if i >= 0 && i/8 < len(b) {
		b[i/8] |= 1 << (i % 8)
	}
}

// Has reports whether i is in the set.
func (b Bitmap) Has(i int) bool { return i >= 0 && i/8 < len(b) && b[i/8]>>(i%8)&1 == 1 }

// Count returns how many members the set has.
func (b Bitmap) Count() int {
	n := 0
	for _, x := range b {
		n += bits.OnesCount8(x)
	}
	return n
}
