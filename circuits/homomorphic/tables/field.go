package tables

import "slices"

// T is the plaintext modulus: the Fermat prime 2^16 + 1, which is 1 modulo 2N for every N up to 2^15, so that a ciphertext
// has N slots. Levels, scores and bands are residues modulo T.
const T = 65537

func mulT(a, b uint64) uint64 { return a * b % T }

// interpolate is the polynomial of degree below len(nodes) with the given values at the nodes, which are distinct
// residues: Newton's divided differences, expanded by Horner's rule. Coefficients are low first; there are always
// len(nodes) of them, zeros included, so that the depth of a circuit does not depend on the values.
func interpolate(nodes, values []uint64) []uint64 {
	n := len(nodes)
	inverse := make([]uint64, 1)
	if n > 0 {
		inverse = inverses(slices.Max(nodes) - slices.Min(nodes))
	}
	difference := func(a, b uint64) uint64 { // 1/(a - b)
		if a > b {
			return inverse[a-b]
		}
		return (T - inverse[b-a]) % T
	}
	c := slices.Clone(values)
	for i := 1; i < n; i++ {
		for j := n - 1; j >= i; j-- {
			c[j] = mulT(c[j]+T-c[j-1], difference(nodes[j], nodes[j-i]))
		}
	}
	p := make([]uint64, n)
	for i := n - 1; i >= 0; i-- { // p = p * (X - nodes[i]) + c[i]
		for j := n - 1; j > 0; j-- {
			p[j] = (p[j-1] + p[j]*(T-nodes[i])) % T
		}
		if n > 0 {
			p[0] = (p[0]*(T-nodes[i]) + c[i]) % T
		}
	}
	return p
}

// inverses are 1/0 = 0, 1/1, 1/2, ..., 1/n modulo T.
func inverses(n uint64) []uint64 {
	r := make([]uint64, n+1)
	for i := range r {
		switch i {
		case 0:
		case 1:
			r[i] = 1
		default: // T = (T/i) i + T mod i
			r[i] = mulT(T-T/uint64(i), r[T%i])
		}
	}
	return r
}
