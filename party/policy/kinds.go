package policy

import "fmt"

// Output is what a bank learns of a company.
type Output uint8

// The outputs; the zero value is invalid.
const (
	OutputBand  Output = iota + 1 // the index of the score band
	OutputScore                   // the score itself
)

// MaxBits is the greatest number of bits of an output.
const MaxBits = 16

var outputs = [...]string{OutputBand: "band", OutputScore: "score"}

func (o Output) String() string { return nameOf(outputs[:], int(o), "output") }

// Engine is how a score is computed.
type Engine uint8

// The engines; the zero value is invalid.
const (
	EngineTransfer    Engine = iota + 1 // oblivious transfer from the bank's tables
	EngineLattice                       // the bank's encrypted table
	EngineHomomorphic                   // a circuit under homomorphic encryption
)

var engines = [...]string{EngineTransfer: "transfer", EngineLattice: "lattice", EngineHomomorphic: "homomorphic"}

func (e Engine) String() string { return nameOf(engines[:], int(e), "engine") }

func nameOf(names []string, i int, what string) string {
	if i < 1 || i >= len(names) {
		return fmt.Sprintf("unknown %s (%d)", what, i)
	}
	return names[i]
}
