package probability

import "math/bits"

// fixed is a signed 128-bit number in two's complement, with as many fractional bits as its user says. A mask is some 90
// bits wide and the answer hides in its low 30, so that float64 cannot hold it; and integers alone give the same bits on
// every machine, which replay needs. All operations take constant time.
type fixed struct{ hi, lo uint64 }

func fromInt(v int64) fixed { return fixed{uint64(v >> 63), uint64(v)} }

func (x fixed) add(y fixed) fixed {
	lo, c := bits.Add64(x.lo, y.lo, 0)
	hi, _ := bits.Add64(x.hi, y.hi, c)
	return fixed{hi, lo}
}

func (x fixed) sub(y fixed) fixed {
	lo, b := bits.Sub64(x.lo, y.lo, 0)
	hi, _ := bits.Sub64(x.hi, y.hi, b)
	return fixed{hi, lo}
}

func (x fixed) neg() fixed { return fixed{}.sub(x) }

// shl is x * 2^n, for n below 128.
func (x fixed) shl(n uint) fixed {
	return fixed{x.hi<<n | x.lo<<(n-64) | x.lo>>(64-n), x.lo << n}
}

// shr is floor(x / 2^n), for n below 128.
func (x fixed) shr(n uint) fixed {
	sign := uint64(int64(x.hi) >> 63)
	if n >= 64 {
		return fixed{sign, uint64(int64(x.hi) >> (n - 64))}
	}
	return fixed{uint64(int64(x.hi) >> n), x.lo>>n | x.hi<<(64-n)}
}

// turnBits are the fractional bits of a turn's coordinates.
const turnBits = 126

// scale is floor(x * t / 2^126) for t of at most 2^126 in absolute value; short by at most one more unit.
func (x fixed) scale(t fixed) fixed {
	h00, _ := bits.Mul64(x.lo, t.lo)
	h01, l01 := bits.Mul64(x.lo, t.hi)
	h10, l10 := bits.Mul64(x.hi, t.lo)
	h11, l11 := bits.Mul64(x.hi, t.hi)
	w1, c1 := bits.Add64(h00, l01, 0)
	w1, c2 := bits.Add64(w1, l10, 0)
	w2, d1 := bits.Add64(h01, h10, c1)
	w2, d2 := bits.Add64(w2, l11, c2)
	high := fixed{h11 + d1 + d2, w2}
	// as unsigned numbers x and t were 2^128 too large where they are negative
	sx, st := uint64(int64(x.hi)>>63), uint64(int64(t.hi)>>63)
	high = high.sub(fixed{t.hi & sx, t.lo & sx}).sub(fixed{x.hi & st, x.lo & st})
	return fixed{high.hi<<2 | high.lo>>62, high.lo<<2 | w1>>62}
}

// point is a complex number: values in the transform, turns on the unit circle with 126 fractional bits.
type point struct{ re, im fixed }

func (p point) add(q point) point { return point{p.re.add(q.re), p.im.add(q.im)} }
func (p point) sub(q point) point { return point{p.re.sub(q.re), p.im.sub(q.im)} }
func (p point) conj() point       { return point{p.re, p.im.neg()} }

// half divides by two, towards minus infinity.
func (p point) half() point { return point{p.re.shr(1), p.im.shr(1)} }

// turn multiplies by a point of the unit circle.
func (p point) turn(w point) point {
	return point{p.re.scale(w.re).sub(p.im.scale(w.im)), p.re.scale(w.im).add(p.im.scale(w.re))}
}
