package lookup

import (
	"math/bits"

	"github.com/blindscore/blindscore/mpc/internal/aes128"
)

// Split says how an index is cut into digits: w = h<<Lo | l with l of Lo bits
// and h of Hi bits, each 0 to 8. A digit of no bits does not exist.
type Split struct{ Hi, Lo int }

// Digits returns the widths of the digits that exist, high digit first.
func (s Split) Digits() []int {
	var d []int
	if s.Hi > 0 {
		d = append(d, s.Hi)
	}
	if s.Lo > 0 {
		d = append(d, s.Lo)
	}
	return d
}

// Choices returns the digits of each index, in the order of Digits.
func (s Split) Choices(index []uint16) [][]uint8 {
	var c [][]uint8
	if s.Hi > 0 {
		h := make([]uint8, len(index))
		for i, w := range index {
			h[i] = uint8(w >> s.Lo)
		}
		c = append(c, h)
	}
	if s.Lo > 0 {
		l := make([]uint8, len(index))
		for i, w := range index {
			l[i] = uint8(w & (1<<s.Lo - 1))
		}
		c = append(c, l)
	}
	return c
}

// square splits an index below n into two digits of about equal width, which
// takes the fewest keys.
func square(n int) Split {
	b := bits.Len(uint(n - 1))
	return Split{Hi: b / 2, Lo: b - b/2}
}

// Rows are the rows of one look-up's digits, 16 bytes an instance; nil for a
// digit that does not exist.
type Rows struct{ Hi, Lo []byte }

// from cuts the rows of instances [i, j).
func (r Rows) from(i, j int) Rows {
	cut := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		return b[16*i : 16*j]
	}
	return Rows{cut(r.Hi), cut(r.Lo)}
}

// Sender is what the bank needs of an extension for one look-up.
type Sender struct {
	Rows
	OffsetsHi, OffsetsLo []byte // v*Delta for every digit value v
}

// Hash is H with the position in a superblock where a look-up's tweaks start.
type Hash struct {
	Key      *aes128.Key // fresh for the superblock
	Position uint32      // unique to the look-up within the superblock
}

// tweak returns the high half of the first tweak of a digit; each digit has
// 2^16 of them, one an output block. The low half counts instances.
func (h Hash) tweak(low bool) uint64 {
	t := uint64(h.Position) << 17
	if low {
		t |= 1 << 16
	}
	return t
}
