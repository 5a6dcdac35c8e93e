package evidence

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/blindscore/blindscore/party/partypb"
)

// A file is a line that names its kind, and records: kind (1) | length (4, LE) | bytes.

const (
	recordHead = 5
	// maxRecord bounds a record, above the largest flight and its header.
	maxRecord = 1<<28 + 1<<12
)

// log is an append-only file of records, for concurrent use.
type log struct {
	mu    sync.Mutex
	f     *os.File
	dirty bool
	fail  error
}

// createLog makes a file that must not be there yet.
func createLog(file, title string) (*log, error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, onFile(err)
	}
	if _, err := f.WriteString(title); err != nil {
		return nil, errors.Join(onFile(err), f.Close())
	}
	if err := syncDir(filepath.Dir(file)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &log{f: f}, nil
}

// syncDir makes the names in a directory survive a loss of power, where the system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return onFile(err)
	}
	err = d.Sync()
	if runtime.GOOS == "windows" { // has no such thing
		err = nil
	}
	return onFile(errors.Join(err, d.Close()))
}

// stop makes this and every later write fail.
func (l *log) stop(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail == nil {
		l.fail = err
	}
	return l.fail
}

// add appends a record of several parts. Once it failed, so does every later one: what follows a hole is no evidence.
func (l *log) add(kind byte, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > maxRecord {
		return invalid("a record of %d bytes", n)
	}
	head := make([]byte, recordHead, recordHead+256)
	head[0] = kind
	binary.LittleEndian.PutUint32(head[1:], uint32(n))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	// Small parts go out together, a payload by itself.
	for _, p := range parts {
		if len(p) <= 1024 {
			head = append(head, p...)
			continue
		}
		l.write(head)
		l.write(p)
		head = head[:0]
	}
	l.write(head)
	return l.fail
}

func (l *log) write(b []byte) {
	if l.fail == nil && len(b) > 0 {
		_, err := l.f.Write(b)
		l.fail, l.dirty = onFile(err), true
	}
}

// sync forces everything to disk.
func (l *log) sync() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail == nil && l.dirty {
		l.fail, l.dirty = onFile(l.f.Sync()), false
	}
	return l.fail
}

// close forces everything to disk.
func (l *log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.fail, ErrClosed) {
		return nil
	}
	err := errors.Join(l.fail, onFile(l.f.Sync()), onFile(l.f.Close()))
	l.fail = ErrClosed
	return err
}

// drop removes the file.
func (l *log) drop() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.fail, ErrClosed) {
		return nil
	}
	l.fail = ErrClosed
	return onFile(errors.Join(l.f.Close(), os.Remove(l.f.Name())))
}

// reader reads records one after another.
type reader struct {
	r    *bufio.Reader
	torn bool // the last record is not whole
}

func newReader(r io.Reader, title string) (*reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	got := make([]byte, len(title))
	if _, err := io.ReadFull(b, got); err != nil || string(got) != title {
		return nil, invalid("no %q", title[:len(title)-1])
	}
	return &reader{r: b}, nil
}

// next returns the next record, or io.EOF after the last whole one. Memory grows with what is really there, not with what a
// record claims.
func (r *reader) next() (kind byte, body []byte, err error) {
	var head [recordHead]byte
	if n, err := io.ReadFull(r.r, head[:]); err != nil {
		return 0, nil, r.end(n, err)
	}
	size := binary.LittleEndian.Uint32(head[1:])
	if size > maxRecord {
		return 0, nil, invalid("a record of %d bytes, at most %d", size, maxRecord)
	}
	const step = 1 << 20
	for len(body) < int(size) {
		n := min(step, int(size)-len(body))
		at := len(body)
		body = append(body, make([]byte, n)...)
		if _, err := io.ReadFull(r.r, body[at:]); err != nil {
			return 0, nil, r.end(1, err)
		}
	}
	return head[0], body, nil
}

// end tells the end of the file from a failure to read it.
func (r *reader) end(have int, err error) error {
	switch {
	case errors.Is(err, io.EOF) && have == 0:
		return io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.torn = true
		return io.EOF
	}
	return onFile(err)
}

// signed encodes a signed message: signature (64) | body.
func signed(s *partypb.Signed) ([]byte, error) {
	if len(s.GetSignature()) != partypb.SignatureSize || len(s.GetBody()) == 0 || len(s.GetBody()) > partypb.MaxControl {
		return nil, invalid("a message is not signed")
	}
	return append(append(make([]byte, 0, 64+len(s.GetBody())), s.GetSignature()...), s.GetBody()...), nil
}

func parseSigned(b []byte) (*partypb.Signed, error) {
	if len(b) <= partypb.SignatureSize || len(b) > partypb.SignatureSize+partypb.MaxControl {
		return nil, invalid("a signed message of %d bytes", len(b))
	}
	return &partypb.Signed{Signature: b[:partypb.SignatureSize:partypb.SignatureSize], Body: b[partypb.SignatureSize:]}, nil
}

// put sets a message that may be there once.
func put(into **partypb.Signed, b []byte, what string) error {
	if *into != nil {
		return invalid("%s twice", what)
	}
	s, err := parseSigned(b)
	if err != nil {
		return fmt.Errorf("%w (%s)", err, what)
	}
	*into = s
	return nil
}
