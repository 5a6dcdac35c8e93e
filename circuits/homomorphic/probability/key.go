package probability

import (
	"crypto/sha3"
	"fmt"
	"io"
	"log/slog"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Key is the tax node's key for one layout. It does not print. It is safe for concurrent use.
type Key struct {
	layout *Layout
	secret *homomorphic.SecretKey
}

// NewKey draws a key from rnd, which gives secret random bytes.
func NewKey(l *Layout, rnd io.Reader) (*Key, error) {
	secret, err := homomorphic.NewSecretKey(l.rlwe(), rnd)
	if err != nil {
		return nil, err
	}
	return &Key{l, secret}, nil
}

// Layout is what the key was made for.
func (k *Key) Layout() *Layout { return k.layout }

// Format prints the set, never the key.
func (k *Key) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "probability.Key(%s)", k.layout.spec.Set)
}

// LogValue logs the set, never the key.
func (k *Key) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// MarshalJSON refuses.
func (k *Key) MarshalJSON() ([]byte, error) { return nil, homomorphic.ErrSecret }

// EvaluationKeys is the message that the bank needs once: KeyBytes bytes. joint is a coin that both sides tossed, so that
// neither picked the public key's second polynomial. All of rnd's bytes are fresh and secret, but for a seed that travels.
func (k *Key) EvaluationKeys(joint homomorphic.Seed, rnd io.Reader) ([]byte, error) {
	l := k.layout
	p := l.rlwe()
	seed, err := readSeed(rnd)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, l.KeyBytes()), seed[:]...)
	g := l.shape.gadget()
	rqp := p.RingQP().AtLevel(g.LevelQ, g.LevelP)
	s := k.secret.RLWE().Value
	s.Q = ring.Poly{Coeffs: s.Q.Coeffs[:g.LevelQ+1]}
	gadget, err := expandGadget(l, seed)
	if err != nil {
		return nil, err
	}
	for i := range gadget.Value {
		// (-a s + e, a), all in Montgomery form
		b, a := gadget.Value[i][0][0], gadget.Value[i][0][1]
		if b.Q, err = homomorphic.ErrorPoly(rqp.RingQ, g.LevelQ, rnd); err != nil {
			return nil, err
		}
		rqp.ExtendBasisSmallNormAndCenter(b.Q, g.LevelP, b.Q, b.P)
		rqp.NTT(b, b)
		rqp.MForm(b, b)
		rqp.MulCoeffsMontgomeryThenSub(a, s, b)
		gadget.Value[i][0][0] = b
	}
	square := rqp.RingQ.NewPoly()
	rqp.RingQ.MulCoeffsMontgomery(s.Q, s.Q, square)
	buff := rqp.RingQ.NewPoly()
	if err := rlwe.AddPolyTimesGadgetVectorToGadgetCiphertext(square, []rlwe.GadgetCiphertext{*gadget}, *p.RingQP(), buff); err != nil {
		return nil, fmt.Errorf("%w: %w", homomorphic.ErrParams, err)
	}
	for i := range gadget.Value {
		if out, err = homomorphic.AppendPolyQP(out, p.RingQP(), g.LevelQ, g.LevelP, gadget.Value[i][0][0]); err != nil {
			return nil, err
		}
	}
	public, err := k.public(joint, rnd)
	if err != nil {
		return nil, err
	}
	return homomorphic.AppendPoly(out, p.RingQ(), endLevel, public)
}

// public is b = -a s + e for the joint a, at the end's level, in NTT form.
func (k *Key) public(joint homomorphic.Seed, rnd io.Reader) (ring.Poly, error) {
	a, err := k.layout.jointPoly(joint)
	if err != nil {
		return a, err
	}
	r := k.layout.params.RingQ().AtLevel(endLevel)
	b, err := homomorphic.ErrorPoly(r, endLevel, rnd)
	if err != nil {
		return a, err
	}
	r.NTT(b, b)
	r.MulCoeffsMontgomeryThenSub(a, k.end(), b)
	return b, nil
}

// end is the key at the end's level, in NTT and Montgomery form.
func (k *Key) end() ring.Poly {
	return ring.Poly{Coeffs: k.secret.RLWE().Value.Q.Coeffs[:endLevel+1]}
}

// expandGadget is a relinearisation key with its uniform halves, which the seed stands for; the others are zero.
func expandGadget(l *Layout, seed homomorphic.Seed) (*rlwe.GadgetCiphertext, error) {
	p := l.rlwe()
	g := l.shape.gadget()
	gadget := rlwe.NewGadgetCiphertext(p, g.Degree, g.LevelQ, g.LevelP, g.BaseTwo)
	for i := range gadget.Value {
		a := &gadget.Value[i][0][1]
		if err := homomorphic.ExpandSeed(p, g.LevelQ, seed, uint64(i), a.Q); err != nil {
			return nil, err
		}
		special := sha3.NewSHAKE128()
		_, _ = special.Write([]byte("blindscore probability special prime v1"))
		_, _ = special.Write(append(seed[:], byte(i)))
		var err error
		if a.P, err = homomorphic.UniformPoly(p.RingP(), g.LevelP, special); err != nil {
			return nil, err
		}
	}
	return gadget, nil
}

// Encrypt is a block's message, MessageBytes bytes whatever the number of companies: every column under a fresh error from
// rnd, in the form (c_0, seed).
func (k *Key) Encrypt(v *Values, rnd io.Reader) ([]byte, error) {
	l := k.layout
	if v == nil || v.layout != l {
		return nil, fmt.Errorf("%w: want values of the key's layout", homomorphic.ErrParams)
	}
	seed, err := readSeed(rnd)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, l.MessageBytes()), seed[:]...)
	pt := rlwe.NewPlaintext(l.rlwe(), l.shape.top())
	pt.IsNTT = true
	for i, column := range v.columns {
		pt.Value = l.encode(column)
		c0, err := homomorphic.EncryptSeeded(k.secret, pt, seed, uint64(i), rnd)
		if err != nil {
			return nil, err
		}
		if out, err = homomorphic.AppendPoly(out, l.params.RingQ(), l.shape.top(), c0); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Open is the tax node's share w_i below 2^(m+1) for each of n companies, from a reply: with the bank's share z_i,
// w_i + z_i = 2 u_i + {0, 1} modulo 2^(m+1). It is uniform and tells the tax node nothing. A reply of the right size whose
// coefficients are below their primes gives shares, whatever it holds; any other is homomorphic.ErrEncoding. rnd gives the
// dither, 8 secret bytes a company.
func (k *Key) Open(reply []byte, n int, rnd io.Reader) ([]uint32, error) {
	l := k.layout
	if n < 1 || n > l.Companies() {
		return nil, fmt.Errorf("%w: want 1 to %d companies in a block, got %d", homomorphic.ErrRange, l.Companies(), n)
	}
	meta := &rlwe.MetaData{CiphertextMetaData: rlwe.CiphertextMetaData{IsNTT: true}}
	ct, err := homomorphic.ReadCiphertext(l.rlwe(), 1, endLevel, meta, reply)
	if err != nil {
		return nil, err
	}
	dither := make([]byte, 8*n)
	if err := readFull(rnd, dither); err != nil {
		return nil, err
	}
	r := l.params.RingQ().AtLevel(endLevel)
	phase := ct.Value[0]
	r.MulCoeffsMontgomeryThenAdd(ct.Value[1], k.end(), phase)
	r.INTT(phase, phase)
	shares := make([]uint32, n)
	for i, x := range l.slotsOf(phase, n) {
		d := beUint64(dither[8*i:8*i+8]) & (1<<l.unitBits() - 1)
		shares[i] = l.units(x, d)
	}
	return shares, nil
}
