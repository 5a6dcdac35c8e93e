package bench

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
)

// ErrWrong says that an output differs from the plain evaluator's.
var ErrWrong = errors.New("bench: a result differs from the plain evaluator")

// Bank is the bank's end of a link that runs the protocol alone: no task, no
// journal, no TLS, identities that everybody can derive. For measurements only.
type Bank struct {
	c       *Case
	e       Engine
	conn    *mpc.Conn
	sender  *ot.Sender
	key     *lattice.SecretKey // of an engine that has one
	weights *linear.Key
	runs    uint64
	made    uint64 // prepared so far
	ready   []*score.BankReady

	// Linked is how long base OTs took, Modelled what came with the model: to
	// encrypt, send and lay out its table.
	Linked, Modelled time.Duration

	scores []int64
	bands  []int
}

// Tax is the tax node's end.
type Tax struct {
	c        *Case
	e        Engine
	conn     *mpc.Conn
	receiver *ot.Receiver
	table    *lattice.Certified // of an engine that has one
	weights  *linear.Certified
	runs     uint64
	made     uint64 // prepared so far
	ready    []*score.TaxReady
}

// NewBank sets up the link with the tax node's NewTax at the other end; both are
// told the same case and engine.
func NewBank(ctx context.Context, conn *mpc.Conn, c *Case, e Engine) (*Bank, error) {
	seed, err := mpc.NewSeed()
	if err != nil {
		return nil, err
	}
	b, begin := &Bank{c: c, e: e, conn: conn}, time.Now()
	if b.sender, err = ot.NewSender(ctx, conn, ot.Params{K: Field}, sid, seed); err != nil {
		return nil, err
	}
	b.Linked = time.Since(begin)
	b.scores, b.bands = c.Plain()
	return b, b.sendTable(ctx)
}

// NewTax sets up the link.
func NewTax(ctx context.Context, conn *mpc.Conn, c *Case, e Engine) (*Tax, error) {
	seed, err := mpc.NewSeed()
	if err != nil {
		return nil, err
	}
	t := &Tax{c: c, e: e, conn: conn}
	if t.receiver, err = ot.NewReceiver(ctx, conn, ot.Params{K: Field}, sid, seed); err != nil {
		return nil, err
	}
	return t, t.recvTable(ctx)
}

// sid names the one set-up of a connection; seeds are fresh.
var sid = sha256.Sum256([]byte("blindscore bench"))

// An order is what the bank wants next: a kind, an output, a number of companies.
const (
	orderBye = iota
	orderRun
	orderReady   // run one company on what was prepared first
	orderPrepare // prepare for that many single companies

	orderSize = 10
)

func (b *Bank) order(ctx context.Context, kind byte, output score.OutputKind, n int) error {
	return b.conn.SendControl(ctx, binary.LittleEndian.AppendUint64([]byte{kind, byte(output)}, uint64(n)))
}

// Run scores the first n companies. What was prepared is left alone.
func (b *Bank) Run(ctx context.Context, output score.OutputKind, n int) (*Outputs, error) {
	if err := b.order(ctx, orderRun, output, n); err != nil {
		return nil, err
	}
	return b.run(ctx, output, n, nil)
}

// RunReady bands the first company on what was prepared first.
func (b *Bank) RunReady(ctx context.Context) (*Outputs, error) {
	if len(b.ready) == 0 {
		return nil, fmt.Errorf("bench: nothing is prepared")
	}
	ready := b.ready[0]
	b.ready = b.ready[1:]
	if err := b.order(ctx, orderReady, score.OutputBand, 1); err != nil {
		return nil, err
	}
	return b.run(ctx, score.OutputBand, 1, ready)
}

func (b *Bank) run(ctx context.Context, output score.OutputKind, n int, ready *score.BankReady) (*Outputs, error) {
	b.runs++
	p, err := b.c.Params(b.e, output, n)
	if err != nil {
		return nil, err
	}
	side, err := b.side(p, ready)
	if err != nil {
		return nil, err
	}
	fresh, err := mpc.NewFresh()
	if err != nil {
		return nil, err
	}
	session, err := newSession(mpc.RoleBank, b.runs, fresh)
	if err != nil {
		return nil, err
	}
	out := &Outputs{b: b, p: p, side: side, kind: output, values: make([]uint16, n)}
	return out, side.Run(ctx, session, b.conn, b.sender, blocks(p), func(block int, _ mpc.Digest, values []uint16) error {
		from, _ := p.Span(block)
		copy(out.values[from:], values)
		return nil
	})
}

// Close says goodbye.
func (b *Bank) Close(ctx context.Context) error {
	return errors.Join(b.order(ctx, orderBye, 0, 0), b.conn.Close())
}

// Serve runs what the bank orders until it says goodbye.
func (t *Tax) Serve(ctx context.Context) error {
	err := t.serve(ctx)
	if err != nil {
		t.conn.Abort()
	}
	return err
}

// patience is how long a tax node waits for the next order, while the bank
// compares results, writes profiles, or waits for its turn.
const patience = time.Hour

func (t *Tax) serve(ctx context.Context) error {
	for {
		order, err := t.conn.AwaitControl(ctx, orderSize, patience)
		if err != nil {
			return err
		}
		if len(order) != orderSize {
			return fmt.Errorf("bench: an order of %d bytes, want %d", len(order), orderSize)
		}
		output, n := score.OutputKind(order[1]), binary.LittleEndian.Uint64(order[2:])
		if n > uint64(t.c.Companies()) {
			return fmt.Errorf("bench: an order of %d companies, there are %d", n, t.c.Companies())
		}
		switch {
		case order[0] == orderBye:
			return t.conn.Close()
		case order[0] == orderRun:
			err = t.run(ctx, output, int(n), nil)
		case order[0] == orderReady && len(t.ready) > 0:
			ready := t.ready[0]
			t.ready = t.ready[1:]
			err = t.run(ctx, output, int(n), ready)
		case order[0] == orderPrepare:
			err = t.prepare(ctx)
		default:
			err = fmt.Errorf("bench: order %d with %d prepared", order[0], len(t.ready))
		}
		if err != nil {
			return err
		}
	}
}

func (t *Tax) run(ctx context.Context, output score.OutputKind, n int, ready *score.TaxReady) error {
	t.runs++
	p, err := t.c.Params(t.e, output, n)
	if err != nil {
		return err
	}
	side, err := t.side(p, ready)
	if err != nil {
		return err
	}
	var fresh *mpc.Fresh
	if ready != nil {
		fresh = ready.Fresh()
	} else if fresh, err = mpc.NewFresh(); err != nil {
		return err
	}
	session, err := newSession(mpc.RoleTax, t.runs, fresh)
	if err != nil {
		return err
	}
	return side.Run(ctx, session, t.conn, t.receiver, blocks(p))
}

// Outputs are what a bank learned of a batch.
type Outputs struct {
	b      *Bank
	p      score.Params
	side   *score.Bank
	kind   score.OutputKind
	values []uint16
}

// Check compares every output with the plain evaluator's, to within the resolution
// of an engine on full precision; ErrWrong.
func (o *Outputs) Check() error {
	for i, v := range o.values {
		if f := o.b.c.full; f != nil {
			if !f.check(o.p, i, int(v)) {
				return fmt.Errorf("%w: band of company %d of %d", ErrWrong, i, len(o.values))
			}
			continue
		}
		if o.kind == score.OutputBand && int(v) != o.b.bands[i] {
			return fmt.Errorf("%w: band of company %d of %d", ErrWrong, i, len(o.values))
		}
		if o.kind == score.OutputScore && o.side.Score(i, v) != o.b.scores[i] {
			return fmt.Errorf("%w: score of company %d of %d", ErrWrong, i, len(o.values))
		}
	}
	return nil
}

// blocks lists all superblocks of a batch.
func blocks(p score.Params) []int {
	return slices.Collect(func(yield func(int) bool) {
		for i := range p.Superblocks() {
			if !yield(i) {
				return
			}
		}
	})
}
