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
	root := hashTree(message, 0)
	root.Flags |= guts.FlagRoot
	out := guts.WordsToBytes(guts.CompressNode(root))
	return [32]byte(out[:])
}

// hashLeaf is what the library takes at a time.
const hashLeaf = guts.MaxSIMD * guts.ChunkSize

// hashTree returns the node above message, whose first chunk has the given
// number. The left child is the largest power of two of chunks that leaves
// something for the right one (BLAKE3, section 2.1).
func hashTree(message []byte, chunk uint64) guts.Node {
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
	a := guts.ChainingValue(hashTree(message[:left], chunk))
	b := guts.ChainingValue(hashTree(message[left:], chunk+uint64(left/guts.ChunkSize)))
	return guts.ParentNode(a, b, &guts.IV, 0)
}
