package mpc

import "sync"

// spare keeps the buffers of frames for later flights and sessions: what is in
// them was on the wire, and new memory costs as much to touch as a superblock to
// compute. It is not a sync.Pool because the garbage collector empties those
// several times a second in a process whose heap is small.
var spare spares

// maxSpare bounds the memory that is kept.
const maxSpare = 64 << 20

type spares struct {
	mu      sync.Mutex
	buffers [][]byte // most recently used last
	bytes   int
}

// take returns a buffer of n bytes, with arbitrary content: one that is kept and
// not much too large, or a new one.
func (s *spares) take(n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.buffers) - 1; i >= 0; i-- {
		if b := s.buffers[i]; cap(b) >= n && cap(b) <= 2*n+4096 {
			s.remove(i)
			return b[:n]
		}
	}
	return make([]byte, n)
}

// give keeps a buffer, in place of those that were not used for longest where
// all together would be too much. The caller must not use it any more.
func (s *spares) give(b []byte) {
	if b == nil || cap(b) > maxSpare {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.bytes+cap(b) > maxSpare {
		s.remove(0)
	}
	s.buffers = append(s.buffers, b)
	s.bytes += cap(b)
}

func (s *spares) remove(i int) {
	s.bytes -= cap(s.buffers[i])
	s.buffers = append(s.buffers[:i], s.buffers[i+1:]...)
}
