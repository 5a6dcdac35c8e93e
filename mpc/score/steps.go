package score

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/blindscore/blindscore/mpc"
)

// steps writes the tables of stage 2. The output as a function of the score is
// written down once, as bit planes over all scores that matter; the table of a
// company is a window of 2^m of them, begun at the bank's own points and turned
// by its share, which is a matter of unaligned loads.
type steps struct {
	bits   int // of an index: those of the score, and the guard bits below them
	guard  int // an entry stands 2^guard times
	width  int
	low    int64      // score of the first entry
	high   int64      // score from which the window no longer moves
	planes [][]uint64 // bit i of plane p is bit p of the output at score low + i>>guard
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

// alloc makes room for n scores, and some slack for words that are read across
// the end.
func (s *steps) alloc(n int) {
	s.planes = make([][]uint64, s.width)
	for p := range s.planes {
		s.planes[p] = make([]uint64, n<<s.guard/64+3)
	}
}

// set writes the output of the i-th score.
func (s *steps) set(i int, v uint16) {
	for p := range s.planes {
		for k := i << s.guard; k < (i+1)<<s.guard; k++ {
			s.planes[p][k>>6] |= uint64(v>>p&1) << (k & 63)
		}
	}
}

// table writes the planes of one company: entry w is
//
//	output(start + (turn + w mod 2^bits) >> guard) ^ mask.
func (s *steps) table(dst []byte, start int64, turn int, mask uint16) {
	at := int(min(max(start, s.low), s.high)-s.low) << s.guard
	size := 1 << s.bits
	cut := size - turn // entries before the seam
	whole := cut >> 6  // words before it
	for p, plane := range s.planes {
		flip := -uint64(mask >> p & 1)
		out := dst[p*size/8:][:size/8]
		turned(out[:8*whole], plane, at+turn, flip)
		if seam := cut & 63; seam > 0 { // a word across the seam
			keep := uint64(1)<<seam - 1
			v := load(plane, at+turn+whole<<6)&keep | load(plane, at)<<seam
			binary.LittleEndian.PutUint64(out[8*whole:], v^flip)
			turned(out[8*whole+8:], plane, at+64-seam, flip)
			continue
		}
		turned(out[8*whole:], plane, at, flip)
	}
}

// turned writes the bits of a plane from bit i on, each xored with flip.
func turned(out []byte, plane []uint64, i int, flip uint64) {
	if len(out) == 0 {
		return
	}
	shift := i & 63
	plane = plane[i>>6:][:len(out)/8+1]
	low := plane[0]
	for k, high := range plane[1:] {
		binary.LittleEndian.PutUint64(out[8*k:8*k+8], (low>>shift|high<<(64-shift))^flip)
		low = high
	}
}

// load returns 64 bits of a plane from bit i on.
func load(plane []uint64, i int) uint64 {
	shift := i & 63
	return plane[i>>6]>>shift | plane[i>>6+1]<<(64-shift)
}
