// Package negamul multiplies polynomials of Z_{2^32}[X]/(X^256+1) by polynomials with small coefficients, in time and
// with addresses that depend on neither: the products with keys of the encrypted-table engine.
//
// One factor is a [Window]: the coefficients of a, and of -a before them, as 16-bit limbs in overlapping pairs, so that
// the 32-bit word k - 2p holds what the coefficients 2p and 2p+1 of the other factor are multiplied with to give the
// coefficient k of the product. A product is then 128 rows of "multiply two pairs, add both": one instruction
// (VPDPWSSD) for sixteen coefficients. A full 32-bit polynomial is two limbs, [Split], and two products.
//
// # Adversary
//
// Both factors may be secret. All loops and addresses are fixed by the public number of products; the multiplications
// of the processors concerned take constant time.
//
// # Sizes
//
// A [Poly] is 1 KiB, a [Vec] 512 bytes, a [Window] 2 KiB. Three bodies compute the same sums: AVX-512 VNNI, AVX2, and
// Go, which alone is built on other architectures and with the tag purego.
package negamul

// N is the number of coefficients.
const N = 256

// Poly is a polynomial with coefficients modulo 2^32, constant coefficient first.
type Poly = [N]uint32

// Vec is a polynomial with small signed coefficients, or one limb of a [Poly].
type Vec = [N]int16

// Window is one limb of a polynomial a, laid out for multiplication: with c_j = a_j and c_{j-256} = -a_j, the word at
// 256 + j holds c_j in its low half and c_{j-1} in its high half.
type Window [2 * N]uint32

// group is the number of products that a kernel makes at a time.
const group = 4

// Split writes a = lo + 2^16 hi modulo 2^32, lo signed; hi counts modulo 2^16.
func Split(lo, hi *Vec, a *Poly) {
	for i, v := range a {
		l := int16(v)
		lo[i] = l
		hi[i] = int16((v - uint32(int32(l))) >> 16)
	}
}

// Small lays out a polynomial whose coefficients are greater than -2^15.
func (w *Window) Small(a *Vec) {
	var c [2 * N]int16
	for i, v := range a {
		c[i], c[N+i] = -v, v
	}
	w.fill(&c)
}

// Limbs lays out both limbs of a: a*v = lo*v + 2^16 hi*v modulo 2^32 for any v.
func Limbs(lo, hi *Window, a *Poly) {
	var neg Poly
	for i, v := range a {
		neg[i] = -v
	}
	var cl, ch [2 * N]int16
	Split((*Vec)(cl[:N]), (*Vec)(ch[:N]), &neg)
	Split((*Vec)(cl[N:]), (*Vec)(ch[N:]), a)
	lo.fill(&cl)
	hi.fill(&ch)
}

// fill pairs neighbours. The word 0 would need the coefficient before the first; no product reads it.
func (w *Window) fill(c *[2 * N]int16) {
	w[0] = 0
	for j := 1; j < 2*N; j++ {
		w[j] = uint32(uint16(c[j])) | uint32(uint16(c[j-1]))<<16
	}
}

// MulAdd adds w*v[g] to acc[g] modulo 2^32, for every g below the lesser of both lengths.
func MulAdd(acc []Poly, w *Window, v []Vec) { mulAdd(best, acc, w, v) }

func mulAdd(b body, acc []Poly, w *Window, v []Vec) {
	n := min(len(acc), len(v))
	acc, v = acc[:n], v[:n]
	if b == bodyGeneric {
		for g := range acc {
			mulAddGeneric(&acc[g], w, &v[g])
		}
		return
	}
	for len(acc) >= group {
		mulAddAsm(b, (*[group]Poly)(acc), w, (*[group]Vec)(v))
		acc, v = acc[group:], v[group:]
	}
	if len(acc) > 0 {
		var a [group]Poly
		var x [group]Vec
		copy(x[:], v)
		mulAddAsm(b, &a, w, &x)
		for g := range acc {
			for k := range acc[g] {
				acc[g][k] += a[g][k]
			}
		}
		clear(x[:])
	}
}

// mulAddGeneric takes two pairs at a time, so that every sum is read and written half as often.
func mulAddGeneric(acc *Poly, w *Window, v *Vec) {
	for p := 0; p < N/2; p += 2 {
		u0, u1, u2, u3 := int32(v[2*p]), int32(v[2*p+1]), int32(v[2*p+2]), int32(v[2*p+3])
		row := w[N-2*p-2:][:N+2]
		for k := range acc {
			x, y := row[k+2], row[k]
			acc[k] += uint32(int32(int16(x))*u0 + int32(x)>>16*u1 + int32(int16(y))*u2 + int32(y)>>16*u3)
		}
	}
}

// Shift16 adds 2^16 hi to lo: it joins the products of two limbs.
func Shift16(lo, hi *Poly) {
	for k, v := range hi {
		lo[k] += v << 16
	}
}

// body names one of the implementations.
type body uint8

const (
	bodyGeneric body = iota + 1
	bodyAVX2
	bodyVNNI
)
