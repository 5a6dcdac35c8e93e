package ot

import (
	"crypto/subtle"
	"hash"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/aes128"
	"github.com/blindscore/blindscore/mpc/internal/gf128"
)

// The consistency check of SoftSpokenOT: Roy 2022, section 4. It
// hashes columns, not rows: a universal hash R, linear over GF(2), maps each
// column to 128 bits. The tax node sends u~ = R x and v~ = R V; the bank
// compares the columns of v~ with those of R Q + u~ Delta.
//
// R reads a column as blocks of 128 bits, elements of GF(2^128):
//
//	R(m, y_1, y_2, ...) = m + sum_n chi_n y_n
//
// The mask block m has the coefficient 1 and holds random choices that are used
// nowhere else, so that u~ is uniform and says nothing of x; V~ then follows
// from u~ and what the bank has, and says nothing either.
//
// Challenge. The chi of a unit are the key stream under a hash of everything
// that the extension says up to and with that unit's corrections (Fiat-Shamir;
// these enter by their BLAKE3 hash, in 64 KiB and more at a time, which SHA-256
// alone would make a quarter of the work), so that the columns of a unit can be hashed while they are in cache and are
// never held all at once. That it is enough to fix them unit by unit: let the
// corrections imply choices x and x' for two VOLEs, d = x - x' their difference,
// D_n the sum R d up to unit n. If the masks alone differ, D = D_0 is not zero.
// Otherwise, at any unit where d is not zero, chi is drawn after d and after
// D_(n-1), and the new D_n is uniform: zero with probability 2^-128. A unit
// where d is zero changes nothing. So each query to the hash gives the tax node
// a chance of at most 2^-128 a pair, less than 2^13 * 2^-128 = 2^-115 in all, to
// hide a difference (the chi of one unit are AES output, so this rests on AES
// as a PRF, too). Corrections cannot be exchanged after their hash has been
// queried: that is a collision of 256 bits, as one of the chain would be.
//
// What a failing, or passing, check tells: column i*k+b passes if the tax node
// kept to u~ and v~ for VOLE i; else (R u'_i - u~) Delta_i must equal a value
// of the tax node's choosing, which it does for at most one Delta_i of the 2^k.
// So cheating in g VOLEs passes with probability 2^-kg and then tells g*k bits
// of Delta, the trade that the proof allows for; failing kills the Sender, so
// that nobody learns a bit by failing twice.
//
// Instead of the 2 KiB of V~ the tax node sends 32 bytes of hash. A random
// oracle is as good: the simulator reads V~ off the query that led to the hash,
// and without such a query the comparison fails but with probability 2^-256.

// checkBytes is the length of the end of an extension's message: u~, and the
// hash of V~.
const checkBytes = blockSize + digest

// columnHash is one side's run of the check over one extension.
type columnHash struct {
	opaque
	id    *[32]byte
	chain [digest]byte
	v     [kappa]gf128.Accumulator // R V (tax node) or R Q (bank), by column
	u     gf128.Accumulator        // R x, tax node only
	chi   []byte                   // of the current unit
}

// newColumnHash starts the chain with the statement of the extension and the
// corrections of the mask unit.
func newColumnHash(id *[32]byte, extension uint64, shape Shape, binding *[32]byte, maskCorrections, chi []byte) *columnHash {
	c := &columnHash{id: id, chi: chi}
	h := oracle(tagExtend, id)
	writeIndex(h, extension, uint64(shape.N), uint64(len(shape.Digits)))
	for _, d := range shape.Digits {
		writeIndex(h, uint64(d))
	}
	h.Write(binding[:])
	h.Write(maskCorrections)
	c.set(h)
	return c
}

func (c *columnHash) set(h hash.Hash) { h.Sum(c.chain[:0]) }

// mask adds the mask block of every column, with coefficient 1.
func (c *columnHash) mask(v []byte) {
	one := [gf128.Size]byte{1}
	for col := range c.v {
		gf128.HashBlocks(&c.v[col], one[:], v[col*columnStride(blockSize):][:blockSize])
	}
}

// maskChoices adds the mask block of the choices.
func (c *columnHash) maskChoices(x []byte) {
	one := [gf128.Size]byte{1}
	gf128.HashBlocks(&c.u, one[:], x[:blockSize])
}

// challenge draws the chi of the next unit, whose corrections are given.
func (c *columnHash) challenge(u unit, corrections []byte) {
	sum := mpc.Hash(corrections)
	h := oracle(tagUnit, c.id)
	h.Write(c.chain[:])
	h.Write(sum[:])
	c.set(h)
	c.chi = c.chi[:u.width()*blockSize]
	aes128.NewKey([16]byte(c.chain[:16])).CTR(c.chi, 0, 0)
}

// add hashes the columns of that unit.
func (c *columnHash) add(v []byte) {
	width, stride := len(c.chi), columnStride(len(c.chi))
	for col := range c.v {
		gf128.HashBlocks(&c.v[col], c.chi, v[col*stride:][:width])
	}
}

// addChoices hashes the choices of that unit.
func (c *columnHash) addChoices(x []byte) { gf128.HashBlocks(&c.u, c.chi, x) }

// sums returns R V, or R Q.
func (c *columnHash) sums() (v [kappa][gf128.Size]byte) {
	for col := range c.v {
		v[col] = c.v[col].Sum()
	}
	return v
}

// respond writes the tax node's answer, checkBytes long.
func (c *columnHash) respond(dst []byte) {
	u, v := c.u.Sum(), c.sums()
	copy(dst, u[:])
	sum := c.hashV(&u, &v)
	copy(dst[blockSize:], sum[:])
}

// verify reports, on the bank's side, whether the answer fits R Q and Delta.
func (c *columnHash) verify(delta *[seedBytes]byte, answer []byte) bool {
	u, v := [gf128.Size]byte(answer), c.sums()
	for col := range v {
		addIf(bitOf(delta[:], col), &v[col], &u)
	}
	sum := c.hashV(&u, &v)
	return subtle.ConstantTimeCompare(sum[:], answer[blockSize:checkBytes]) == 1
}

// hashV is the hash that stands for V~.
func (c *columnHash) hashV(u *[gf128.Size]byte, v *[kappa][gf128.Size]byte) (sum [digest]byte) {
	h := oracle(tagCheck, c.id)
	h.Write(c.chain[:])
	h.Write(u[:])
	for col := range v {
		h.Write(v[col][:])
	}
	h.Sum(sum[:0])
	return sum
}
