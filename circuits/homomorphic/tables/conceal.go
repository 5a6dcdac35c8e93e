package tables

import (
	"context"
	"crypto/sha3"
	"crypto/subtle"
	"fmt"
	"io"
	"slices"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"
	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Concealed is a circuit without its points: what the evaluator sees where the bank encrypts its points too, under the key
// that the levels are encrypted under. All features are indicators. The band polynomial is in clear, and with it the
// thresholds as distances from the least possible score.
//
// It is safe only with weights that an approver has verified (VerifyWeights): the band polynomial is a band for indexes
// below its length alone, and at any other takes some residue modulo T, of 16 bits. A bank that encrypts other weights than
// those of its model, or other ones in each slot, would learn these 16 bits.
type Concealed struct {
	Layout Layout
	Band   []uint64 // coefficients modulo T
	Bands  int
}

// Conceal is the circuit without its points. It wants indicators alone, no own features, a HideRange (without it the band
// polynomial would tell which scores are possible), and a set of one step more than the band polynomial's depth.
func (c *Circuit) Conceal() (*Concealed, error) {
	out := &Concealed{Layout: *c.Layout(), Band: slices.Clone(c.band), Bands: c.bands}
	if len(c.model.OwnFeatures()) > 0 || !c.padded {
		return nil, fmt.Errorf("%w: want a model without own features, compiled with HideRange", ErrModel)
	}
	for i := range out.Layout.Inputs {
		if out.Layout.Inputs[i].Form != FormIndicators {
			return nil, fmt.Errorf("%w: want all features as indicators", ErrModel)
		}
		out.Layout.Inputs[i].Level = levelAbove(depthOf(len(out.Band)) + 2)
	}
	return out, out.Check()
}

// Check wants what Conceal may have made: ErrLayout, or ErrTooDeep for a set without the extra step.
func (c *Concealed) Check() error {
	if len(c.Band) < 1 || len(c.Band) > maxCoefficients || c.Bands < 1 || c.Bands > T {
		return fmt.Errorf("%w: want a band polynomial of 1 to %d coefficients", ErrLayout, maxCoefficients)
	}
	for _, v := range c.Band {
		if v >= T {
			return fmt.Errorf("%w: want coefficients below %d", ErrLayout, T)
		}
	}
	if need := depthOf(len(c.Band)) + 1; c.Layout.Set.Steps < need {
		return fmt.Errorf("%w: want a set of %d steps for concealed points, got %d", ErrTooDeep, need, c.Layout.Set.Steps)
	}
	if err := c.Layout.Check(); err != nil {
		return err
	}
	for i := range c.Layout.Inputs {
		if in := &c.Layout.Inputs[i]; in.Form != FormIndicators || in.Level != c.level() {
			return fmt.Errorf("%w: input %d: want indicators at level %d", ErrLayout, i, c.level())
		}
	}
	return c.bound()
}

// level is that of indicators and weights.
func (c *Concealed) level() int { return levelAbove(depthOf(len(c.Band)) + 2) }

// bound follows the noise: products of fresh ciphertexts, whose sum two rescalings take back.
func (c *Concealed) bound() error {
	p, err := c.Layout.Set.Parameters()
	if err != nil {
		return err
	}
	n := newNoise(c.Layout.Set, p)
	sum := float64(c.Layout.Ciphertexts()+1) * n.mul(n.rounding, n.rounding)
	if err := n.survives(sum, c.level()); err != nil {
		return err
	}
	e := n.rescale(n.rescale(sum, c.level()), c.level()-1)
	if len(c.Band) > 1 {
		if e, err = n.polynomial(e, len(c.Band), c.level()-2); err != nil {
			return err
		}
	}
	return n.settled(e)
}

// WeightBytes is the exact size of encrypted weights: one ciphertext an indicator, and one for their constant.
func (c *Concealed) WeightBytes() int {
	p, err := c.Layout.Set.Parameters()
	if err != nil {
		return 0
	}
	return (c.Layout.Ciphertexts() + 1) * homomorphic.CiphertextBytes(*p.GetRLWEParameters(), 1, c.level())
}

// EncryptWeights encrypts the circuit's points for its Concealed form under a public key. It is a function of the seed,
// which is fresh for every key and model, secret, and shown to the approver alone: all randomness derives from it.
func (c *Circuit) EncryptWeights(pk *rlwe.PublicKey, seed [32]byte) ([]byte, error) {
	hidden, err := c.Conceal()
	if err != nil {
		return nil, err
	}
	if err := checkPublicKey(c.params, pk); err != nil {
		return nil, err
	}
	rnd := sha3.NewSHAKE256()
	_, _ = rnd.Write(append([]byte("blindscore tables weights v1\x00"), seed[:]...))
	out := make([]byte, 0, hidden.WeightBytes())
	e := weightEncryptor{c.params, hidden.level(), pk, ring.NewBasisExtender(c.params.RingQ(), c.params.RingP()), heint.NewEvaluator(c.params, nil), rnd}
	constant := int64(0)
	for _, f := range c.features {
		for _, w := range f.weights {
			if out, err = e.append(out, w); err != nil {
				return nil, err
			}
		}
		constant += f.last
	}
	return e.append(out, constant)
}

type weightEncryptor struct {
	params  heint.Parameters
	level   int
	pk      *rlwe.PublicKey
	divider *ring.BasisExtender
	eval    *heint.Evaluator
	rnd     io.Reader
}

// append appends an encryption of w in all slots, at a scale that indicators and two rescalings bring to 1.
func (e *weightEncryptor) append(dst []byte, w int64) ([]byte, error) {
	ct, err := encryptZero(e.params, e.divider, e.pk, e.level, e.rnd)
	if err != nil {
		return nil, err
	}
	ct.Scale = weightScale(e.params, e.level)
	if err := e.eval.Add(ct, w, ct); err != nil {
		return nil, failed(err)
	}
	return homomorphic.AppendCiphertext(dst, *e.params.GetRLWEParameters(), ct)
}

func weightScale(p heint.Parameters, level int) rlwe.Scale { return p.NewScale(p.Q()[level-1]) }

// VerifyWeights is the approver's check: it makes the weights again from the model's circuit and the seed. ErrModel if they
// are others. The approver signs a digest of them and of the Concealed circuit, which every evaluator wants to see.
func (c *Circuit) VerifyWeights(pk *rlwe.PublicKey, seed [32]byte, weights []byte) error {
	again, err := c.EncryptWeights(pk, seed)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(again, weights) != 1 {
		return fmt.Errorf("%w: the encrypted weights are not those of the model and seed", ErrModel)
	}
	return nil
}

// ConcealedEvaluator evaluates a concealed circuit. It is not safe for concurrent use: see ShallowCopy.
type ConcealedEvaluator struct {
	circuit *Concealed
	params  heint.Parameters
	weights []*rlwe.Ciphertext
	eval    *Evaluator
}

// NewEvaluator takes the weights as EncryptWeights made them: exactly WeightBytes bytes, or homomorphic.ErrEncoding.
func (c *Concealed) NewEvaluator(rlk *rlwe.RelinearizationKey, weights []byte) (*ConcealedEvaluator, error) {
	c = &Concealed{Layout: *c.Layout.clone(), Band: slices.Clone(c.Band), Bands: c.Bands} // what is checked is what is used
	if err := c.Check(); err != nil {
		return nil, err
	}
	p, err := c.Layout.Set.Parameters()
	if err != nil {
		return nil, err
	}
	if err := checkRelinearizationKey(p, rlk); err != nil {
		return nil, err
	}
	if len(weights) != c.WeightBytes() {
		return nil, fmt.Errorf("%w: want weights of %d bytes, got %d", homomorphic.ErrEncoding, c.WeightBytes(), len(weights))
	}
	size := homomorphic.CiphertextBytes(*p.GetRLWEParameters(), 1, c.level())
	e := &ConcealedEvaluator{circuit: c, params: p, eval: &Evaluator{params: p, eval: heint.NewEvaluator(p, rlwe.NewMemEvaluationKeySet(rlk))}}
	for ; len(weights) > 0; weights = weights[size:] {
		w, err := homomorphic.ReadCiphertext(*p.GetRLWEParameters(), 1, c.level(), meta(p, weightScale(p, c.level())), weights[:size])
		if err != nil {
			return nil, err
		}
		e.weights = append(e.weights, w)
	}
	return e, nil
}

// ShallowCopy is an evaluator for another goroutine.
func (e *ConcealedEvaluator) ShallowCopy() *ConcealedEvaluator {
	return &ConcealedEvaluator{circuit: e.circuit, params: e.params, weights: e.weights, eval: e.eval.ShallowCopy()}
}

// Evaluate computes the encrypted bands of a chunk (as Encryptor makes it for the Concealed layout): products of indicators
// and weights, relinearised once, and the band polynomial. Like Evaluator.Evaluate, it is a function of its inputs.
func (e *ConcealedEvaluator) Evaluate(ctx context.Context, chunk []byte, seeded bool) (*rlwe.Ciphertext, error) {
	in, err := e.circuit.Layout.readChunk(e.params, chunk, seeded)
	if err != nil {
		return nil, err
	}
	level, eval := e.circuit.level(), e.eval.eval
	sum := heint.NewCiphertext(e.params, 2, level)
	scale := e.params.NewScale(e.params.Q()[level])
	sum.MetaData = meta(e.params, scale.Mul(weightScale(e.params, level)))
	i := 0
	for _, cts := range in.inputs {
		for _, ct := range cts {
			if err := eval.MulThenAdd(ct, e.weights[i], sum); err != nil {
				return nil, failed(err)
			}
			i++
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	constant := heint.NewCiphertext(e.params, 1, level)
	if err := eval.Mul(e.weights[i], e.params.Q()[level]%T, constant); err != nil {
		return nil, failed(err)
	}
	constant.Scale = sum.Scale // the factor is that of the indicators' scale
	if err := eval.Add(sum, constant, sum); err != nil {
		return nil, failed(err)
	}
	if err := eval.Relinearize(sum, sum); err != nil {
		return nil, failed(err)
	}
	for range 2 {
		if err := eval.Rescale(sum, sum); err != nil {
			return nil, failed(err)
		}
	}
	return e.eval.polynomial(ctx, sum, e.circuit.Band, e.params.NewScale(1))
}
