package sharing

import (
	"github.com/blindscore/blindscore/sharing/group"
)

// lagrangeAtZero returns, for distinct indexes x_i, the public coefficients
// lambda_i = prod_{j != i} x_j / (x_j - x_i) with f(0) = sum lambda_i f(x_i) for
// every polynomial of lower degree than there are indexes.
func lagrangeAtZero(indexes []int) []*group.Scalar {
	lambdas := make([]*group.Scalar, len(indexes))
	for i, xi := range indexes {
		num, den := new(group.Scalar).SetUint64(1), new(group.Scalar).SetUint64(1)
		for j, xj := range indexes {
			if i != j {
				num.Mul(num, new(group.Scalar).SetUint64(uint64(xj)))
				den.Mul(den, new(group.Scalar).SetInt64(int64(xj-xi)))
			}
		}
		num.Div(num, den)
		lambdas[i] = num
	}
	return lambdas
}

// consistent reports whether all k shares, of distinct holders, lie on one
// polynomial of degree below t. Such values are the words of a Reed-Solomon
// code, and those are the ones orthogonal to all v_i x_i^e, e < k - t, with v_i =
// prod_{j != i} 1 / (x_i - x_j) (Cascudo and David 2017, lemma 1). All products
// are compared with zero, so the answer is exact.
func consistent(p Params, shares []*Share) bool {
	surplus := len(shares) - p.Threshold()
	if surplus <= 0 {
		return true
	}
	xs := make([]*group.Scalar, len(shares))
	for i, s := range shares {
		xs[i] = new(group.Scalar).SetUint64(uint64(s.index))
	}
	terms := make([]*group.Scalar, len(shares)) // v_i x_i^e s_i
	diff := new(group.Scalar)
	for i, s := range shares {
		den := new(group.Scalar).SetUint64(1)
		for j := range shares {
			if i != j {
				den.Mul(den, diff.Sub(xs[i], xs[j]))
			}
		}
		terms[i] = new(group.Scalar)
		terms[i].Div(s.value, den)
	}
	allZero := true
	for range surplus {
		sum := group.NewScalar()
		for i := range shares {
			sum.Add(sum, terms[i])
			terms[i].Mul(terms[i], xs[i])
		}
		allZero = sum.IsZero() && allZero
	}
	return allZero
}

// evalPoints returns sum_j index^j C_j for public points C: what a committed
// polynomial is worth at index.
func evalPoints(points []*group.Point, index int) *group.Point {
	v := group.NewPoint()
	for j := len(points) - 1; j >= 0; j-- {
		v.VarTimeMulSmall(uint32(index), v)
		v.Add(v, points[j])
	}
	return v
}
