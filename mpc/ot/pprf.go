package ot

import (
	"crypto/subtle"

	"github.com/blindscore/blindscore/mpc"
)

// All-but-one OT from GGM trees: Roy 2022, figures 13 (the trees)
// and 14 (the consistency check). For each of the n_C = 128/k VOLEs the tax
// node, as PPRF sender, grows a binary tree of depth k; the bank, as PPRF
// receiver, obtains every leaf but the one at its point Delta_i, by k base OTs.
//
// Letters: r[i*k+l][x] is message x of base OT l of tree i; t[l][x] the
// correction that takes it to the sum of all x-children of level l; s~ and t~
// the hash and the sum of the 2*kappa-bit check strings of the leaves.
//
// The path to leaf x follows the bits of x from the top: level l (the root's
// children are level 0) branches by bit k-1-l. So base OT i*k+l is chosen by
// the complement of bit k-1-l of Delta_i: the bank gets the sibling's sum.

// pprfBytes is the size of the message of one tree: t for every level but the
// first, whose nodes are the base OT messages themselves, t~, and s~. One
// level needs no message.
func (p Params) pprfBytes() int {
	if p.K == 1 {
		return 0
	}
	return (p.K-1)*2*seedBytes + 2*digest
}

// node is the length-doubling PRG of the trees. The bank misses one node of each
// level of each tree, and tree and level are hashed in, so that one guess of a
// seed helps against one node only.
func node(sid *[32]byte, tree, level int, s []byte) (left, right [seedBytes]byte) {
	h := oracle(tagNode, sid)
	writeIndex(h, uint64(tree), uint64(level))
	h.Write(s)
	var out [2 * seedBytes]byte
	h.Sum(out[:0])
	return [seedBytes]byte(out[:seedBytes]), [seedBytes]byte(out[seedBytes:])
}

// leaf is PRG' of figure 14: the last level of the tree, whose one half proves
// consistency and whose other half is the output.
func leaf(sid *[32]byte, tree int, s []byte) (key [seedBytes]byte, check [digest]byte) {
	h := wideOracle(tagLeaf, sid)
	writeIndex(h, uint64(tree))
	h.Write(s)
	var out [64]byte
	h.Sum(out[:0])
	return [seedBytes]byte(out[digest:]), [digest]byte(out[:digest])
}

// proof is the hash of figure 14 over all check strings of one tree, in the
// order of the leaves.
func proof(sid *[32]byte, tree int, checks [][digest]byte) (s [digest]byte) {
	h := oracle(tagProof, sid)
	writeIndex(h, uint64(tree))
	for i := range checks {
		h.Write(checks[i][:])
	}
	h.Sum(s[:0])
	return s
}

// growTrees is the PPRF sender. r holds both messages of every base OT. It
// returns the leaves, tree after tree, and the message.
func growTrees(p Params, sid *[32]byte, r *[kappa][2][seedBytes]byte) (leaves [][seedBytes]byte, msg []byte) {
	leaves = make([][seedBytes]byte, 0, p.voles()*p.q())
	msg = make([]byte, 0, p.voles()*p.pprfBytes())
	for i := range p.voles() {
		s := [][seedBytes]byte{r[i*p.K][0], r[i*p.K][1]}
		for l := 1; l < p.K; l++ {
			t := r[i*p.K+l]
			next := make([][seedBytes]byte, 2*len(s))
			for y := range s {
				next[2*y], next[2*y+1] = node(sid, i, l, s[y][:])
				xorInto(t[0][:], next[2*y][:])
				xorInto(t[1][:], next[2*y+1][:])
			}
			msg = append(append(msg, t[0][:]...), t[1][:]...)
			clear(s)
			s = next
		}
		if p.K > 1 {
			var sum [digest]byte
			checks := make([][digest]byte, len(s))
			for y := range s {
				s[y], checks[y] = leaf(sid, i, s[y][:])
				xorInto(sum[:], checks[y][:])
			}
			hash := proof(sid, i, checks)
			msg = append(append(msg, sum[:]...), hash[:]...)
			clear(checks)
		}
		leaves = append(leaves, s...)
		clear(s)
	}
	return leaves, msg
}

// puncture is the PPRF receiver. r holds the chosen message of every base OT,
// delta the punctured points (Delta_i in bits i*k .. i*k+k-1). The leaves come
// back relative to the punctured point: entry y of tree i is the leaf at
// Delta_i ^ y, and entry 0, the one that is missing, is zero. Working relative
// to Delta on the way down, too, makes memory accesses independent of it: a
// node's children are swapped by a bit of Delta, so that the unknown node is
// always number 0 and the node that the base OT delivers always number 1.
//
// It fails with ErrCheck if the message is inconsistent in any tree, without
// saying in which.
func puncture(p Params, sid *[32]byte, r *[kappa][seedBytes]byte, delta *[seedBytes]byte, msg []byte) ([][seedBytes]byte, error) {
	if len(msg) != p.voles()*p.pprfBytes() {
		return nil, wrongSize("PPRF message", p.voles()*p.pprfBytes(), len(msg))
	}
	leaves := make([][seedBytes]byte, 0, p.voles()*p.q())
	good := 1
	for i := range p.voles() {
		s := [][seedBytes]byte{{}, r[i*p.K]}
		tree := msg[i*p.pprfBytes():]
		for l := 1; l < p.K; l++ {
			bit := bitOf(delta[:], i*p.K+p.K-1-l)
			t := tree[(l-1)*2*seedBytes:][:2*seedBytes]
			next := make([][seedBytes]byte, 2*len(s))
			next[1] = r[i*p.K+l]
			for x := range 2 { // add t[not bit]
				mask := -(bit ^ byte(x))
				for n := range seedBytes {
					next[1][n] ^= t[x*seedBytes+n] & mask
				}
			}
			for y := 1; y < len(s); y++ {
				next[2*y], next[2*y+1] = node(sid, i, l, s[y][:])
				swapIf(bit, next[2*y][:], next[2*y+1][:])
				xorInto(next[1][:], next[2*y+1][:])
			}
			clear(s)
			s = next
		}
		if p.K > 1 {
			t := tree[(p.K-1)*2*seedBytes:]
			checks := make([][digest]byte, len(s))
			checks[0] = [digest]byte(t[:digest])
			for y := 1; y < len(s); y++ {
				s[y], checks[y] = leaf(sid, i, s[y][:])
				xorInto(checks[0][:], checks[y][:])
			}
			shift(checks, delta, i*p.K, p.K)
			hash := proof(sid, i, checks)
			good &= subtle.ConstantTimeCompare(hash[:], t[digest:2*digest])
			clear(checks)
		}
		leaves = append(leaves, s...)
		clear(s)
	}
	if good != 1 {
		clear(leaves)
		return nil, mpc.ErrCheck
	}
	return leaves, nil
}

// shift moves entry y of the 2^k entries of c to y ^ d, d being the k bits of
// delta from bit `from` on, in constant time: one layer of swaps for each bit.
func shift(c [][digest]byte, delta *[seedBytes]byte, from, k int) {
	for b := range k {
		bit := bitOf(delta[:], from+b)
		for y := range c {
			if y>>b&1 == 0 {
				swapIf(bit, c[y][:], c[y|1<<b][:])
			}
		}
	}
}
