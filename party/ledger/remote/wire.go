package remote

import (
	"encoding/binary"
	"io"

	"github.com/blindscore/blindscore/party/ledger"
)

// label says what a frame is.
type label uint8

// The labels; the zero value is invalid. answer is set in those of answers.
const (
	labelHello label = iota + 1
	labelSubmit
	labelEntries
	labelInclusion
	labelConsistency
	labelCheckpoint
	labelWitnessed
	labelAttach
	labelCandidate
	labelCosign

	labelError label = 0x7f
	answer     label = 0x80
)

const (
	magic      = "blindscore ledger remote v1\n"
	headSize   = 1 + 4
	maxRequest = headSize + ledger.MaxCheckpoint + 16 // the largest is Attach
	maxAnswer  = 1 << 20
	maxText    = 256
	maxProof   = 64 // hashes
)

// frame is one message.
type frame struct {
	label  label
	number uint32
	body   []byte
}

// append appends the encoding.
func (f *frame) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(headSize+len(f.body)))
	b = append(b, byte(f.label))
	b = binary.BigEndian.AppendUint32(b, f.number)
	return append(b, f.body...)
}

// readLength reads how long the next frame is, at most limit. Errors are those of r, or wrap ErrPeer.
func readLength(r io.Reader, limit int) (int, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < headSize || uint64(n) > uint64(limit) {
		return 0, because(ErrPeer, "frame of %d bytes, want %d to %d", n, headSize, limit)
	}
	return int(n), nil
}

// readRest reads a frame of which the length is known.
func readRest(r io.Reader, n int) (*frame, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	return &frame{label(b[0]), binary.BigEndian.Uint32(b[1:]), b[headSize:]}, nil
}

// writer builds a body.
type writer struct{ buf []byte }

func (w *writer) number(size int, v uint64) *writer {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	w.buf = append(w.buf, b[8-size:]...)
	return w
}

// bytes writes them with their length in front.
func (w *writer) bytes(b []byte) *writer {
	w.number(4, uint64(len(b)))
	w.buf = append(w.buf, b...)
	return w
}

func (w *writer) proof(list []ledger.Hash) *writer {
	w.number(1, uint64(len(list)))
	for _, h := range list {
		w.buf = append(w.buf, h[:]...)
	}
	return w
}

// reader takes a body apart; after the first field that is cut off everything is empty.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n uint64) []byte {
	if r.failed || uint64(len(r.rest)) < n {
		r.failed, r.rest = true, nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) number(size uint64) (n uint64) {
	for _, b := range r.take(size) {
		n = n<<8 | uint64(b)
	}
	return n
}

// bytes reads at most limit bytes with their length in front.
func (r *reader) bytes(limit uint64) []byte {
	n := r.number(4)
	if n > limit {
		r.failed = true
	}
	return r.take(n)
}

func (r *reader) proof() []ledger.Hash {
	n := r.number(1)
	b := r.take(n * uint64(len(ledger.Hash{})))
	if r.failed || n > maxProof {
		r.failed = true
		return nil
	}
	var list []ledger.Hash
	for ; len(b) > 0; b = b[len(ledger.Hash{}):] {
		list = append(list, ledger.Hash(b))
	}
	return list
}

// end wants everything to be read.
func (r *reader) end(what string) error {
	if r.failed || len(r.rest) > 0 {
		return because(ErrPeer, "%s: cut off, out of bounds or too long", what)
	}
	return nil
}
