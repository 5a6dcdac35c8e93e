package circuits

import (
	"fmt"
	"strings"
)

// Text writes the report out for the people who own the card, one finding a line.
func (r *Alignment) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "scale: %d units per point\n", r.Scale)
	fmt.Fprintf(&b, "cut-offs on the grid: %d\n", len(r.OnGrid))
	for _, m := range r.Moved {
		switch {
		case m.Dropped:
			fmt.Fprintf(&b, "dropped: %s: no level of its own, now never equal\n", m.describe())
		default:
			fmt.Fprintf(&b, "moved: %s: now cut at %q, by %s (%.3g of the grid interval)\n", m.describe(), m.To.String(),
				formatNumber(m.Distance), m.Steps)
		}
	}
	for _, l := range r.Defaulted {
		fmt.Fprintf(&b, "default points: characteristic %q: %s: level %d %q\n", l.Characteristic, l.Feature, l.Level, l.Name)
	}
	for _, l := range r.Folded {
		fmt.Fprintf(&b, "missing folded: characteristic %q: %s: scored as level %d %q\n", l.Characteristic, l.Feature, l.Level, l.Name)
	}
	for _, a := range r.Unreached {
		fmt.Fprintf(&b, "unreached: characteristic %q: attribute %d\n", a.Characteristic, a.Attribute)
	}
	if g := r.Rounding; g != nil {
		fmt.Fprintf(&b, "rounded: from %d to %d places, %d points changed, by at most %s each and %s in a score\n",
			g.FromPlaces, g.ToPlaces, g.Changed, g.MaxPoint, g.MaxScore)
	}
	return b.String()
}
