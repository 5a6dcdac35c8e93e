package ot

import (
	"sync"

	"github.com/blindscore/blindscore/mpc/internal/gf128"
)

// rows holds, for each digit, N rows of 16 bytes and what pads them to a
// multiple of 128.
type rows struct {
	opaque
	n      int
	digits [][]byte
	memory *[]byte // of all digits; from rowPool
}

// rowPool keeps the memory of rows that were wiped: to touch new memory costs
// as much as to transpose.
var rowPool = sync.Pool{New: func() any { return new([]byte) }}

func newRows(shape Shape) rows {
	r := rows{n: shape.N, digits: make([][]byte, len(shape.Digits)), memory: rowPool.Get().(*[]byte)}
	each := shape.columnBlocks() * 128 * blockSize
	*r.memory = sized(*r.memory, each*len(shape.Digits))
	for j := range r.digits {
		r.digits[j] = (*r.memory)[j*each : (j+1)*each : (j+1)*each]
	}
	return r
}

func (r *rows) padded(j int) []byte { return r.digits[j] }

// Digit returns the rows of digit j, N times 16 bytes, not a copy; nil if there
// is no such digit.
func (r *rows) Digit(j int) []byte {
	if j < 0 || j >= len(r.digits) {
		return nil
	}
	return r.digits[j][:r.n*blockSize]
}

// Wipe overwrites the rows with zeros and gives their memory back, for other
// extensions to use: the slices that Digit returned must not be used any more.
// Digit returns nil from now on. It must not be called while others use r.
func (r *rows) Wipe() {
	if r.memory == nil {
		return
	}
	clear(*r.memory)
	rowPool.Put(r.memory)
	r.memory, r.digits = nil, nil
}

// ReceiverRows are the tax node's rows T of one extension. Row n of digit j
// hashes to the key of the digit chosen there.
type ReceiverRows struct{ rows }

// SenderRows are the bank's rows Q of one extension: with c the tax node's
// digit, as a polynomial over GF(2) of degree below 8,
//
//	Q = T + c Delta in GF(2^128),
//
// so that the key for the digit value v is the hash of Q + v Delta.
type SenderRows struct {
	rows
	delta [seedBytes]byte
}

// Offsets returns v*Delta for every digit value v of so many bits, 2^bits times
// 16 bytes; nil unless bits is 1 to MaxDigitBits. The offsets are as secret as
// Delta: they serve as input to aes128.Key.Expand and go nowhere else.
func (r *SenderRows) Offsets(bits int) []byte {
	if bits < 1 || bits > MaxDigitBits {
		return nil
	}
	out := make([]byte, blockSize<<bits)
	for b := range bits {
		product := gf128.Mul(r.delta, [gf128.Size]byte{1 << b})
		for v := 1 << b; v < 2<<b; v++ {
			copy(out[v*blockSize:], out[(v-1<<b)*blockSize:][:blockSize])
			xorInto(out[v*blockSize:][:blockSize], product[:])
		}
	}
	return out
}

// Wipe overwrites the rows and Delta with zeros, and gives the memory of the
// rows back, as that of ReceiverRows does.
func (r *SenderRows) Wipe() {
	r.rows.Wipe()
	clear(r.delta[:])
}
