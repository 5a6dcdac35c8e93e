package democmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/bankcmd"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// errMismatch: the two processes and the plain evaluator disagree.
var errMismatch = errors.New("bands differ from the plain evaluator")

// demo does everything in a directory that is gone afterwards.
func demo(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	w := &world{o: o, say: stdout, stderr: stderr}
	if o.json {
		w.say = io.Discard
	}
	if w.dir, err = os.MkdirTemp("", "blindscore-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.end(), os.RemoveAll(w.dir)) }()

	begin := time.Now()
	companies, all := madeup.All(o.seed, o.companies), madeup.Count(o.companies)
	files, err := madeup.WriteFiles(ctx, w.dir, companies)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.say, "Companies made up in %.1f s: %d that the tax node has on record, %d that it has not.\n",
		time.Since(begin).Seconds(), o.companies, all-o.companies)
	c := choose(companies, o.companies)
	if err := w.prepare(ctx, files, companies, c); err != nil {
		return err
	}
	r, err := w.score(ctx, files, companies, c)
	if err != nil {
		return err
	}
	if r.audits, err = w.audit(ctx, files, companies, r, c); err != nil {
		return err
	}
	if o.json {
		err = json.NewEncoder(stdout).Encode(r.summary())
	} else {
		err = r.print(stdout)
	}
	if err == nil && r.Mismatches > 0 {
		err = fmt.Errorf("%w: %d of %d", errMismatch, r.Mismatches, all)
	}
	return err
}

// prepare is everything that comes before the first task: identities, ledger, approval, consents, policy.
func (w *world) prepare(ctx context.Context, files madeup.Files, companies iter.Seq[madeup.Company], c *chosen) error {
	schema, err := madeup.Schema()
	if err != nil {
		return err
	}
	if err := w.names(); err != nil {
		return err
	}
	if err := w.govern(ctx, files.Schema); err != nil {
		return err
	}
	table, err := w.approve(ctx, "first", w.bank, files.Card, files.Schema, w.o.engine != "ot")
	if err != nil {
		return err
	}
	if len(c.cheated) > 0 {
		if _, err := w.approve(ctx, "second", w.second, files.Card, files.Schema, false); err != nil {
			return err
		}
	}
	w.table = table
	how := ""
	if table {
		how = ", made its encrypted table again"
	}
	fmt.Fprintf(w.say, "It linted the bank's scorecard%s, and approved it: its digest is on the ledger, the scorecard stays with the bank.\n", how)
	if err := w.policy(schema, "band: 3", "transfer, lattice"); err != nil {
		return err
	}
	return w.consents(ctx, schema, companies, c)
}

// consents has all companies sign, and the tax node's program take the consents in.
func (w *world) consents(ctx context.Context, schema *circuits.Schema, companies iter.Seq[madeup.Company], c *chosen) error {
	begin := time.Now()
	if err := w.enrol(schema, companies, c); err != nil {
		return err
	}
	return w.grant(ctx, begin)
}

// grant has the tax node's program take in the consents that were signed since begin.
func (w *world) grant(ctx context.Context, begin time.Time) error {
	cert, key := transport.DevFiles(w.at("keys"), w.tax)
	if _, err := w.run(ctx, "taxnode", "grant", "--cert", cert, "--key", key,
		"--consents", w.at("consents.db"), "--company-keys", w.at("companies.txt"), w.at("consents.jws")); err != nil {
		return err
	}
	fmt.Fprintf(w.say, "The companies signed their consents, and the tax node verified and stored them: %.1f s.\n", time.Since(begin).Seconds())
	return nil
}

// serve starts the tax node.
func (w *world) serve(ctx context.Context, files madeup.Files) (*process, error) {
	args := slices.Concat([]string{
		"taxnode", "serve", "--schema", files.Schema, "--mapping", files.Mapping, "--db", files.Database,
		"--journal", w.at("tax-journal.db"), "--policy", w.at("policy.yaml"), "--consents", w.at("consents.db"),
		"--counters", w.at("counters.db"), "--company-keys", w.at("companies.txt"), "--inbox", w.at("inbox"),
		"--auditors", w.at("auditors.json"), "--own-auditors", w.at("own-auditors.json"), "--evidence", w.at("tax-evidence"),
		"--listen", "127.0.0.1:0", "--log-level", w.level(), "--grace", "1s",
	}, w.allow, w.files(w.tax), w.writer("tax"))
	p, address, err := w.begin(ctx, w.at("tax-address"), args...)
	w.taxAddress = address
	return p, err
}

// level is what the tax node logs: refusals are part of the demo, so its warnings are not shown.
func (w *world) level() string { return "error" }

// bankScores runs the first bank's program over a list of companies.
func (w *world) bankScores(ctx context.Context, files madeup.Files, list, out string) error {
	progress := "none"
	if list == files.List && !w.o.json {
		progress = "auto"
	}
	args := slices.Concat([]string{
		"bank", "score", "--tax", w.taxAddress, "--schema", files.Schema, "--model", files.Card, "--companies", list,
		"--journal", w.at("bank-journal.db"), "--approval", w.at("first-approval.json"), "--salt", w.at("first-salt.json"),
		"--auditors", w.at("auditors.json"), "--evidence", w.at("bank-evidence"),
		"--out", out, "--out-format", "json", "--progress", progress, "--quiet", "--engine", w.o.engine,
	}, w.files(w.bank), w.writer("bank"))
	if w.table {
		args = append(args, "--table", w.at("first-table.seed"))
	}
	_, err := w.run(ctx, args...)
	return err
}

// score runs the tax node and the bank as two processes, and checks what the bank wrote.
func (w *world) score(ctx context.Context, files madeup.Files, companies iter.Seq[madeup.Company], c *chosen) (*report, error) {
	tax, err := w.serve(ctx, files)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w.say, "The tax node is process %d and listens at %s. Mutual TLS 1.3, a scorecard of 14 characteristics, 6 bands.\n", tax.pid(), w.taxAddress)
	if err := w.exhaust(ctx, files, c); err != nil {
		return nil, err
	}
	if err := w.revoke(ctx, c); err != nil {
		return nil, err
	}
	results := w.at("bands.json")
	if err := w.bankScores(ctx, files, files.List, results); err != nil {
		return nil, fmt.Errorf("the bank: %w", err)
	}
	out, err := os.Open(results)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	r, err := check(companies, c, out)
	if err == nil {
		w.tasks = append(w.tasks, r.sum.Task)
	}
	return r, err
}

// exhaust has the bank ask about one company until its budget of eight bits has no room for three more.
func (w *world) exhaust(ctx context.Context, files madeup.Files, c *chosen) error {
	if c.exhausted.IsZero() {
		return nil
	}
	list := w.at("one.csv")
	text := fmt.Sprintf("company,years_with_bank,line_utilisation\n%s,,\n", c.exhausted)
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		return err
	}
	for i := range 2 {
		out := w.at(fmt.Sprintf("one-%d.json", i))
		if err := w.bankScores(ctx, files, list, out); err != nil {
			return fmt.Errorf("the bank: %w", err)
		}
		task, err := answered(out, c.exhausted)
		if err != nil {
			return err
		}
		w.tasks = append(w.tasks, task)
	}
	return nil
}

// answered checks that a company was scored, and returns the task.
func answered(file string, id uscc.ID) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, err := bankcmd.ReadOutput(f, func(x bankcmd.Line) error {
		if x.Company != id || x.Status != bankcmd.StatusOK {
			return fmt.Errorf("%w: a company with bits left was not scored", errMismatch)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return sum.Task, nil
}
