package sharing

import "fmt"

// Ring is where additive shares live: Z_2^(m+g) for values of m bits and g guard
// bits, 1 <= m, 0 <= g, m + g <= 32. A sum of shares is value * 2^g + noise,
// with a noise below 2^g that dropping the guard bits removes. The zero value is
// invalid. Rings are comparable.
type Ring struct{ bits, guard uint8 }

// NewRing returns the ring for values of the given bits with guard bits below
// them, or ErrParams.
func NewRing(bits, guard int) (Ring, error) {
	if bits < 1 || guard < 0 || bits > 32 || guard > 32 || bits+guard > 32 {
		return Ring{}, fmt.Errorf("%w: a ring has m >= 1 and g >= 0 bits, 32 at most together, got m = %d, g = %d", ErrParams, bits, guard)
	}
	return Ring{uint8(bits), uint8(guard)}, nil
}

// Bits returns m, the width of a value.
func (r Ring) Bits() int { return int(r.bits) }

// Guard returns g, the number of guard bits.
func (r Ring) Guard() int { return int(r.guard) }

// Width returns m + g, the width of a share.
func (r Ring) Width() int { return int(r.bits) + int(r.guard) }

// Mask returns 2^(m+g) - 1.
func (r Ring) Mask() uint32 { return uint32(uint64(1)<<r.Width() - 1) }

// String describes the ring, which is public.
func (r Ring) String() string { return fmt.Sprintf("Z_2^%d with %d guard bits", r.bits, r.guard) }

func (r Ring) check() error {
	if r.bits == 0 {
		return fmt.Errorf("%w: the zero Ring", ErrParams)
	}
	return nil
}

// fits reports whether all words are below 2^width, in time that depends on
// their number only.
func fits(words []uint32, width int) bool {
	var all uint32
	for _, w := range words {
		all |= w
	}
	return uint64(all)>>width == 0
}
