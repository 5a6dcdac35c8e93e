package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/ledger"
)

const (
	findingTitle   = "blindscore finding v1\n"
	findingContext = "blindscore finding digest v1\x00"
)

// Bounds of a finding.
const (
	MaxFinding    = 8 << 20 // bytes
	maxStatements = 64
	maxQuotes     = 1024
	maxDetail     = 256
	maxBlock      = 1 << 16
)

// code writes and reads the fields of a finding; numbers are big-endian.
type code struct {
	b       []byte
	reading bool
	err     error
}

func (c *code) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %w", ErrFinding, fmt.Errorf(format, args...))
	}
}

// fixed reads into p, or writes it.
func (c *code) fixed(p []byte) {
	switch {
	case c.err != nil:
	case !c.reading:
		c.b = append(c.b, p...)
	case len(c.b) < len(p):
		c.fail("it is cut off")
	default:
		copy(p, c.b)
		c.b = c.b[len(p):]
	}
}

func (c *code) number(p *uint64, size int, most uint64) {
	var b [8]byte
	if !c.reading {
		if *p > most {
			c.fail("a number of %d, at most %d", *p, most)
		}
		binary.BigEndian.PutUint64(b[:], *p)
	}
	c.fixed(b[8-size:])
	if c.reading {
		if *p = binary.BigEndian.Uint64(b[:]); *p > most {
			c.fail("a number of %d, at most %d", *p, most)
		}
	}
}

func integer[T ~int | ~uint8 | ~uint64](c *code, p *T, size int, most uint64) {
	n := uint64(*p)
	c.number(&n, size, most)
	if c.reading {
		*p = T(n)
	}
}

func (c *code) bytes(p *[]byte, size int, most uint64) {
	n := uint64(len(*p))
	c.number(&n, size, most)
	switch {
	case c.err != nil:
	case !c.reading:
		c.b = append(c.b, *p...)
	case uint64(len(c.b)) < n:
		c.fail("it is cut off")
	default:
		*p, c.b = bytes.Clone(c.b[:n]), c.b[n:]
	}
}

func text[T ~string](c *code, p *T) {
	b := []byte(*p)
	c.bytes(&b, 2, maxDetail)
	if string(b) != clip(string(b)) {
		c.fail("a text that does not print")
	}
	if c.reading {
		*p = T(b)
	}
}

// clip makes a text fit to print.
func clip(s string) string {
	out := make([]rune, 0, min(len(s), maxDetail))
	n := 0
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '?'
		}
		if n += utf8.RuneLen(r); n > maxDetail {
			break
		}
		out = append(out, r)
	}
	return string(out)
}

func (f *Finding) fields(c *code) {
	title := []byte(findingTitle)
	c.fixed(title)
	if string(title) != findingTitle {
		c.fail("no finding")
	}
	c.fixed(f.Ledger[:])
	c.fixed(f.Task[:])
	c.fixed(f.Party[:])
	c.fixed(f.Signer[:])
	integer(c, &f.Role, 1, uint64(ledger.RoleRegulator))
	integer(c, &f.Verdict, 1, uint64(ledger.VerdictViolation))
	seconds := uint64(f.Time.Unix())
	c.number(&seconds, 8, 1<<37)
	f.Time = time.Unix(int64(seconds), 0).UTC()
	text(c, &f.Scope)
	n := len(f.Statements)
	integer(c, &n, 2, maxStatements)
	if c.reading && c.err == nil {
		f.Statements = make([]Statement, n)
	}
	for i := range f.Statements {
		f.Statements[i].fields(c)
	}
	n = len(f.Quotes)
	integer(c, &n, 2, maxQuotes)
	for i := 0; i < n && c.err == nil; i++ {
		if c.reading {
			f.Quotes = append(f.Quotes, Quote{})
		}
		q := &f.Quotes[i]
		integer(c, &q.Kind, 1, uint64(quoteCheckpoint))
		c.bytes(&q.Body, 4, MaxFinding)
		c.bytes(&q.Signature, 1, 64)
	}
}

func (s *Statement) fields(c *code) {
	text(c, &s.Kind)
	text(c, &s.Detail)
	integer(c, &s.Attempt, 8, 1<<40)
	integer(c, &s.Block, 4, maxBlock)
	integer(c, &s.Flight, 1, 255)
	c.fixed(s.Sent[:])
	c.fixed(s.Should[:])
	integer(c, &s.Count, 4, ledger.MaxCompanies)
	n := len(s.Positions)
	integer(c, &n, 1, MaxPositions)
	for i := 0; i < n && c.err == nil; i++ {
		if c.reading {
			s.Positions = append(s.Positions, 0)
		}
		integer(c, &s.Positions[i], 4, ledger.MaxCompanies)
	}
}

// Encode returns the one encoding of f. Errors wrap ErrFinding.
func (f *Finding) Encode() ([]byte, error) {
	var c code
	own := *f // fields rounds the time
	own.fields(&c)
	if len(c.b) > MaxFinding {
		c.fail("%d bytes, at most %d", len(c.b), MaxFinding)
	}
	return c.b, c.err
}

// ParseFinding reads what Encode wrote; it verifies no signature (see VerifyFinding). Errors wrap ErrFinding.
func ParseFinding(b []byte) (*Finding, error) {
	if len(b) > MaxFinding {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFinding, len(b), MaxFinding)
	}
	f, c := new(Finding), &code{b: b, reading: true}
	f.fields(c)
	if c.err == nil && len(c.b) > 0 {
		c.fail("it goes on after its end")
	}
	if c.err != nil {
		return nil, c.err
	}
	if again, err := f.Encode(); err != nil || !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: not its one encoding", ErrFinding)
	}
	return f, nil
}

// Digest is what the ledger names as evidence: SHA-256("blindscore finding digest v1" || 0x00 || encoding).
func (f *Finding) Digest() (ledger.Digest, error) {
	b, err := f.Encode()
	return sha256.Sum256(append([]byte(findingContext), b...)), err
}

const flightQuote = 4 + 1 + 1 + 32 + 32

func quoteFlightOf(f mpc.Flight) Quote {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, flightQuote), uint32(f.Block))
	b = append(b, byte(f.Number), byte(f.From))
	b = append(append(b, f.Sum[:]...), f.Digest[:]...)
	return Quote{quoteFlight, b, f.Signature}
}

func (q *Quote) flight() (f mpc.Flight, ok bool) {
	b := q.Body
	if len(b) != flightQuote {
		return f, false
	}
	return mpc.Flight{
		Block: int(binary.BigEndian.Uint32(b)), Number: int(b[4]), From: mpc.Role(b[5]), Sum: [32]byte(b[6:38]), Digest: mpc.Digest(b[38:70]),
		Signature: q.Signature,
	}, true
}
