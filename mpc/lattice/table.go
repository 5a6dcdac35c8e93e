package lattice

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/blindscore/blindscore/mpc"
)

// A marshalled table is magic, digest of the parameters, joint seed, then the b parts, each 256 little-endian words: the
// k rows of the public key, then the entries, feature by feature and level by level.
var magic = [16]byte([]byte("blindscore-mlwe1"))

const headerBytes = len(magic) + 32 + 32

// Table is an encrypted table as it travels: the b parts alone, since the a parts are a function of the joint seed. It
// is public to the tax node, and immutable. Nothing can be evaluated on it before Certify.
type Table struct {
	p     Params
	joint Joint
	b     []poly // k rows of the public key, then the entries
}

// Params returns the parameters that the table was made or read with.
func (t *Table) Params() Params { return t.p }

// Digest is what an approver signs and a task names: SHA-256 of the marshalled table, hence of parameters, joint seed
// and all bytes.
func (t *Table) Digest() [32]byte {
	h := sha256.New()
	_, _ = t.WriteTo(h)
	return [32]byte(h.Sum(nil))
}

// Marshal returns the table's TableBytes bytes.
func (t *Table) Marshal() []byte {
	out := bytes.NewBuffer(make([]byte, 0, t.p.TableBytes()))
	_, _ = t.WriteTo(out)
	return out.Bytes()
}

// WriteTo writes what Marshal returns, in pieces.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(t.header())
	total := int64(n)
	for i := 0; i < len(t.b) && err == nil; i++ {
		row := t.b[i]
		fromLittle(row[:])
		n, err = w.Write(wordBytes(row[:]))
		total += int64(n)
	}
	return total, err
}

func (t *Table) header() []byte {
	digest := t.p.Digest()
	out := append(make([]byte, 0, headerBytes), magic[:]...)
	return append(append(out, digest[:]...), t.joint[:]...)
}

// ParseTable reads a table that Marshal wrote, for parameters and joint seed that this side knows from elsewhere. It
// accepts exactly TableBytes bytes. Any b parts are a well-formed table: whether they encrypt what they should is for
// the digest to say. Errors wrap mpc.ErrPeer.
func ParseTable(p Params, joint Joint, data []byte) (*Table, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(data) != p.TableBytes() {
		return nil, fmt.Errorf("%w: a table of %d bytes, want %d", mpc.ErrPeer, len(data), p.TableBytes())
	}
	return ReadTable(p, joint, bytes.NewReader(data))
}

// ReadTable reads exactly TableBytes bytes from r, in pieces, so that a table which arrives over a link or from a file
// is held in memory once. A source that ends early is an mpc.ErrPeer too; other errors of r come back wrapped.
func ReadTable(p Params, joint Joint, r io.Reader) (*Table, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	t := &Table{p: p, joint: joint}
	head := make([]byte, headerBytes)
	if err := readFull(r, head); err != nil {
		return nil, err
	}
	if !bytes.Equal(head, t.header()) {
		return nil, fmt.Errorf("%w: the table is of another version, or for other parameters or matrices", mpc.ErrPeer)
	}
	rows := p.set.rank + p.entries
	const piece = 1024 // rows; memory grows with what has arrived
	for len(t.b) < rows {
		n := min(piece, rows-len(t.b))
		at := len(t.b)
		t.b = append(t.b, make([]poly, n)...)
		for i := range t.b[at:] {
			row := t.b[at+i][:]
			if err := readFull(r, wordBytes(row)); err != nil {
				return nil, err
			}
			fromLittle(row)
		}
	}
	return t, nil
}

func readFull(r io.Reader, dst []byte) error {
	switch _, err := io.ReadFull(r, dst); err {
	case nil:
		return nil
	case io.EOF, io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: the table ends early", mpc.ErrPeer)
	default:
		return fmt.Errorf("reading a table: %w", err)
	}
}
