package vaultdemo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Summary is the demo's JSON object. Times are those of this machine with everybody on it, bytes those of messages.
type Summary struct {
	Companies     int           `json:"companies"`
	Consented     int           `json:"consented"`
	Chunks        int           `json:"chunks"`
	ChunkBytes    int           `json:"chunk_bytes"`
	IndexBytes    int           `json:"index_bytes"`
	KeyBytes      int           `json:"public_key_bytes"`
	KeygenBytes   int           `json:"keygen_bytes"` // of all holders' messages
	KeygenSeconds float64       `json:"keygen_seconds"`
	WriteSeconds  float64       `json:"write_seconds"` // the tax node's whole life
	Tasks         []TaskSummary `json:"tasks"`
}

// TaskSummary is one task of the bank.
type TaskSummary struct {
	When            string   `json:"when"`
	Answered        []string `json:"answered"` // the holders
	Shown           int      `json:"shown"`    // companies that the bank may see
	Bands           []int    `json:"bands"`    // companies in each, lowest score first
	Mismatches      int      `json:"mismatches"`
	Seconds         float64  `json:"seconds"`
	PlatformSeconds float64  `json:"platform_seconds"`
	HolderSeconds   float64  `json:"holder_seconds"` // the slowest: it evaluates again, and switches
	TaskBytes       int      `json:"task_bytes"`
	AnswerBytes     int      `json:"answer_bytes"` // of each holder
	OutcomeBytes    int      `json:"outcome_bytes"`

	examples []string
}

func (s *Summary) print(w io.Writer, asJSON bool, x shape) error {
	if asJSON {
		return json.NewEncoder(w).Encode(s)
	}
	names := x.model.Bands()
	for _, t := range s.Tasks {
		fmt.Fprintf(w, "\nWhat the bank learned, while %s:\n\n", t.When)
		tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tab, "  band\tcompanies\tshare")
		for band := len(names) - 1; band >= 0; band-- {
			share := float64(t.Bands[band]) / float64(max(t.Shown, 1))
			fmt.Fprintf(tab, "  %s\t%d\t%.1f %%\t%s\n", names[band], t.Bands[band], 100*share, strings.Repeat("█", int(60*share+0.5)))
		}
		fmt.Fprintf(tab, "  nothing\t%d\t\tno consent, or revoked\n", s.Companies-t.Shown)
		if err := tab.Flush(); err != nil {
			return err
		}
		for _, line := range t.examples {
			fmt.Fprintf(w, "  %s\n", line)
		}
		fmt.Fprintf(w, "\n  answered by %s\n", strings.Join(t.Answered, " and "))
		fmt.Fprintf(w, "  %.1f s, of which the platform %.1f s and a holder up to %.1f s, one after the other on this machine\n", t.Seconds, t.PlatformSeconds, t.HolderSeconds)
		fmt.Fprintf(w, "  task %s, each holder's answer %s, outcome %s\n", size(t.TaskBytes), size(t.AnswerBytes), size(t.OutcomeBytes))
	}
	last := s.Tasks[len(s.Tasks)-1]
	bad := 0
	for _, t := range s.Tasks {
		bad += t.Mismatches
	}
	fmt.Fprintf(w, `
Scorecard:   %d of the demo's 14 characteristics, points in tenths: what this parameter set holds (2^%d scores, public bins,
             no points of the bank's own). The bins are those of the card's cut-offs.
Snapshot:    %d companies; chunks: %d, %s, for up to %d companies each, the same for one; index %s
Key:         %s public, made in %.1f s with %s of messages between the holders
Tax node:    %.1f s from start to end, then it was gone
A chunk:     %.1f s to evaluate and answer, the same for 1 company and for %d

Who saw what
  bank         the bands above, and how many companies the snapshot has: no feature, no score, nothing of anyone else
  platform     ciphertexts, the model, which positions were asked for: no plaintext, no share of the key
  holders      the same, and who consented; each evaluated the model itself before it switched
  tax node     nothing: it was not there. Who may be seen was for the holders to check
Two holders together could decrypt the snapshot; one, with the platform and the bank, cannot.

`, len(x.model.Features()), steps, s.Companies, s.Chunks, size(s.ChunkBytes)+" a chunk", x.plan.Slots(), size(s.IndexBytes),
		size(s.KeyBytes), s.KeygenSeconds, size(s.KeygenBytes), s.WriteSeconds, min(s.Tasks[0].Seconds, last.Seconds)/float64(max(s.Chunks, 1)), x.plan.Slots())
	if bad > 0 {
		_, err := fmt.Fprintf(w, "WRONG: %d answers differ from the plain evaluator.\n", bad)
		return err
	}
	_, err := fmt.Fprintf(w, "Checked: all %d bands of the first task and %d of the second equal the plain evaluator's, and nobody else's were shown.\n",
		s.Tasks[0].Shown, last.Shown)
	return err
}

// size writes bytes for people.
func size(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 10<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
