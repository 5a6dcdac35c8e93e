package ot

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/blindscore/blindscore/mpc"
)

// MaxReserve is how many extensions one Reserve hands out at most.
const MaxReserve = 1 << 20

// maxExtensions bounds the extensions of one set-up. It is far out of reach and
// keeps counters from ever wrapping.
const maxExtensions = 1 << 48

// counter hands out extension numbers, each once.
type counter struct {
	mu   sync.Mutex
	next uint64
}

// reserve returns n numbers that were never handed out before.
func (c *counter) reserve(n int) (numbers, error) {
	if n < 0 || n > MaxReserve {
		return numbers{}, fmt.Errorf("%w: 0 to %d extensions in one reservation, got %d", mpc.ErrParams, MaxReserve, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next > maxExtensions-uint64(n) {
		return numbers{}, fmt.Errorf("%w: all %d extensions of this set-up are spent", mpc.ErrUsed, uint64(maxExtensions))
	}
	first := c.next
	c.next += uint64(n)
	return numbers{first: first, used: make([]atomic.Bool, n)}, nil
}

// following returns the first number that was not handed out yet.
func (c *counter) following() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// seek has the next number be n.
func (c *counter) seek(n uint64) error {
	if n > maxExtensions {
		return fmt.Errorf("%w: extension %d of at most %d", mpc.ErrParams, n, uint64(maxExtensions))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = n
	return nil
}

// numbers are the extension numbers first .. first+len(used)-1, each of which
// can be taken once.
type numbers struct {
	first uint64
	used  []atomic.Bool
}

// check returns ErrParams unless i is the index of one of the numbers.
func (n *numbers) check(i int) error {
	if i < 0 || i >= len(n.used) {
		return fmt.Errorf("%w: extension %d of %d reserved ones", mpc.ErrParams, i, len(n.used))
	}
	return nil
}

// take returns number i, which check has admitted, or ErrUsed.
func (n *numbers) take(i int) (uint64, error) {
	if n.used[i].Swap(true) {
		return 0, fmt.Errorf("%w: OT extension %d of this range", mpc.ErrUsed, i)
	}
	return n.first + uint64(i), nil
}
