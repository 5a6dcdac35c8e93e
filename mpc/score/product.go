package score

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
)

// product is stage 1 by encrypted weights, EngineLinear: the tax node multiplies
// them with its columns and sends the masked dot products with flight 1; the bank
// decrypts its share. As with EngineLattice there is no flight more, since the
// mask that the tax node drew is its index.
type product struct {
	p *linear.Params
}

func newProduct(p Params) (*product, error) {
	if p.Linear == nil {
		return nil, fmt.Errorf("%w: engine %v without its parameters", mpc.ErrParams, p.Engine)
	}
	return &product{p.Linear}, nil
}

func (e *product) digits() []int     { return nil }
func (e *product) between(int) []int { return nil }
func (e *product) positions() int    { return 0 }

// front is a message for every 4,096 companies.
func (e *product) front(n int) int {
	return n/linear.Block*e.p.MessageBytes(linear.Block) + e.p.MessageBytes(n%linear.Block)
}

// check refuses a key or a table of other columns or another range.
func (e *product) check(what string, q linear.Params) error {
	if q.RangeBits() != e.p.RangeBits() || q.ScoreBits() != e.p.ScoreBits() || !slices.Equal(q.Features(), e.p.Features()) {
		return fmt.Errorf("%w: the %s was made for other columns or another range", mpc.ErrParams, what)
	}
	return nil
}

// productBank is EngineLinear at the bank.
type productBank struct {
	*product
	key *linear.Key
}

// share decrypts. Nothing that the tax node can see depends on what a well-formed
// message holds.
func (e *productBank) share(_ context.Context, _ *mpc.Block, front []byte, n int, _ *ot.SenderRows, _ hasher) ([]uint16, error) {
	turn := make([]uint16, 0, n)
	for len(turn) < n {
		k := min(n-len(turn), linear.Block)
		size := e.p.MessageBytes(k)
		z, err := e.key.Decrypt(front[:size], k)
		if err != nil {
			return nil, byFault(err)
		}
		front = front[size:]
		for _, v := range z {
			turn = append(turn, uint16(v))
		}
	}
	return turn, nil
}

// productTax is EngineLinear at the tax node.
type productTax struct {
	*product
	table *linear.Certified
}

func (e *productTax) choices(*features) [][]uint8 { return nil }

// first writes the messages. The index is what they were masked by.
func (e *productTax) first(front []byte, blk *mpc.Block, x *features, index []uint16) error {
	piece := make([][]int64, len(x.columns))
	for from := 0; from < len(index); from += linear.Block {
		to := min(from+linear.Block, len(index))
		for c, column := range x.columns {
			piece[c] = column[from:to]
		}
		message, w, err := e.table.Eval(piece, blk.Seed().Derive("linear", uint64(from/linear.Block)).PRG())
		if err != nil {
			return byFault(err)
		}
		front = front[copy(front, message):]
		for i, v := range w {
			index[from+i] = uint16(v)
		}
	}
	return nil
}

func (e *productTax) share(context.Context, *Tax, *mpc.Block, *features, []uint16, *ot.ReceiverRows, hasher) error {
	return nil
}

// byFault says whose fault an error of the homomorphic rooms is: they know bytes
// from outside, which here are the peer's, and values of the caller.
func byFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, homomorphic.ErrEncoding):
		return fmt.Errorf("%w: %w", mpc.ErrPeer, err)
	case errors.Is(err, homomorphic.ErrParams), errors.Is(err, homomorphic.ErrRange), errors.Is(err, homomorphic.ErrNoise):
		return fmt.Errorf("%w: %w", mpc.ErrParams, err)
	}
	return err
}

// units are what shared values of EngineLinear stand for: low, and a unit more
// for each.
type units struct{ low, unit int64 }

// newLinearFunction maps the thresholds of an integer model to shared values.
func newLinearFunction(p Params, m *circuits.IntegerModel) (*function, error) {
	want, err := linear.ModelConfig(m, p.ScoreBits)
	if err != nil {
		return nil, byFault(err)
	}
	if !slices.Equal(want.Features, p.Linear.Features()) || want.RangeBits > p.Linear.RangeBits() {
		return nil, fmt.Errorf("%w: the model has other columns, or a wider range, than the task", mpc.ErrParams)
	}
	thresholds, err := linear.ModelThresholds(*p.Linear, m, 0)
	if err != nil {
		return nil, byFault(err)
	}
	lo, hi := m.Range()
	unit := p.Linear.Unit()
	f := &function{linear: &units{m.Base() + lo, unit}}
	return f, f.output(p, thresholds, (hi-lo)/unit+min(1, (hi-lo)%unit), []int64{0})
}

// LinearParams returns the parameters of an integer model for EngineLinear, its
// score in at most shareBits bits (8 to 15: with fewer, tables of stage 2 are
// smaller and the unit larger). The range may be widened by a bit, which leaves
// room for two tables. Companies and the superblock are for the caller to set.
func LinearParams(m *circuits.IntegerModel, output OutputKind, shareBits, widen int) (Params, error) {
	config, err := linear.ModelConfig(m, shareBits)
	if err != nil {
		return Params{}, byFault(err)
	}
	config.RangeBits = max(config.RangeBits+widen, linear.MinShareBits)
	lp, err := linear.NewParams(config)
	if err != nil {
		return Params{}, byFault(err)
	}
	p := Params{
		Engine: EngineLinear, Linear: &lp, ScoreBits: lp.ScoreBits(),
		Output: output, OutputBits: lp.ScoreBits(), Form: OneTable,
	}
	if output == OutputBand {
		p.OutputBits = m.BandBits()
	}
	return p, nil
}
