package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"time"
	"unicode"
	"unicode/utf8"
)

// Key is an Ed25519 public key.
type Key [32]byte

// String returns the first 8 bytes in hexadecimal, enough for a log.
func (k Key) String() string { return hex.EncodeToString(k[:8]) }

// Digest is a SHA-256, or a commitment made with it.
type Digest = [32]byte

// coder writes or reads the one encoding of an entry: each type lists its fields once, for both ways, with their bounds.
// Numbers are big-endian and of fixed size, texts and lists have their length in front, so that nothing has two encodings.
type coder struct {
	buf     []byte // written so far, or still to be read
	reading bool
	err     error // the first; nothing happens after it
}

func (c *coder) fail(field, format string, args ...any) {
	if c.err == nil {
		c.err = because(ErrInvalid, field+": "+format, args...)
	}
}

// raw codes len(p) bytes.
func (c *coder) raw(field string, p []byte) {
	switch {
	case c.err != nil:
	case !c.reading:
		c.buf = append(c.buf, p...)
	case len(c.buf) < len(p):
		c.fail(field, "want %d bytes, got %d", len(p), len(c.buf))
	default:
		c.buf = c.buf[copy(p, c.buf):]
	}
}

// digest codes 32 bytes that are not all zero.
func (c *coder) digest(field string, d *[32]byte) {
	c.optional(field, d)
	if c.err == nil && *d == (Digest{}) {
		c.fail(field, "absent")
	}
}

// optional codes 32 bytes, all zero for none.
func (c *coder) optional(field string, d *[32]byte) { c.raw(field, d[:]) }

func (c *coder) key(field string, k *Key) { c.digest(field, (*[32]byte)(k)) }

// number codes v in size bytes, 1 to 8.
func (c *coder) number(field string, v *uint64, size int, lo, hi uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], *v)
	if !c.reading && (*v < lo || *v > hi) {
		c.fail(field, "want %d to %d, got %d", lo, hi, *v)
		return
	}
	c.raw(field, b[8-size:])
	if !c.reading { // what is written is never touched: others may be reading it
		return
	}
	if *v = binary.BigEndian.Uint64(b[:]); c.err == nil && (*v < lo || *v > hi) {
		c.fail(field, "want %d to %d, got %d", lo, hi, *v)
	}
}

// enum codes a byte, 1 to last.
func enum[T ~uint8](c *coder, field string, v *T, last T) {
	n := uint64(*v)
	c.number(field, &n, 1, 1, uint64(last))
	if c.reading {
		*v = T(n)
	}
}

func (c *coder) count(field string, v *uint32, lo, hi uint32) {
	n := uint64(*v)
	c.number(field, &n, 4, uint64(lo), uint64(hi))
	if c.reading {
		*v = uint32(n)
	}
}

const maxTime = 253402300799 // 9999-12-31T23:59:59Z

// time codes whole seconds of UTC.
func (c *coder) time(field string, t *time.Time) {
	n := uint64(t.Unix()) // before 1970 it is past the bound
	if !c.reading && t.Nanosecond() != 0 {
		c.fail(field, "want whole seconds")
	}
	c.number(field, &n, 8, 0, maxTime)
	if c.reading && c.err == nil {
		*t = time.Unix(int64(n), 0).UTC()
	}
}

// text codes 1 to limit bytes of printable UTF-8, limit below 256.
func (c *coder) text(field string, s *string, limit int) {
	n := uint64(len(*s))
	c.number(field, &n, 1, 1, uint64(limit))
	if c.err != nil {
		return
	}
	b := []byte(*s)
	if c.reading {
		b = make([]byte, n)
	}
	c.raw(field, b)
	if c.err != nil {
		return
	}
	for i, r := range string(b) {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			c.fail(field, "unprintable character at byte %d", i)
			return
		}
	}
	if c.reading {
		*s = string(b)
	}
}

// commitments codes 1 to MaxCommitments of them, in ascending order, so that none comes twice.
func (c *coder) commitments(field string, list *[]Commitment) {
	n := uint64(len(*list))
	c.number(field, &n, 2, 1, MaxCommitments)
	if c.err != nil {
		return
	}
	if c.reading {
		if uint64(len(c.buf)) < 32*n {
			c.fail(field, "want %d bytes, got %d", 32*n, len(c.buf))
			return
		}
		*list = make([]Commitment, n)
	}
	for i := range *list {
		c.digest(field, (*[32]byte)(&(*list)[i]))
		if c.err == nil && i > 0 && bytes.Compare((*list)[i-1][:], (*list)[i][:]) >= 0 {
			c.fail(field, "not in ascending order")
		}
	}
}

// end wants everything to be read.
func (c *coder) end(what string) {
	if c.err == nil && c.reading && len(c.buf) > 0 {
		c.fail(what, "%d bytes too many", len(c.buf))
	}
}
