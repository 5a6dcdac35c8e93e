package regcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// inquiry are the flags of what is decided offline: a ledger's history, and what was handed over.
type inquiry struct {
	trust                  govern.Trust
	history, checkpoint    string
	earlier, disclosures   []string
	approvals, companyKeys []string
	policies               []string
	asJSON, asHTML         string
}

func (f *inquiry) add(cmd *cobra.Command) {
	set := cmd.Flags()
	f.trust.Add(set)
	set.StringVar(&f.history, "ledger-file", "", "history of the ledger, as \"export\" wrote it (required)")
	set.StringVar(&f.checkpoint, "checkpoint", "", "witnessed checkpoint from elsewhere (default: that of the history)")
	set.StringArrayVar(&f.earlier, "earlier", nil, "checkpoint that somebody kept, which the history has to pass through (repeatable)")
	set.StringArrayVar(&f.disclosures, "disclosure", nil, "what a side of a task disclosed (repeatable)")
	set.StringArrayVar(&f.approvals, "approval", nil, "signed approval of a model (repeatable)")
	set.StringArrayVar(&f.companyKeys, "company-keys", nil, "register of company keys, now or as it was (repeatable, required)")
	set.StringArrayVar(&f.policies, "policy", nil, "a tax node's policy: CERT=FILE, its certificate file first (repeatable; default: no budgets are checked)")
	set.StringVar(&f.asJSON, "json", "", "file for the report as JSON, - for standard output")
	set.StringVar(&f.asHTML, "html", "", "file for the report as a page, - for standard output")
	need(cmd, "genesis", "ledger-key", "ledger-file", "company-keys")
}

// verify decides.
func (f *inquiry) verify(ctx context.Context) (*audit.Report, error) {
	q := &audit.Inquiry{Policies: make(map[ledger.Key]*policy.Policy)}
	var err error
	if q.Policy, err = f.trust.Policy(); err != nil {
		return nil, err
	}
	if q.Operator, err = f.trust.LogKey(); err != nil {
		return nil, err
	}
	if f.checkpoint != "" {
		if q.Checkpoint, err = cli.ReadFile(f.checkpoint, ledger.MaxCheckpoint); err != nil {
			return nil, err
		}
	}
	for _, path := range f.earlier {
		cp, err := cli.ReadFile(path, ledger.MaxCheckpoint)
		if err != nil {
			return nil, err
		}
		q.Earlier = append(q.Earlier, cp)
	}
	for _, path := range f.disclosures {
		q.Disclosures = append(q.Disclosures, func() (io.ReadCloser, error) { return openInput(path) })
	}
	if err := f.words(q); err != nil {
		return nil, err
	}
	history, err := openInput(f.history)
	if err != nil {
		return nil, err
	}
	defer history.Close()
	q.Ledger = history
	r, err := q.Verify(ctx)
	return r, auditError(err)
}

// words reads approvals, registers and policies.
func (f *inquiry) words(q *audit.Inquiry) error {
	for _, path := range f.approvals {
		a, err := govern.ReadApproval(path)
		if err != nil {
			return err
		}
		q.Approvals = append(q.Approvals, a.Signed)
	}
	for _, path := range f.companyKeys {
		keys, err := govern.ReadCompanyKeys(path)
		if err != nil {
			return err
		}
		q.Registers = append(q.Registers, keys)
	}
	for _, text := range f.policies {
		cert, path, found := strings.Cut(text, "=")
		if !found {
			return fmt.Errorf("%w: --policy: want CERT=FILE", cli.ErrUsage)
		}
		node, err := certificateOf(cert, transport.RoleTax)
		if err != nil {
			return err
		}
		if q.Policies[ledger.Key(node.Key)], err = policy.ReadFile(path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func openInput(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	return f, nil
}

// rendered is a report that writes itself out.
type rendered interface {
	WriteJSON(w io.Writer) error
	WriteHTML(w io.Writer) error
}

// write writes the report to the files that the flags name.
func (f *inquiry) write(stdout io.Writer, r rendered) (err error) {
	if f.asJSON != "" {
		err = cli.WriteFile(f.asJSON, stdout, r.WriteJSON)
	}
	if err == nil && f.asHTML != "" {
		err = cli.WriteFile(f.asHTML, stdout, r.WriteHTML)
	}
	return err
}

func verifyCommand() *cobra.Command {
	var f inquiry
	var findings string
	cmd := &cobra.Command{
		Use:   "verify --ledger-file FILE --company-keys FILE --disclosure FILE… [--json OUT] [--html OUT]",
		Short: "Decide, offline, on every evaluation that a ledger records",
		Long: `Verifies a ledger's history under a checkpoint that a quorum of witnesses signed, and decides on each evaluation of each
task by what its sides disclosed: was the company's consent signed, recorded before and not revoked, did it cover the
task, was the model approved, did budgets hold, do receipts agree. A task that a tax node does not disclose speaks
against it. Nothing is trusted but the registers of company keys, the policies and the witnesses.

Ends with exit code 10 if somebody is accused; with --findings a finding for each party and task is written to a
directory, for auditors to sign.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := f.verify(cmd.Context())
			if err != nil {
				return err
			}
			if err := f.write(cmd.OutOrStdout(), r); err != nil {
				return err
			}
			if f.asJSON != "-" && f.asHTML != "-" {
				if err := summarise(cmd.OutOrStdout(), r); err != nil {
					return err
				}
			}
			if findings != "" {
				if err := writeFindings(findings, r.Findings(time.Now())); err != nil {
					return err
				}
			}
			if !r.Cleared() {
				return fmt.Errorf("%w: %d accusations", cli.ErrFound, len(r.Accusations))
			}
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&findings, "findings", "", "directory for findings about those accused, unsigned")
	return cmd
}

// summarise says what an inquiry came to, in a line for each task and accusation.
func summarise(w io.Writer, r *audit.Report) error {
	_, err := fmt.Fprintf(w, "ledger: %d entries, witnessed %s\n", r.Size, r.Witnessed.UTC().Format(time.RFC3339))
	for i := range r.Tasks {
		t := &r.Tasks[i]
		_, e := fmt.Fprintf(w, "task %x: %s at %s: admitted %d of %d: clear %d, withheld %d, violating %d, open %d, not disclosed %d\n",
			t.Task[:8], t.Bank.Name, t.Tax.Name, t.Admitted, t.Companies, t.Clear, t.Withheld, t.Violating, t.Open, t.Unknown)
		err = errors.Join(err, e)
	}
	for i := range r.Accusations {
		a := &r.Accusations[i]
		_, e := fmt.Fprintf(w, "accused: %s, task %x: %s (%s)\n", a.Party.Name, a.Task[:8], a.Kind, a.Detail)
		err = errors.Join(err, e)
	}
	for _, n := range r.Notices {
		_, e := fmt.Fprintf(w, "notice: task %x: %s\n", n.Task[:8], n.Text)
		err = errors.Join(err, e)
	}
	return err
}

// writeFindings writes findings into a directory, each under its digest.
func writeFindings(dir string, list []*audit.Finding) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range list {
		digest, err := f.Digest()
		if err == nil {
			err = writeFinding(filepath.Join(dir, fmt.Sprintf("%x.finding", digest)), f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func reportCommand() *cobra.Command {
	var f inquiry
	var company string
	cmd := &cobra.Command{
		Use:   "report --company CODE --ledger-file FILE … (--json OUT | --html OUT)",
		Short: "Tell a company who had it evaluated, when, and on what consent",
		Long: `Decides as verify does, and writes what concerns one company: every evaluation, for whom, for which purpose, how many
bits left the tax node, under which consent. It names no other company.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, err := uscc.Parse(company)
			if err != nil {
				return fmt.Errorf("%w: --company: %w", cli.ErrUsage, err)
			}
			r, err := f.verify(cmd.Context())
			if err != nil {
				return err
			}
			return f.write(cmd.OutOrStdout(), r.Of(id))
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&company, "company", "", "unified social credit code (required)")
	cmd.MarkFlagsOneRequired("json", "html")
	need(cmd, "company")
	return cmd
}
