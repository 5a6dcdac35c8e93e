package score

import (
	"fmt"
	"math"
	"slices"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/tablemask"
)

// steps writes the tables of stage 2. The output as a function of the score is
// written down once, as bit planes over all scores that matter; the table of a
// company is a window of 2^m of them, begun at the bank's own points and turned
// by its share, which is a matter of unaligned loads.
type steps struct {
	bits   int // of an index: those of the score, and the guard bits below them
	guard  int // an entry stands 2^guard times
	width  int
	low    int64    // score of the first entry
	high   int64    // score from which the window no longer moves
	planes [][]byte // bit i of plane p is bit p of the output at score low + i>>guard
}

// maxSteps bounds the span of scores between the outermost thresholds.
const maxSteps = 1 << 26

// newBandSteps writes band(t) = number of thresholds <= t. Below the lowest
// threshold less one window, and above the highest, nothing changes any more.
func newBandSteps(thresholds []int64, m, guard, width int) (*steps, error) {
	s := &steps{bits: m + guard, guard: guard, width: width}
	window := int64(1) << m
	if len(thresholds)>>width > 0 {
		return nil, fmt.Errorf("%w: %d thresholds do not fit %d bits", mpc.ErrParams, len(thresholds), width)
	}
	if len(thresholds) > 0 {
		lo, hi := slices.Min(thresholds), slices.Max(thresholds)
		if lo < math.MinInt64/4 || hi > math.MaxInt64/4 || hi-lo > maxSteps {
			return nil, fmt.Errorf("%w: thresholds from %d to %d: more than %d apart", mpc.ErrParams, lo, hi, maxSteps)
		}
		s.low, s.high = lo-window, hi
	}
	n := int(s.high - s.low + window)
	s.alloc(n)
	next := slices.Clone(thresholds)
	slices.Sort(next)
	band := uint16(0)
	for i := range n {
		for len(next) > 0 && next[0] <= s.low+int64(i) {
			next = next[1:]
			band++
		}
		s.set(i, band)
	}
	return s, nil
}

// newScoreSteps writes the identity on 0 .. 2^m-1; the window never moves.
func newScoreSteps(m, guard int) *steps {
	s := &steps{bits: m + guard, guard: guard, width: m}
	s.alloc(1 << m)
	for i := range 1 << m {
		s.set(i, uint16(i))
	}
	return s
}

// alloc makes room for n scores, and for what Turn reads beyond them.
func (s *steps) alloc(n int) {
	s.planes = make([][]byte, s.width)
	for p := range s.planes {
		s.planes[p] = make([]byte, (n<<s.guard+7)/8+tablemask.Slack)
	}
}

// set writes the output of the i-th score.
func (s *steps) set(i int, v uint16) {
	for p := range s.planes {
		for k := i << s.guard; k < (i+1)<<s.guard; k++ {
			s.planes[p][k>>3] |= byte(v>>p&1) << (k & 7)
		}
	}
}

// table writes the planes of one company: entry w is
//
//	output(start + (turn + w mod 2^bits) >> guard) ^ mask.
func (s *steps) table(dst []byte, start int64, turn int, mask uint16) {
	at := int(min(max(start, s.low), s.high)-s.low) << s.guard
	size := 1 << s.bits / 8
	for p, plane := range s.planes {
		tablemask.Turn(dst[p*size:][:size], plane, at, turn, uint64(mask>>p&1))
	}
}
