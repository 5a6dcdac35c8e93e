package lint

import (
	"cmp"
	"context"
	"math/big"
	"math/bits"
	"slices"
)

// distribution is the number of combinations of each sum 0, 1, ..., n-1: a polynomial with non-negative coefficients,
// packed at a fixed number of words each, which are wide enough for the total.
type distribution struct {
	n     int
	slot  int        // words of a coefficient
	words []big.Word // n*slot, coefficient i at i*slot, least significant first
	total *big.Int
}

// single is the distribution of one feature.
func single(width int, bins []bin, weight func(bin) int) *distribution {
	d := &distribution{n: width + 1, slot: 1, words: make([]big.Word, width+1), total: new(big.Int)}
	for _, b := range bins {
		d.words[b.offset] += big.Word(weight(b))
		d.total.Add(d.total, big.NewInt(int64(weight(b))))
	}
	return d
}

// at is coefficient i; it shares the memory of d and must not be changed.
func (d *distribution) at(i int) *big.Int {
	return new(big.Int).SetBits(d.words[i*d.slot : (i+1)*d.slot : (i+1)*d.slot])
}

// times multiplies by Kronecker substitution: the polynomials are evaluated at a power of two beyond every coefficient
// of the product, which is then one product of integers (math/big multiplies those by Karatsuba).
func (d *distribution) times(e *distribution) *distribution {
	p := &distribution{n: d.n + e.n - 1, total: new(big.Int).Mul(d.total, e.total)}
	p.slot = (p.total.BitLen() + bits.UintSize - 1) / bits.UintSize
	product := new(big.Int).Mul(d.value(p.slot), e.value(p.slot)).Bits()
	p.words = make([]big.Word, p.n*p.slot)
	copy(p.words, product)
	return p
}

// value is the polynomial at 2^(word size * slot).
func (d *distribution) value(slot int) *big.Int {
	wide := make([]big.Word, d.n*slot)
	for i := range d.n {
		copy(wide[i*slot:], d.words[i*d.slot:(i+1)*d.slot])
	}
	return new(big.Int).SetBits(wide)
}

// product is the distribution of the sum of all features; small ones are multiplied first.
func product(ctx context.Context, factors []*distribution) (*distribution, error) {
	queue := slices.Clone(factors)
	for len(queue) > 1 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		slices.SortStableFunc(queue, func(a, b *distribution) int { return cmp.Compare(a.n*a.slot, b.n*b.slot) })
		queue = append(queue[2:], queue[0].times(queue[1]))
	}
	return queue[0], nil
}

// cumulative has at i the number of combinations with a sum below i, for i up to n.
func (d *distribution) cumulative() []*big.Int {
	sums := make([]*big.Int, d.n+1)
	sums[0] = new(big.Int)
	for i := range d.n {
		sums[i+1] = new(big.Int).Add(sums[i], d.at(i))
	}
	return sums
}

// probabilities is the distribution of the sum where bin b of a feature has probability weight(b).
func probabilities(ctx context.Context, v *view, weight func(bin) float64) ([]float64, error) {
	p := []float64{1}
	for f, bins := range v.bins {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next := make([]float64, len(p)+v.widths[f])
		for _, b := range bins {
			w, to := weight(b), next[b.offset:b.offset+len(p)]
			for s, x := range p {
				to[s] += w * x
			}
		}
		p = next
	}
	return p, nil
}
