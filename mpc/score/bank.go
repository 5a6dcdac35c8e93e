package score

import (
	"context"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
)

// Bank is the bank's side of a batch: it holds the model and its own points for
// each company. It is immutable and may run several sessions (attempts at one
// batch), each with a seed of its own.
type Bank struct {
	p      Params
	plan   *plan
	engine bankEngine
	f      *function
	own    []int64
	ready  *BankReady // of the one company of the batch, if its OTs are at hand
}

// bankEngine is the bank's side of stage 1. It returns the turn of every
// company: what the index of stage 2 is turned by to reach the company's score.
type bankEngine interface {
	share(ctx context.Context, blk *mpc.Block, front []byte, n int, rows *ot.SenderRows, h hasher) (turn []uint16, err error)
}

// bankForm is the bank's side of stage 2: its tables, up to the last flight but
// one, and what its one-time masks make of the last.
type bankForm interface {
	serve(ctx context.Context, b *Bank, blk *mpc.Block, turn []uint16, rows *ot.SenderRows, first int, h hasher) error
	unmask(block mpc.Seed, values []uint16)
}

// NewBank checks that the model fits p, whose engine is EngineOT. own holds the
// bank's own points of each company, or is nil if the model has none.
func NewBank(p Params, model *circuits.Model, own []int64) (*Bank, error) {
	b, err := newTableBank(p, EngineOT, model, own)
	if err != nil {
		return nil, err
	}
	b.engine = &transferBank{b.plan.engine.(*transfer), b.f.tables}
	return b, nil
}

// NewLatticeBank is NewBank for EngineLattice, with the key of the model's
// encrypted table (EncryptModel).
func NewLatticeBank(p Params, model *circuits.Model, own []int64, key *lattice.SecretKey) (*Bank, error) {
	if key == nil {
		return nil, fmt.Errorf("%w: no key", mpc.ErrParams)
	}
	b, err := newTableBank(p, EngineLattice, model, own)
	if err != nil {
		return nil, err
	}
	e := b.plan.engine.(*encrypted)
	b.engine = &encryptedBank{e, key}
	return b, e.check("key", key.Params().Digest())
}

// NewLinearBank is the bank's side for EngineLinear, with the key of the model's
// table (linear.Generate).
func NewLinearBank(p Params, model *circuits.IntegerModel, key *linear.Key) (*Bank, error) {
	if key == nil || model == nil {
		return nil, fmt.Errorf("%w: no model, or no key", mpc.ErrParams)
	}
	b, err := newBank(p, EngineLinear)
	if err != nil {
		return nil, err
	}
	if b.f, err = newLinearFunction(p, model); err != nil {
		return nil, err
	}
	e := b.plan.engine.(*product)
	b.engine = &productBank{e, key}
	return b, e.check("key", key.Params())
}

// NewProbabilityBank is the bank's side for EngineProbability. For OutputBand,
// cuts are the probabilities that part the bands, ascending: the band is how many
// of them the probability reaches. For OutputProbability there are none.
func NewProbabilityBank(p Params, circuit *probability.Circuit, cuts []float64) (*Bank, error) {
	if circuit == nil {
		return nil, fmt.Errorf("%w: no circuit", mpc.ErrParams)
	}
	b, err := newBank(p, EngineProbability)
	if err != nil {
		return nil, err
	}
	if b.f, err = newProbabilityFunction(p, circuit, cuts); err != nil {
		return nil, err
	}
	e := b.plan.engine.(*logistic)
	b.engine = &logisticBank{e, circuit}
	return b, e.check(circuit)
}

func newBank(p Params, engine EngineKind) (*Bank, error) {
	if p.Engine != engine {
		return nil, fmt.Errorf("%w: what engine %v needs, for engine %v", mpc.ErrParams, engine, p.Engine)
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	pl, err := newPlan(p)
	if err != nil {
		return nil, err
	}
	return &Bank{p: p, plan: pl}, nil
}

// newTableBank is newBank for a model on a grid.
func newTableBank(p Params, engine EngineKind, model *circuits.Model, own []int64) (*Bank, error) {
	b, err := newBank(p, engine)
	if err != nil {
		return nil, err
	}
	if model == nil {
		return nil, fmt.Errorf("%w: no model", mpc.ErrParams)
	}
	if own != nil && len(own) != p.Companies {
		return nil, fmt.Errorf("%w: own points of %d companies for a batch of %d", mpc.ErrParams, len(own), p.Companies)
	}
	b.own = slices.Clone(own)
	if b.f, err = newFunction(p, model, own); err != nil {
		return nil, err
	}
	return b, nil
}

// Run evaluates the given superblocks on a fresh session and calls result for
// each as it completes, from several goroutines at once, with the transcript
// hash of the whole superblock. Value i of a superblock is the band of its i-th
// company, or, for OutputScore, what Score turns into a score. An error of
// result ends the session.
func (b *Bank) Run(ctx context.Context, s *mpc.Session, conn *mpc.Conn, sender *ot.Sender, blocks []int, result func(block int, digest mpc.Digest, values []uint16) error) error {
	fresh := len(blocks)
	if b.ready != nil {
		fresh = 0
	}
	ext, err := sender.Reserve(fresh)
	if err != nil {
		return err
	}
	return s.Run(ctx, conn, blocks, b.plan.flights, func(ctx context.Context, blk *mpc.Block) error {
		at, _ := slices.BinarySearch(blocks, blk.Index)
		values, err := b.block(ctx, blk, ext, at)
		if err != nil {
			return err
		}
		return result(blk.Index, blk.Digest(), values)
	})
}

// block is the bank's side of one superblock.
func (b *Bank) block(ctx context.Context, blk *mpc.Block, ext *ot.SenderRange, at int) ([]uint16, error) {
	from, to := b.p.Span(blk.Index)
	n := to - from
	h := b.plan.hasher(blk)

	// The tax node's choices come hidden in OT corrections. Extend checks them
	// before anything that depends on Delta is computed.
	message, err := blk.Recv(ctx)
	if err != nil {
		return nil, err
	}
	front := b.plan.engine.front(n)
	var rows *ot.SenderRows
	if b.ready != nil {
		rows, err = b.ready.take()
	} else {
		rows, err = ext.Extend(at, b.plan.shape(n), blk.Binding(), message[front:])
	}
	if err != nil {
		return nil, err
	}
	defer rows.Wipe()

	turn, err := b.engine.share(ctx, blk, message[:front], n, rows, h)
	if err != nil {
		return nil, err
	}
	form := b.plan.form.bank()
	if err := form.serve(ctx, b, blk, turn, rows, len(b.plan.engine.digits()), h); err != nil {
		return nil, err
	}

	// b masked bits a company.
	if message, err = blk.Recv(ctx); err != nil {
		return nil, err
	}
	values := make([]uint16, n)
	if err := unpack(values, message, b.p.OutputBits); err != nil {
		return nil, err
	}
	form.unmask(blk.Seed(), values)
	return values, nil
}

// Unmask reads the stored last flight of a superblock of an earlier session,
// whose seed the bank has kept.
func Unmask(p Params, session mpc.Seed, block int, payload []byte) ([]uint16, error) {
	pl, err := newPlan(p)
	if err != nil {
		return nil, err
	}
	from, to := p.Span(block)
	values := make([]uint16, to-from)
	if err := unpack(values, payload, p.OutputBits); err != nil {
		return nil, err
	}
	pl.form.bank().unmask(mpc.BlockSeed(session, block), values)
	return values, nil
}

// start is the score of company i whose shifted sum is 0.
func (b *Bank) start(i int) int64 {
	if b.own == nil {
		return b.f.base
	}
	return b.f.base + b.own[i]
}

// Score turns a value of OutputScore into the scaled score of company i of the
// batch, the bank's own points included. With EngineLinear it is right to within a
// unit (linear.Params.Unit), and exact where that is 1.
func (b *Bank) Score(i int, value uint16) int64 {
	if l := b.f.linear; l != nil {
		return l.low + int64(value)*l.unit
	}
	return b.start(i) + int64(value)
}

// Probability turns a value of OutputProbability into the probability, which is
// right to within probability.Report.Bound. Zero with any other engine.
func (b *Bank) Probability(value uint16) float64 {
	if b.f.circuit == nil {
		return 0
	}
	return b.f.circuit.Probability(uint32(value))
}
