package party

import (
	"fmt"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/partypb"
)

// form is the bank's model as some engines run it: on the grid, as integers, or as
// a circuit. A bank may have several; a task names one, by its commitment.
type form interface {
	schema() [32]byte
	commit(salt [32]byte) [32]byte
	features() []string // in the order of the schema
	approval() *ModelApproval
	shape() shape
	// describe fills in what a task says about this form on its engine.
	describe(t *partypb.Task)
	// side is the bank's side of a task of this form.
	side(p score.Params, t *partypb.Task, own []int64) (*score.Bank, error)
	// read says what a value of company i means. The band may be out of range.
	read(x *Result, side *score.Bank, output Output, i int, value uint16)
	bands() []string
}

// forms are those that the bank has, in the order of preference.
func (b *Bank) forms() []form {
	var all []form
	if b.cfg.Linear != nil {
		all = append(all, &integerForm{b.cfg.Linear, b.cfg.LinearApproval})
	}
	if b.cfg.Model != nil {
		all = append(all, &gridForm{b.cfg.Model, b.cfg.Table, b.cfg.Approval})
	}
	if b.cfg.Probability != nil {
		all = append(all, &circuitForm{b.cfg.Probability, b.cfg.ProbabilityApproval})
	}
	return all
}

// formOf finds the form of a task that was begun.
func (b *Bank) formOf(t *partypb.Task, salt [32]byte) (form, error) {
	for _, f := range b.forms() {
		if f.commit(salt) == [32]byte(t.GetModelDigest()) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%w: the batch was begun with another model", ErrTask)
}

// gridForm is a compiled scorecard.
type gridForm struct {
	model    *circuits.Model
	table    *EncryptedTable
	approved *ModelApproval
}

func (f *gridForm) schema() [32]byte              { return f.model.SchemaDigest() }
func (f *gridForm) commit(salt [32]byte) [32]byte { return f.model.Commit(salt) }
func (f *gridForm) features() []string            { return f.model.Features() }
func (f *gridForm) approval() *ModelApproval      { return f.approved }
func (f *gridForm) bands() []string               { return f.model.Bands() }
func (f *gridForm) shape() shape                  { return shape{levels: f.model.Levels()} }

func (f *gridForm) describe(t *partypb.Task) {
	if t.GetEngine() == partypb.Engine_ENGINE_LATTICE {
		digest := f.table.Digest()
		t.TableDigest, t.TableJoint = digest[:], f.table.joint[:]
	}
}

func (f *gridForm) side(p score.Params, t *partypb.Task, own []int64) (*score.Bank, error) {
	if p.Engine == score.EngineOT {
		return score.NewBank(p, f.model, own)
	}
	if f.table == nil || [32]byte(t.GetTableDigest()) != f.table.Digest() {
		return nil, errOtherTable
	}
	return score.NewLatticeBank(p, f.model, own, f.table.key)
}

var errOtherTable = fmt.Errorf("%w: the batch was begun with another encrypted table", ErrTask)

func (f *gridForm) read(x *Result, side *score.Bank, output Output, i int, value uint16) {
	x.Band = int(value)
	if output == OutputScore {
		x.Score = side.Score(i, value)
		x.Band = f.model.Band(x.Score)
	}
}

// integerForm is a model on integers, with its encrypted weights.
type integerForm struct {
	table    *LinearTable
	approved *ModelApproval
}

func (f *integerForm) schema() [32]byte              { return f.table.model.Columns().SchemaDigest() }
func (f *integerForm) commit(salt [32]byte) [32]byte { return f.table.model.Commit(salt) }
func (f *integerForm) features() []string            { return f.table.features() }
func (f *integerForm) approval() *ModelApproval      { return f.approved }
func (f *integerForm) bands() []string               { return f.table.model.Bands() }
func (f *integerForm) shape() shape                  { return shape{linear: f.table.params.Linear} }

func (f *integerForm) describe(t *partypb.Task) {
	digest := f.table.Digest()
	t.TableDigest, t.TableJoint = digest[:], f.table.joint[:]
	t.Parameters.Units, t.Parameters.RangeBits = f.table.units(), uint32(f.table.params.Linear.RangeBits())
}

func (f *integerForm) side(p score.Params, t *partypb.Task, _ []int64) (*score.Bank, error) {
	if [32]byte(t.GetTableDigest()) != f.table.Digest() {
		return nil, errOtherTable
	}
	return f.table.Inputs().Bank(p)
}

func (f *integerForm) read(x *Result, side *score.Bank, output Output, i int, value uint16) {
	x.Band = int(value)
	if output == OutputScore {
		x.Score = side.Score(i, value)
		x.Band = f.table.model.Band(x.Score)
	}
}

// circuitForm is a logistic model as a circuit.
type circuitForm struct {
	model    *ProbabilityModel
	approved *ModelApproval
}

func (f *circuitForm) schema() [32]byte              { return f.model.schema }
func (f *circuitForm) commit(salt [32]byte) [32]byte { return f.model.Commit(salt) }
func (f *circuitForm) features() []string            { return f.model.circuit.Layout().Spec().Features }
func (f *circuitForm) approval() *ModelApproval      { return f.approved }
func (f *circuitForm) bands() []string               { return f.model.linear.Bands }
func (f *circuitForm) shape() shape                  { return shape{layout: f.model.circuit.Layout()} }

func (f *circuitForm) describe(t *partypb.Task) {
	t.Parameters.ParameterSet = uint32(f.model.circuit.Layout().Spec().Set)
}

func (f *circuitForm) side(p score.Params, _ *partypb.Task, _ []int64) (*score.Bank, error) {
	return f.model.Inputs(p.Output).Bank(p)
}

// read puts the bands in the order of the score, which may fall as the probability
// rises.
func (f *circuitForm) read(x *Result, side *score.Bank, output Output, _ int, value uint16) {
	reached := int(value)
	if output == OutputProbability {
		x.Probability = side.Probability(value)
		reached = 0
		for _, cut := range f.model.linear.Probabilities {
			reached += b2i(uint32(value) >= f.model.circuit.Index(cut))
		}
	}
	x.Band = reached
	if f.model.falls {
		x.Band = len(f.model.linear.Probabilities) - reached
	}
	if x.Band < 0 {
		x.Band = len(f.model.linear.Bands) // none
	}
}

// newSeedStream is the randomness of a table, from the bank's seed.
func newSeedStream(seed mpc.Seed, label string) *mpc.PRG { return seed.Derive(label).PRG() }
