package transport

import (
	"net"
	"os"
	"time"
)

const (
	slowChunk  = 16 << 10 // bytes that travel together
	slowLinger = 10 * time.Second
	slowBuffer = 1 << 20 // bytes that wait before the line, as in a socket buffer
	slowFree   = 1 << 30 // bytes a second where there is no limit
	slowMost   = 256 << 20
)

// Slow makes nc a wide-area link in the direction of its writes: what is written arrives delay later, and no faster than
// bytesPerSecond (zero or less: no limit). Writes are pipelined as on a real line: a write waits for the line only once
// more is under way than the line holds (delay times bandwidth) and a socket buffer, and many small writes arrive one delay later, not many. Slow
// both ends for a link that is slow both ways.
//
// Closing lets what was written arrive, for some seconds at most.
func Slow(nc net.Conn, delay time.Duration, bytesPerSecond int) net.Conn {
	s := &slow{Conn: nc, delay: max(delay, 0), rate: bytesPerSecond, closed: make(chan struct{})}
	rate := bytesPerSecond
	if rate <= 0 {
		rate = slowFree
	}
	s.limit = min(slowBuffer+int64(float64(rate)*s.delay.Seconds()), slowMost)
	s.init()
	go s.carry()
	return s
}

type slow struct {
	net.Conn
	delay time.Duration
	rate  int
	limit int64

	monitor
	write  deadline
	queue  []chunk
	queued int64     // bytes under way
	free   time.Time // when the line has sent all that is queued
	ended  bool      // by CloseWrite
	gone   bool      // by Close, or because the stream failed
	err    error     // of the stream
	closed chan struct{}
}

type chunk struct {
	data []byte
	at   time.Time // of arrival
}

func (s *slow) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for {
		switch {
		case s.gone || s.ended:
			return n, net.ErrClosed
		case s.err != nil:
			return n, s.err
		case s.write.past:
			return n, os.ErrDeadlineExceeded
		case n == len(b):
			return n, nil
		}
		if s.queued >= s.limit {
			s.changed.Wait()
			continue
		}
		size := min(slowChunk, len(b)-n)
		s.send(append([]byte(nil), b[n:n+size]...))
		n += size
	}
}

// send puts data on the line, after what is on it already.
func (s *slow) send(data []byte) {
	if now := time.Now(); s.free.Before(now) {
		s.free = now
	}
	if s.rate > 0 {
		s.free = s.free.Add(time.Duration(float64(len(data)) / float64(s.rate) * float64(time.Second)))
	}
	s.queue = append(s.queue, chunk{data, s.free.Add(s.delay)})
	s.queued += int64(len(data))
	s.changed.Broadcast()
}

// carry delivers chunks when their time has come, until the link is closed and empty.
func (s *slow) carry() {
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.ended && !s.gone {
			s.changed.Wait()
		}
		if len(s.queue) == 0 {
			gone := s.gone
			s.mu.Unlock()
			s.end(gone)
			return
		}
		next := s.queue[0]
		s.mu.Unlock()
		time.Sleep(time.Until(next.at))
		_, err := s.Conn.Write(next.data)

		s.mu.Lock()
		s.queue = s.queue[1:]
		s.queued -= int64(len(next.data))
		if err != nil {
			s.err, s.queue, s.gone = err, nil, true
		}
		s.changed.Broadcast()
		s.mu.Unlock()
	}
}

// end passes on what Close or CloseWrite asked for.
func (s *slow) end(gone bool) {
	time.Sleep(s.delay)
	if !gone {
		if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		<-s.closed
	}
	_ = s.Conn.Close()
}

func (s *slow) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if err != nil && s.isClosed() {
		err = net.ErrClosed
	}
	return n, err
}

// CloseWrite ends the stream to the peer, after what was written.
func (s *slow) CloseWrite() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.changed.Broadcast()
	return nil
}

// Close ends reads and writes at once; what was written still arrives, unless the peer does not take it.
func (s *slow) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() {
		return nil
	}
	close(s.closed)
	s.gone = true
	_ = s.Conn.SetReadDeadline(time.Unix(1, 0))
	_ = s.Conn.SetWriteDeadline(time.Now().Add(s.delay + slowLinger))
	s.changed.Broadcast()
	return nil
}

func (s *slow) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

func (s *slow) SetDeadline(t time.Time) error {
	_ = s.SetWriteDeadline(t)
	return s.SetReadDeadline(t)
}

func (s *slow) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() {
		return net.ErrClosed
	}
	return s.Conn.SetReadDeadline(t)
}

func (s *slow) SetWriteDeadline(t time.Time) error {
	s.write.set(&s.monitor, t)
	return nil
}
