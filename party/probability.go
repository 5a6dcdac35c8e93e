package party

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc/score"
)

// ProbabilityModel is a logistic model compiled for EngineProbability: the bank
// learns the band of a probability, or the probability. It does not print.
type ProbabilityModel struct {
	circuit *probability.Circuit
	linear  *circuits.Linear // its terms in the order of the schema
	schema  [32]byte
	falls   bool // the score falls as the probability rises
}

// NewProbabilityModel compiles a model: a probability is kept in as many bits, 6 to
// 15. Its Probabilities cut it into its Bands, which are named in the order of the
// score. The circuit is as exact as Report says.
func NewProbabilityModel(m *circuits.Linear, s *circuits.Schema, bits int) (*ProbabilityModel, error) {
	if m == nil || s == nil {
		return nil, fmt.Errorf("%w: no model, or no schema", ErrTask)
	}
	if len(m.Probabilities) == 0 || len(m.Bands) != len(m.Probabilities)+1 || !slices.IsSorted(m.Probabilities) {
		return nil, fmt.Errorf("%w: want ascending probabilities and one band more, got %d and %d", ErrTask, len(m.Probabilities), len(m.Bands))
	}
	sorted := *m
	sorted.Terms = slices.Clone(m.Terms)
	sorted.Probabilities, sorted.Bands = slices.Clone(m.Probabilities), slices.Clone(m.Bands)
	slices.SortStableFunc(sorted.Terms, func(a, b circuits.LinearTerm) int { return cmp.Compare(s.Index(a.Feature), s.Index(b.Feature)) })
	c, err := probability.Compile(&sorted, s, probability.Options{OutputBits: bits})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	return &ProbabilityModel{
		circuit: c, linear: &sorted, schema: s.Digest(), falls: m.Scaling != nil && m.Scaling.PDO < 0,
	}, nil
}

// Report says how exact the circuit is; it is as secret as the model.
func (m *ProbabilityModel) Report() probability.Report { return m.circuit.Report() }

// Inputs are what a bank's side runs on for an output, or is replayed from; they
// are secret.
func (m *ProbabilityModel) Inputs(output Output) score.BankInputs {
	in := score.BankInputs{Circuit: m.circuit}
	if output == OutputBand {
		in.Cuts = slices.Clone(m.linear.Probabilities)
	}
	return in
}

// Commit is a hiding commitment to the model, its schema and its parameters:
// SHA-256 of a tag, the salt, and every field that the circuit, its cuts and their
// names are made from.
func (m *ProbabilityModel) Commit(salt [32]byte) [32]byte {
	c := commitment{sha256.New()}
	c.Write([]byte("blindscore probability model commitment v1"))
	c.Write(salt[:])
	c.Write(m.schema[:])
	spec := m.circuit.Layout().Spec()
	c.number(float64(spec.OutputBits), float64(spec.Set))
	c.text(m.linear.Name, m.linear.Version)
	c.number(m.linear.Intercept, float64(b2i(m.falls)), float64(len(m.linear.Terms)))
	for i := range m.linear.Terms {
		t := &m.linear.Terms[i]
		c.text(t.Feature)
		c.number(t.Coefficient, t.Other, t.Missing)
		c.table(t.Weights)
		c.table(t.Specials)
	}
	c.number(float64(len(m.linear.Probabilities)))
	c.number(m.linear.Probabilities...)
	c.text(m.linear.Bands...)
	return [32]byte(c.Sum(nil))
}

// commitment hashes fields of one reading.
type commitment struct{ hash.Hash }

func (c commitment) number(xs ...float64) {
	for _, x := range xs {
		c.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)))
	}
}

func (c commitment) text(ss ...string) {
	for _, s := range ss {
		c.number(float64(len(s)))
		c.Write([]byte(s))
	}
}

func (c commitment) table(t map[string]float64) {
	c.number(float64(len(t)))
	for _, name := range slices.Sorted(maps.Keys(t)) {
		c.text(name)
		c.number(t[name])
	}
}

// Format implements fmt.Formatter; it prints no secret.
func (m *ProbabilityModel) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "party.ProbabilityModel("+m.circuit.Layout().Spec().Set.String()+")")
}
