package democmd

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party"
)

// bucket is the width of a bar of the histogram of probabilities; the last bar has all from half on.
const bucket = 0.05

// preciseReport is what the demo of an engine on values in full precision found.
type preciseReport struct {
	batch *party.Batch
	why   string  // Link.Explain's
	unit  int64   // of scores, in units of the model on integers; 0 for probabilities
	point float64 // how much of the model's points that is
	bound float64
	worst float64 // greatest error of a probability

	names      []string
	counts     []int // of companies in each band, lowest score first
	histogram  []int // of probabilities
	rounded    int   // bands beside the plain evaluator's, of scores within a unit of a threshold
	reasons    map[string]int
	mismatches int
	replay     string
}

// check holds every answer against the plain evaluator: on integers for bands, where a score that is a unit or more from
// every threshold must be on its right side; in floating point for probabilities, within the bound of the circuit.
func (r *preciseReport) check(companies iter.Seq[madeup.Company], f *preciseForms) error {
	r.names, r.counts, r.reasons = f.model.Bands, make([]int, len(f.model.Bands)), make(map[string]int)
	r.histogram = make([]int, int(0.5/bucket)+1)
	r.point = float64(r.unit) / f.integer.Scale()
	if r.unit == 0 {
		r.bound = f.circuit.Report().Bound
	}
	i := 0
	for c := range companies {
		if i == len(r.batch.Results) {
			return fmt.Errorf("%w: fewer results than companies", errMismatch)
		}
		x := &r.batch.Results[i]
		i++
		reason := ""
		switch {
		case !c.Known:
			reason = "not on the tax node's records"
		case !f.silent.IsZero() && c.ID == f.silent:
			reason = "never consented"
		}
		if reason != "" {
			r.reasons[reason]++
		}
		right := x.Company == c.ID && (reason != "") == errors.Is(x.Err, party.ErrRefused)
		if right && reason == "" {
			var err error
			if right, err = r.right(f, x, &c); err != nil {
				return err
			}
			right = right && x.Err == nil && x.Name == r.names[x.Band]
			r.counts[x.Band]++
		}
		if !right {
			r.mismatches++
		}
	}
	if i != len(r.batch.Results) {
		return fmt.Errorf("%w: more results than companies", errMismatch)
	}
	return nil
}

// right judges one answer.
func (r *preciseReport) right(f *preciseForms, x *party.Result, c *madeup.Company) (bool, error) {
	if x.Band < 0 || x.Band >= len(r.counts) {
		x.Band = 0
		return false, nil
	}
	values := f.schema.Normal(c.Values())
	if r.unit > 0 {
		score, err := f.integer.Score(f.integer.Values(values))
		if err != nil {
			return false, err
		}
		if f.integer.Band(score) == x.Band {
			return true, nil
		}
		r.rounded++
		return r.unit > 1 && f.integer.Band(score-r.unit) <= x.Band && x.Band <= f.integer.Band(score+r.unit), nil
	}
	want, err := probabilityOf(f.schema, f.model, values)
	if err != nil {
		return false, err
	}
	off := math.Abs(x.Probability - want)
	r.worst = max(r.worst, off)
	r.histogram[min(max(int(x.Probability/bucket), 0), len(r.histogram)-1)]++
	return off <= r.bound && bandOf(f.model, want+r.bound) <= x.Band && x.Band <= bandOf(f.model, want-r.bound), nil
}

// preciseSummary is the JSON object: the other demo's, and what these engines have of their own.
type preciseSummary struct {
	summary
	Flights int     `json:"flights"`
	Unit    int64   `json:"unit,omitempty"`    // that scores are rounded to, on the model's integers
	Point   float64 `json:"points,omitempty"`  // which is so much of its points
	Rounded int     `json:"rounded,omitempty"` // bands that differ for it
	Bound   float64 `json:"bound,omitempty"`   // on the error of a probability
	Worst   float64 `json:"worst,omitempty"`   // error there was
	Replay  string  `json:"replay"`            // of the bank's side
}

func (r *preciseReport) summary() preciseSummary {
	b := r.batch
	s := preciseSummary{
		summary: summary{
			Companies: len(b.Results) - b.Refused, Bands: r.counts, Mismatches: r.mismatches, Seconds: b.Stats.Elapsed.Seconds(),
			BytesToTax: b.Stats.BytesToTax, BytesToBank: b.Stats.BytesToBank, Bits: b.Stats.BitsPerCompany,
			Engine: b.Stats.Engine.String(), Refused: b.Refused,
		},
		Flights: b.Stats.Flights, Unit: r.unit, Point: r.point, Rounded: r.rounded, Bound: r.bound, Worst: r.worst, Replay: r.replay,
	}
	if s.Seconds > 0 {
		s.PerSecond = float64(s.Companies) / s.Seconds
	}
	return s
}

// rows is a table of counts with bars.
func rows(w io.Writer, head string, names []string, counts []int) error {
	total := max(sumOf(counts), 1)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  %s\tcompanies\tshare\n", head)
	for i, n := range counts {
		share := float64(n) / float64(total)
		fmt.Fprintf(t, "  %s\t%d\t%.1f %%\t%s\n", names[i], n, 100*share, strings.Repeat("█", int(share*barWidth+0.5)))
	}
	return t.Flush()
}

func sumOf(counts []int) (n int) {
	for _, x := range counts {
		n += x
	}
	return n
}

func (r *preciseReport) print(w io.Writer) error {
	s := r.summary()
	what := "bands"
	if r.unit > 0 {
		fmt.Fprint(w, "\nWhat the bank learned, best band first:\n\n")
		names, counts := slices.Clone(r.names), slices.Clone(r.counts)
		slices.Reverse(names)
		slices.Reverse(counts)
		if err := rows(w, "band", names, counts); err != nil {
			return err
		}
	} else {
		what = "probabilities"
		fmt.Fprint(w, "\nWhat the bank learned, probabilities of default:\n\n")
		var names []string
		for i := range r.histogram {
			names = append(names, fmt.Sprintf("from %.0f %%", 100*bucket*float64(i)))
		}
		if err := rows(w, "probability", names, r.histogram); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\nRefused: %d; the bank does not learn why.\n", s.Refused)
	if len(r.reasons) > 0 {
		fmt.Fprint(w, "\nWhy companies were refused, as only the tax node knows:\n\n")
	}
	for _, reason := range slices.Sorted(maps.Keys(r.reasons)) {
		fmt.Fprintf(w, "  %6d  %s\n", r.reasons[reason], reason)
	}
	fmt.Fprintf(w, "\nWhy this engine (Link.Explain):\n\n  %s\n", strings.ReplaceAll(strings.TrimSpace(r.why), "\n", "\n  "))
	fmt.Fprintf(w, `
Engine:                                       %s, %v, %d flights
Bits of each company that left the tax node:  %d
Time:                                         %.2f s, %.0f companies a second
Bank to tax node:                             %s
Tax node to bank:                             %s
%s
Replay of the bank's side, from seeds that auditors opened: %s.

`, s.Engine, r.batch.Stats.Form, s.Flights, s.Bits, s.Seconds, s.PerSecond, each(s.BytesToTax, s.Companies),
		each(s.BytesToBank, s.Companies), r.exactness(), s.Replay)
	if r.mismatches > 0 {
		_, err := fmt.Fprintf(w, "WRONG: %d of %d answers differ from the plain evaluator.\n", r.mismatches, len(r.batch.Results))
		return err
	}
	_, err := fmt.Fprintf(w, "Checked: all %d answers are the plain evaluator's, %s within what is said above.\n", len(r.batch.Results), what)
	return err
}

// exactness says how near the answers must be, and how near they are.
func (r *preciseReport) exactness() string {
	if r.unit > 0 {
		return fmt.Sprintf("Exact:                                        to a unit of 2^%d on the model's integers, %.3f of its points: %d bands differ, of scores so near a threshold",
			bits.Len64(uint64(r.unit))-1, r.point, r.rounded)
	}
	return fmt.Sprintf("Exact:                                        to %.4f by the circuit's bound; the worst is off by %.4f", r.bound, r.worst)
}
