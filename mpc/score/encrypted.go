package score

import (
	"context"
	"fmt"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
)

// encrypted is stage 1 by encrypted table, EngineLattice: the tax node adds up
// the bank's encrypted entries and sends the ciphertext with flight 1; the bank
// decrypts its share. No flight more, since the tax node's share is its index.
type encrypted struct {
	p    lattice.Params
	used []int // features with more than one level; the others add nothing
}

func newEncrypted(p Params) (*encrypted, error) {
	e := &encrypted{}
	var levels []int
	for f, l := range p.Levels {
		if l > 1 {
			e.used = append(e.used, f)
			levels = append(levels, l)
		}
	}
	var err error
	e.p, err = lattice.NewParams(levels, p.ScoreBits)
	return e, err
}

func (e *encrypted) digits() []int     { return nil }
func (e *encrypted) front(n int) int   { return e.p.CiphertextBytes(n) }
func (e *encrypted) between(int) []int { return nil }
func (e *encrypted) positions() int    { return 0 }

// pick leaves out the features of one level.
func (e *encrypted) pick(columns [][]uint16) [][]uint16 {
	picked := make([][]uint16, len(e.used))
	for i, f := range e.used {
		picked[i] = columns[f]
	}
	return picked
}

// encryptedBank is EngineLattice at the bank.
type encryptedBank struct {
	*encrypted
	key *lattice.SecretKey
}

// share decrypts. Whatever the ciphertext holds, nothing that the tax node can
// see depends on it.
func (e *encryptedBank) share(_ context.Context, _ *mpc.Block, front []byte, n int, _ *ot.SenderRows, _ hasher) ([]uint16, error) {
	z := make([]uint32, n)
	if err := e.key.Decrypt(front, n, z); err != nil {
		return nil, err
	}
	turn := make([]uint16, n)
	for i, v := range z {
		turn[i] = uint16(v)
	}
	return turn, nil
}

// encryptedTax is EngineLattice at the tax node.
type encryptedTax struct {
	*encrypted
	table *lattice.Certified
	ahead *lattice.Evaluator // prepared for the one company of the batch
}

func (e *encryptedTax) choices(*features) [][]uint8 { return nil }

func (e *encryptedTax) first(front []byte, blk *mpc.Block, x *features, index []uint16) error {
	evaluator := e.ahead
	if evaluator == nil {
		evaluator = e.table.Evaluator(blk.Seed().Derive("lattice"))
	}
	return evaluator.Eval(e.pick(x.levels), index, front)
}

func (e *encryptedTax) share(context.Context, *Tax, *mpc.Block, *features, []uint16, *ot.ReceiverRows, hasher) error {
	return nil
}

// TableParams returns the lattice parameters that p implies: they depend on
// Levels and ScoreBits alone, so that one table serves every batch.
func (p Params) TableParams() (lattice.Params, error) {
	e, err := newEncrypted(p)
	if err != nil {
		return lattice.Params{}, err
	}
	return e.p, nil
}

// shifted returns the tables of a model as EngineLattice encrypts them.
func (p Params) shifted(model *circuits.Model) (*encrypted, [][]uint16, error) {
	e, err := newEncrypted(p)
	if err != nil {
		return nil, nil, err
	}
	p.Output, p.Form, p.WindowBits, p.OutputBits = OutputScore, OneTable, 0, p.ScoreBits // stage 2 does not matter here
	f, err := newFunction(p, model, nil)
	if err != nil {
		return nil, nil, err
	}
	return e, e.pick(f.tables), nil
}

// EncryptModel makes the bank's encrypted table, once per model; see
// lattice.Generate.
func EncryptModel(p Params, model *circuits.Model, joint lattice.Joint, seed mpc.Seed) (*lattice.SecretKey, *lattice.Table, error) {
	e, tables, err := p.shifted(model)
	if err != nil {
		return nil, nil, err
	}
	return lattice.Generate(e.p, joint, tables, seed)
}

// RestoreModelKey recomputes the key of EncryptModel without the table.
func RestoreModelKey(p Params, model *circuits.Model, joint lattice.Joint, seed mpc.Seed) (*lattice.SecretKey, error) {
	e, tables, err := p.shifted(model)
	if err != nil {
		return nil, err
	}
	return lattice.RestoreKey(e.p, joint, tables, seed)
}

// VerifyModel is the approver's check of an encrypted table; see
// lattice.VerifyTable.
func VerifyModel(p Params, model *circuits.Model, joint lattice.Joint, seed mpc.Seed, digest [32]byte) error {
	e, tables, err := p.shifted(model)
	if err != nil {
		return err
	}
	return lattice.VerifyTable(e.p, joint, tables, seed, digest)
}

// checkKey and checkTable refuse a key or a table of another shape than p's.
func (e *encrypted) check(what string, digest [32]byte) error {
	if digest != e.p.Digest() {
		return fmt.Errorf("%w: the %s was made for other levels or another range", mpc.ErrParams, what)
	}
	return nil
}
