package bankcmd

import (
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

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
	Status  string  `json:"status"`          // "ok", "refused" or "invalid"
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
	Engine         string  `json:"engine"`  // "lattice" or "ot"
	Form           string  `json:"form"`    // of the look-up of the band: "one table" or "two tables"
	Flights        int     `json:"flights"` // messages a superblock, both ways together
	Seconds        float64 `json:"seconds"`
	BytesToTax     uint64  `json:"bytes_bank_to_tax"`
	BytesToBank    uint64  `json:"bytes_tax_to_bank"`
	Attempts       int     `json:"attempts"`
}

// Statuses of a company: it has a band, the tax node does not evaluate it, or what the tax node returned is no band.
const (
	StatusOK      = "ok"
	StatusRefused = "refused"
	StatusInvalid = "invalid"
)

// lineOf is one company of a batch.
func lineOf(b *party.Batch, model *circuits.Model, i int) Line {
	x := &b.Results[i]
	switch {
	case errors.Is(x.Err, party.ErrRefused):
		return Line{Company: x.Company, Status: StatusRefused}
	case x.Err != nil:
		return Line{Company: x.Company, Status: StatusInvalid}
	}
	line := Line{Company: x.Company, Status: StatusOK, Band: &x.Band, Name: x.Name}
	if b.Output == party.OutputScore {
		line.Score = model.Points(x.Score).String()
	}
	return line
}

func summaryOf(b *party.Batch) *Summary {
	return &Summary{
		Task: hex.EncodeToString(b.Receipt.Task[:]), Finished: b.Receipt.Finished.UTC().Format(time.RFC3339),
		Companies: len(b.Results) - b.Refused, Refused: b.Refused,
		Engine: b.Stats.Engine.String(), Form: b.Stats.Form.String(), Flights: b.Stats.Flights,
		BitsPerCompany: b.Stats.BitsPerCompany, Seconds: b.Stats.Elapsed.Seconds(),
		BytesToTax: b.Stats.BytesToTax, BytesToBank: b.Stats.BytesToBank, Attempts: b.Stats.Attempts,
	}
}

// writeJSON writes one object (see Output) a batch, one a line, and never holds more than a company of it.
func writeJSON(w io.Writer, batches []*party.Batch, model *circuits.Model) error {
	put := func(prefix string, v any) error {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s%s", prefix, text)
		return err
	}
	for _, b := range batches {
		if _, err := io.WriteString(w, `{"results":[`); err != nil {
			return err
		}
		for i := range b.Results {
			comma := ","
			if i == 0 {
				comma = ""
			}
			if err := put(comma, lineOf(b, model, i)); err != nil {
				return err
			}
		}
		if err := put(`],"summary":`, summaryOf(b)); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "}\n"); err != nil {
			return err
		}
	}
	return nil
}

// writeCSV writes one row a company, in the order of the lists.
func writeCSV(w io.Writer, batches []*party.Batch, model *circuits.Model) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{companyColumn, "status", "band", "name", "score"}); err != nil {
		return err
	}
	for _, b := range batches {
		for i := range b.Results {
			x, band := lineOf(b, model, i), ""
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
	fmt.Fprintf(w, "%d companies scored, %d refused, %d bits each, engine %s (%s, %d flights), %.2f s, %s to and %s from the tax node, task %s\n",
		s.Companies, s.Refused, s.BitsPerCompany, s.Engine, s.Form, s.Flights, s.Seconds, mebibytes(s.BytesToTax), mebibytes(s.BytesToBank), s.Task[:16])
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.2f MiB", float64(n)/(1<<20)) }
