package offline

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/blindscore/blindscore/circuits/homomorphic/tables"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

// CheckKeys refuses keys that are not for the plan: other parameters, or another number of holders than it has noise for.
func (p *Plan) CheckKeys(k *threshold.PublicKeys) error {
	if k == nil {
		return fmt.Errorf("%w: want keys", homomorphic.ErrParams)
	}
	have := k.Group().Parameters()
	if !have.Equal(&p.params) || k.Group().Holders() != p.layout.Set.Holders {
		return fmt.Errorf("%w: the keys are of other parameters or of another number of holders than the plan's", homomorphic.ErrParams)
	}
	return nil
}

// Encryptor encrypts levels on a plan. It is not safe for concurrent use.
type Encryptor struct {
	plan *Plan
	enc  *tables.Encryptor
}

// NewEncryptor encrypts under the threshold key.
func (p *Plan) NewEncryptor(k *threshold.PublicKeys) (*Encryptor, error) {
	if err := p.CheckKeys(k); err != nil {
		return nil, err
	}
	e, err := tables.NewEncryptor(&p.layout, k.PublicKey())
	if err != nil {
		return nil, err
	}
	return &Encryptor{p, e}, nil
}

// Encrypt encrypts a chunk: for each of 1 to Slots companies the levels of the plan's features, in their order. The result
// has ChunkBytes bytes. Errors wrap homomorphic.ErrRange.
func (e *Encryptor) Encrypt(levels [][]uint16) ([]byte, error) {
	return e.enc.Encrypt(levels, rand.Reader)
}

// Evaluator evaluates a circuit. It is not safe for concurrent use; Clone it.
type Evaluator struct {
	circuit *Circuit
	eval    *tables.Evaluator
}

// NewEvaluator takes the relinearisation key of the threshold key.
func (c *Circuit) NewEvaluator(k *threshold.PublicKeys) (*Evaluator, error) {
	if err := c.plan.CheckKeys(k); err != nil {
		return nil, err
	}
	e, err := c.circuit.NewEvaluator(k.Relinearization())
	if err != nil {
		return nil, err
	}
	return &Evaluator{c, e}, nil
}

// Clone is an evaluator for another goroutine.
func (e *Evaluator) Clone() *Evaluator { return &Evaluator{e.circuit, e.eval.ShallowCopy()} }

// Result is the encrypted bands of a chunk, before any switch.
type Result struct {
	circuit *Circuit
	ct      *rlwe.Ciphertext
	digest  [32]byte
}

// Evaluate computes the bands of a chunk of exactly ChunkBytes bytes: the same result on every machine. Errors wrap
// homomorphic.ErrEncoding for bytes that are no chunk, and the error of the context.
func (e *Evaluator) Evaluate(ctx context.Context, chunk []byte) (*Result, error) {
	p := e.circuit.plan
	if len(chunk) != p.ChunkBytes() {
		return nil, fmt.Errorf("%w: a chunk has %d bytes, got %d", homomorphic.ErrEncoding, p.ChunkBytes(), len(chunk))
	}
	at := make(map[string][]byte)
	for i := range p.layout.Inputs {
		at[p.layout.Inputs[i].Feature], chunk = chunk[:p.sizes[i]], chunk[p.sizes[i]:]
	}
	var used []byte
	for _, in := range e.circuit.circuit.Layout().Inputs {
		used = append(used, at[in.Feature]...)
	}
	read, err := e.circuit.circuit.ReadChunk(used, false)
	if err != nil {
		return nil, err
	}
	ct, err := e.eval.Evaluate(ctx, read, nil)
	if err != nil {
		return nil, err
	}
	b, err := e.circuit.circuit.Output().AppendBand(nil, ct, false)
	if err != nil {
		return nil, err
	}
	return &Result{e.circuit, ct, sha256.Sum256(append([]byte("blindscore offline result v1\x00"), b...))}, nil
}

// Digest identifies the result's ciphertext.
func (r *Result) Digest() [32]byte { return r.digest }

// Switch is how a result becomes the receiver's.
type Switch struct {
	Keys     *threshold.PublicKeys
	Context  [32]byte // digest of task and chunk
	Receiver []byte   // the receiver's public key
	Active   []int    // the holders' points
	Show     []int    // the slots of the companies that the receiver may read, ascending; empty for none
}

// NewSession makes the session in which the holders switch the result. It is a function of the result and of w.
func (r *Result) NewSession(w Switch) (*threshold.Session, error) {
	p := r.circuit.plan
	if err := p.CheckKeys(w.Keys); err != nil {
		return nil, err
	}
	pk, err := homomorphic.ReadPublicKey(p.params, w.Receiver)
	if err != nil {
		return nil, err
	}
	return w.Keys.NewSession(threshold.Statement{
		Context: w.Context, Ciphertext: r.ct, Receiver: pk, Active: w.Active, NoiseBits: p.layout.Set.NoiseBits(),
		Plaintext: tables.T, Show: append(make([]int, 0, len(w.Show)), w.Show...),
	})
}

// Combine joins the holders' answers, in the order of Active, to BandBytes bytes for the receiver. Errors are those of
// threshold.Session.Combine, and name holders.
func (r *Result) Combine(s *threshold.Session, answers [][]byte) ([]byte, error) {
	ct, err := s.Combine(answers)
	if err != nil {
		return nil, err
	}
	out := r.circuit.circuit.Output()
	if ct, err = out.Shrink(ct); err != nil {
		return nil, err
	}
	return out.AppendBand(nil, ct, true)
}
