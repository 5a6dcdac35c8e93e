package probability

import (
	"context"
	"fmt"
	"io"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/hefloat"
	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Bank evaluates a circuit under one tax node's key. It is safe for concurrent use: blocks share a fixed number of evaluators.
type Bank struct {
	circuit *Circuit
	a, b    ring.Poly // public key, NTT form, at the end's level
	pool    *homomorphic.Pool[*evaluator]
}

type evaluator struct {
	*hefloat.Evaluator
	polynomial *hefloat.PolynomialEvaluator
}

// NewBank reads a tax node's EvaluationKeys, made for the joint coin, and makes evaluators: workers of them, one at least. Keys
// of any other size are homomorphic.ErrEncoding. Keys that are no keys only spoil the tax node's own result.
func NewBank(c *Circuit, joint homomorphic.Seed, keys []byte, workers int) (*Bank, error) {
	if c == nil {
		return nil, fmt.Errorf("%w: want a circuit", homomorphic.ErrParams)
	}
	l := c.layout
	p := l.rlwe()
	if len(keys) != l.KeyBytes() {
		return nil, fmt.Errorf("%w: want %d bytes of keys, got %d", homomorphic.ErrEncoding, l.KeyBytes(), len(keys))
	}
	seed := homomorphic.Seed(keys[:32])
	keys = keys[32:]
	gadget, err := expandGadget(l, seed)
	if err != nil {
		return nil, err
	}
	g := l.shape.gadget()
	size := homomorphic.PolyQPBytes(p.RingQP(), g.LevelQ, g.LevelP)
	for i := range gadget.Value {
		if gadget.Value[i][0][0], err = homomorphic.ReadPolyQP(p.RingQP(), g.LevelQ, g.LevelP, keys[:size]); err != nil {
			return nil, err
		}
		keys = keys[size:]
	}
	bank := &Bank{circuit: c}
	if bank.b, err = homomorphic.ReadPoly(p.RingQ(), endLevel, keys); err != nil {
		return nil, err
	}
	if bank.a, err = l.jointPoly(joint); err != nil {
		return nil, err
	}
	rlk := &rlwe.RelinearizationKey{EvaluationKey: rlwe.EvaluationKey{GadgetCiphertext: *gadget}}
	first := hefloat.NewEvaluator(l.params, rlwe.NewMemEvaluationKeySet(rlk))
	bank.pool = homomorphic.NewPool(workers, func() *evaluator {
		e := first.ShallowCopy()
		return &evaluator{e, hefloat.NewPolynomialEvaluator(l.params, e)}
	})
	return bank, nil
}

// Evaluate computes a block's reply (ReplyBytes bytes) and the bank's share z_i of each of its n companies, see Key.Open.
// Every byte of rnd is fresh and secret: two replies under the same bytes have the same mask and the same u, so that their
// difference tells the tax node about the weights. A message of any other size than MessageBytes, or with a coefficient that is not below its prime, is
// homomorphic.ErrEncoding; any other message gives a reply, whatever it holds.
func (b *Bank) Evaluate(ctx context.Context, message []byte, n int, rnd io.Reader) (reply []byte, shares []uint32, err error) {
	l := b.circuit.layout
	if n < 1 || n > l.Companies() {
		return nil, nil, fmt.Errorf("%w: want 1 to %d companies in a block, got %d", homomorphic.ErrRange, l.Companies(), n)
	}
	if len(message) != l.MessageBytes() {
		return nil, nil, fmt.Errorf("%w: want a message of %d bytes, got %d", homomorphic.ErrEncoding, l.MessageBytes(), len(message))
	}
	err = b.pool.Do(ctx, func(e *evaluator) error {
		ct, err := b.circuit.linearTerm(message)
		if err != nil {
			return err
		}
		if ct, err = e.polynomial.Evaluate(ct, b.circuit.poly, b.circuit.outScale()); err != nil {
			return fmt.Errorf("%w: %w", homomorphic.ErrParams, err)
		}
		if ct.Degree() != 1 || ct.Level() != endLevel {
			return fmt.Errorf("%w: want a result of degree 1 at level %d, got %d at %d", homomorphic.ErrParams, endLevel, ct.Degree(), ct.Level())
		}
		if shares, err = b.hide(ct, n, rnd); err != nil {
			return err
		}
		reply, err = homomorphic.AppendCiphertext(make([]byte, 0, l.ReplyBytes()), l.rlwe(), ct)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return reply, shares, nil
}

// outScale is what 1 stands for at the end: K units.
func (c *Circuit) outScale() rlwe.Scale {
	return rlwe.NewScale(uint64(c.span) << c.layout.unitBits())
}

// linearTerm is t: the sum of the columns by their weights, at the level of the polynomial.
func (c *Circuit) linearTerm(message []byte) (*rlwe.Ciphertext, error) {
	l := c.layout
	p := l.rlwe()
	top := l.shape.top()
	r := p.RingQ().AtLevel(top)
	seed := homomorphic.Seed(message[:32])
	message = message[32:]
	size := homomorphic.PolyBytes(r, top)
	sum := [2]ring.Poly{r.NewPoly(), r.NewPoly()}
	c1 := r.NewPoly()
	for i, w := range c.weights {
		c0, err := homomorphic.ReadPoly(r, top, message[i*size:(i+1)*size])
		if err != nil {
			return nil, err
		}
		if err := homomorphic.ExpandSeed(p, top, seed, uint64(i), c1); err != nil {
			return nil, err
		}
		r.MulScalarBigintThenAdd(c0, w, sum[0])
		r.MulScalarBigintThenAdd(c1, w, sum[1])
	}
	r.AddScalarBigint(sum[0], c.bias, sum[0])
	ct := hefloat.NewCiphertext(l.params, 1, l.shape.poly())
	for i := range sum {
		r.DivRoundByLastModulusNTT(sum[i], c1, ct.Value[i])
	}
	return ct, nil // at the default scale: the weights' scale was the prime that is gone
}

// hide adds a fresh encryption of zero, (u b + e_0, u a + e_1), and a mask uniform modulo Q to the first polynomial; the bank's
// shares are of the mask.
func (b *Bank) hide(ct *rlwe.Ciphertext, n int, rnd io.Reader) ([]uint32, error) {
	l := b.circuit.layout
	r := l.params.RingQ().AtLevel(endLevel)
	u, err := homomorphic.TernaryPoly(r, endLevel, rnd)
	if err != nil {
		return nil, err
	}
	r.NTT(u, u)
	r.MForm(u, u)
	for i, public := range []ring.Poly{b.b, b.a} {
		e, err := homomorphic.ErrorPoly(r, endLevel, rnd)
		if err != nil {
			return nil, err
		}
		r.NTT(e, e)
		r.Add(ct.Value[i], e, ct.Value[i])
		r.MulCoeffsMontgomeryThenAdd(public, u, ct.Value[i])
	}
	mask, err := homomorphic.UniformPoly(r, endLevel, rnd)
	if err != nil {
		return nil, err
	}
	shares := make([]uint32, n)
	middle, all := uint32(1)<<l.spec.OutputBits, uint32(2)<<l.spec.OutputBits-1
	for i, x := range l.slotsOf(mask, n) {
		shares[i] = (middle - l.units(x, 0)) & all
	}
	r.NTT(mask, mask)
	r.Add(ct.Value[0], mask, ct.Value[0])
	return shares, nil
}
