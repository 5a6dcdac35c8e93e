package mpc

import (
	"math/bits"

	"lukechampine.com/blake3/guts"
)

// Hash returns the BLAKE3-256 hash of a message that is all there, on the
// caller's core.
//
// It walks the hash tree itself: the library's streaming interface keeps the
// last chunk back for the narrow code, cuts what comes before it into ever
// smaller subtrees and starts a goroutine for each, which at 64 KiB takes three
// times as long.
func Hash(message []byte) [32]byte {
	var h hashing
	return h.sum(message)
}

// hashLeaf is what the library takes at a time.
const hashLeaf = guts.MaxSIMD * guts.ChunkSize

// hashing is the hash of a message that is written or arrives from its front to
// its end: what is final is hashed while it is still in the processor's cache.
type hashing struct{ leaves [][8]uint32 } // of the hashLeafs hashed so far

// reset starts anew, for another message.
func (h *hashing) reset() { h.leaves = h.leaves[:0] }

// advance hashes what it can of the first n bytes of the message, which will not
// change any more.
func (h *hashing) advance(message []byte, n int) {
	if len(message) <= hashLeaf {
		return // the root is hashed at the end
	}
	for at := len(h.leaves) * hashLeaf; at+hashLeaf <= n; at += hashLeaf {
		leaf := guts.CompressBuffer((*[hashLeaf]byte)(message[at:]), hashLeaf, &guts.IV, uint64(at/guts.ChunkSize), 0)
		h.leaves = append(h.leaves, guts.ChainingValue(leaf))
	}
}

// sum returns the hash of the message, all of which is final now.
func (h *hashing) sum(message []byte) [32]byte {
	h.advance(message, len(message))
	root := h.node(message, 0)
	root.Flags |= guts.FlagRoot
	out := guts.WordsToBytes(guts.CompressNode(root))
	return [32]byte(out[:])
}

// node returns the node above message[at:], whose length is that of a subtree.
// The left child is the largest power of two of chunks that leaves something for
// the right one (BLAKE3, section 2.1), so that the hashLeafs before the last are
// whole subtrees.
func (h *hashing) node(message []byte, at int) guts.Node {
	chunk := uint64(at / guts.ChunkSize)
	switch n := len(message); {
	case n <= guts.ChunkSize:
		return guts.CompressChunk(message, &guts.IV, chunk, 0)
	case n < hashLeaf:
		var padded [hashLeaf]byte
		copy(padded[:], message)
		return guts.CompressBuffer(&padded, n, &guts.IV, chunk, 0)
	case n == hashLeaf:
		return guts.CompressBuffer((*[hashLeaf]byte)(message), n, &guts.IV, chunk, 0)
	}
	left := 1 << (bits.Len(uint(len(message)-1)) - 1)
	return guts.ParentNode(h.value(message[:left], at), h.value(message[left:], at+left), &guts.IV, 0)
}

// value returns the chaining value of a subtree that is not the root.
func (h *hashing) value(message []byte, at int) [8]uint32 {
	if i := at / hashLeaf; len(message) == hashLeaf && i < len(h.leaves) {
		return h.leaves[i]
	}
	return guts.ChainingValue(h.node(message, at))
}
