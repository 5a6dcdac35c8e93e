package tables

import (
	"fmt"
	"slices"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Form is how a feature is encrypted. The zero value is invalid.
type Form uint8

const (
	// FormLevels encrypts the level: one ciphertext a feature. The table is a polynomial of degree levels-1.
	FormLevels Form = iota + 1
	// FormIndicators encrypts, for every public bin but the last, whether the level lies in it: one ciphertext of zeros and
	// ones each. The table is a sum with the points as constants: no multiplication of ciphertexts.
	FormIndicators
)

// String is "levels" or "indicators".
func (f Form) String() string {
	switch f {
	case FormLevels:
		return "levels"
	case FormIndicators:
		return "indicators"
	}
	return fmt.Sprintf("Form(%d)", uint8(f))
}

// Input is one feature of a layout.
type Input struct {
	Feature string
	Form    Form
	Levels  int      // 1 to 4096
	Bins    []uint16 // FormIndicators alone: the bin of each level; bins 0, 1, ... all occur
	Level   int      // of the ciphertexts: how many primes they keep, less one
}

// ciphertexts is how many the input has for a chunk.
func (in *Input) ciphertexts() int {
	if in.Form == FormLevels {
		return 1
	}
	return bins(in.Bins) - 1
}

// bins is one more than the greatest bin.
func bins(of []uint16) int {
	n := 0
	for _, b := range of {
		n = max(n, int(b)+1)
	}
	return n
}

// Layout is what an encrypting node needs to know of a circuit: the parameters, and how each feature is encrypted. It
// tells of the model the features that it reads and, by depths, how many scores are possible up to a power of two.
type Layout struct {
	Set    Set
	Inputs []Input
}

const (
	maxInputs = 256
	maxLevels = 4096
)

// Check wants a layout that some circuit may have: ErrLayout, or homomorphic.ErrParams for the set.
func (l *Layout) Check() error {
	if err := l.Set.check(); err != nil {
		return err
	}
	if len(l.Inputs) == 0 || len(l.Inputs) > maxInputs {
		return fmt.Errorf("%w: want 1 to %d inputs, got %d", ErrLayout, maxInputs, len(l.Inputs))
	}
	for i := range l.Inputs {
		in := &l.Inputs[i]
		switch {
		case in.Levels < 1 || in.Levels > maxLevels:
			return fmt.Errorf("%w: input %d: want 1 to %d levels, got %d", ErrLayout, i, maxLevels, in.Levels)
		case in.Level < baseLevel || in.Level > l.Set.headLevel():
			return fmt.Errorf("%w: input %d: want ciphertexts at level %d to %d, got %d", ErrLayout, i, baseLevel, l.Set.headLevel(), in.Level)
		case in.Form == FormLevels:
			if in.Bins != nil {
				return fmt.Errorf("%w: input %d: bins are for indicators", ErrLayout, i)
			}
		case in.Form == FormIndicators:
			if err := checkBins(in.Bins, in.Levels); err != nil {
				return fmt.Errorf("%w: input %d: %w", ErrLayout, i, err)
			}
		default:
			return fmt.Errorf("%w: input %d: %v", ErrLayout, i, in.Form)
		}
	}
	return nil
}

// checkBins wants a bin for each level, and no bin that is empty.
func checkBins(of []uint16, levels int) error {
	if len(of) != levels {
		return fmt.Errorf("want the bins of %d levels, got %d", levels, len(of))
	}
	n := bins(of)
	if n > levels {
		return fmt.Errorf("want bins below %d, got %d", levels, n-1)
	}
	seen := make([]bool, n)
	for _, b := range of {
		seen[b] = true
	}
	for b, ok := range seen {
		if !ok {
			return fmt.Errorf("bin %d is empty", b)
		}
	}
	return nil
}

// clone shares nothing with the layout.
func (l *Layout) clone() *Layout {
	out := &Layout{Set: l.Set, Inputs: slices.Clone(l.Inputs)}
	for i := range out.Inputs {
		out.Inputs[i].Bins = slices.Clone(out.Inputs[i].Bins)
	}
	return out
}

// Slots is how many companies a chunk holds.
func (l *Layout) Slots() int { return l.Set.n() }

// Chunks is how many chunks so many companies take.
func (l *Layout) Chunks(companies int) int { return (companies + l.Slots() - 1) / l.Slots() }

// Ciphertexts is how many a chunk has.
func (l *Layout) Ciphertexts() int {
	n := 0
	for i := range l.Inputs {
		n += l.Inputs[i].ciphertexts()
	}
	return n
}

// ChunkBytes is the exact size of an encrypted chunk, or 0 for a layout that Check refuses; with a seed (encrypted under
// the secret key) it is half as much and a seed.
func (l *Layout) ChunkBytes(seeded bool) int {
	if l.Check() != nil {
		return 0
	}
	p, err := l.Set.Parameters()
	if err != nil {
		return 0
	}
	return l.chunkBytes(p, seeded)
}

func (l *Layout) chunkBytes(p heint.Parameters, seeded bool) int {
	size, degree := 0, 1
	if seeded {
		size, degree = len(homomorphic.Seed{}), 0
	}
	for i := range l.Inputs {
		size += l.Inputs[i].ciphertexts() * homomorphic.CiphertextBytes(*p.GetRLWEParameters(), degree, l.Inputs[i].Level)
	}
	return size
}

// scale is the scale of the plaintexts of an input: points meet at the scale of a prime, which the rescaling of their sum
// divides away, so that the score has scale 1.
func (in *Input) scale(p heint.Parameters) rlwe.Scale {
	if in.Form == FormIndicators {
		return p.NewScale(p.Q()[in.Level])
	}
	return p.NewScale(1)
}
