package ot

import "sync"

// buffers are the working memory of one extension in progress: at most 512 KiB
// of columns, 36 columns of at most 4 KiB to sum leaf streams in, and a few
// columns more.
type buffers struct {
	opaque
	v       []byte // the 128 columns of a unit
	streams []byte // scratch of expand
	x, chi  []byte // one column each
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
	b.v = sized(b.v, kappa*width)
	b.streams = sized(b.streams, p.scratchColumns()*width)
	b.x = sized(b.x, width)
	b.chi = sized(b.chi, width)
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
	pool.Put(b)
}
