package democmd

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/transport"
)

// audits is what the demo's audits came to.
type audits struct {
	Bank    string `json:"bank"`                  // the first bank, which is honest
	Tax     string `json:"tax_node"`              // the tax node
	Second  string `json:"second_bank,omitempty"` // the bank that ran another scorecard
	Ratings int    `json:"ratings_read,omitempty"`
	Asked   int    `json:"ratings_asked,omitempty"`
}

const (
	cleared   = "cleared"
	violation = "violation"
)

// audit stops the tax node, has both sides of the first bank's task hand over their dossiers, and replays them; and the
// second bank's.
func (w *world) audit(ctx context.Context, files madeup.Files, companies iter.Seq[madeup.Company], r *report, c *chosen) (*audits, error) {
	a := &audits{Asked: len(c.cheated)}
	var second *cheated
	var err error
	if len(c.cheated) > 0 {
		if second, err = w.cheat(ctx, companies, c); err != nil {
			return nil, err
		}
		a.Ratings = second.right
	}
	if err := w.stopTax(); err != nil {
		return nil, err
	}
	bank, tax := w.at("first-dossier"), w.at("tax-dossier")
	if _, err := w.run(ctx, "bank", "dossier", "--journal", w.at("bank-journal.db"), "--evidence", w.at("bank-evidence"), "--task", r.sum.Task, "--out", bank); err != nil {
		return nil, err
	}
	if _, err := w.run(ctx, "taxnode", "dossier", "--journal", w.at("tax-journal.db"), "--evidence", w.at("tax-evidence"), "--task", r.sum.Task, "--out", tax, "--own"); err != nil {
		return nil, err
	}
	if a.Bank, err = w.replayBank(ctx, files, "first", w.bank, bank); err != nil {
		return nil, err
	}
	if a.Tax, err = w.replayTax(ctx, files, w.bank, tax); err != nil {
		return nil, err
	}
	if second == nil {
		return a, nil
	}
	a.Second, err = w.replayBank(ctx, files, "second", w.second, w.at("second-dossier"))
	return a, err
}

// stopTax stops the tax node, whose files the auditors read.
func (w *world) stopTax() error {
	last := len(w.running) - 1
	p := w.running[last]
	w.running = w.running[:last]
	if err := p.stop(); err != nil {
		return fmt.Errorf("the tax node: %w", err)
	}
	return nil
}

// theCase are the flags that say what is audited.
func (w *world) theCase(files madeup.Files, bank transport.Name, dossier, auditors string) []string {
	return []string{
		"--dossier", dossier, "--schema", files.Schema, "--bank", w.certificate(bank), "--tax", w.certificate(w.tax),
		"--auditors", w.at(auditors),
	}
}

// replayBank has two auditors open the bank's escrow, and runs its side again.
func (w *world) replayBank(ctx context.Context, files madeup.Files, who string, bank transport.Name, dossier string) (string, error) {
	what := w.theCase(files, bank, dossier, "auditors.json")
	args := append([]string{"regulator", "replay"}, what...)
	for i := range 2 {
		out := w.at(fmt.Sprintf("%s-opening-%d", who, i))
		open := append([]string{"regulator", "open", "--key", w.at(fmt.Sprintf("auditor-%d.key", i)), "--out", out}, what...)
		if _, err := w.run(ctx, open...); err != nil {
			return "", err
		}
		args = append(args, "--openings", out)
	}
	given, err := govern.ReadApproval(w.at(who + "-approval.json"))
	if err != nil {
		return "", err
	}
	return w.verdict(ctx, append(args, "--approval-record", filepath.Join(w.at("approvals"), fmt.Sprintf("%x", given.Digest)))...)
}

// replayTax has the tax authority's own auditor run the tax node's side again.
func (w *world) replayTax(ctx context.Context, files madeup.Files, bank transport.Name, dossier string) (string, error) {
	what := w.theCase(files, bank, dossier, "own-auditors.json")
	out := w.at("tax-opening")
	if _, err := w.run(ctx, append([]string{"regulator", "open", "--key", w.at("auditor-3.key"), "--out", out}, what...)...); err != nil {
		return "", err
	}
	args := append([]string{"regulator", "replay-tax", "--openings", out}, what...)
	if w.table {
		seed, err := approval.Load(w.at("first-table.seed"))
		if err != nil {
			return "", err
		}
		args = append(args, "--table", filepath.Join(w.at("tax-evidence"), "tables", fmt.Sprintf("%x", seed.Digest)))
	}
	return w.verdict(ctx, args...)
}

// verdict runs a replay, which ends with a code of its own if it finds a violation.
func (w *world) verdict(ctx context.Context, args ...string) (string, error) {
	text, err := w.run(ctx, args...)
	switch {
	case err == nil:
		return cleared, nil
	case exited(err, cli.ExitFound):
		fmt.Fprintf(w.say, "%s\n", strings.TrimSpace(text))
		return violation, nil
	}
	return "", err
}

// text says it to people.
func (a *audits) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Audits, with the seeds that two of three auditors opened: the bank is %s, the tax node (by its own auditor) %s.\n", a.Bank, a.Tax)
	if a.Second != "" {
		fmt.Fprintf(&b, `A second bank had the same scorecard approved and ran another, whose bands are tax credit ratings: it read %d of %d.
The protocol gave it the three bits that it was charged for, of a function nobody approved. Its audit: %s.
`, a.Ratings, a.Asked, a.Second)
	}
	b.WriteByte('\n')
	return b.String()
}
