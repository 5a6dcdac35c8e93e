package score

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
)

// logistic is stage 1 by encrypted features, EngineProbability: the tax node sends
// its columns under a key of its own, the bank computes the logistic of its model
// and masks it, and the tax node sends its share of what it decrypts, hidden by
// its random index as in EngineOT.
//
// The key is drawn anew for every superblock and travels with it: so no key serves
// more companies than one block has, no company is ever under a key twice, and a
// superblock can be run again, or replayed, without any other.
type logistic struct {
	p Params
	l *probability.Layout
}

func newLogistic(p Params) (*logistic, error) {
	if p.Layout == nil {
		return nil, fmt.Errorf("%w: engine %v without its layout", mpc.ErrParams, p.Engine)
	}
	return &logistic{p, p.Layout}, nil
}

func (e *logistic) digits() []int  { return nil }
func (e *logistic) front(int) int  { return e.l.KeyBytes() + e.l.MessageBytes() }
func (e *logistic) positions() int { return 0 }

// between: the masked result, and the tax node's share less its index.
func (e *logistic) between(n int) []int {
	return []int{e.l.ReplyBytes(), packedBytes(n, e.p.indexBits())}
}

// check refuses a circuit of another layout.
func (e *logistic) check(c *probability.Circuit) error {
	has, want := c.Layout().Spec(), e.l.Spec()
	if has.Set != want.Set || has.OutputBits != want.OutputBits || has.Complete != want.Complete ||
		!slices.Equal(has.Features, want.Features) || c.Layout().Columns() != e.l.Columns() {
		return fmt.Errorf("%w: the circuit has another layout than the task", mpc.ErrParams)
	}
	return nil
}

// joint is the coin of the public key's uniform half: a hash of what both sides
// contributed to, so that neither picks it.
func joint(blk *mpc.Block) [32]byte {
	binding := blk.Binding()
	return sha256.Sum256(append([]byte("blindscore joint coin v1\x00"), binding[:]...))
}

// logisticBank is EngineProbability at the bank.
type logisticBank struct {
	*logistic
	circuit *probability.Circuit
}

// share evaluates the circuit. Nothing that the tax node can see depends on what a
// well-formed message holds.
func (e *logisticBank) share(ctx context.Context, blk *mpc.Block, front []byte, n int, _ *ot.SenderRows, _ hasher) ([]uint16, error) {
	keys, message := front[:e.l.KeyBytes()], front[e.l.KeyBytes():]
	bank, err := probability.NewBank(e.circuit, joint(blk), keys, 1)
	if err != nil {
		return nil, byFault(err)
	}
	reply, z, err := bank.Evaluate(ctx, message, n, blk.Seed().Derive("reply").PRG())
	if err != nil {
		return nil, byFault(err)
	}
	out, err := blk.Next()
	if err != nil {
		return nil, err
	}
	copy(out, reply)
	if err := blk.Send(ctx); err != nil {
		return nil, err
	}
	return e.p.recvLess(ctx, blk, narrow(z))
}

// logisticTax is EngineProbability at the tax node.
type logisticTax struct{ *logistic }

func (e *logisticTax) choices(*features) [][]uint8 { return nil }

// key draws the key of a superblock; it is the same every time.
func (e *logisticTax) key(blk *mpc.Block) (*probability.Key, error) {
	key, err := probability.NewKey(e.l, blk.Seed().Derive("key").PRG())
	return key, byFault(err)
}

func (e *logisticTax) first(front []byte, blk *mpc.Block, x *features, _ []uint16) error {
	key, err := e.key(blk)
	if err != nil {
		return err
	}
	keys, err := key.EvaluationKeys(joint(blk), blk.Seed().Derive("evaluation").PRG())
	if err != nil {
		return byFault(err)
	}
	values, err := e.l.FromIntegers(x.columns)
	if err != nil {
		return byFault(err)
	}
	message, err := key.Encrypt(values, blk.Seed().Derive("columns").PRG())
	if err != nil {
		return byFault(err)
	}
	copy(front[copy(front, keys):], message)
	return nil
}

func (e *logisticTax) share(ctx context.Context, t *Tax, blk *mpc.Block, _ *features, index []uint16, _ *ot.ReceiverRows, _ hasher) error {
	reply, err := blk.Recv(ctx)
	if err != nil {
		return err
	}
	key, err := e.key(blk)
	if err != nil {
		return err
	}
	w, err := key.Open(reply, len(index), blk.Seed().Derive("dither").PRG())
	if err != nil {
		return byFault(err)
	}
	return t.sendLess(ctx, blk, narrow(w), index)
}

// narrow turns shares, below 2^16, into indices.
func narrow(shares []uint32) []uint16 {
	out := make([]uint16, len(shares))
	for i, v := range shares {
		out[i] = uint16(v)
	}
	return out
}

// newProbabilityFunction maps the cuts of the bands to shared values.
func newProbabilityFunction(p Params, circuit *probability.Circuit, cuts []float64) (*function, error) {
	if (p.Output == OutputBand) != (len(cuts) > 0) || !slices.IsSorted(cuts) {
		return nil, fmt.Errorf("%w: want ascending cuts for bands, and none for a probability", mpc.ErrParams)
	}
	thresholds := make([]int64, len(cuts))
	for i, cut := range cuts {
		if !(cut > 0 && cut < 1) {
			return nil, fmt.Errorf("%w: cut %d is not between 0 and 1", mpc.ErrParams, i)
		}
		thresholds[i] = int64(circuit.Index(cut))
	}
	f := &function{circuit: circuit}
	return f, f.output(p, thresholds, 1<<p.ScoreBits-1, []int64{0})
}

// ProbabilityParams returns the parameters of a circuit, for so many cuts if the
// output is a band. Companies and the superblock are for the caller to set.
func ProbabilityParams(circuit *probability.Circuit, output OutputKind, cuts int) Params {
	l := circuit.Layout()
	p := Params{
		Engine: EngineProbability, Layout: l, ScoreBits: l.Spec().OutputBits,
		Output: output, OutputBits: l.Spec().OutputBits, Form: OneTable,
	}
	if output == OutputBand {
		for p.OutputBits = 1; cuts>>p.OutputBits > 0; {
			p.OutputBits++
		}
	}
	return p
}
