package democmd

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/transport"
)

// audits is what the demo's audits came to.
type audits struct {
	Bank      string `json:"bank"`     // replay of the first bank, which is honest
	Tax       string `json:"tax_node"` // of the tax node
	Ledger    string `json:"ledger"`   // every evaluation held against the ledger
	Second    string `json:"second_bank,omitempty"`
	Suspended bool   `json:"second_bank_suspended,omitempty"`
	Ratings   int    `json:"ratings_read,omitempty"`  // by the second bank, which ran another scorecard
	Asked     int    `json:"ratings_asked,omitempty"` // about
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
		w.tasks = append(w.tasks, fmt.Sprintf("%x", second.batch.Task))
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
	if a.Ledger, err = w.verify(ctx); err != nil || second == nil {
		return a, err
	}
	if a.Second, err = w.replayBank(ctx, files, "second", w.second, w.at("second-dossier")); err != nil {
		return nil, err
	}
	a.Suspended, err = w.convict(ctx, files, c)
	return a, err
}

// verify has the tax node disclose every task to an auditor, who decides offline whether each evaluation was consented to,
// within budget and on an approved model.
func (w *world) verify(ctx context.Context) (string, error) {
	history := w.at("history")
	args := append([]string{"regulator", "export", "--out", history}, w.files(w.regulator)...)
	if _, err := w.run(ctx, append(args, w.reader()...)...); err != nil {
		return "", err
	}
	verify := []string{
		"regulator", "verify", "--ledger-file", history, "--company-keys", w.at("companies.txt"),
		"--policy", w.certificate(w.tax) + "=" + w.at("policy.yaml"), "--html", w.at("report.html"),
		"--genesis", w.at("genesis.json"), "--ledger-key", w.ledgerKey, "--witness", w.witness.String() + "=" + w.witnessKey,
		"--approval", w.at("first-approval.json"),
	}
	if len(w.tasks) > 1 {
		verify = append(verify, "--approval", w.at("second-approval.json"))
	}
	cert, key := transport.DevFiles(w.at("keys"), w.tax)
	for i, task := range w.tasks {
		out := w.at(fmt.Sprintf("disclosure-%d", i))
		if _, err := w.run(ctx, "taxnode", "disclose", "--journal", w.at("tax-journal.db"), "--task", task, "--cert", cert, "--key", key,
			"--consents", w.at("consents.db"), "--company-keys", w.at("companies.txt"), "--out", out); err != nil {
			return "", err
		}
		verify = append(verify, "--disclosure", out)
	}
	return w.verdict(ctx, verify...)
}

// convict has two auditors sign what the replay found of the second bank, and the regulator enter it on the ledger. Then the
// bank asks again, and is refused.
func (w *world) convict(ctx context.Context, files madeup.Files, c *chosen) (bool, error) {
	finding := w.at("second-finding")
	for i, auditor := range []transport.Name{w.regulator, w.witness} {
		cert, key := transport.DevFiles(w.at("keys"), auditor)
		signed := w.at(fmt.Sprintf("second-finding-%d", i))
		if _, err := w.run(ctx, "regulator", "finding", "sign", "--finding", finding, "--cert", cert, "--key", key, "--out", signed); err != nil {
			return false, err
		}
		finding = signed
	}
	signers := []string{"--finding", finding, "--signer", w.certificate(w.regulator), "--signer", w.certificate(w.witness), "--threshold", "2"}
	for _, step := range [][]string{
		append([]string{"regulator", "finding", "check"}, signers...),
		slices.Concat([]string{"regulator", "finding", "enter"}, signers, w.files(w.regulator), w.writer("regulator")),
	} {
		if _, err := w.run(ctx, step...); err != nil && !exited(err, cli.ExitFound) {
			return false, err
		}
	}
	if _, err := w.serve(ctx, files); err != nil {
		return false, err
	}
	return true, w.suspended(ctx, c)
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
	if who == "second" {
		args = append(args, "--finding", w.at("second-finding"))
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
	fmt.Fprintf(&b, `Audits. Replays, from seeds that auditors opened: the bank %s, the tax node (by its own auditor) %s.
Every evaluation held against ledger, consents, budgets and approvals, offline: %s.
`, a.Bank, a.Tax, a.Ledger)
	if a.Second != "" {
		fmt.Fprintf(&b, `A second bank had the same scorecard approved and ran another, whose bands are tax credit ratings: it read %d of %d.
The protocol gave it the three bits that it was charged for, of a function nobody approved. Replay: %s.
Two auditors signed the finding, it is on the ledger, and the bank is suspended: asked again, the tax node refused.
`, a.Ratings, a.Asked, a.Second)
	}
	b.WriteByte('\n')
	return b.String()
}
