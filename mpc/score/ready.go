package score

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
)

// With EngineLattice nothing but the sum of entries depends on levels: for a
// batch of one company the tax node draws its seed, its index, its OTs, its
// encryption of zero and its mask in idle time, and sends the OT corrections
// ahead. Online are then three short flights (OneTable).
//
// What was made ahead is used once: a TaxReady holds the one session seed that
// it belongs to, and its OTs and evaluator refuse a second use. It lives in
// memory only, so that a restart forgets it.

// TaxReady is the tax node's part of a superblock of one company, made ahead.
type TaxReady struct {
	fresh  *mpc.Fresh
	digits []int
	o      *opening
	ahead  *lattice.Evaluator
	table  *lattice.Certified
	used   atomic.Bool
}

// readyPlan is the plan of one company in p's engine and form.
func readyPlan(p Params) (*plan, error) {
	p.Companies, p.Superblock = 1, 1
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.Engine != EngineLattice {
		return nil, fmt.Errorf("%w: %v does nothing ahead", mpc.ErrParams, p.Engine)
	}
	return newPlan(p)
}

// ReadyBytes is the size of the corrections that PrepareTax makes.
func (p Params) ReadyBytes() (int, error) {
	pl, err := readyPlan(p)
	if err != nil {
		return 0, err
	}
	return pl.shape(1).CorrectionBytes(p.OT), nil
}

// PrepareTax makes a superblock of one company ahead, and the corrections for
// the bank, from the seed of the session that will use them. It serves outputs
// of every kind and width. binding is public and unique to it on the link.
func PrepareTax(p Params, table *lattice.Certified, receiver *ot.Receiver, binding [32]byte, fresh *mpc.Fresh) (*TaxReady, []byte, error) {
	pl, err := readyPlan(p)
	if err != nil {
		return nil, nil, err
	}
	seed := fresh.Block(0)
	r := &TaxReady{fresh: fresh, digits: pl.digits, table: table, o: pl.open(seed, 1)}
	r.ahead = table.Evaluator(seed.Derive("lattice"))
	if err := r.ahead.Prepare(1); err != nil {
		return nil, nil, err
	}
	ext, err := receiver.Reserve(1)
	if err != nil {
		return nil, nil, err
	}
	corrections := make([]byte, pl.shape(1).CorrectionBytes(p.OT))
	choices, _ := pl.form.choices(r.o.index, seed)
	r.o.rows, err = ext.Extend(0, pl.shape(1), choices, binding, seed.Derive("ot"), corrections)
	return r, corrections, err
}

// Fits reports whether the superblock of p, a batch of one company, can use r.
func (r *TaxReady) Fits(p Params, table *lattice.Certified) bool {
	return r.table == table && fitsReady(p, r.digits)
}

// Fresh returns the seed of the session that must use r.
func (r *TaxReady) Fresh() *mpc.Fresh { return r.fresh }

func (r *TaxReady) take() (*opening, error) {
	if !r.used.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("%w: what was made ahead", mpc.ErrUsed)
	}
	return r.o, nil
}

// UseReady has the batch, of one company, use what was made ahead; its session
// runs from r.Fresh.
func (t *Tax) UseReady(r *TaxReady) error {
	e, ok := t.engine.(*encryptedTax)
	if !ok || !r.Fits(t.p, e.table) {
		return fmt.Errorf("%w: what was made ahead is for another batch", mpc.ErrParams)
	}
	e.ahead, t.ready, t.plan.ready = r.ahead, r, true
	return nil
}

// BankReady is the bank's part.
type BankReady struct {
	digits []int
	rows   *ot.SenderRows
	used   atomic.Bool
}

// PrepareBank verifies the corrections of PrepareTax. Errors are those of
// ot.SenderRange.Extend.
func PrepareBank(p Params, sender *ot.Sender, binding [32]byte, corrections []byte) (*BankReady, error) {
	pl, err := readyPlan(p)
	if err != nil {
		return nil, err
	}
	ext, err := sender.Reserve(1)
	if err != nil {
		return nil, err
	}
	rows, err := ext.Extend(0, pl.shape(1), binding, corrections)
	return &BankReady{digits: pl.digits, rows: rows}, err
}

// Fits reports whether the superblock of p, a batch of one company, can use r.
func (r *BankReady) Fits(p Params) bool { return fitsReady(p, r.digits) }

func (r *BankReady) take() (*ot.SenderRows, error) {
	if !r.used.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("%w: what was made ahead", mpc.ErrUsed)
	}
	return r.rows, nil
}

// UseReady has the batch, of one company, use what was made ahead.
func (b *Bank) UseReady(r *BankReady) error {
	if !r.Fits(b.p) {
		return fmt.Errorf("%w: what was made ahead is for another batch", mpc.ErrParams)
	}
	b.ready, b.plan.ready = r, true
	return nil
}

func fitsReady(p Params, digits []int) bool {
	if p.Companies != 1 {
		return false
	}
	pl, err := readyPlan(p)
	return err == nil && slices.Equal(pl.digits, digits)
}
