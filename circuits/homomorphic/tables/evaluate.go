package tables

import (
	"context"
	"fmt"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he"
	"github.com/tuneinsight/lattigo/v5/he/heint"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Chunk is an encrypted chunk, read and checked: the ciphertexts of each input.
type Chunk struct {
	inputs [][]*rlwe.Ciphertext
}

// ReadChunk decodes what an Encryptor of this circuit's layout made: exactly ChunkBytes(seeded) bytes, or
// homomorphic.ErrEncoding.
func (c *Circuit) ReadChunk(b []byte, seeded bool) (*Chunk, error) {
	return c.layout.readChunk(c.params, b, seeded)
}

func (l *Layout) readChunk(params heint.Parameters, b []byte, seeded bool) (*Chunk, error) {
	if want := l.chunkBytes(params, seeded); len(b) != want {
		return nil, fmt.Errorf("%w: want a chunk of %d bytes, got %d", homomorphic.ErrEncoding, want, len(b))
	}
	p := *params.GetRLWEParameters()
	var seed homomorphic.Seed
	degree := 1
	if seeded {
		degree = 0
		b = b[copy(seed[:], b):]
	}
	index := uint64(0)
	chunk := &Chunk{inputs: make([][]*rlwe.Ciphertext, len(l.Inputs))}
	for i := range l.Inputs {
		in := &l.Inputs[i]
		size := homomorphic.CiphertextBytes(p, degree, in.Level)
		for range in.ciphertexts() {
			var ct *rlwe.Ciphertext
			var err error
			if seeded {
				ct, err = homomorphic.ReadSeeded(p, in.Level, meta(params, in.scale(params)), seed, index, b[:size])
			} else {
				ct, err = homomorphic.ReadCiphertext(p, degree, in.Level, meta(params, in.scale(params)), b[:size])
			}
			if err != nil {
				return nil, fmt.Errorf("input %d: %w", i, err)
			}
			chunk.inputs[i] = append(chunk.inputs[i], ct)
			b = b[size:]
			index++
		}
	}
	return chunk, nil
}

// Evaluator evaluates one circuit under one relinearisation key. It is not safe for concurrent use: see ShallowCopy and
// homomorphic.Pool.
type Evaluator struct {
	circuit *Circuit
	params  heint.Parameters
	eval    *heint.Evaluator
}

// NewEvaluator takes the relinearisation key of the secret that the levels are encrypted under, of one holder or of many.
func (c *Circuit) NewEvaluator(rlk *rlwe.RelinearizationKey) (*Evaluator, error) {
	if err := checkRelinearizationKey(c.params, rlk); err != nil {
		return nil, err
	}
	return &Evaluator{circuit: c, params: c.params, eval: heint.NewEvaluator(c.params, rlwe.NewMemEvaluationKeySet(rlk))}, nil
}

func checkRelinearizationKey(p heint.Parameters, rlk *rlwe.RelinearizationKey) error {
	want := rlwe.NewRelinearizationKey(p)
	if rlk == nil || len(rlk.Value) != len(want.Value) || rlk.BaseTwoDecomposition != want.BaseTwoDecomposition {
		return fmt.Errorf("%w: the relinearisation key has another shape than the parameters", homomorphic.ErrParams)
	}
	for i, row := range rlk.Value {
		if len(row) != len(want.Value[i]) {
			return fmt.Errorf("%w: the relinearisation key has another shape than the parameters", homomorphic.ErrParams)
		}
		for _, entry := range row {
			if len(entry) != 2 {
				return fmt.Errorf("%w: want a relinearisation key of degree 1", homomorphic.ErrParams)
			}
			for _, v := range entry {
				if v.Q.Level() != p.MaxLevel() || v.P.Level() != p.MaxLevelP() || v.Q.N() != p.N() || v.P.N() != p.N() {
					return fmt.Errorf("%w: the relinearisation key has other parameters than the circuit", homomorphic.ErrParams)
				}
			}
		}
	}
	return nil
}

// ShallowCopy is an evaluator for another goroutine: it shares keys and has buffers of its own.
func (e *Evaluator) ShallowCopy() *Evaluator {
	return &Evaluator{circuit: e.circuit, params: e.params, eval: e.eval.ShallowCopy()}
}

// Evaluate computes the encrypted bands of a chunk. The result is a function of the circuit, the key and the chunk alone,
// bit for bit, on every machine: a holder of a share of the key computes it again and compares. It is not yet to be given
// to anyone who can decrypt it: see Finish.
//
// own are the bank's own points of each company in units, in clear, where the model has own features, and nil otherwise.
func (e *Evaluator) Evaluate(ctx context.Context, chunk *Chunk, own []int64) (*rlwe.Ciphertext, error) {
	sum, err := e.score(ctx, chunk)
	if err != nil {
		return nil, err
	}
	if err := e.addOwn(sum, own); err != nil {
		return nil, err
	}
	return e.polynomial(ctx, sum, e.circuit.band, e.params.NewScale(1))
}

// score is the index of the score, at scale 1 and the band polynomial's level.
func (e *Evaluator) score(ctx context.Context, chunk *Chunk) (*rlwe.Ciphertext, error) {
	c := e.circuit
	if chunk == nil || len(chunk.inputs) != len(c.features) {
		return nil, fmt.Errorf("%w: the chunk is not of this circuit's layout", homomorphic.ErrParams)
	}
	top := levelAbove(depthOf(len(c.band)))
	scale := c.params.NewScale(c.params.Q()[top+1])
	sum := heint.NewCiphertext(c.params, 1, top+1)
	sum.MetaData = meta(c.params, scale)
	constant := int64(0)
	for i, f := range c.features {
		in := &c.layout.Inputs[i]
		if len(chunk.inputs[i]) != in.ciphertexts() {
			return nil, fmt.Errorf("%w: the chunk is not of this circuit's layout", homomorphic.ErrParams)
		}
		for j, ct := range chunk.inputs[i] {
			if ct.Level() != in.Level {
				return nil, fmt.Errorf("%w: the chunk is not of this circuit's layout", homomorphic.ErrParams)
			}
			if in.Form == FormLevels {
				part, err := e.polynomial(ctx, ct, f.lookup, scale)
				if err != nil {
					return nil, err
				}
				if err := e.eval.Add(sum, part, sum); err != nil {
					return nil, failed(err)
				}
			} else {
				c.addWeighted(sum, ct, f.weights[j])
			}
		}
		constant += f.last
	}
	if err := e.eval.Rescale(sum, sum); err != nil {
		return nil, failed(err)
	}
	if err := e.eval.Add(sum, uint64(constant), sum); err != nil {
		return nil, failed(err)
	}
	return sum, ctx.Err()
}

// addWeighted adds w ct to a sum at the same level and scale. (MulThenAdd of the library would do, but takes w modulo T.)
func (c *Circuit) addWeighted(sum, ct *rlwe.Ciphertext, w int64) {
	r := c.params.RingQ().AtLevel(sum.Level())
	for i := range sum.Value {
		if w < 0 {
			r.MulScalarThenSub(ct.Value[i], uint64(-w), sum.Value[i])
		} else {
			r.MulScalarThenAdd(ct.Value[i], uint64(w), sum.Value[i])
		}
	}
}

// addOwn adds the own points of each company.
func (e *Evaluator) addOwn(sum *rlwe.Ciphertext, own []int64) error {
	m := e.circuit.model
	if len(m.OwnFeatures()) == 0 {
		if own != nil {
			return fmt.Errorf("%w: the model has no own features", homomorphic.ErrParams)
		}
		return nil
	}
	low, high := m.OwnRange()
	if len(own) < 1 || len(own) > e.circuit.layout.Slots() {
		return fmt.Errorf("%w: want own points of 1 to %d companies, got %d", homomorphic.ErrRange, e.circuit.layout.Slots(), len(own))
	}
	values := make([]uint64, e.circuit.layout.Slots())
	for i, v := range own {
		if v < low || v > high {
			return fmt.Errorf("%w: own points of company %d are outside the model's range", homomorphic.ErrRange, i)
		}
		values[i] = uint64(v - low)
	}
	if err := e.eval.Add(sum, values, sum); err != nil {
		return failed(err)
	}
	return nil
}

// polynomial evaluates p at a ciphertext of scale 1: depthOf(len(p)) levels lower, at the scale given.
func (e *Evaluator) polynomial(ctx context.Context, ct *rlwe.Ciphertext, p polynomial, scale rlwe.Scale) (*rlwe.Ciphertext, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	params := e.params
	if len(p) == 1 {
		out := heint.NewCiphertext(params, 1, ct.Level()-depthOf(1))
		out.MetaData = meta(params, scale)
		if err := e.eval.Add(out, p[0], out); err != nil {
			return nil, failed(err)
		}
		return out, nil
	}
	pe := heint.NewPolynomialEvaluator(params, stoppable{e.eval, ctx}, false)
	out, err := pe.Evaluate(ct, heint.NewPolynomial([]uint64(p)), scale)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, failed(err)
	}
	return out, nil
}

// stoppable is an evaluator that ends with its context: every product is followed by a rescaling.
type stoppable struct {
	*heint.Evaluator
	ctx context.Context
}

var _ he.Evaluator = stoppable{}

// Rescale divides a ciphertext by its last prime, unless the context has ended.
func (s stoppable) Rescale(in, out *rlwe.Ciphertext) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return s.Evaluator.Rescale(in, out)
}

// failed wraps an error of the library, which none of our inputs should cause.
func failed(err error) error { return fmt.Errorf("%w: evaluating: %w", homomorphic.ErrParams, err) }
