// Package scoretest runs both sides of a batch in one process, for the tests
// and benchmarks of mpc/score and of the rooms above it.
package scoretest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
	"github.com/blindscore/blindscore/mpc/score"
)

// Case is a batch: parameters, a model, and each side's private input.
type Case struct {
	Params score.Params
	Model  *circuits.Model
	Own    []int64    // nil if the model has no own features
	Levels [][]uint16 // feature-major

	Full *Full // instead of a model and levels, of the engines on full precision

	key   *lattice.SecretKey // of EngineLattice
	table *lattice.Certified
}

// Random makes a batch of n random companies for a random model.
func Random(t testing.TB, rng *rand.Rand, shape circuitstest.Shape, output score.OutputKind, n int) *Case {
	t.Helper()
	made, err := circuitstest.Random(rng, shape)
	require.NoError(t, err)
	c := &Case{Params: score.ParamsFor(made.Model, output), Model: made.Model}
	c.Params.Companies = n
	c.Params.OT.K = 4
	c.Params.Superblock = c.Params.DefaultSuperblock()
	c.Levels = make([][]uint16, len(c.Params.Levels))
	for range n {
		for f, x := range made.Levels(rng) {
			c.Levels[f] = append(c.Levels[f], x)
		}
	}
	for f := range c.Levels {
		if c.Levels[f] == nil {
			c.Levels[f] = []uint16{}
		}
	}
	if shape.Own > 0 {
		lo, hi := made.Model.OwnRange()
		c.Own = make([]int64, n)
		for i := range c.Own {
			c.Own[i] = lo + rng.Int64N(hi-lo+1)
		}
	}
	return c
}

// WithLattice changes the case to EngineLattice, with a table that is trusted.
func (c *Case) WithLattice(t testing.TB) *Case {
	t.Helper()
	c.Params.Engine = score.EngineLattice
	key, table, err := score.EncryptModel(c.Params, c.Model, lattice.JointFromNonce([32]byte{1}), mpctest.Seed(0x33))
	require.NoError(t, err)
	c.key = key
	c.table, err = table.Certify(table.Digest())
	require.NoError(t, err)
	c.Params.Superblock = c.Params.DefaultSuperblock()
	return c
}

// Table returns the trusted table of WithLattice.
func (c *Case) Table() *lattice.Certified { return c.table }

// Key returns the bank's key of that table.
func (c *Case) Key() *lattice.SecretKey { return c.key }

// BankInputs are the bank's.
func (c *Case) BankInputs() score.BankInputs {
	in := score.BankInputs{Model: c.Model, Own: c.Own, Key: c.key}
	if c.Full != nil {
		in.Integer, in.LinearKey, in.Circuit, in.Cuts = c.Full.Integer, c.Full.Key, c.Full.Circuit, c.Full.Cuts
	}
	return in
}

// TaxInputs are the tax node's.
func (c *Case) TaxInputs() score.TaxInputs {
	in := score.TaxInputs{Levels: c.Input, Table: c.table}
	if c.Full != nil {
		in.Columns, in.LinearTable = c.Full.Input, c.Full.Table
	}
	return in
}

// NewBank returns the bank's side.
func (c *Case) NewBank(t testing.TB) *score.Bank {
	t.Helper()
	b, err := c.BankInputs().Bank(c.Params)
	require.NoError(t, err)
	return b
}

// NewTax returns the tax node's side.
func (c *Case) NewTax(t testing.TB) *score.Tax {
	t.Helper()
	x, err := c.TaxInputs().Tax(c.Params)
	require.NoError(t, err)
	return x
}

// Company returns the levels and own points of one company.
func (c *Case) Company(i int) ([]uint16, int64) {
	x := make([]uint16, len(c.Levels))
	for f := range x {
		x[f] = c.Levels[f][i]
	}
	if c.Own == nil {
		return x, 0
	}
	return x, c.Own[i]
}

// Input hands the levels to the tax node's side.
func (c *Case) Input(_ context.Context, from, to int) ([][]uint16, error) {
	x := make([][]uint16, len(c.Levels))
	for f := range x {
		x[f] = c.Levels[f][from:to]
	}
	return x, nil
}

// Blocks lists all superblocks.
func (c *Case) Blocks() []int {
	b := make([]int, c.Params.Superblocks())
	for i := range b {
		b[i] = i
	}
	return b
}

// Result is what a run gave.
type Result struct {
	Values           []uint16 // per company
	BankErr, TaxErr  error
	BankSent         uint64
	TaxSent          uint64
	Bank             *score.Bank
	BankSess, TaxSes *mpc.Session
}

// Run runs the batch over loopback TCP on fresh sessions.
func (c *Case) Run(t testing.TB) *Result {
	t.Helper()
	a, b := mpctest.Conns(t, 20*time.Second)
	bs, ts := mpctest.Sessions(t, [32]byte{0xb5})
	return c.RunOn(t.Context(), t, a, b, bs, ts)
}

// RunOn runs the batch on given connections and sessions, bank first, with a
// link from fixed seeds.
func (c *Case) RunOn(ctx context.Context, t testing.TB, a, b *mpc.Conn, bs, ts *mpc.Session) *Result {
	t.Helper()
	snd, rcv := ottest.Link(t, c.Params.OT)
	r := &Result{Values: make([]uint16, c.Params.Companies), BankSess: bs, TaxSes: ts}
	r.Bank = c.NewBank(t)
	tax := c.NewTax(t)

	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		r.TaxErr = tax.Run(ctx, ts, b, rcv, c.Blocks())
	}()
	go func() {
		defer wg.Done()
		r.BankErr = r.Bank.Run(ctx, bs, a, snd, c.Blocks(), func(block int, _ mpc.Digest, values []uint16) error {
			from, _ := c.Params.Span(block)
			copy(r.Values[from:], values)
			return nil
		})
	}()
	wg.Wait()
	r.BankSent, _ = a.Bytes()
	r.TaxSent, _ = b.Bytes()
	return r
}

// Check requires that the run succeeded and equals the plain evaluator on every
// company; to within the bound that is stated where it is not exact.
func (c *Case) Check(t testing.TB, r *Result) {
	t.Helper()
	require.NoError(t, r.BankErr)
	require.NoError(t, r.TaxErr)
	if c.Full != nil {
		c.Full.check(t, c.Params, r)
		return
	}
	for i, v := range r.Values {
		x, own := c.Company(i)
		want := c.Model.Score(x, own)
		if c.Params.Output == score.OutputScore {
			require.Equal(t, want, r.Bank.Score(i, v), "score of company %d", i)
		} else {
			require.Equal(t, c.Model.Band(want), int(v), "band of company %d, score %d", i, want)
		}
	}
}
