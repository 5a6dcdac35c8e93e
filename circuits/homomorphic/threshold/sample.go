package threshold

import (
	"io"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"
)

// Samplers modulo QP. They draw in integers from a stream, so that an auditor on another machine gets the same bits.

// small extends a polynomial of small coefficients to the special primes, in constant time, and puts it in the evaluation
// domain.
func (g *Group) small(rnd io.Reader, draw func(*ring.Ring, int, io.Reader) (ring.Poly, error)) (ringqp.Poly, error) {
	q, _ := g.levels()
	x, err := draw(g.ring().RingQ, q, rnd)
	if err != nil {
		return ringqp.Poly{}, err
	}
	out := ringqp.Poly{Q: x, P: g.ring().RingP.NewPoly()}
	q0 := g.ring().RingQ.SubRings[0].Modulus
	for j, v := range x.Coeffs[0] {
		negative := -((q0/2 - v) >> 63) // all ones if so
		for i, c := range out.P.Coeffs {
			c[j] = v - q0&negative + g.ring().RingP.SubRings[i].Modulus&negative
		}
	}
	g.ring().NTT(out, out)
	return out, nil
}

// secret draws a ternary polynomial in the evaluation domain and in Montgomery form, as lattigo keeps keys.
func (g *Group) secret(rnd io.Reader) (ringqp.Poly, error) {
	s, err := g.small(rnd, homomorphic.TernaryPoly)
	if err == nil {
		g.ring().MForm(s, s)
	}
	return s, err
}

// noise draws an error in the evaluation domain.
func (g *Group) noise(rnd io.Reader) (ringqp.Poly, error) { return g.small(rnd, homomorphic.ErrorPoly) }

// uniform draws n polynomials uniform modulo QP.
func (g *Group) uniform(rnd io.Reader, n int) ([]ringqp.Poly, error) {
	q, p := g.levels()
	out := make([]ringqp.Poly, n)
	for i := range out {
		var err error
		if out[i].Q, err = homomorphic.UniformPoly(g.ring().RingQ, q, rnd); err != nil {
			return nil, err
		}
		if out[i].P, err = homomorphic.UniformPoly(g.ring().RingP, p, rnd); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// common are the reference polynomials of all keys, from the seed of the joint coin toss.
type common struct {
	key    ringqp.Poly     // of the public key, taken as in Montgomery form
	relin  []ringqp.Poly   // one a row of the gadget
	galois [][]ringqp.Poly // the same for each rotation, taken as in Montgomery form
}

// commonPolys expands the joint seed.
func (g *Group) commonPolys(seed [32]byte) (*common, error) {
	s, err := newStream(seed)
	if err != nil {
		return nil, err
	}
	all, err := g.uniform(s, 1+g.rows()*(1+len(g.galois)))
	if err != nil {
		return nil, err
	}
	c := &common{key: all[0], relin: all[1 : 1+g.rows()]}
	for i := range g.galois {
		from := 1 + g.rows()*(1+i)
		c.galois = append(c.galois, all[from:from+g.rows()])
	}
	return c, nil
}
