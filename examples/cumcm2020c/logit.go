package cumcm2020c

import (
	"errors"
	"math"
)

const (
	ridge = 1.0 // weight of the squared coefficients; keeps a small sample from saying too much
	steps = 100
	tight = 1e-10
)

// errFit: the regression did not settle.
var errFit = errors.New("cumcm2020c: the logistic regression did not converge")

// logit fits P(y) = 1 / (1 + exp(-(b_0 + sum_j b_j x_j))) by Newton's method on the likelihood less ridge/2 times the
// squared coefficients, the intercept left out. It returns b, the intercept first.
func logit(x [][]float64, y []bool) ([]float64, error) {
	n := 1
	if len(x) > 0 {
		n += len(x[0])
	}
	b := make([]float64, n)
	for range steps {
		gradient, hessian := make([]float64, n), make([][]float64, n)
		for j := range hessian {
			hessian[j] = make([]float64, n)
			if j > 0 {
				gradient[j], hessian[j][j] = -ridge*b[j], ridge
			}
		}
		row := make([]float64, n)
		for i := range x {
			row[0] = 1
			copy(row[1:], x[i])
			z := 0.0
			for j := range row {
				z += b[j] * row[j]
			}
			p := 1 / (1 + math.Exp(-z))
			rest := -p
			if y[i] {
				rest = 1 - p
			}
			for j := range row {
				gradient[j] += rest * row[j]
				for k := range row {
					hessian[j][k] += p * (1 - p) * row[j] * row[k]
				}
			}
		}
		step, err := solve(hessian, gradient)
		if err != nil {
			return nil, err
		}
		size := 0.0
		for j := range b {
			b[j] += step[j]
			size = max(size, math.Abs(step[j]))
		}
		if size < tight {
			return b, nil
		}
	}
	return nil, errFit
}

// solve solves a x = v by elimination with row exchange. It destroys its arguments.
func solve(a [][]float64, v []float64) ([]float64, error) {
	n := len(v)
	for c := range n {
		pivot := c
		for r := c + 1; r < n; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[pivot][c]) {
				pivot = r
			}
		}
		if math.Abs(a[pivot][c]) < 1e-12 {
			return nil, errFit
		}
		a[c], a[pivot], v[c], v[pivot] = a[pivot], a[c], v[pivot], v[c]
		for r := c + 1; r < n; r++ {
			f := a[r][c] / a[c][c]
			for k := c; k < n; k++ {
				a[r][k] -= f * a[c][k]
			}
			v[r] -= f * v[c]
		}
	}
	for c := n - 1; c >= 0; c-- {
		for k := c + 1; k < n; k++ {
			v[c] -= a[c][k] * v[k]
		}
		v[c] /= a[c][c]
	}
	return v, nil
}
