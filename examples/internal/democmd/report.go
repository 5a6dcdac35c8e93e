package democmd

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/blindscore/blindscore/examples/internal/bankcmd"
	"github.com/blindscore/blindscore/examples/internal/madeup"
)

// report is what the demo found.
type report struct {
	names      []string // of the bands, lowest score first
	counts     []int
	examples   []bankcmd.Line
	refused    int
	reasons    map[string]int // why, as the demo knows and the bank does not
	Mismatches int
	sum        bankcmd.Summary
	audits     *audits
}

// check holds what the bank learned against the plain evaluator on raw values: every company, the refused ones too.
func check(companies iter.Seq[madeup.Company], special *chosen, results io.Reader) (*report, error) {
	schema, err := madeup.Schema()
	if err != nil {
		return nil, err
	}
	card, err := madeup.Card()
	if err != nil {
		return nil, err
	}
	r := &report{names: card.Bands, counts: make([]int, len(card.Bands)), reasons: make(map[string]int)}
	next, stop := iter.Pull(companies)
	defer stop()
	sum, err := bankcmd.ReadOutput(results, func(got bankcmd.Line) error {
		c, more := next()
		if !more {
			return fmt.Errorf("%w: more results than companies", errMismatch)
		}
		want, err := card.Evaluate(schema.Normal(c.Values()))
		if err != nil {
			return err
		}
		scored := got.Status == bankcmd.StatusOK && got.Band != nil
		reason := special.refused(c)
		if reason != "" {
			r.reasons[reason]++
		}
		right := got.Company == c.ID && scored == (reason == "")
		if scored && right {
			right = *got.Band == want.Band && got.Name == want.BandName
		}
		r.count(got, scored, right)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, more := next(); more {
		return nil, fmt.Errorf("%w: fewer results than companies", errMismatch)
	}
	r.sum = *sum
	return r, nil
}

// count takes in one answer.
func (r *report) count(got bankcmd.Line, scored, right bool) {
	if !right {
		r.Mismatches++
	}
	if scored && *got.Band >= 0 && *got.Band < len(r.counts) {
		r.counts[*got.Band]++
	}
	firstRefused := !scored && r.refused == 0
	if !scored {
		r.refused++
	}
	if firstRefused || scored && len(r.examples) < 4 {
		r.examples = append(r.examples, got)
	}
}

// summary is the demo's JSON object.
type summary struct {
	Companies   int     `json:"companies"` // scored; those that were refused are not counted
	Bands       []int   `json:"bands"`     // companies in each, lowest score first
	Mismatches  int     `json:"mismatches"`
	Seconds     float64 `json:"seconds"`
	PerSecond   float64 `json:"companies_per_second"`
	BytesToTax  uint64  `json:"bytes_bank_to_tax"`
	BytesToBank uint64  `json:"bytes_tax_to_bank"`
	Bits        int     `json:"bits_per_company"`
	Engine      string  `json:"engine"` // that ran: "lattice" or "ot"
	Refused     int     `json:"refused"`
	Audits      *audits `json:"audits,omitempty"`
}

func (r *report) summary() summary {
	s := summary{
		Companies: r.sum.Companies, Bands: r.counts, Mismatches: r.Mismatches, Seconds: r.sum.Seconds,
		BytesToTax: r.sum.BytesToTax, BytesToBank: r.sum.BytesToBank, Bits: r.sum.BitsPerCompany, Engine: r.sum.Engine,
		Refused: r.refused, Audits: r.audits,
	}
	if s.Seconds > 0 {
		s.PerSecond = float64(s.Companies) / s.Seconds
	}
	return s
}

// barWidth is the width of a share of 100 %.
const barWidth = 60

func (r *report) print(w io.Writer) error {
	s := r.summary()
	fmt.Fprint(w, "\nWhat the bank learned, best band first:\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  band\tcompanies\tshare")
	for band := len(r.counts) - 1; band >= 0; band-- {
		share := 0.0
		if s.Companies > 0 {
			share = float64(r.counts[band]) / float64(s.Companies)
		}
		fmt.Fprintf(t, "  %s\t%d\t%.1f %%\t%s\n", r.names[band], r.counts[band], 100*share, strings.Repeat("█", int(share*barWidth+0.5)))
	}
	fmt.Fprintf(t, "  refused\t%d\t\tthe bank does not learn why\n", r.refused)
	if err := t.Flush(); err != nil {
		return err
	}
	if len(r.reasons) > 0 {
		fmt.Fprint(w, "\nWhy companies were refused, as only the tax node knows:\n\n")
		for _, reason := range slices.Sorted(maps.Keys(r.reasons)) {
			fmt.Fprintf(w, "  %6d  %s\n", r.reasons[reason], reason)
		}
	}
	if len(r.examples) > 0 {
		fmt.Fprint(w, "\nSome of them:\n\n")
		for _, x := range r.examples {
			name := x.Name
			if x.Status != bankcmd.StatusOK {
				name = x.Status
			}
			fmt.Fprintf(w, "  %s  %s\n", x.Company, name)
		}
	}
	fmt.Fprintf(w, `
Engine:                                       %s, %s, %d flights
Bits of each company that left the tax node:  %d
Time:                                         %.2f s, %.0f companies a second
Bank to tax node:                             %s
Tax node to bank:                             %s

The bank learned these bands, and which companies the tax node does not answer for: no feature, no score.
The tax node learned which companies the bank asked about: nothing of the scorecard, its thresholds or the bands.
Each signed what was run, so that neither can deny it: task %s.

`, r.sum.Engine, r.sum.Form, r.sum.Flights, s.Bits, s.Seconds, s.PerSecond, each(s.BytesToTax, s.Companies), each(s.BytesToBank, s.Companies), r.sum.Task[:16])
	if r.audits != nil {
		fmt.Fprint(w, r.audits.text())
	}
	if r.Mismatches > 0 {
		_, err := fmt.Fprintf(w, "WRONG: %d of %d answers differ from the plain evaluator.\n", r.Mismatches, s.Companies+r.refused)
		return err
	}
	_, err := fmt.Fprintf(w, "Checked: all %d answers equal the plain evaluator's.\n", s.Companies+r.refused)
	return err
}

// each writes bytes for people, in all and for one company.
func each(n uint64, companies int) string {
	text := fmt.Sprintf("%d bytes", n)
	switch {
	case n >= 1<<20:
		text = fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 10<<10:
		text = fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	if companies == 0 {
		return text
	}
	return fmt.Sprintf("%s, %d bytes a company", text, n/uint64(companies))
}
