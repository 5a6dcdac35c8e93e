package group

import "github.com/gtank/ristretto255"

// VarTimeMultiMul sets p to the sum of scalars[i] * points[i]. Its time depends
// on the values: for public ones only, as in checking a proof. Slices of
// different lengths and invalid members give an invalid point; empty slices
// give the identity.
func (p *Point) VarTimeMultiMul(scalars []*Scalar, points []*Point) *Point {
	if len(scalars) != len(points) {
		return p.invalidate()
	}
	ks := make([]*ristretto255.Scalar, len(scalars))
	es := make([]*ristretto255.Element, len(points))
	for i := range scalars {
		k, ok := scalars[i].element()
		if !ok || !points[i].Valid() {
			return p.invalidate()
		}
		ks[i], es[i] = k, &points[i].e
	}
	p.e.VarTimeMultiScalarMult(ks, es)
	p.ok = true
	return p
}

// VarTimeMulSmall sets p to k * q in about 2 log2(k) additions: a share index
// costs a twentieth of Mul. Its time depends on k, which must be public.
func (p *Point) VarTimeMulSmall(k uint32, q *Point) *Point {
	if !q.Valid() {
		return p.invalidate()
	}
	acc := NewPoint()
	for bit := uint32(1 << 31); bit > 0; bit >>= 1 {
		if k >= bit { // no doubling before the highest bit is reached
			acc.e.Add(&acc.e, &acc.e)
		}
		if k&bit != 0 {
			acc.e.Add(&acc.e, &q.e)
		}
	}
	*p = *acc
	return p
}
