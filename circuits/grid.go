package circuits

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// buildNumeric checks range and cuts and derives the keys.
func (f *Feature) buildNumeric() error {
	s := &f.spec
	if len(s.Categories) > 0 {
		return fmt.Errorf("categories: want none for a numeric kind, got %d", len(s.Categories))
	}
	if len(s.Cuts) > MaxLevels {
		return fmt.Errorf("cuts: want at most %d, got %d", MaxLevels, len(s.Cuts))
	}
	f.cuts = slices.Clone(s.Cuts)
	if r := s.Range; r != nil {
		if !finite(r.Min) || !finite(r.Max) || r.Min > r.Max {
			return fmt.Errorf("range: want finite min <= max, got %v and %v", r.Min, r.Max)
		}
		if s.Integer && (r.Min != math.Trunc(r.Min) || r.Max != math.Trunc(r.Max)) {
			return fmt.Errorf("range: want integers for an integer feature, got %v and %v", r.Min, r.Max)
		}
		r.Min, r.Max = r.Min+0, r.Max+0
		if s.EndLevels {
			f.addEnds(*r)
		}
	} else if s.EndLevels {
		return fmt.Errorf("end_levels: want a range with them, got none")
	}
	for i := range s.Cuts {
		s.Cuts[i].At += 0
		if err := checkCut(s.Cuts[i], s); err != nil {
			return fmt.Errorf("cuts[%d]: %w", i, err)
		}
	}
	f.keys = make([]float64, len(f.cuts))
	for i := range f.cuts {
		f.cuts[i].At += 0
		f.keys[i] = f.cuts[i].key(s.Integer)
		if i > 0 && f.keys[i] <= f.keys[i-1] {
			return fmt.Errorf("cuts[%d]: want ascending cuts, got %s after %s", i, f.cuts[i], f.cuts[i-1])
		}
	}
	return nil
}

// addEnds makes the ends of the range cuts, unless they are already.
func (f *Feature) addEnds(r Range) {
	low := Cut{At: r.Min}
	high := Cut{At: r.Max, After: !f.spec.Integer}
	if f.spec.Integer {
		high.At = Cut{At: r.Max, After: true}.key(true)
	}
	if len(f.cuts) == 0 || f.cuts[0].key(f.spec.Integer) != low.key(f.spec.Integer) {
		f.cuts = slices.Insert(f.cuts, 0, low)
	}
	if f.cuts[len(f.cuts)-1].key(f.spec.Integer) != high.key(f.spec.Integer) {
		f.cuts = append(f.cuts, high)
	}
}

func checkCut(c Cut, s *FeatureSpec) error {
	if !finite(c.At) {
		return fmt.Errorf("want a finite number, got %v", c.At)
	}
	if s.Integer && (c.After || c.At != math.Trunc(c.At)) {
		return fmt.Errorf("want a cut before an integer for an integer feature (\"< 19\" for \"<= 18\"), got %s", c)
	}
	if r := s.Range; r != nil && (c.At < r.Min || c.At > r.Max) {
		if !(s.Integer && c.At == r.Max+1) {
			return fmt.Errorf("want a cut within the range [%v, %v], got %s", r.Min, r.Max, c)
		}
	}
	return nil
}

func (f *Feature) buildCategories() error {
	s := &f.spec
	if s.Integer || s.Range != nil || s.EndLevels || len(s.Cuts) > 0 {
		return fmt.Errorf("cuts: want no integer, range, end_levels or cuts for a categorical feature")
	}
	if len(s.Categories) > MaxLevels {
		return fmt.Errorf("categories: want at most %d, got %d", MaxLevels, len(s.Categories))
	}
	f.category = make(map[string]int, len(s.Categories))
	for i, c := range s.Categories {
		what := fmt.Sprintf("categories[%d]", i)
		if c == "" {
			return fmt.Errorf("%s: want a text, got none", what)
		}
		if err := checkText(what, c, MaxTextBytes); err != nil {
			return err
		}
		if first, twice := f.category[c]; twice {
			return fmt.Errorf("%s: want distinct categories, got %s again (first at %d)", what, quoteShort(c), first)
		}
		f.category[c] = i
	}
	return nil
}

func (f *Feature) buildSpecials() error {
	if len(f.spec.Specials) > MaxSpecials {
		return fmt.Errorf("specials: want at most %d, got %d", MaxSpecials, len(f.spec.Specials))
	}
	f.special = make(map[Value]int, len(f.spec.Specials))
	names := make(map[string]bool)
	for i, s := range f.spec.Specials {
		what := fmt.Sprintf("specials[%d]", i)
		if err := checkName(what+".name", s.Name); err != nil {
			return err
		}
		x, number := s.Value.Number()
		t, text := s.Value.Text()
		_, isCategory := f.category[t]
		switch {
		case number && !f.Numeric():
			return fmt.Errorf("%s.value: want a text for a categorical feature, got %v", what, x)
		case number && (!finite(x) || f.spec.Integer && x != math.Trunc(x)):
			return fmt.Errorf("%s.value: want a finite number (an integer for an integer feature), got %v", what, x)
		case text && (t == "" || checkText(what, t, MaxTextBytes) != nil):
			return fmt.Errorf("%s.value: want 1 to %d bytes of printable text", what, MaxTextBytes)
		case text && isCategory:
			return fmt.Errorf("%s.value: %s is a category already", what, quoteShort(t))
		case !number && !text:
			return fmt.Errorf("%s.value: want a number or a text; missing has its own level", what)
		}
		if _, twice := f.special[s.Value]; twice || names[s.Name] {
			return fmt.Errorf("%s: want distinct names and values, got %s again", what, quoteShort(s.Name))
		}
		f.special[s.Value], names[s.Name] = i, true
	}
	return nil
}

// Levels is the number of levels, 1 to MaxLevels.
func (f *Feature) Levels() int {
	n := f.plain() + len(f.spec.Specials)
	if !f.spec.FoldMissing {
		n++
	}
	return n
}

// plain is the number of intervals, or of categories with "other".
func (f *Feature) plain() int {
	if f.Numeric() {
		return len(f.keys) + 1
	}
	return len(f.spec.Categories) + 1
}

// MissingLevel is the level of a missing value.
func (f *Feature) MissingLevel() int {
	switch {
	case !f.spec.FoldMissing:
		return f.plain()
	case f.Numeric():
		return 0
	default:
		return f.plain() - 1
	}
}

// Normal is the value as the grid sees it: for a numeric feature a text that is no special is missing, and an integer
// feature rounds to the nearest integer; for a categorical feature a number is its shortest decimal text.
// Level(v) = Level(Normal(v)), and a scorecard whose cut-offs lie on the grid gives Normal(v) the points of that level.
func (f *Feature) Normal(v Value) Value {
	switch v.kind {
	case valueNumber:
		if !f.Numeric() {
			return Text(formatNumber(v.num))
		}
		if f.spec.Integer {
			return Number(math.RoundToEven(v.num))
		}
	case valueText:
		if _, special := f.special[v]; f.Numeric() && !special {
			return Missing()
		}
	}
	return v
}

// Parse reads a value from text, as tables and CSV files have it: the empty text is missing; for a numeric feature a
// special text stays a text, a number (also beyond float64: an infinity) is a number, and anything else is missing.
// Like Level it is total.
func (f *Feature) Parse(text string) Value {
	if text == "" {
		return Missing()
	}
	if _, special := f.special[Text(text)]; special || !f.Numeric() {
		return Text(text)
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return Missing()
	}
	return Number(x)
}

// Level is the level of a raw value. It is total: missing, NaN, infinities, values out of range, unknown categories
// and values of the wrong type all have one (see Normal).
func (f *Feature) Level(v Value) int {
	v = f.Normal(v)
	if v.IsMissing() {
		return f.MissingLevel()
	}
	if len(f.special) > 0 {
		if i, ok := f.special[v]; ok {
			return f.Levels() - len(f.spec.Specials) + i
		}
	}
	if v.kind == valueNumber {
		return f.interval(v.num)
	}
	if i, ok := f.category[v.text]; ok {
		return i
	}
	return len(f.spec.Categories)
}

// interval is the number of cuts at or below x.
func (f *Feature) interval(x float64) int {
	return sort.Search(len(f.keys), func(i int) bool { return f.keys[i] > x })
}

// LevelName describes a level for people: "[3, 7)", "below 0", "retail", "other", "missing", "no invoice yet".
func (f *Feature) LevelName(level int) string {
	special := level - (f.Levels() - len(f.spec.Specials))
	switch {
	case level < 0 || level >= f.Levels():
		return fmt.Sprintf("no level %d", level)
	case special >= 0:
		return f.spec.Specials[special].Name
	case level >= f.plain():
		return "missing"
	case f.Numeric():
		return f.intervalName(level)
	case level < len(f.spec.Categories):
		return f.spec.Categories[level]
	default:
		return "other"
	}
}

func (f *Feature) intervalName(i int) string {
	low, high := "(-inf", "inf)"
	if i > 0 {
		low = "[" + formatNumber(f.cuts[i-1].At)
		if f.cuts[i-1].After {
			low = "(" + low[1:]
		}
	}
	if i < len(f.cuts) {
		high = formatNumber(f.cuts[i].At) + ")"
		if f.cuts[i].After {
			high = high[:len(high)-1] + "]"
		}
	}
	return low + ", " + high
}

// String writes the cut as the condition below it: "< 3" or "<= 3".
func (c Cut) String() string {
	if c.After {
		return "<= " + formatNumber(c.At)
	}
	return "< " + formatNumber(c.At)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
