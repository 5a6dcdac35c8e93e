package lint

import (
	"fmt"
	"strings"
)

// Text writes the report out for people: the whole, the features, the bands, what was found, what would help.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "model %q %s, output %s: %s\n", r.Model, r.Version, r.Output, verdict(r.Severity))
	s := &r.Summary
	fmt.Fprintf(&b, "combinations: %s of levels, %s of bins\n", r.Levels, r.Bins)
	fmt.Fprintf(&b, "outputs: %d, %.2f bits, %.2f on average%s; %d bits charged\n", s.Outputs, s.Log2, s.Shannon, priorText(s.ShannonPrior), r.Bits)
	fmt.Fprintf(&b, "smallest preimage: %s combinations of levels, %s of bins\n", s.Smallest, s.SmallestBins)
	if r.Own.Values > 1 {
		fmt.Fprintf(&b, "worst over %d values of the own points, %d to %d units\n", r.Own.Values, r.Own.Low, r.Own.High)
	}
	for i := range r.Features {
		f := &r.Features[i]
		fmt.Fprintf(&b, "feature %q: %d bins, %s of the range, at least %d bins stay possible\n", f.Name, f.Bins, percent(f.Share), f.MinBins)
	}
	if r.Output == OutputBand {
		for i := range r.Outputs {
			fmt.Fprintf(&b, "%s\n", r.Outputs[i].line())
		}
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s: %s%s\n", f.Severity, f.Code, subject(f.Subject), f.Text)
	}
	for i := range r.Remedies {
		fmt.Fprintf(&b, "remedy: %s\n", r.Remedies[i].line())
	}
	return b.String()
}

func verdict(s Severity) string {
	return map[Severity]string{Info: "passed", Warning: "passed with warnings", Critical: "critical"}[s]
}

func priorText(h *float64) string {
	if h == nil {
		return ""
	}
	return fmt.Sprintf(" (%.2f under the prior)", *h)
}

func (o *OutputReport) line() string {
	if !o.Reachable {
		return fmt.Sprintf("band %q: never reached", o.Name)
	}
	return fmt.Sprintf("band %q: at least %s combinations of levels, %s of bins, %d scores; at most %s of level combinations",
		o.Name, o.Levels, o.Bins, o.Scores, percent(o.Share))
}

func subject(s string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf("%q ", s)
}

func percent(x float64) string {
	switch {
	case x > 0 && x < 1e-4:
		return fmt.Sprintf("%.1e", x)
	default:
		return fmt.Sprintf("%.3g %%", 100*x)
	}
}

// list quotes at most six names.
func list(names []string) string {
	const shown = 6
	var quoted []string
	for _, n := range names[:min(shown, len(names))] {
		quoted = append(quoted, fmt.Sprintf("%q", n))
	}
	text := strings.Join(quoted, ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
