package regcmd

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/lint"
	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
)

// approving is what the flags of approve say.
type approving struct {
	writer
	submission, nonce, records, out string
	output                          string
	bits, days                      int
	accept                          []string
}

func approveCommand() *cobra.Command {
	a := new(approving)
	cmd := &cobra.Command{
		Use:   "approve --submission DIR [--nonce HEX] --records DIR --out FILE",
		Short: "Check what a bank submits, sign its approval, and write it to the ledger",
		Long: `Takes what "bank submit" wrote: compiles the scorecard, lints it, and makes its encrypted table again, if there is one,
under the nonce that this regulator drew. What differs is refused with exit code 8. Critical findings of the lint refuse
the scorecard with exit code 10, unless they are accepted by name; the report is printed then.

What passes is signed: a statement that names the bank with its key on the ledger, and digests of model, schema, encrypted
table and lint report. It goes to the ledger, and to FILE for the bank. --records keeps the submission, nonce and report
for audits: without them no task of the model can be replayed. It is as secret as the scorecard, and the table seed in it
opens what tax nodes send to the bank: keep it where no such traffic is seen.`,
		Example: `  regulator approve --submission from-bank --nonce 5f0c… --records approvals --out approval.json \
    --cert … --key … --genesis … --ledger-key … --ledger … --outbox …`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd) },
	}
	a.add(cmd)
	set := cmd.Flags()
	set.StringVar(&a.submission, "submission", "", "directory that the bank submitted (required)")
	set.StringVar(&a.nonce, "nonce", "", "the nonce that this regulator drew, hexadecimal; for an encrypted table")
	set.StringVar(&a.records, "records", "", "directory of this regulator's approvals (required)")
	set.StringVar(&a.out, "out", "", "file for the signed approval, which the bank gets (required)")
	set.StringVar(&a.output, "output", "band", "what may be released: band or score")
	set.IntVar(&a.bits, "max-bits", 0, "most bits of output a company and evaluation (default: what the output needs)")
	set.IntVar(&a.days, "days", 365, "how long the approval holds")
	set.StringSliceVar(&a.accept, "accept", nil, "critical findings to let pass, by name (repeatable)")
	need(cmd, "submission", "records", "out")
	return cmd
}

func (a *approving) run(cmd *cobra.Command) error {
	kind, err := output(a.output)
	if err != nil {
		return err
	}
	if a.days < 1 || a.days > 3650 {
		return fmt.Errorf("%w: --days: want 1 to 3650, got %d", cli.ErrUsage, a.days)
	}
	r := &approval.Record{Accepted: a.accept}
	if r.Submission, err = approval.ReadSubmission(a.submission); err != nil {
		return err
	}
	model, err := r.Submission.Model()
	if err != nil {
		return err
	}
	if err := a.table(r, model); err != nil {
		return err
	}
	body, err := a.lint(cmd, r, model, kind)
	if err != nil {
		return err
	}
	return a.open(cmd, func(ctx context.Context, d *desk) error { return a.sign(ctx, cmd.OutOrStdout(), d, r, body) })
}

// table makes the encrypted table again.
func (a *approving) table(r *approval.Record, model *circuits.Model) (err error) {
	if r.Submission.Table == nil {
		return nil
	}
	if a.nonce == "" {
		return fmt.Errorf("%w: the bank submits an encrypted table: give the --nonce that it was made from", cli.ErrUsage)
	}
	if r.Nonce, err = approval.ParseHex(a.nonce); err != nil {
		return fmt.Errorf("%w: --nonce: %w", cli.ErrUsage, err)
	}
	return approval.Approve(model, r.Nonce, r.Submission.Table)
}

// lint judges the model, and begins the approval: what follows from the submission alone.
func (a *approving) lint(cmd *cobra.Command, r *approval.Record, model *circuits.Model, kind lint.Output) (*partypb.ApprovalBody, error) {
	report, err := check(cmd.Context(), model, lint.Policy{Output: kind, Bits: a.bits})
	if err != nil {
		return nil, err
	}
	if codes := refused(report, a.accept); len(codes) > 0 {
		_, err := io.WriteString(cmd.OutOrStdout(), report.Text())
		if err == nil {
			err = fmt.Errorf("%w: not approved: critical: %v", cli.ErrFound, codes)
		}
		return nil, err
	}
	if r.Lint, err = report.JSON(); err != nil {
		return nil, err
	}
	schema, commitment, found := model.SchemaDigest(), r.Submission.Salt.Commit(model), sha256.Sum256(r.Lint)
	body := &partypb.ApprovalBody{
		Version: 2, BankName: r.Submission.Bank.String(), ModelDigest: commitment[:], SchemaDigest: schema[:],
		Features: model.Features(), MaxBits: uint32(report.Bits), Scores: kind == lint.OutputScore, LintDigest: found[:],
	}
	if r.Submission.Table != nil {
		body.TableDigest = r.Submission.Table.Digest[:]
	}
	return body, nil
}

// sign completes the approval by what the ledger says of the bank, signs it, and writes it down: in the records first, which
// nothing can be replayed without, then on the ledger.
func (a *approving) sign(ctx context.Context, stdout io.Writer, d *desk, r *approval.Record, body *partypb.ApprovalBody) (err error) {
	bank, err := d.party(body.GetBankName())
	if err != nil {
		return err
	}
	if bank.Role != ledger.RoleBank || bank.Suspended {
		return fmt.Errorf("%w: %s is no bank in good standing on the ledger", party.ErrRefused, bank.Name)
	}
	err = d.Client.View(func(r *ledger.Records) error {
		if _, _, published := r.Schema(ledger.Digest(body.GetSchemaDigest())); !published {
			return fmt.Errorf("%w: the schema of the scorecard is not published on the ledger", cli.ErrInput)
		}
		return nil
	})
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	body.RegulatorKey, body.BankKey = d.id.Public(), bank.Key[:]
	body.From, body.Until = now.Format(time.RFC3339), now.AddDate(0, 0, a.days).Format(time.RFC3339)
	if r.Approval, err = govern.SignApproval(d.id.Sign, body); err != nil {
		return err
	}
	if err := r.Write(a.records); err != nil {
		return err
	}
	entry := &ledger.ModelApproved{
		Model: ledger.Digest(body.GetModelDigest()), Approval: r.Approval.Digest, Schema: ledger.Digest(body.GetSchemaDigest()), Bank: bank.Key,
	}
	if r.Submission.Table != nil {
		entry.Table = r.Submission.Table.Digest
	}
	if err := d.record(ctx, entry); err != nil {
		if cli.ExitCode(err) == cli.ExitInput { // the rules refuse it: there is no approval
			_ = os.RemoveAll(r.Dir(a.records))
		}
		return err
	}
	if err := r.Approval.Write(a.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%x\n", r.Approval.Digest)
	return err
}

func withdrawCommand() *cobra.Command {
	w := new(writer)
	var path, model, order string
	cmd := &cobra.Command{
		Use:   "withdraw (--approval FILE | --model HEX) --order FILE",
		Short: "Withdraw the approval of a model",
		Long: `Ends the approval of a model: tax nodes admit no task on it from their next look at the ledger on. The ledger gets the
SHA-256 of the order that says why: keep it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			why, err := orderDigest(order)
			if err != nil {
				return err
			}
			var digest ledger.Digest
			if path != "" {
				a, err := govern.ReadApproval(path)
				if err != nil {
					return err
				}
				digest = ledger.Digest(a.Body.GetModelDigest())
			} else if digest, err = approval.ParseHex(model); err != nil {
				return fmt.Errorf("%w: --model: %w", cli.ErrUsage, err)
			}
			return w.open(cmd, func(ctx context.Context, d *desk) error {
				return d.record(ctx, &ledger.ModelWithdrawn{Model: digest, Evidence: why})
			})
		},
	}
	w.add(cmd)
	cmd.Flags().StringVar(&path, "approval", "", "the signed approval")
	cmd.Flags().StringVar(&model, "model", "", "the model's digest, as the approval names it, hexadecimal")
	cmd.Flags().StringVar(&order, "order", "", "file that says why (required)")
	cmd.MarkFlagsOneRequired("approval", "model")
	cmd.MarkFlagsMutuallyExclusive("approval", "model")
	need(cmd, "order")
	return cmd
}
