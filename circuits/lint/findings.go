package lint

import (
	"cmp"
	"fmt"
	"slices"
)

// Code names a kind of finding; doc.go says when each is made.
type Code string

const (
	CodeUnique          Code = "unique-scores"     // no two bin combinations have the same score
	CodeReadable        Code = "readable-scores"   // many scores tell every bin
	CodeSuperincreasing Code = "superincreasing"   // points as 5^i
	CodePinnedOutput    Code = "pinned-output"     // few combinations have this output
	CodePinnedFeature   Code = "pinned-feature"    // some output tells a feature's bin
	CodeSingleScore     Code = "single-score-band" // the band is one score
	CodeDominant        Code = "dominant-feature"  // the output speaks of one feature above all
	CodeIdle            Code = "idle-feature"      // it has no effect
	CodeUnused          Code = "unused-threshold"  // it tells nobody apart
	CodeOverBudget      Code = "over-budget"       // more bits than granted
	CodeSpareBits       Code = "spare-bits"        // fewer bits than granted
)

// Finding is one thing that the lint found.
type Finding struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	Subject  string   `json:"subject,omitempty"` // a feature or a band
	Text     string   `json:"text"`
}

// Shares of level combinations from which a leak is a warning, or critical.
const (
	warningShare  = 0.01
	criticalShare = 0.10
	// dominantShare is the share of the score range from which one feature is dominant.
	dominantShare = 0.5
	// chainLength is the length from which a superincreasing chain is no coincidence.
	chainLength = 3
)

func (a *analysis) find(code Code, s Severity, subject, format string, args ...any) {
	a.report.Findings = append(a.report.Findings, Finding{code, s, subject, fmt.Sprintf(format, args...)})
}

// judge turns numbers into findings.
func (a *analysis) judge() {
	r := a.report
	r.Findings = []Finding{}
	a.judgePoints()
	a.judgeOutputs()
	a.judgeFeatures()
	if r.Bits < r.NeededBits {
		a.find(CodeOverBudget, Critical, "", "the output takes %d bits, the policy grants %d", r.NeededBits, r.Bits)
	}
	if r.Bits > r.NeededBits {
		a.find(CodeSpareBits, Info, "", "the policy grants %d bits, the output takes %d: a bank that deviates learns all that are granted", r.Bits, r.NeededBits)
	}
	slices.SortStableFunc(r.Findings, func(f, g Finding) int { return cmp.Compare(g.Severity, f.Severity) })
	r.Severity = Info
	for _, f := range r.Findings {
		r.Severity = max(r.Severity, f.Severity)
	}
}

// grade is critical or a warning by a share, and otherwise least.
func grade(share float64, least Severity) Severity {
	switch {
	case share >= criticalShare:
		return Critical
	case share >= warningShare:
		return max(Warning, least)
	}
	return least
}

func (a *analysis) judgePoints() {
	r := a.report
	n := len(a.view.informative())
	switch s := Warning; {
	case r.Unique && n > 1:
		if n >= chainLength {
			s = Critical
		}
		a.find(CodeUnique, s, "", "no two of %s bin combinations have the same score: a score is a code for all %d features", r.Bins, n)
	case a.policy.Output == OutputScore && n > 1 && r.UniqueShare >= warningShare:
		a.find(CodeReadable, grade(r.UniqueShare, Warning), "", "for %s of level combinations the score tells every bin", percent(r.UniqueShare))
	}
	if len(r.Chain) < chainLength {
		return
	}
	s := Info
	if 2*len(r.Chain) >= n {
		s = Warning
	}
	if len(r.Chain) == n {
		s = Critical
	}
	a.find(CodeSuperincreasing, s, r.Chain[len(r.Chain)-1], "points of %d of %d features are superincreasing (as 5^i are): %s", len(r.Chain), n, list(r.Chain))
}

func (a *analysis) judgeOutputs() {
	r := a.report
	if r.Output == OutputScore {
		if s := &r.Summary; s.Pinned > 0 {
			severity := Warning
			if s.PinnedShare >= warningShare {
				severity = Critical
			}
			a.find(CodePinnedOutput, severity, "", "%d scores stand for fewer than %d bin combinations each; %s of level combinations have one", s.Pinned, r.K, percent(s.PinnedShare))
		}
		return
	}
	for i := range r.Outputs {
		o := &r.Outputs[i]
		if o.unused {
			a.find(CodeUnused, Info, o.Name, "the threshold below it never tells two companies apart")
		}
		if !o.Reachable {
			continue
		}
		if o.Bins.small(r.K) {
			a.find(CodePinnedOutput, Critical, o.Name, "stands for as few as %s bin combinations (%s of levels), with own points of %s", o.Bins, o.Levels, a.view.model.Points(o.BinsOwn))
		}
		if o.Scores == 1 && len(a.view.informative()) > 0 {
			a.find(CodeSingleScore, Warning, o.Name, "stands for a single score")
		}
	}
}

func (c Count) small(k int) bool { return c.n != nil && c.n.IsInt64() && c.n.Int64() < int64(k) }

func (a *analysis) judgeFeatures() {
	n := len(a.view.informative())
	for i := range a.report.Features {
		f := &a.report.Features[i]
		if f.MinBins == 1 && f.Bins > 1 {
			a.find(CodePinnedFeature, grade(f.PinnedShare, Info), f.Name, "some output tells which of its %d bins; %s of level combinations have one", f.Bins, percent(f.PinnedShare))
		}
		if f.Idle {
			a.find(CodeIdle, Warning, f.Name, "never changes the output: leave it out of the card, and out of the consent")
		}
		if f.Share >= dominantShare && n > 1 {
			a.find(CodeDominant, Warning, f.Name, "makes %s of the score range", percent(f.Share))
		}
	}
}
