package lookup

import "sync"

// How many instances are worked on at a time, so that their pads stay in the
// first-level cache: the sender has pads for every digit value, the receiver
// for one.
const (
	chunk     = 8
	openChunk = 128
)

// pads is the working memory of one call: the pads of some instances, A of the
// high digit and B of the low one.
type pads struct{ a, b []byte }

var pool = sync.Pool{New: func() any { return new(pads) }}

// takePads returns room for so many blocks.
func takePads(a, b int) *pads {
	p := pool.Get().(*pads)
	p.a, p.b = sized(p.a, a*16), sized(p.b, b*16)
	return p
}

func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// release wipes the pads and gives their memory back.
func (p *pads) release() {
	clear(p.a)
	clear(p.b)
	pool.Put(p)
}
