package transport

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeBuffer is how much a Pipe holds in each direction, as a socket would.
const pipeBuffer = 1 << 20

// Pipe returns the two ends of a stream in memory. Unlike net.Pipe it has buffers, so that two sides may both write
// before they read, and it closes by halves.
func Pipe() (net.Conn, net.Conn) {
	a, b := newHalf(), newHalf()
	return &pipeConn{in: a, out: b}, &pipeConn{in: b, out: a}
}

type pipeConn struct{ in, out *half }

func (p *pipeConn) Read(b []byte) (int, error)  { return p.in.take(b) }
func (p *pipeConn) Write(b []byte) (int, error) { return p.out.put(b) }
func (p *pipeConn) LocalAddr() net.Addr         { return memoryAddr{} }
func (p *pipeConn) RemoteAddr() net.Addr        { return memoryAddr{} }

// CloseWrite ends the stream to the peer.
func (p *pipeConn) CloseWrite() error {
	p.out.end(func(h *half) { h.written = true })
	return nil
}

func (p *pipeConn) Close() error {
	p.out.end(func(h *half) { h.written, h.writerGone = true, true })
	p.in.end(func(h *half) { h.readerGone = true })
	return nil
}

func (p *pipeConn) SetDeadline(t time.Time) error {
	p.in.read.set(&p.in.monitor, t)
	p.out.write.set(&p.out.monitor, t)
	return nil
}

func (p *pipeConn) SetReadDeadline(t time.Time) error { p.in.read.set(&p.in.monitor, t); return nil }

func (p *pipeConn) SetWriteDeadline(t time.Time) error {
	p.out.write.set(&p.out.monitor, t)
	return nil
}

// half is one direction.
type half struct {
	monitor
	data []byte

	written, writerGone, readerGone bool // no more comes; this writer closed; the reader closed
	read, write                     deadline
}

func newHalf() *half {
	h := new(half)
	h.init()
	return h
}

func (h *half) end(change func(*half)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
	h.changed.Broadcast()
}

func (h *half) take(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.readerGone:
			return 0, net.ErrClosed
		case h.read.past:
			return 0, os.ErrDeadlineExceeded
		case len(h.data) > 0:
			n := copy(b, h.data)
			h.data = h.data[n:]
			h.changed.Broadcast()
			return n, nil
		case h.written:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		h.changed.Wait()
	}
}

func (h *half) put(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for {
		switch {
		case h.writerGone:
			return n, net.ErrClosed
		case h.written, h.readerGone:
			return n, io.ErrClosedPipe
		case h.write.past:
			return n, os.ErrDeadlineExceeded
		}
		if room := min(pipeBuffer-len(h.data), len(b)-n); room > 0 {
			h.data = append(h.data, b[n:n+room]...)
			n += room
			h.changed.Broadcast()
		}
		if n == len(b) {
			return n, nil
		}
		h.changed.Wait()
	}
}

// monitor is a lock with one condition: something changed.
type monitor struct {
	mu      sync.Mutex
	changed *sync.Cond
}

func (m *monitor) init() { m.changed = sync.NewCond(&m.mu) }

// deadline is guarded by a monitor, which it wakes when it passes.
type deadline struct {
	timer *time.Timer
	past  bool
}

func (d *deadline) set(m *monitor, t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.past = !t.IsZero() && !t.After(time.Now())
	if !t.IsZero() && !d.past {
		var timer *time.Timer
		timer = time.AfterFunc(time.Until(t), func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			if d.timer == timer { // else it was set anew meanwhile
				d.past = true
				m.changed.Broadcast()
			}
		})
		d.timer = timer
	}
	m.changed.Broadcast()
}
