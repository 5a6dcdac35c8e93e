package threshold

import (
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/mhe"
	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"
)

// secrets are what a holder brings to key generation. They die with it; what stays is the Share.
type secrets struct {
	s, u ringqp.Poly          // its part of the key and the ephemeral one of the relinearisation key, Montgomery form
	poly mhe.ShamirPolynomial // of degree threshold-1 over s
}

// newSecrets draws them from a holder's root.
func (g *Group) newSecrets(r *Root) (*secrets, error) {
	st, err := newStream(r.derive("key", g.digest, 0))
	if err != nil {
		return nil, err
	}
	x := new(secrets)
	if x.s, err = g.secret(st); err != nil {
		return nil, err
	}
	if x.u, err = g.secret(st); err != nil {
		return nil, err
	}
	above, err := g.uniform(st, g.threshold-1)
	if err != nil {
		return nil, err
	}
	x.poly.Value = append([]ringqp.Poly{*x.s.CopyNew()}, above...)
	return x, nil
}

// at evaluates the Shamir polynomial at a holder's point, which is never 0: lattigo's Thresholdizer would hand out the key.
func (g *Group) at(x *secrets, point int) (mhe.ShamirSecretShare, error) {
	if err := g.point(point); err != nil {
		return mhe.ShamirSecretShare{}, err
	}
	th := mhe.NewThresholdizer(g.params)
	out := th.AllocateThresholdSecretShare()
	th.GenShamirSecretShare(mhe.ShamirPublicPoint(point), x.poly, &out)
	return out, nil
}

// dealt is the public part of what a holder deals: its shares of the public key, of the first round of the
// relinearisation key, and of the rotation keys.
type dealt struct {
	key    ringqp.Poly
	relin  []ringqp.Poly // two a row
	galois []ringqp.Poly // one a row, rotation by rotation
}

// polys are all polynomials of a dealing in the order of their travel.
func (d *dealt) polys() []ringqp.Poly {
	return append(append([]ringqp.Poly{d.key}, d.relin...), d.galois...)
}

// dealtPolys is how many they are.
func (g *Group) dealtPolys() int { return 1 + g.rows()*(2+len(g.galois)) }

// split is the inverse of polys.
func (g *Group) split(polys []ringqp.Poly) *dealt {
	return &dealt{polys[0], polys[1 : 1+2*g.rows()], polys[1+2*g.rows():]}
}

// deal computes a holder's public shares: Mouchet, Troncoso-Pastoriza, Bossuat, Hubaux, "Multiparty Homomorphic Encryption
// from Ring-Learning-with-Errors" (2021), EncKeyGen and round one of RelinKeyGen, and the same for an automorphism.
func (g *Group) deal(r *Root, x *secrets, c *common) (*dealt, error) {
	st, err := newStream(r.derive("deal", g.digest, 0))
	if err != nil {
		return nil, err
	}
	d := new(dealt)
	// b = e - s*a, in Montgomery form
	if d.key, err = g.noise(st); err != nil {
		return nil, err
	}
	g.ring().MForm(d.key, d.key)
	g.ring().MulCoeffsMontgomeryThenSub(x.s, c.key, d.key)

	scaled := g.scaled(x.s) // P*s, Montgomery form
	plain := *scaled.CopyNew()
	g.ring().RingQ.IMForm(plain, plain)
	for i, a := range c.relin {
		// [e0 + P*s*w_i - u*a, e1 + s*a]
		h0, err := g.noise(st)
		if err != nil {
			return nil, err
		}
		g.addRow(i, plain, h0)
		g.ring().MulCoeffsMontgomeryThenSub(x.u, a, h0)
		h1, err := g.noise(st)
		if err != nil {
			return nil, err
		}
		g.ring().MulCoeffsMontgomeryThenAdd(x.s, a, h1)
		d.relin = append(d.relin, h0, h1)
	}
	for k, element := range g.galois {
		turned := g.ring().NewPoly()
		g.ring().AutomorphismNTT(x.s, g.params.ModInvGaloisElement(element), turned)
		for i, a := range c.galois[k] {
			// e + P*s*w_i - turned(s)*a, in Montgomery form
			h, err := g.noise(st)
			if err != nil {
				return nil, err
			}
			g.ring().MForm(h, h)
			g.addRow(i, scaled, h)
			g.ring().MulCoeffsMontgomeryThenSub(turned, a, h)
			d.galois = append(d.galois, h)
		}
	}
	return d, nil
}

// scaled is P*s modulo Q.
func (g *Group) scaled(s ringqp.Poly) ring.Poly {
	_, p := g.levels()
	out := g.ring().RingQ.NewPoly()
	g.ring().RingQ.MulScalarBigint(s.Q, g.ring().RingP.ModulusAtLevel[p], out)
	return out
}

// addRow adds x times the i-th element of the gadget: x modulo the primes of the i-th digit, nothing modulo the others.
func (g *Group) addRow(i int, x ring.Poly, to ringqp.Poly) {
	_, p := g.levels()
	for k := i * (p + 1); k < min((i+1)*(p+1), len(x.Coeffs)); k++ {
		q := g.ring().RingQ.SubRings[k].Modulus
		for j, v := range x.Coeffs[k] {
			to.Q.Coeffs[k][j] = ring.CRed(to.Q.Coeffs[k][j]+v, q)
		}
	}
}

// relinTwo computes a holder's round two of RelinKeyGen from the sum of all dealings: [s*h0 + e2, (u-s)*h1 + e3].
func (g *Group) relinTwo(r *Root, x *secrets, sum *dealt) ([]ringqp.Poly, error) {
	st, err := newStream(r.derive("relin", g.digest, 0))
	if err != nil {
		return nil, err
	}
	diff := g.ring().NewPoly()
	g.ring().Sub(x.u, x.s, diff)
	var out []ringqp.Poly
	for i, h := range sum.relin {
		e, err := g.noise(st)
		if err != nil {
			return nil, err
		}
		key := x.s
		if i%2 == 1 {
			key = diff
		}
		g.ring().MulCoeffsMontgomeryThenAdd(key, h, e)
		out = append(out, e)
	}
	return out, nil
}

// relinKey joins the sums of both rounds: b = h0' + h1', a = h1 of round one.
func (g *Group) relinKey(one *dealt, two []ringqp.Poly) *rlwe.RelinearizationKey {
	k := rlwe.NewRelinearizationKey(g.params)
	for i := range g.rows() {
		g.ring().Add(two[2*i], two[2*i+1], k.Value[i][0][0])
		k.Value[i][0][1].Copy(one.relin[2*i+1])
		g.ring().MForm(k.Value[i][0][0], k.Value[i][0][0])
		g.ring().MForm(k.Value[i][0][1], k.Value[i][0][1])
	}
	return k
}

// galoisKey is the k-th rotation key.
func (g *Group) galoisKey(k int, b []ringqp.Poly, c *common) *rlwe.GaloisKey {
	key := rlwe.NewGaloisKey(g.params)
	key.GaloisElement, key.NthRoot = g.galois[k], g.ring().RingQ.NthRoot()
	for i := range g.rows() {
		key.Value[i][0][0].Copy(b[i])
		key.Value[i][0][1].Copy(c.galois[k][i])
	}
	return key
}
