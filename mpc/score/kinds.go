package score

import "fmt"

// EngineKind names the protocol of stage 1.
type EngineKind uint8

// EngineOT shares the score by 1-out-of-L oblivious transfer, one for each
// company and feature, in three flights; it needs nothing but the link.
// EngineLattice adds encrypted entries of a table that the bank made once and an
// approver certified, in one flight, at a fraction of the bytes and time.
// EngineLinear multiplies encrypted weights, certified likewise, with features of
// full precision, in one flight. EngineProbability computes a logistic model on
// such features under a key of the tax node, in three flights.
const (
	EngineOT EngineKind = iota + 1
	EngineLattice
	EngineLinear
	EngineProbability
)

func (e EngineKind) String() string {
	switch e {
	case EngineOT:
		return "ot"
	case EngineLattice:
		return "lattice"
	case EngineLinear:
		return "linear"
	case EngineProbability:
		return "probability"
	}
	return fmt.Sprintf("unknown engine (%d)", uint8(e))
}

// Form is how stage 2 looks the output up.
type Form uint8

// OneTable takes one look-up of 2^(m+g) entries; it works for every model and
// output. TwoTables takes two small ones and two flights more, for bands whose
// thresholds are far enough apart (see WindowBits).
const (
	OneTable Form = iota + 1
	TwoTables
)

func (f Form) String() string {
	switch f {
	case OneTable:
		return "one table"
	case TwoTables:
		return "two tables"
	}
	return fmt.Sprintf("unknown form (%d)", uint8(f))
}

// OutputKind is what the bank learns of a company.
type OutputKind uint8

// The bank learns the number of thresholds that the score reaches, or the score
// itself, or, with EngineProbability, the probability as one of 2^m numbers.
const (
	OutputBand OutputKind = iota + 1
	OutputScore
	OutputProbability
)

func (k OutputKind) String() string {
	switch k {
	case OutputBand:
		return "band"
	case OutputScore:
		return "score"
	case OutputProbability:
		return "probability"
	}
	return fmt.Sprintf("unknown output (%d)", uint8(k))
}
