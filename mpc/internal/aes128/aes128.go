// Package aes128 runs AES-128 over many blocks at once, in the few shapes that oblivious transfer needs: a key stream,
// fixed-key compression, and the tweakable hash that turns correlated rows into pads.
//
// Three bodies compute the same bits, chosen when a [Key] is made: VAES on 512-bit registers, AES-NI on 128-bit
// registers, and crypto/aes. The last runs everywhere and alone under the build tag purego.
//
// # Adversary
//
// A peer sees outputs and chooses inputs, never keys of [Key.CTR]. Timing is independent of keys and data in the two
// assembly bodies; the third inherits the promises of crypto/aes on its platform. [Key.MMO], [Key.TMMO], [Key.Expand]
// and [Key.Hash] are modelled with a public key and an ideal cipher: MMO is circular correlation robust, TMMO tweakable
// circular correlation robust (Guo, Katz, Wang, Yu: "Efficient and Secure Multiparty Computation from Fixed-Key Block
// Ciphers", IEEE S&P 2020, sections 7.2 and 7.4). A tweak used twice under one key voids that: callers keep them unique.
//
// # Sizes
//
// Blocks are 16 bytes. Every slice is a whole number of blocks, of any count; a destination that is too short for its
// source is a programming error and ends in the runtime's own bounds check. Slices are equal or disjoint.
package aes128

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"math/bits"
)

// BlockSize is the size of an AES block in bytes.
const BlockSize = 16

// body names one of the implementations.
type body uint8

const (
	bodyGeneric body = iota + 1
	bodyNI
	bodyVAES
)

// Key is an AES-128 key, expanded for the body that will run it. It is immutable, and safe for concurrent use.
type Key struct {
	// round holds the eleven round keys; only the assembly bodies fill it.
	round [11 * BlockSize]byte
	// block is the generic body's cipher; nil under the others.
	block cipher.Block
	body  body
}

// NewKey expands k.
func NewKey(k [16]byte) *Key { return newKey(k, bestBody()) }

// newKey expands k for one body.
func newKey(k [16]byte, b body) *Key {
	key := &Key{body: b}
	if b == bodyGeneric || !key.schedule(&k) {
		key.body = bodyGeneric
		key.block, _ = aes.NewCipher(k[:]) // fails on other key lengths alone
	}
	return key
}

// CTR fills dst with key stream: block i is AES_k(LE64(lo+i) || LE64(hi)). lo wraps without a carry into hi.
func (k *Key) CTR(dst []byte, hi, lo uint64) {
	dst = dst[:len(dst)&^(BlockSize-1)]
	if k.body == bodyGeneric {
		ctrGeneric(k.block, dst, hi, lo)
		return
	}
	k.ctr(dst, hi, lo)
}

// MMO is Matyas-Meyer-Oseas per block, dst[i] = pi(src[i]) ^ src[i], with pi = AES_k.
func (k *Key) MMO(dst, src []byte) {
	src = src[:len(src)&^(BlockSize-1)]
	dst = dst[:len(src)]
	if k.body == bodyGeneric {
		mmoGeneric(k.block, dst, src)
		return
	}
	k.mmo(dst, src)
}

// TMMO is the tweakable hash of Guo et al., section 7.4, per block: dst[i] = pi(pi(x) ^ t) ^ pi(x) with x = src[i] and
// the tweak t = LE64(lo+i) || LE64(hi).
func (k *Key) TMMO(dst, src []byte, hi, lo uint64) { k.Hash(dst, src, 1, hi, lo) }

// Hash makes the receiver's pads: from each row x = rows[r] come blocks outputs, output j at dst[(r*blocks+j)*16:],
// hashed by TMMO with the tweak LE64(lo+r) || LE64(hi+j). pi(x) is computed once for all j.
func (k *Key) Hash(dst, rows []byte, blocks int, hi, lo uint64) {
	rows = rows[:len(rows)&^(BlockSize-1)]
	blocks = max(blocks, 0)
	dst = dst[:len(rows)*blocks]
	if k.body == bodyGeneric {
		hashGeneric(k.block, dst, rows, blocks, hi, lo)
		return
	}
	k.hash(dst, rows, blocks, hi, lo)
}

// Expand makes the sender's pads: for every row r and every offset o, x = rows[r] ^ offsets[o] gives blocks outputs,
// output j at dst[((r*n+o)*blocks+j)*16:] for n offsets, hashed by TMMO with the tweak LE64(lo+r) || LE64(hi+j).
// The offsets number a power of two where speed matters.
func (k *Key) Expand(dst, rows, offsets []byte, blocks int, hi, lo uint64) {
	rows = rows[:len(rows)&^(BlockSize-1)]
	offsets = offsets[:len(offsets)&^(BlockSize-1)]
	blocks = max(blocks, 0)
	dst = dst[:len(rows)*(len(offsets)/BlockSize)*blocks]
	if k.body == bodyGeneric {
		expandGeneric(k.block, dst, rows, offsets, blocks, hi, lo)
		return
	}
	k.expand(dst, rows, offsets, blocks, hi, lo)
}

// ExpandApart is Expand with another layout: the outputs j of all rows and offsets lie together, that of row r and offset
// o at dst[((j*len(rows)/16+r)*n+o)*16:] for n offsets.
func (k *Key) ExpandApart(dst, rows, offsets []byte, blocks int, hi, lo uint64) {
	rows = rows[:len(rows)&^(BlockSize-1)]
	offsets = offsets[:len(offsets)&^(BlockSize-1)]
	blocks = max(blocks, 0)
	apart := len(rows) * (len(offsets) / BlockSize)
	dst = dst[:apart*blocks]
	done := 0
	if k.body != bodyGeneric && blocks > 1 {
		done = k.expandApart(dst, rows, offsets, blocks, hi, lo)
	}
	if done == len(rows) {
		return
	}
	for j := range blocks {
		out := dst[j*apart+done*(len(offsets)/BlockSize) : (j+1)*apart]
		k.Expand(out, rows[done:], offsets, 1, hi+uint64(j), lo+uint64(done/BlockSize))
	}
}

// log2 returns d for n = 2^d, and false for any other n.
func log2(n int) (d uint64, ok bool) {
	if n <= 0 || n&(n-1) != 0 {
		return 0, false
	}
	return uint64(bits.TrailingZeros64(uint64(n))), true
}

const hidden = "aes128.Key(hidden)"

// ErrSecret is returned where something tries to serialise a key.
var ErrSecret = errors.New("aes128: a key does not serialise")

// Format prints a placeholder under every verb.
func (k *Key) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hidden)) }

// LogValue logs a placeholder.
func (k *Key) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON refuses with [ErrSecret].
func (k *Key) MarshalJSON() ([]byte, error) { return nil, ErrSecret }
