package lint

import "math/bits"

// bitset is a set of small numbers: bit i%64 of word i/64 for i.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

// addShifted adds i+k for every i in src, as far as b reaches; k >= 0.
func (b bitset) addShifted(src bitset, k int) {
	words, shift := k/64, uint(k%64)
	for i := words; i < len(b) && i-words <= len(src); i++ {
		var x uint64
		if i-words < len(src) {
			x = src[i-words] << shift
		}
		if shift > 0 && i > words {
			x |= src[i-words-1] >> (64 - shift)
		}
		b[i] |= x
	}
}

// from are the 64 bits that start at i, zero outside of the set.
func (b bitset) from(i int) uint64 {
	at, shift := i>>6, uint(i&63) // floors, also below zero
	var x uint64
	if at >= 0 && at < len(b) {
		x = b[at] >> shift
	}
	if shift > 0 && at+1 >= 0 && at+1 < len(b) {
		x |= b[at+1] << (64 - shift)
	}
	return x
}

// widened holds x+width-1 for every x such that the window x, ..., x+width-1 meets the set, whose members are below n.
func (b bitset) widened(n, width int) bitset {
	wide := newBitset(n + width)
	copy(wide, b)
	for have := 1; have < width; {
		step := min(have, width-have)
		wide.addShifted(append(bitset(nil), wide...), step)
		have += step
	}
	return wide
}

// ranks has at i the number of members below i, for i up to n.
func (b bitset) ranks(n int) []int32 {
	r := make([]int32, n+1)
	for i := range n {
		r[i+1] = r[i]
		if b.has(i) {
			r[i+1]++
		}
	}
	return r
}

// counters count, for each of n places, how often a bit was added there. The bits of one counter lie in planes.
type counters struct {
	planes int
	words  []uint64 // planes words for each 64 places
}

// newCounters counts up to most.
func newCounters(n, most int) *counters {
	planes := bits.Len(uint(most))
	return &counters{planes, make([]uint64, (n+63)/64*planes)}
}

// add counts the members i+at of b at place i.
func (c *counters) add(b bitset, at int) {
	for w := 0; w < len(c.words); w += c.planes {
		carry := b.from(at)
		at += 64
		for k := w; carry != 0; k++ {
			c.words[k], carry = c.words[k]^carry, c.words[k]&carry
		}
	}
}

func (c *counters) count(i int) int {
	n, w := 0, i/64*c.planes
	for k := range c.planes {
		n |= int(c.words[w+k]>>(i%64)&1) << k
	}
	return n
}
