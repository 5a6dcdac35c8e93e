// Package leafsum adds up the key streams of a tree's leaves, as small-field VOLE wants them (Roy, SoftSpokenOT, CRYPTO
// 2022, figure 7): the plain sum, and for each bit of a leaf's number the sum over the leaves that have it set.
//
// # Adversary
//
// Streams, sums, and what is added to them are secret, sizes are public: no branch and no address depends on contents.
// Two bodies compute the same result: AVX-512, which reads every stream once, and Go, which alone is built on other
// architectures and with the tag purego. Sizes are the caller's; one that does not fit its slice ends in the runtime's
// own bounds check.
package leafsum

import (
	"crypto/subtle"
	"encoding/binary"
)

const (
	// Piece is the most bytes of a stream that are summed at a time: 16 streams of it, and their sums, fit a first-level
	// cache of 48 KiB.
	Piece = 2048
	// Pitch is how far apart streams lie. It is an odd number of cache lines, so that streams do not compete for them.
	Pitch = Piece + 64
	// MaxK is the largest K.
	MaxK = 4
)

// body names one of the implementations.
type body uint8

const (
	bodyGeneric body = iota + 1
	bodyAVX512
)

// Sums says where the sums of 2^K streams go, K being 1, 2 or 4, and what is added to them. U, X and C have the same
// length n, a multiple of 16, at most Piece; of the bits of C, column t takes those in the mask Masks[t], which is 0x00
// or 0xff as a rule.
type Sums struct {
	K      int
	U, X   []byte     // U = X + sum of all streams; U may be X
	V      []byte     // column t, n bytes from V[t*Stride], = C & Masks[t] + sum of the streams x with bit t of x set
	Stride int        // at least n
	C      []byte     // apart from V
	Masks  [MaxK]byte // the first K count
}

// Of computes the sums. Stream x is the n bytes from streams[x*Pitch].
func (s *Sums) Of(streams []byte) { s.of(best, streams) }

func (s *Sums) of(b body, streams []byte) {
	n := len(s.U)
	if n == 0 {
		return
	}
	_, _ = s.X[:n], s.C[:n]
	_ = s.V[:(s.K-1)*s.Stride+n]
	_ = streams[:(1<<s.K-1)*Pitch+n]
	if b == bodyAVX512 && n <= Piece {
		s.asm(streams)
		return
	}
	s.generic(streams)
}

func (s *Sums) generic(streams []byte) {
	n := len(s.U)
	copy(s.U, s.X)
	for t := range s.K {
		mask := uint64(s.Masks[t]) * 0x0101010101010101
		column := s.V[t*s.Stride:][:n]
		for i := 0; i < n; i += 8 {
			binary.LittleEndian.PutUint64(column[i:], binary.LittleEndian.Uint64(s.C[i:])&mask)
		}
	}
	for x := range 1 << s.K {
		stream := streams[x*Pitch:][:n]
		subtle.XORBytes(s.U, s.U, stream)
		for t := range s.K {
			if x>>t&1 == 1 {
				column := s.V[t*s.Stride:][:n]
				subtle.XORBytes(column, column, stream)
			}
		}
	}
}
