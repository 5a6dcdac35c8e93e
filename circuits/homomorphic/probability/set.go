package probability

import (
	"fmt"
	"slices"
	"sync"

	"github.com/tuneinsight/lattigo/v5/he/hefloat"
	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Set names a parameter set: the ring and the depth, which is log2 of (the polynomial's degree + 1). It is public, and tells
// a little about the model: how wide the linear term ranges.
type Set uint8

// The sets, cheapest first. Zero is invalid.
const (
	LogN13Degree7 Set = iota + 1
	LogN14Degree7
	LogN14Degree15
	LogN14Degree31
	LogN14Degree63
	LogN14Degree127
	lastSet = LogN14Degree127
)

// shape is what a set consists of: two primes of base bits, which remain at the end and hold the mask; one prime of step
// bits for the linear term and one for each level of the polynomial; a special prime for key switching. Every key-switching
// digit is one prime, and its noise is divided by a step prime before it meets the message, so that the special prime may be
// smaller than the base primes.
type shape struct {
	logN, depth         int
	base, step, special int
	out                 int // bits of the scale at the end
}

var shapes = map[Set]shape{
	LogN13Degree7:   {13, 3, 40, 28, 25, 32},
	LogN14Degree7:   {14, 3, 45, 37, 45, 40},
	LogN14Degree15:  {14, 4, 45, 37, 45, 40},
	LogN14Degree31:  {14, 5, 45, 37, 45, 40},
	LogN14Degree63:  {14, 6, 45, 37, 45, 40},
	LogN14Degree127: {14, 7, 45, 37, 45, 40},
}

// endLevel is the level of the reply: two primes.
const endLevel = 1

func (s Set) shape() (shape, error) {
	h, ok := shapes[s]
	if !ok {
		return h, fmt.Errorf("%w: want a parameter set 1 to %d, got %d", homomorphic.ErrParams, lastSet, s)
	}
	return h, nil
}

// String is "logN 13, degree 7".
func (s Set) String() string {
	h, err := s.shape()
	if err != nil {
		return fmt.Sprintf("Set(%d)", uint8(s))
	}
	return fmt.Sprintf("logN %d, degree %d", h.logN, s.Degree())
}

// Degree is the polynomial's, 0 for no set.
func (s Set) Degree() int { return 1<<shapes[s].depth - 1 }

// Companies is the number of slots: the companies of a block. 0 for no set.
func (s Set) Companies() int {
	if h, ok := shapes[s]; ok {
		return 1 << h.logN
	}
	return 0
}

// levels: fresh ciphertexts, the polynomial's input, and the reply.
func (h shape) top() int  { return h.depth + 2 }
func (h shape) poly() int { return h.depth + 1 }

// gadget is the shape of the relinearisation key, which starts below the linear term.
func (h shape) gadget() homomorphic.Gadget {
	return homomorphic.Gadget{Degree: 1, LevelQ: h.poly(), LevelP: 0}
}

// fraction are the fractional bits that the embedding has room for, next to coefficients of the modulus at the end.
func (h shape) fraction() int { return 126 - 2*h.base - 1 - h.logN - 1 }

// parameters are made once for each set: finding primes and tables takes a moment.
func (s Set) parameters() (hefloat.Parameters, error) {
	if _, err := s.shape(); err != nil {
		return hefloat.Parameters{}, err
	}
	return parameterCache[s]()
}

var parameterCache = func() map[Set]func() (hefloat.Parameters, error) {
	cache := make(map[Set]func() (hefloat.Parameters, error))
	for s, h := range shapes {
		cache[s] = sync.OnceValues(h.parameters)
	}
	return cache
}()

func (h shape) parameters() (hefloat.Parameters, error) {
	p, err := hefloat.NewParametersFromLiteral(hefloat.ParametersLiteral{
		LogN:            h.logN,
		RingType:        ring.ConjugateInvariant,
		LogQ:            append([]int{h.base, h.base}, slices.Repeat([]int{h.step}, h.depth+1)...),
		LogP:            []int{h.special},
		LogDefaultScale: h.step,
	})
	if err != nil {
		return p, fmt.Errorf("%w: %w", homomorphic.ErrParams, err)
	}
	return p, homomorphic.CheckParameters(p.Parameters.Parameters)
}
