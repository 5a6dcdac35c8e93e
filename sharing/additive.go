package sharing

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// MaxParties bounds the parties of an additive sharing.
const MaxParties = 255

// MaxVector bounds the length of an additive share.
const MaxVector = 1 << 26

// Vector is one party's additive shares of a vector of values: immutable,
// secret, it does not print. It knows its ring, its party and the number of
// parties, and how large the noise of the opened sum can be, so that mixing up
// shares is an error and not a wrong score. Its operations take time that
// depends on lengths only.
type Vector struct {
	secret
	ring    Ring
	party   uint8 // 0 to parties-1
	parties uint8
	noise   uint32 // the sum's noise is at most this, below 2^g
	words   []uint32
}

// NewVector wraps shares that an engine made for one of the parties (from 0).
// The engine guarantees that all parties' words sum up, modulo 2^(m+g), to
// value * 2^g + e with 0 <= e <= noise < 2^g. The words are copied. It returns
// ErrParams where something is out of range; a word that does is not shown.
func NewVector(ring Ring, party, parties int, noise uint32, words []uint32) (*Vector, error) {
	if err := ring.check(); err != nil {
		return nil, err
	}
	switch {
	case parties < 2 || parties > MaxParties || party < 0 || party >= parties:
		return nil, fmt.Errorf("%w: want 2 to %d parties, got party %d of %d", ErrParams, MaxParties, party, parties)
	case uint64(noise)>>ring.guard != 0:
		return nil, fmt.Errorf("%w: noise %d needs more than %d guard bits", ErrParams, noise, ring.guard)
	case len(words) > MaxVector:
		return nil, fmt.Errorf("%w: at most %d words, got %d", ErrParams, MaxVector, len(words))
	case !fits(words, ring.Width()):
		return nil, fmt.Errorf("%w: a word exceeds %d bits", ErrParams, ring.Width())
	}
	return &Vector{ring: ring, party: uint8(party), parties: uint8(parties), noise: noise, words: slices.Clone(words)}, nil
}

// Split shares values below 2^m among parties: all shares but the last are
// uniform words from random, the last is what is missing. Any set of shares that
// lacks one is uniform and independent of the values. The guard bits of the sum
// are zero.
func Split(values []uint32, ring Ring, parties int, random io.Reader) ([]*Vector, error) {
	if err := ring.check(); err != nil {
		return nil, err
	}
	if parties < 2 || parties > MaxParties || len(values) > MaxVector {
		return nil, fmt.Errorf("%w: want 2 to %d parties and at most %d values, got %d and %d", ErrParams, MaxParties, MaxVector, parties, len(values))
	}
	if !fits(values, ring.Bits()) {
		return nil, fmt.Errorf("%w: a value exceeds %d bits", ErrParams, ring.Bits())
	}
	last := make([]uint32, len(values))
	for i, v := range values {
		last[i] = v << ring.guard
	}
	shares := make([]*Vector, parties)
	buf := make([]byte, 4*len(values))
	mask := ring.Mask()
	for p := range parties - 1 {
		if _, err := io.ReadFull(random, buf); err != nil {
			return nil, fmt.Errorf("sharing: reading randomness for additive shares: %w", err)
		}
		words := make([]uint32, len(values))
		for i := range words {
			words[i] = binary.LittleEndian.Uint32(buf[4*i:]) & mask
			last[i] = (last[i] - words[i]) & mask
		}
		shares[p] = &Vector{ring: ring, party: uint8(p), parties: uint8(parties), words: words}
	}
	shares[parties-1] = &Vector{ring: ring, party: uint8(parties - 1), parties: uint8(parties), words: last}
	return shares, nil
}

// Open adds the shares of all parties, each exactly once in any order, and drops
// the guard bits. Whoever calls it learns the values: within a protocol only an
// output may be opened.
func Open(shares ...*Vector) ([]uint32, error) {
	if len(shares) == 0 || slices.Contains(shares, nil) {
		return nil, fmt.Errorf("%w: no share", ErrTooFew)
	}
	first := shares[0]
	if len(shares) < int(first.parties) {
		return nil, fmt.Errorf("%w: want the shares of %d parties, got %d", ErrTooFew, first.parties, len(shares))
	}
	sum := make([]uint32, len(first.words))
	var seen [MaxParties]bool
	for _, s := range shares {
		if err := first.alike(s); err != nil {
			return nil, err
		}
		if seen[s.party] {
			return nil, fmt.Errorf("%w: party %d", ErrDuplicate, s.party)
		}
		seen[s.party] = true
		for i, w := range s.words {
			sum[i] += w
		}
	}
	mask := first.ring.Mask()
	for i, w := range sum {
		sum[i] = w & mask >> first.ring.guard
	}
	return sum, nil
}

// alike checks that v and w belong to sharings of the same form.
func (v *Vector) alike(w *Vector) error {
	switch {
	case v == nil || w == nil:
		return fmt.Errorf("%w: no share", ErrParams)
	case v.ring.bits == 0:
		return fmt.Errorf("%w: the zero Vector", ErrParams)
	case v.ring != w.ring:
		return fmt.Errorf("%w: shares over %v and over %v", ErrParams, v.ring, w.ring)
	case v.parties != w.parties:
		return fmt.Errorf("%w: shares among %d and among %d parties", ErrParams, v.parties, w.parties)
	case len(v.words) != len(w.words):
		return fmt.Errorf("%w: shares of %d and of %d values", ErrParams, len(v.words), len(w.words))
	}
	return nil
}

// Ring returns the ring of the shares.
func (v *Vector) Ring() Ring { return v.ring }

// Len returns the number of values.
func (v *Vector) Len() int { return len(v.words) }

// Party returns whose shares these are, from 0, and the number of parties.
func (v *Vector) Party() (party, parties int) { return int(v.party), int(v.parties) }

// Words returns a copy of the shares, each below 2^(m+g). They are secret.
func (v *Vector) Words() []uint32 { return slices.Clone(v.words) }

// Add returns this party's shares of the sum of two shared vectors, modulo 2^m.
// It returns ErrGuard where the noises could carry into the value: k vectors
// with noise need log2 k bits of guard more than one.
func (v *Vector) Add(w *Vector) (*Vector, error) {
	if err := v.pair(w); err != nil {
		return nil, err
	}
	noise := uint64(v.noise) + uint64(w.noise)
	if noise>>v.ring.guard != 0 {
		return nil, fmt.Errorf("%w: noises up to %d and %d in %d bits", ErrGuard, v.noise, w.noise, v.ring.guard)
	}
	sum, mask := v.blank(uint32(noise)), v.ring.Mask()
	for i, x := range v.words {
		sum.words[i] = (x + w.words[i]) & mask
	}
	return sum, nil
}

// Sub returns this party's shares of the difference, modulo 2^m. It returns
// ErrGuard where w has noise, which would borrow from the value.
func (v *Vector) Sub(w *Vector) (*Vector, error) {
	if err := v.pair(w); err != nil {
		return nil, err
	}
	if w.noise != 0 {
		return nil, fmt.Errorf("%w: a subtrahend must be without noise, this one has up to %d", ErrGuard, w.noise)
	}
	diff, mask := v.blank(v.noise), v.ring.Mask()
	for i, x := range v.words {
		diff.words[i] = (x - w.words[i]) & mask
	}
	return diff, nil
}

// AddPublic returns this party's shares of the vector plus values that all
// parties know, taken modulo 2^m. Every party calls it; party 0 does the adding.
func (v *Vector) AddPublic(values []uint32) (*Vector, error) {
	if len(values) != len(v.words) {
		return nil, fmt.Errorf("%w: %d values for shares of %d", ErrParams, len(values), len(v.words))
	}
	if v.party != 0 {
		return v, nil
	}
	sum, mask := v.blank(v.noise), v.ring.Mask()
	for i, x := range v.words {
		sum.words[i] = (x + values[i]<<v.ring.guard) & mask
	}
	return sum, nil
}

// pair checks that v and w are the same party's shares.
func (v *Vector) pair(w *Vector) error {
	if err := v.alike(w); err != nil {
		return err
	}
	if v.party != w.party {
		return fmt.Errorf("%w: shares of party %d and of party %d", ErrParams, v.party, w.party)
	}
	return nil
}

// blank returns a vector of the form of v, with words of zero.
func (v *Vector) blank(noise uint32) *Vector {
	return &Vector{ring: v.ring, party: v.party, parties: v.parties, noise: noise, words: make([]uint32, len(v.words))}
}

// Encode returns the encoding of the shares, a secret: header, m, g, party,
// parties (a byte each), noise and length (four bytes each), and every word in
// the least number of whole bytes for m + g bits; big-endian.
func (v *Vector) Encode() []byte {
	size := v.ring.wordSize()
	b := header(kindVector, headerSize+12+size*len(v.words))
	b = append(b, v.ring.bits, v.ring.guard, v.party, v.parties)
	b = binary.BigEndian.AppendUint32(b, v.noise)
	b = binary.BigEndian.AppendUint32(b, uint32(len(v.words)))
	for _, w := range v.words {
		for k := size - 1; k >= 0; k-- {
			b = append(b, byte(w>>(8*k)))
		}
	}
	return b
}

func (r Ring) wordSize() int { return (r.Width() + 7) / 8 }

// DecodeVector is the inverse of Encode. It returns ErrEncoding for anything
// that Encode does not produce.
func DecodeVector(b []byte) (*Vector, error) {
	r := newReader(b, kindVector)
	bits, guard, party, parties, noise, n := r.u8(), r.u8(), r.u8(), r.u8(), r.u32(), r.u32()
	if r.err != nil {
		return nil, r.err
	}
	ring, err := NewRing(bits, guard)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrEncoding, err)
	}
	if n > MaxVector || !r.want(ring.wordSize()*int(n)) {
		r.fail("a vector has at most %d words, got %d", MaxVector, n)
		return nil, r.err
	}
	words := make([]uint32, n)
	for i := range words {
		for _, x := range r.take(ring.wordSize()) {
			words[i] = words[i]<<8 | uint32(x)
		}
	}
	v, err := NewVector(ring, party, parties, noise, words)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrEncoding, err)
	}
	return v, nil
}
