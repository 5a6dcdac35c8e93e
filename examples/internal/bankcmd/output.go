package bankcmd

import (
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/uscc"
)

// Output is what the JSON form holds of a batch: one object, on one line.
type Output struct {
	Results []Line  `json:"results"`
	Summary Summary `json:"summary"`
}

// Line is one company.
type Line struct {
	Company uscc.ID `json:"company"`
	Status  string  `json:"status"`          // "ok" or "refused"
	Band    *int    `json:"band,omitempty"`  // index, lowest score first
	Name    string  `json:"name,omitempty"`  // of the band
	Score   string  `json:"score,omitempty"` // in points, exact; only with --output score
}

// Summary is what the batch was.
type Summary struct {
	Task           string  `json:"task"`     // digest of what both sides signed
	Finished       string  `json:"finished"` // RFC 3339, in the receipt of both sides
	Companies      int     `json:"companies"`
	Refused        int     `json:"refused"`
	BitsPerCompany int     `json:"bits_per_company"`
	Seconds        float64 `json:"seconds"`
	BytesToTax     uint64  `json:"bytes_bank_to_tax"`
	BytesToBank    uint64  `json:"bytes_tax_to_bank"`
	Attempts       int     `json:"attempts"`
}

// Statuses of a company.
const (
	StatusOK      = "ok"
	StatusRefused = "refused"
)

// outputOf gives a batch its form.
func outputOf(b *party.Batch, model *circuits.Model, scores bool) *Output {
	o := &Output{Results: make([]Line, len(b.Results)), Summary: Summary{
		Task: hex.EncodeToString(b.Receipt.Task[:]), Finished: b.Receipt.Finished.UTC().Format("2006-01-02T15:04:05Z"),
		Companies: len(b.Results) - b.Refused, Refused: b.Refused,
		BitsPerCompany: b.Stats.BitsPerCompany, Seconds: b.Stats.Elapsed.Seconds(),
		BytesToTax: b.Stats.BytesToTax, BytesToBank: b.Stats.BytesToBank, Attempts: b.Stats.Attempts,
	}}
	for i := range b.Results {
		x, line := &b.Results[i], &o.Results[i]
		line.Company, line.Status = x.Company, StatusRefused
		if x.Err != nil {
			continue
		}
		line.Status, line.Band, line.Name = StatusOK, &x.Band, x.Name
		if scores {
			line.Score = model.Points(x.Score).String()
		}
	}
	return o
}

// writeJSON writes one object a batch, one a line.
func writeJSON(w io.Writer, batches []*Output) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, b := range batches {
		if err := enc.Encode(b); err != nil {
			return err
		}
	}
	return nil
}

// writeCSV writes one row a company, in the order of the lists.
func writeCSV(w io.Writer, batches []*Output) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{companyColumn, "status", "band", "name", "score"}); err != nil {
		return err
	}
	for _, b := range batches {
		for _, x := range b.Results {
			band := ""
			if x.Band != nil {
				band = strconv.Itoa(*x.Band)
			}
			if err := c.Write([]string{x.Company.String(), x.Status, band, x.Name, x.Score}); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

// printSummary tells a person what was done.
func printSummary(w io.Writer, s *Summary) {
	fmt.Fprintf(w, "%d companies scored, %d refused, %d bits each, %.2f s, %s to and %s from the tax node, task %s\n",
		s.Companies, s.Refused, s.BitsPerCompany, s.Seconds, mebibytes(s.BytesToTax), mebibytes(s.BytesToBank), s.Task[:16])
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.2f MiB", float64(n)/(1<<20)) }
