package probability

import (
	"math/big"
	"math/bits"
	"slices"
	"sync"
)

// embedding is the canonical embedding of the conjugate-invariant ring of degree N,
//
//	slot j of a = a_0 + sum over 0 < i < N of 2 a_i cos(pi i 5^j / 2N)
//
// and its inverse, in fixed point: a discrete cosine transform by one complex transform of half the length (Makhoul: A fast
// cosine transform in one and two dimensions. IEEE ASSP 28(1), 1980, on V_i = (a_i - sqrt(-1) a_(N-i)) e^(pi sqrt(-1) i/2N)).
type embedding struct {
	n     int     // N
	turns []point // turns[i] = e^(pi sqrt(-1) i / 2N), 0 <= i < 2N
	slot  []int   // slot j is entry slot[j] of the transform, which counts the angles 1, 5, 9, ...
}

var embeddings = map[int]func() *embedding{
	13: sync.OnceValue(func() *embedding { return newEmbedding(13) }),
	14: sync.OnceValue(func() *embedding { return newEmbedding(14) }),
}

func newEmbedding(logN int) *embedding {
	n := 1 << logN
	e := &embedding{n, turnsOf(logN), make([]int, n)}
	for j, power := 0, 1; j < n; j, power = j+1, power*5%(4*n) {
		e.slot[j] = (power - 1) / 4
	}
	return e
}

// turnsOf halves angles from pi down to pi/2N, and multiplies those up.
func turnsOf(logN int) []point {
	const prec = 192
	float := func() *big.Float { return new(big.Float).SetPrec(prec) }
	type turn struct{ re, im *big.Float }
	roots := make([]turn, logN+1) // roots[k] turns by pi 2^k / 2N
	cos, sin := float(), float().SetInt64(1)
	for k := logN; ; k-- {
		roots[k] = turn{cos, sin}
		if k == 0 {
			break
		}
		// cos(x/2) = sqrt((1 + cos x)/2), sin(x/2) = sin x / (2 cos(x/2))
		next := float().Add(cos, big.NewFloat(1))
		next.Sqrt(next.Quo(next, big.NewFloat(2)))
		sin = float().Quo(sin, float().Mul(next, big.NewFloat(2)))
		cos = next
	}
	exact := make([]turn, 2<<logN)
	exact[0] = turn{float().SetInt64(1), float()}
	turns := make([]point, len(exact))
	for i := range exact {
		if i > 0 {
			k := bits.TrailingZeros(uint(i))
			a, b := exact[i&(i-1)], roots[k]
			exact[i] = turn{
				float().Sub(float().Mul(a.re, b.re), float().Mul(a.im, b.im)),
				float().Add(float().Mul(a.re, b.im), float().Mul(a.im, b.re)),
			}
		}
		turns[i] = point{fromFloat(exact[i].re, turnBits), fromFloat(exact[i].im, turnBits)}
	}
	return turns
}

// fromFloat is the number with that many fractional bits, towards minus infinity.
func fromFloat(x *big.Float, fraction int) fixed {
	v, _ := new(big.Float).SetMantExp(x, fraction).Int(nil)
	var b [16]byte
	v.And(v, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))).FillBytes(b[:])
	return fixed{beUint64(b[:8]), beUint64(b[8:])}
}

func beUint64(b []byte) (v uint64) {
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v
}

// slots evaluates: N coefficients to N slots. The sums must fit: coefficients below 2^b need b + logN + 1 <= 127 bits,
// fraction included. An output is within 8 N units of the last place of the exact value.
func (e *embedding) slots(a []fixed) []fixed {
	n := e.n
	h := n / 2
	v := func(i int) point {
		p := point{a[i], fixed{}}
		if i > 0 {
			p.im = a[n-i].neg()
		}
		return p.turn(e.turns[i])
	}
	z := make([]point, h)
	for k := range z {
		p, q := v(k), v(k+h)
		d := p.sub(q).turn(e.turns[4*k])
		z[k] = p.add(q).add(point{d.im.neg(), d.re})
	}
	e.transform(z, false)
	out := make([]fixed, n)
	for j, at := range e.slot {
		out[j] = z[at/2].re
		if at%2 == 1 {
			out[j] = z[at/2].im
		}
	}
	return out
}

// coefficients interpolates: N slots to N coefficients, times N.
func (e *embedding) coefficients(values []fixed) []fixed {
	n := e.n
	h := n / 2
	z := make([]point, h)
	for j, at := range e.slot {
		if at%2 == 1 {
			z[at/2].im = values[j]
		} else {
			z[at/2].re = values[j]
		}
	}
	e.transform(z, true)
	a := make([]fixed, n)
	for k := 0; k <= h; k++ {
		p, q := z[k%h], z[(h-k)%h].conj()
		sum, dif := p.add(q), p.sub(q)
		d := point{dif.im, dif.re.neg()}.turn(e.turns[4*k%(2*n)].conj()) // division by sqrt(-1), and back by the turn
		if k == h {                                                      // half a turn more than the table has
			d = point{dif.im.neg(), dif.re}
		}
		v := sum.add(d).half().turn(e.turns[k].conj())
		a[k] = v.re
		if k > 0 && k < h {
			a[n-k] = v.im.neg()
		}
	}
	return a
}

// transform is the discrete Fourier transform of N/2 points in place, unscaled: turning forwards, or back.
func (e *embedding) transform(z []point, back bool) {
	h := len(z)
	shift := 64 - bits.Len(uint(h-1))
	for i := range z {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			z[i], z[j] = z[j], z[i]
		}
	}
	turns := make([]point, h/2)
	for size := 2; size <= h; size *= 2 {
		half := size / 2
		step := 4 * e.n / size // of 2 pi / size in units of pi / 2N
		for k := range half {
			turns[k] = e.turns[k*step]
			if back {
				turns[k] = turns[k].conj()
			}
		}
		for chunk := range slices.Chunk(z, size) {
			low, high := chunk[:half], chunk[half:]
			for k, w := range turns[:half] {
				t := high[k].turn(w)
				low[k], high[k] = low[k].add(t), low[k].sub(t)
			}
		}
	}
}
