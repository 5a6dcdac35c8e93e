package audit

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"

	"github.com/blindscore/blindscore/party/partypb"
)

// A file is a line that names its kind, and records: kind (1) | length (4, LE) | bytes. The last record is the signature of
// who made it over the hash of everything before.

const recordHead = 5

// records writes records and hashes them.
type records struct {
	w   *bufio.Writer
	h   hash.Hash
	err error
}

func newRecords(w io.Writer, title string) *records {
	r := &records{w: bufio.NewWriterSize(w, 1<<16), h: sha256.New()}
	r.write([]byte(title))
	return r
}

func (r *records) write(b []byte) {
	if r.err == nil {
		r.h.Write(b)
		_, r.err = r.w.Write(b)
	}
}

// add appends a record of several parts.
func (r *records) add(kind byte, parts ...[]byte) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	head := append(make([]byte, 0, recordHead), kind)
	r.write(binary.LittleEndian.AppendUint32(head, uint32(n)))
	for _, p := range parts {
		r.write(p)
	}
}

// signed appends a signed message, if it is there: signature (64) | body.
func (r *records) signed(kind byte, s *partypb.Signed) {
	if s != nil {
		r.add(kind, s.GetSignature(), s.GetBody())
	}
}

// recordReader reads records one after another, and hashes them.
type recordReader struct {
	r *bufio.Reader
	h hash.Hash
}

func newRecordReader(r io.Reader, title string) (*recordReader, error) {
	in := &recordReader{bufio.NewReaderSize(r, 1<<16), sha256.New()}
	got := make([]byte, len(title))
	if _, err := io.ReadFull(in.r, got); err != nil || string(got) != title {
		return nil, evidenceError("no %q", title[:len(title)-1])
	}
	in.h.Write(got)
	return in, nil
}

// next returns the next record, of at most limit(kind) bytes, which is negative for a kind that does not belong here, and the
// hash of everything before it. Memory grows with what is really there. Errors wrap ErrEvidence.
func (r *recordReader) next(limit func(kind byte) int) (kind byte, body []byte, before [32]byte, err error) {
	r.h.Sum(before[:0])
	var head [recordHead]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return 0, nil, before, cutOff(err)
	}
	size, most := int64(binary.LittleEndian.Uint32(head[1:])), int64(limit(head[0]))
	if size > most {
		return 0, nil, before, evidenceError("record %d of %d bytes, at most %d", head[0], size, most)
	}
	const step = 1 << 18
	for int64(len(body)) < size {
		at := len(body)
		body = append(body, make([]byte, min(step, size-int64(at)))...)
		if _, err := io.ReadFull(r.r, body[at:]); err != nil {
			return 0, nil, before, cutOff(err)
		}
	}
	r.h.Write(head[:])
	r.h.Write(body)
	return head[0], body, before, nil
}

// end wants nothing more.
func (r *recordReader) end() error {
	if _, err := r.r.ReadByte(); !errors.Is(err, io.EOF) {
		return evidenceError("the file goes on after its end")
	}
	return nil
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return evidenceError("the file is cut off")
	}
	return evidenceError("reading: %w", err)
}

func parseSigned(b []byte) (*partypb.Signed, error) {
	if len(b) <= partypb.SignatureSize || len(b) > partypb.SignatureSize+partypb.MaxControl {
		return nil, evidenceError("a signed message of %d bytes", len(b))
	}
	return &partypb.Signed{Signature: b[:partypb.SignatureSize:partypb.SignatureSize], Body: b[partypb.SignatureSize:]}, nil
}
