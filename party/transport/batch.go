package transport

import (
	"net"
	"sync"
)

const (
	recordSize = 16 << 10  // most plain text in a TLS record
	batchSize  = 256 << 10 // bytes for one system call: below it, calls cost more than copying
)

// batch lies between TLS and the stream. TLS reads and writes a record at a time; while it is corked a batch collects
// records and writes them in pieces of batchSize, and it reads as much as the stream has.
type batch struct {
	net.Conn

	write  sync.Mutex
	corked bool
	out    []byte
	err    error // of the first write that failed while corked

	in   []byte // buffer for reading, made for the first long read
	rest []byte // of in, not yet handed on; one goroutine reads at a time
}

func newBatch(nc net.Conn) *batch { return &batch{Conn: nc} }

// cork makes writes wait until uncork.
func (b *batch) cork() {
	b.write.Lock()
	defer b.write.Unlock()
	b.corked = true
}

// uncork writes what waits.
func (b *batch) uncork() error {
	b.write.Lock()
	defer b.write.Unlock()
	b.corked = false
	return b.flush()
}

func (b *batch) Write(p []byte) (int, error) {
	b.write.Lock()
	defer b.write.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	if !b.corked && len(b.out) == 0 {
		return b.Conn.Write(p)
	}
	if b.out == nil {
		b.out = make([]byte, 0, batchSize)
	}
	if len(b.out)+len(p) > batchSize {
		if err := b.flush(); err != nil {
			return 0, err
		}
	}
	b.out = append(b.out, p...)
	return len(p), nil
}

// flush is called with write held.
func (b *batch) flush() error {
	if b.err != nil || len(b.out) == 0 {
		return b.err
	}
	_, b.err = b.Conn.Write(b.out)
	b.out = b.out[:0]
	return b.err
}

// Read serves small reads, such as those of a handshake, as they are; once a full record is asked for it reads ahead.
func (b *batch) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.in == nil && len(p) < recordSize {
			return b.Conn.Read(p)
		}
		if b.in == nil {
			b.in = make([]byte, batchSize)
		}
		n, err := b.Conn.Read(b.in)
		b.rest = b.in[:n]
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
