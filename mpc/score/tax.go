package score

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
)

// Tax is the tax node's side of a batch. It does not change once it runs.
type Tax struct {
	p      Params
	plan   *plan
	engine taxEngine
	source source
	ready  *TaxReady // of the one company of the batch, if its OTs are at hand
	last   Withhold
	tap    func(payload []byte) // in tests: sees and may replace what is sent
}

// taxEngine is the tax node's side of stage 1.
type taxEngine interface {
	choices(x *features) [][]uint8
	// first writes the engine's message of flight 1, which may set the index that
	// was drawn to another that is as random.
	first(front []byte, blk *mpc.Block, x *features, index []uint16) error
	// share runs the engine's flights after flight 1, if it has any.
	share(ctx context.Context, t *Tax, blk *mpc.Block, x *features, index []uint16, rows *ot.ReceiverRows, h hasher) error
}

// taxForm is the tax node's side of stage 2, for one superblock.
type taxForm interface {
	// open runs its flights up to the last but one and returns what is released.
	open(ctx context.Context, t *Tax, blk *mpc.Block, index []uint16, rows *ot.ReceiverRows, first int, h hasher) ([]uint16, error)
}

// NewTax checks p, which came from the bank and names EngineOT.
func NewTax(p Params, input Input) (*Tax, error) {
	t, err := newTax(p, EngineOT, input.of(p))
	if err != nil {
		return nil, err
	}
	t.engine = &transferTax{t.plan.engine.(*transfer)}
	return t, nil
}

// NewLatticeTax is NewTax for EngineLattice. The table is of the kind that was
// certified, which no other way leads to.
func NewLatticeTax(p Params, input Input, table *lattice.Certified) (*Tax, error) {
	if table == nil {
		return nil, fmt.Errorf("%w: no table", mpc.ErrParams)
	}
	t, err := newTax(p, EngineLattice, input.of(p))
	if err != nil {
		return nil, err
	}
	e := t.plan.engine.(*encrypted)
	t.engine = &encryptedTax{encrypted: e, table: table}
	return t, e.check("table", table.Params().Digest())
}

// NewLinearTax is NewTax for EngineLinear, likewise with a certified table.
func NewLinearTax(p Params, values Values, table *linear.Certified) (*Tax, error) {
	if table == nil {
		return nil, fmt.Errorf("%w: no table", mpc.ErrParams)
	}
	t, err := newTax(p, EngineLinear, values.of(p))
	if err != nil {
		return nil, err
	}
	e := t.plan.engine.(*product)
	t.engine = &productTax{e, table}
	return t, e.check("table", table.Params())
}

// NewProbabilityTax is NewTax for EngineProbability. Its key is drawn anew for
// every superblock.
func NewProbabilityTax(p Params, values Values) (*Tax, error) {
	t, err := newTax(p, EngineProbability, values.of(p))
	if err != nil {
		return nil, err
	}
	t.engine = &logisticTax{t.plan.engine.(*logistic)}
	return t, nil
}

// Withhold names the companies, by their positions from 0 to n-1 in a
// superblock of n, whose bits are not to be released after all. It is called
// right before the last flight of the superblock, from several goroutines at
// once; an error ends the session.
type Withhold func(ctx context.Context, block, n int) ([]int, error)

// Withhold has the batch ask, before each last flight, what to keep back. The
// bits of such a company are sent as zeros, whatever was opened; what the bank
// unmasks is its own mask. Who runs the protocol tells it which they were.
func (t *Tax) Withhold(ask Withhold) { t.last = ask }

func (t *Tax) withhold(ctx context.Context, block int, out []uint16) error {
	if t.last == nil {
		return nil
	}
	positions, err := t.last(ctx, block, len(out))
	if err != nil {
		return err
	}
	for _, i := range positions {
		if i < 0 || i >= len(out) {
			return fmt.Errorf("%w: company %d of %d is to be withheld", mpc.ErrParams, i, len(out))
		}
		out[i] = 0
	}
	return nil
}

func newTax(p Params, engine EngineKind, source source) (*Tax, error) {
	if p.Engine != engine {
		return nil, fmt.Errorf("%w: what engine %v needs, for engine %v", mpc.ErrParams, engine, p.Engine)
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if source == nil {
		return nil, fmt.Errorf("%w: no features", mpc.ErrParams)
	}
	pl, err := newPlan(p)
	if err != nil {
		return nil, err
	}
	return &Tax{p: p, plan: pl, source: source}, nil
}

// Run serves the given superblocks on a fresh session.
func (t *Tax) Run(ctx context.Context, s *mpc.Session, conn *mpc.Conn, receiver *ot.Receiver, blocks []int) error {
	fresh := len(blocks)
	if t.ready != nil {
		fresh = 0
	}
	ext, err := receiver.Reserve(fresh)
	if err != nil {
		return err
	}
	return s.Run(ctx, conn, blocks, t.plan.flights, func(ctx context.Context, blk *mpc.Block) error {
		at, _ := slices.BinarySearch(blocks, blk.Index)
		return t.block(ctx, blk, ext, at)
	})
}

// block is the tax node's side of one superblock.
func (t *Tax) block(ctx context.Context, blk *mpc.Block, ext *ot.ReceiverRange, at int) error {
	from, to := t.p.Span(blk.Index)
	n := to - from
	x, err := t.source(ctx, from, to)
	if err != nil {
		return err
	}
	h := t.plan.hasher(blk)

	// Flight 1: the engine's message, and OT corrections. The index of stage 2
	// is random, so that nothing of stage 2 waits for the score.
	o, err := t.prepare(blk, n)
	if err != nil {
		return err
	}
	message, err := blk.Next()
	if err != nil {
		return err
	}
	front := t.plan.engine.front(n)
	if err := t.engine.first(message[:front], blk, x, o.index); err != nil {
		return err
	}
	choices, form := t.plan.form.choices(o.index, blk.Seed())
	if o.rows == nil {
		choices = append(t.engine.choices(x), choices...)
		o.rows, err = ext.Extend(at, t.plan.shape(n), choices, blk.Binding(), blk.Seed().Derive("ot"), message[front:])
		if err != nil {
			return err
		}
	}
	defer o.rows.Wipe()
	if err := t.send(ctx, blk, message); err != nil {
		return err
	}

	if err := t.engine.share(ctx, t, blk, x, o.index, o.rows, h); err != nil {
		return err
	}
	out, err := form.open(ctx, t, blk, o.index, o.rows, len(t.plan.engine.digits()), h)
	if err != nil {
		return err
	}

	// The last flight: those b bits a company, and nothing else, are released.
	if err := t.withhold(ctx, blk.Index, out); err != nil {
		return err
	}
	if message, err = blk.Next(); err != nil {
		return err
	}
	pack(message, out, t.p.OutputBits)
	return t.send(ctx, blk, message)
}

// opening is the part of a superblock that does not depend on features.
type opening struct {
	index []uint16         // of stage 2
	rows  *ot.ReceiverRows // if the corrections were sent ahead
}

// open draws the opening of a superblock from its seed.
func (pl *plan) open(seed mpc.Seed, n int) *opening {
	return &opening{index: randomIndex(seed.Derive("index"), n, pl.p.indexBits())}
}

// prepare draws the opening, or takes the one that was made ahead.
func (t *Tax) prepare(blk *mpc.Block, n int) (*opening, error) {
	if t.ready == nil {
		return t.plan.open(blk.Seed(), n), nil
	}
	return t.ready.take()
}

func (t *Tax) send(ctx context.Context, blk *mpc.Block, payload []byte) error {
	if t.tap != nil {
		t.tap(payload)
	}
	return blk.Send(ctx)
}

// randomIndex draws n indices of m bits.
func randomIndex(seed mpc.Seed, n, m int) []uint16 {
	raw := make([]byte, 2*n)
	seed.PRG().Fill(raw)
	index := make([]uint16, n)
	for i := range index {
		index[i] = binary.LittleEndian.Uint16(raw[2*i:]) & uint16(1<<m-1)
	}
	return index
}
