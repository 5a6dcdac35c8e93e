package party

import (
	"sync"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/party/partypb"
)

// heldTable is a certified table, of one engine, with its digest in that engine's
// room.
type heldTable struct {
	lattice *lattice.Certified
	linear  *linear.Certified
	inner   [32]byte
}

// serves reports whether the table of this digest is for that engine, and over
// those features.
func (h *heldTable) serves(digest, schema [32]byte, engine partypb.Engine, features []string, units []float64) bool {
	switch {
	case engine == partypb.Engine_ENGINE_LATTICE && h.lattice != nil:
		return TableDigest(schema, features, h.inner) == digest
	case engine == partypb.Engine_ENGINE_LINEAR && h.linear != nil && len(units) == len(features):
		return LinearTableDigest(schema, features, units, h.inner) == digest
	}
	return false
}

// memory is about how many bytes it takes.
func (h *heldTable) memory() int {
	if h.lattice != nil {
		return h.lattice.Params().MemoryBytes()
	}
	return linearMemory(h.linear.Params())
}

// linearMemory is that of a table for EngineLinear: two polynomials of two words a
// slot for the key and for every column.
func linearMemory(p linear.Params) int { return (1 + len(p.Features())) * 2 * 2 * 8 * linear.Block }

// tables are the certified tables that a tax node holds, over all links.
type tables struct {
	mu    sync.Mutex
	ready map[[32]byte]*heldTable
	order [][32]byte // oldest use first
	bytes int
}

// get returns a table and marks it as used.
func (t *tables) get(digest [32]byte) *heldTable {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.ready[digest]
	if c != nil {
		t.touch(digest)
	}
	return c
}

func (t *tables) touch(digest [32]byte) {
	for i, d := range t.order {
		if d == digest {
			t.order = append(t.order[:i], t.order[i+1:]...)
			break
		}
	}
	t.order = append(t.order, digest)
}

// put keeps a table, and drops the ones that were not used for longest while
// all together exceed the limit. Batches under way keep what they hold.
func (t *tables) put(digest [32]byte, c *heldTable, limit int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ready[digest] == nil {
		t.ready[digest] = c
		t.bytes += c.memory()
	}
	t.touch(digest)
	for t.bytes > limit && len(t.order) > 1 {
		oldest := t.order[0]
		t.order = t.order[1:]
		t.bytes -= t.ready[oldest].memory()
		delete(t.ready, oldest)
	}
}
