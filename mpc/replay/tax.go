package replay

import (
	"context"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/replay"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
)

// Tax is what a tax node's side of a session is replayed from.
type Tax struct {
	Link
	Session

	// Input gives the levels that the tax node should have used; it is asked for
	// the replayed superblocks only.
	Input score.Input
	// Columns is Input for EngineLinear and EngineProbability.
	Columns score.Values
	// Table is the certified table of EngineLattice, LinearTable that of
	// EngineLinear.
	Table       *lattice.Certified
	LinearTable *linear.Certified
	// Withhold, if set, says which companies the tax node kept back.
	Withhold score.Withhold
}

// Replay runs the tax node's side of the given superblocks, ascending, again, and
// returns where it deviates, by superblock and flight; nothing if it does not.
//
// Errors: ErrRecord; mpc.ErrParams for inputs with which no such session can run;
// mpc.ErrInterrupted when ctx ends; those of load, Input and Withhold as they are.
func (t *Tax) Replay(ctx context.Context, blocks []int, load Load) ([]Deviation, error) {
	if err := t.Session.check(blocks); err != nil {
		return nil, err
	}
	if _, err := t.node(); err != nil {
		return nil, err
	}
	r := &replayer{role: mpc.RoleTax, l: &t.Link, s: &t.Session, side: &taxSide{Tax: t}, load: load}
	found, err := r.run(ctx, blocks)
	for i := range found {
		found[i].Recomputed = [32]byte{}
	}
	return found, err
}

// node returns the tax node's side of the protocol.
func (t *Tax) node() (*score.Tax, error) {
	in := score.TaxInputs{Table: t.Table, LinearTable: t.LinearTable}
	if t.Input != nil {
		in.Levels = func(ctx context.Context, from, to int) ([][]uint16, error) {
			levels, err := t.Input(ctx, from, to)
			return levels, byCaller(err)
		}
	}
	if t.Columns != nil {
		in.Columns = func(ctx context.Context, from, to int) ([][]int64, error) {
			columns, err := t.Columns(ctx, from, to)
			return columns, byCaller(err)
		}
	}
	node, err := in.Tax(t.Params)
	if err == nil && t.Withhold != nil {
		node.Withhold(func(ctx context.Context, block, n int) ([]int, error) {
			positions, err := t.Withhold(ctx, block, n)
			return positions, byCaller(err)
		})
	}
	return node, err
}

var (
	receiverAt = replay.ReceiverAt.(func(*ot.Receiver, uint64) (*ot.Receiver, error))
	freshOf    = replay.Fresh.(func(block func(block int) mpc.Seed) *mpc.Fresh)
)

type taxSide struct {
	*Tax
	link *ot.Receiver
}

func (t *taxSide) setUp(ctx context.Context, ch mpc.Channel) (err error) {
	t.link, err = ot.NewReceiver(ctx, ch, t.OT, t.SID, t.Link.Seed)
	return err
}

func (t *taxSide) run(ctx context.Context, s *mpc.Session, conn *mpc.Conn, block int) ([]Deviation, error) {
	receiver, err := receiverAt(t.link, t.number(block))
	if err != nil {
		return nil, err
	}
	node, err := t.node()
	if err != nil {
		return nil, err
	}
	var found []Deviation
	if p := t.Prepared; p != nil {
		message, err := preparedMessage(t.Params, t.Sent, p.Message)
		if err != nil {
			return nil, err
		}
		ready, corrections, err := score.PrepareTax(t.Params, t.Table, receiver, p.Binding, freshOf(t.Seeds))
		if err != nil {
			return nil, err
		}
		found = differs(message, p.Message, message.Label, corrections)
		if err := node.UseReady(ready); err != nil {
			return nil, err
		}
	}
	return found, node.Run(ctx, s, conn, receiver, []int{block})
}
