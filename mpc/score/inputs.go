package score

import (
	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc/lattice"
)

// BankInputs are what a bank brings to a batch: what its engine asks for, the
// rest is not looked at.
type BankInputs struct {
	Model *circuits.Model    // of EngineOT and EngineLattice
	Own   []int64            // with it: see NewBank
	Key   *lattice.SecretKey // of EngineLattice

	Integer   *circuits.IntegerModel // of EngineLinear
	LinearKey *linear.Key

	Circuit *probability.Circuit // of EngineProbability
	Cuts    []float64
}

// Bank returns the bank's side under p, by the constructor of p's engine.
func (in BankInputs) Bank(p Params) (*Bank, error) {
	switch p.Engine {
	case EngineLattice:
		return NewLatticeBank(p, in.Model, in.Own, in.Key)
	case EngineLinear:
		return NewLinearBank(p, in.Integer, in.LinearKey)
	case EngineProbability:
		return NewProbabilityBank(p, in.Circuit, in.Cuts)
	}
	return NewBank(p, in.Model, in.Own)
}

// TaxInputs are what a tax node brings to a batch.
type TaxInputs struct {
	Levels Input              // of EngineOT and EngineLattice
	Table  *lattice.Certified // of EngineLattice

	Columns     Values            // of EngineLinear and EngineProbability
	LinearTable *linear.Certified // of EngineLinear
}

// Tax returns the tax node's side under p, by the constructor of p's engine.
func (in TaxInputs) Tax(p Params) (*Tax, error) {
	switch p.Engine {
	case EngineLattice:
		return NewLatticeTax(p, in.Levels, in.Table)
	case EngineLinear:
		return NewLinearTax(p, in.Columns, in.LinearTable)
	case EngineProbability:
		return NewProbabilityTax(p, in.Columns)
	}
	return NewTax(p, in.Levels)
}
