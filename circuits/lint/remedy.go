package lint

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
)

// RemedyKind is what a remedy changes. The zero RemedyKind is invalid.
type RemedyKind uint8

const (
	MergeBands  RemedyKind = iota + 1 // leaves thresholds out of the card
	ClampScore                        // clamps the score (Policy.Clamp)
	UseBands                          // gives out the card's bands in place of the score
	RoundPoints                       // rounds the points of every feature to multiples of a step
)

var remedyNames = []string{"", "merge-bands", "clamp-score", "use-bands", "round-points"}

func (k RemedyKind) String() string { return name(remedyNames, int(k)) }

// MarshalText is "merge-bands", "clamp-score", "use-bands" or "round-points".
func (k RemedyKind) MarshalText() ([]byte, error) { return marshalName(remedyNames, int(k)) }

// UnmarshalText reads what MarshalText writes.
func (k *RemedyKind) UnmarshalText(text []byte) error {
	return unmarshalName(remedyNames, text, (*uint8)(k))
}

// Remedy is one change, and what the lint says of the changed model: it was run again in full. Remedies are
// alternatives; only those that help are suggested.
type Remedy struct {
	Kind  RemedyKind `json:"kind"`
	Drop  []int      `json:"drop,omitempty"`  // MergeBands: indexes into Model.Thresholds, ascending
	Clamp *Clamp     `json:"clamp,omitempty"` // ClampScore
	Step  int64      `json:"step,omitempty"`  // RoundPoints: in units
	Scale int64      `json:"scale"`           // units per point
	After Effect     `json:"after"`
}

// Effect is the report of a changed model in short.
type Effect struct {
	Severity   Severity `json:"severity"`
	Criticals  int      `json:"criticals"` // findings
	Warnings   int      `json:"warnings"`
	NeededBits int      `json:"needed_bits"`
	Summary    Summary  `json:"summary"`
}

func (r *Report) effect() Effect {
	e := Effect{Severity: r.Severity, NeededBits: r.NeededBits, Summary: r.Summary}
	for _, f := range r.Findings {
		switch f.Severity {
		case Critical:
			e.Criticals++
		case Warning:
			e.Warnings++
		}
	}
	return e
}

// helps reports that the changed model has fewer critical findings, or as many and fewer warnings, and so on.
func (r *Report) helps(changed *Report) bool {
	b, a := r.effect(), changed.effect()
	return slices.Compare([]int{a.Criticals, a.Warnings, len(changed.Findings)}, []int{b.Criticals, b.Warnings, len(r.Findings)}) < 0
}

// remedies tries one remedy of each kind that fits.
func (a *analysis) remedies(ctx context.Context) ([]Remedy, error) {
	found := []Remedy{}
	if len(a.report.Findings) == 0 {
		return found, nil
	}
	try := func(r Remedy, v *view, p Policy) error {
		changed, err := analyse(ctx, v, p)
		switch {
		case errors.Is(err, ErrTooLarge): // bands under own points that the score output did not depend on
			return nil
		case err != nil:
			return err
		case a.report.helps(changed.report):
			r.Scale, r.After = a.report.Scale, changed.report.effect()
			found = append(found, r)
		}
		return nil
	}
	for _, suggest := range []func(context.Context, func(Remedy, *view, Policy) error) error{a.tryMerge, a.tryClamp, a.tryBands, a.tryRound} {
		if err := suggest(ctx, try); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (a *analysis) tryMerge(ctx context.Context, try func(Remedy, *view, Policy) error) error {
	if a.policy.Output != OutputBand {
		return nil
	}
	drop, err := a.merge(ctx)
	if err != nil || len(drop) == 0 || len(drop) == len(a.view.thresholds) {
		return err
	}
	v := *a.view
	v.thresholds, v.names = without(v.thresholds, drop, 0), without(v.names, drop, 1)
	return try(Remedy{Kind: MergeBands, Drop: drop}, &v, a.policy)
}

// without leaves out the entries at the given indexes, each plus shift. A band that is merged into the one below it
// (shift 1) loses its name.
func without[T any](all []T, drop []int, shift int) []T {
	var kept []T
	for i, x := range all {
		if !slices.Contains(drop, i-shift) {
			kept = append(kept, x)
		}
	}
	return kept
}

func (a *analysis) tryClamp(_ context.Context, try func(Remedy, *view, Policy) error) error {
	if a.policy.Output != OutputScore || a.policy.Clamp != nil || a.report.Summary.Pinned == 0 {
		return nil
	}
	low, high, ok := a.tails()
	if !ok {
		return nil
	}
	p := a.policy
	p.Clamp, p.Bits = &Clamp{a.view.low + int64(low), a.view.low + int64(high)}, 0
	return try(Remedy{Kind: ClampScore, Clamp: p.Clamp}, a.view, p)
}

// tails are where to clamp: around the score of the most bin combinations, every reachable score strictly between low
// and high has K or more, and so have those up to low together, and those from high.
func (a *analysis) tails() (low, high int, ok bool) {
	top, span, k := 0, a.view.span, a.policy.K
	for s := range span + 1 {
		if a.bins.at(s).Cmp(a.bins.at(top)) > 0 {
			top = s
		}
	}
	fine := func(s int) bool { return a.bins.at(s).Sign() == 0 || !(Count{a.bins.at(s)}).small(k) }
	enough := func(from, to int) bool { // sums from..to-1
		return !(Count{new(big.Int).Sub(a.binsBelow[to], a.binsBelow[from])}).small(k)
	}
	for low = top; low > 0 && fine(low); low-- {
	}
	for low < span && !enough(0, low+1) {
		low++
	}
	for high = top; high < span && fine(high); high++ {
	}
	for high > 0 && !enough(high, span+1) {
		high--
	}
	return low, high, fine(top) && low < high
}

func (a *analysis) tryBands(_ context.Context, try func(Remedy, *view, Policy) error) error {
	if a.policy.Output != OutputScore || len(a.view.thresholds) == 0 {
		return nil
	}
	p := a.policy
	p.Output, p.Clamp, p.Bits = OutputBand, nil, 0
	return try(Remedy{Kind: UseBands}, a.view, p)
}

// tryRound rounds if it is the points that leak.
func (a *analysis) tryRound(ctx context.Context, try func(Remedy, *view, Policy) error) error {
	leaks := slices.ContainsFunc(a.report.Findings, func(f Finding) bool {
		points := []Code{CodeUnique, CodeReadable, CodeSuperincreasing, CodePinnedOutput}
		return f.Severity > Info && slices.Contains(points, f.Code)
	})
	for _, unit := range []int64{1, 10, 100, 1000, 10000} {
		for _, digit := range []int64{1, 2, 5} {
			step := unit * digit
			if !leaks || step == 1 || 4*step > int64(a.view.span) {
				continue
			}
			fine, err := a.blurred(ctx, step)
			if err != nil {
				return err
			}
			if !fine {
				continue
			}
			v, err := newView(a.view.model, rounded(a.view.tables, step, step), a.policy.Prior)
			if err != nil {
				return nil // rounding up made the range too large
			}
			v.thresholds, v.names = a.view.thresholds, a.view.names
			p := a.policy
			if p.Output == OutputScore {
				p.Bits = 0
			}
			return try(Remedy{Kind: RoundPoints, Step: step}, v, p)
		}
	}
	return nil
}

// blurred reports quickly, in floating point, whether points rounded to the step would be fine for the full lint: few
// companies with a score of fewer than K bin combinations, and no long superincreasing chain.
func (a *analysis) blurred(ctx context.Context, step int64) (bool, error) {
	v, err := newView(a.view.model, rounded(a.view.tables, step, 1), nil)
	if err != nil {
		return false, nil
	}
	n := len(v.informative())
	if chain := len(v.chain()); n < 2 || chain >= chainLength && 2*chain >= n {
		return false, nil
	}
	bins, err := probabilities(ctx, v, func(bin) float64 { return 1 })
	if err != nil {
		return false, err
	}
	shares, err := probabilities(ctx, v, func(b bin) float64 { return float64(b.levels) })
	if err != nil {
		return false, err
	}
	total, pinned := 0.0, 0.0
	for s := range bins {
		total += shares[s]
		if bins[s] > 0 && bins[s] < float64(a.policy.K) {
			pinned += shares[s]
		}
	}
	return pinned < warningShare*total, nil
}

// rounded are the tables with each entry rounded to a multiple of step, halves away from zero, in units of step/unit.
func rounded(tables [][]int32, step, unit int64) [][]int32 {
	out := make([][]int32, len(tables))
	for f, table := range tables {
		out[f] = make([]int32, len(table))
		for l, points := range table {
			n := roundTo(int64(points), step) * unit
			out[f][l] = int32(min(max(n, math.MinInt32), math.MaxInt32))
		}
	}
	return out
}

// roundTo is x/step, rounded, halves away from zero.
func roundTo(x, step int64) int64 {
	n := (max(x, -x) + step/2) / step
	if x < 0 {
		return -n
	}
	return n
}

func (r *Remedy) line() string {
	var b strings.Builder
	switch r.Kind {
	case MergeBands:
		fmt.Fprintf(&b, "leave out the thresholds %v", r.Drop)
	case ClampScore:
		fmt.Fprintf(&b, "clamp the score to %d to %d units", r.Clamp.Low, r.Clamp.High)
	case UseBands:
		b.WriteString("give out the bands of the card in place of the score")
	case RoundPoints:
		fmt.Fprintf(&b, "round all points to multiples of %d units", r.Step)
	}
	s := &r.After.Summary
	fmt.Fprintf(&b, ": then %s, %d critical, %d warnings; %d outputs, %.2f bits, at least %s combinations of bins",
		verdict(r.After.Severity), r.After.Criticals, r.After.Warnings, s.Outputs, s.Log2, s.SmallestBins)
	return b.String()
}
