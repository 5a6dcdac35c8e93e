package linear

import (
	"fmt"
	"io"

	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Certified is a table whose digest this side was told to trust, laid out for evaluation. It is safe for concurrent use.
type Certified struct {
	p    Params
	a, b []ring.Poly // NTT and Montgomery form: 0 the public key, 1 + f feature f
}

// Certify compares the table with the digest that the approver of the model signed, and prepares it for evaluation. Any
// other table is refused with homomorphic.ErrEncoding: a bank whose table nobody recomputed reads some companies' features
// through the bands of others.
func (t *Table) Certify(digest [32]byte) (*Certified, error) {
	if err := t.is(digest); err != nil {
		return nil, err
	}
	r := t.p.rlwe.RingQ()
	c := &Certified{p: t.p}
	for i := range t.b {
		a, b := r.NewPoly(), r.NewPoly()
		if err := homomorphic.ExpandSeed(t.p.rlwe, 1, homomorphic.Seed(t.joint), uint64(i), a); err != nil {
			return nil, err
		}
		r.MForm(a, a)
		r.MForm(t.b[i], b)
		c.a, c.b = append(c.a, a), append(c.b, b)
	}
	return c, nil
}

// Params returns the parameters of the table.
func (c *Certified) Params() Params { return c.p }

// Eval computes the message of a block: values[f][i] is feature f of company i, for 1 to 4,096 companies. index[i], below
// 2^(m+1), is the tax node's share; it depends on rnd alone. ErrRange for a value outside its interval. rnd is read for u,
// e' and R in this order, and serves this block only.
func (c *Certified) Eval(values [][]int64, rnd io.Reader) (msg []byte, index []uint32, err error) {
	n, err := c.check(values)
	if err != nil {
		return nil, nil, err
	}
	w, err := c.masked(values, rnd)
	if err != nil {
		return nil, nil, err
	}
	p := &c.p
	msg = make([]byte, 0, p.MessageBytes(n))
	if msg, err = homomorphic.AppendPoly(msg, p.rlwe.RingQ(), 1, w.a); err != nil {
		return nil, nil, err
	}
	top := make([]uint64, (n+7)/8*8)
	index = make([]uint32, n)
	mask := uint32(1)<<(p.m+1) - 1
	for i := range index {
		top[i] = p.torus.turn(w.b.Coeffs[0][i], w.b.Coeffs[1][i]) >> (64 - p.sent())
		index[i] = -uint32(p.torus.turn(w.mask.Coeffs[0][i], w.mask.Coeffs[1][i])>>(63-p.m)) & mask
	}
	return homomorphic.AppendBits(msg, top, p.sent()), index, nil
}

// block is a ciphertext before its b part is cut: a in NTT form, b and mask R as coefficients.
type block struct{ a, b, mask ring.Poly }

// masked computes a' = sum_f x_f a_f + u a_0 + e' and b' = sum_f x_f b_f + u b_0 + R.
func (c *Certified) masked(values [][]int64, rnd io.Reader) (w block, err error) {
	r := c.p.rlwe.RingQ()
	u, err := homomorphic.TernaryPoly(r, 1, rnd)
	if err != nil {
		return w, err
	}
	e, err := homomorphic.ErrorPoly(r, 1, rnd)
	if err != nil {
		return w, err
	}
	if w.mask, err = homomorphic.UniformPoly(r, 1, rnd); err != nil {
		return w, err
	}
	w.a, w.b = r.NewPoly(), r.NewPoly()
	r.NTT(e, w.a)
	add := func(x ring.Poly, i int) {
		r.NTT(x, x)
		r.MulCoeffsMontgomeryLazyThenAddLazy(x, c.a[i], w.a)
		r.MulCoeffsMontgomeryLazyThenAddLazy(x, c.b[i], w.b)
	}
	add(u, 0)
	x := e // its noise is in a' already
	for f, column := range values {
		for l, coeffs := range x.Coeffs {
			q := r.SubRings[l].Modulus
			for i, v := range column {
				coeffs[i] = uint64(v) + q&uint64(v>>63)
			}
			clear(coeffs[len(column):])
		}
		add(x, 1+f)
	}
	r.Reduce(w.a, w.a)
	r.Reduce(w.b, w.b)
	r.INTT(w.b, w.b)
	r.Add(w.b, w.mask, w.b)
	return w, nil
}

// check returns the number of companies.
func (c *Certified) check(values [][]int64) (int, error) {
	if len(values) != len(c.p.features) {
		return 0, fmt.Errorf("%w: want values of %d features, got %d", homomorphic.ErrParams, len(c.p.features), len(values))
	}
	n := len(values[0])
	if n < 1 || n > Block {
		return 0, fmt.Errorf("%w: want 1 to %d companies, got %d", homomorphic.ErrParams, Block, n)
	}
	for f, column := range values {
		if len(column) != n {
			return 0, fmt.Errorf("%w: feature %d: want %d values, got %d", homomorphic.ErrParams, f, n, len(column))
		}
		for _, v := range column {
			if v < c.p.features[f].Min || v > c.p.features[f].Max {
				return 0, fmt.Errorf("%w: feature %d has a value outside its interval", homomorphic.ErrRange, f)
			}
		}
	}
	return n, nil
}
