package ot

import "sync"

// buffers are the working memory of one extension in progress: at most 520 KiB
// of columns, at most 80 KiB to sum leaf streams in, and a few columns more.
type buffers struct {
	opaque
	v       []byte // the 128 columns of a unit
	streams []byte // scratch of expand
	x, chi  []byte // one column each
	u       []byte // a column that nobody reads
}

var pool = sync.Pool{New: func() any { return new(buffers) }}

// takeBuffers returns buffers that hold any unit of the shape.
func takeBuffers(p Params, shape Shape) *buffers {
	width := maskUnit.width()
	for u := range shape.units() {
		width = max(width, u.width())
	}
	width *= blockSize
	b := pool.Get().(*buffers)
	b.v = sized(b.v, kappa*columnStride(width))
	b.streams = sized(b.streams, p.scratchBytes())
	b.x = sized(b.x, width)
	b.chi = sized(b.chi, width)
	b.u = sized(b.u, width)
	return b
}

func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// release wipes the buffers and gives them back.
func (b *buffers) release() {
	clear(b.v)
	clear(b.streams)
	clear(b.x)
	clear(b.chi)
	clear(b.u)
	pool.Put(b)
}
