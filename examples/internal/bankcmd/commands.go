package bankcmd

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party"
)

func scoreCommand() *cobra.Command {
	c := new(client)
	var list, output, purpose string
	var resume bool
	cmd := &cobra.Command{
		Use:   "score --model CARD --schema SCHEMA --companies LIST --tax HOST:PORT --cert CERT --key KEY (--peer NAME=PIN | --ca CA)",
		Short: "Score companies at a tax node",
		Long: `Scores each company of a list, one or a million, and writes its band to CSV or JSON in the order of the
list. The list holds one unified social credit code a line; or it is CSV with a header that has the column "company"
and, for a scorecard that reads features of the bank's own, a column for each of them, empty where the value is
missing. These never leave the bank: their points are added here.

A company that the tax node does not evaluate has the status "refused", which does not say why; one for which it
returned what is no band has the status "invalid".

With --table the encrypted table that "bank encrypt" made is used at tax nodes that trust it, and oblivious transfer,
which takes many times the bytes, at others; the summary says which it was.

Tax nodes admit scorecards that a regulator approved: give the approval, and the salt of its commitment. With the ledger's
flags this bank's receipt is recorded there; with --evidence it keeps what an audit of it needs.

With --journal a batch that is cut off can be finished by "bank resume"; or say --resume here, and a batch that was
cut off over the very same list is finished first and is the answer, so that no company is paid for twice.`,
		Example: `  bank score --model card.json --schema schema.json --companies companies.csv --tax tax.example:7443 \
    --cert bank-first.pem --key bank-first.key --peer spiffe://tax.example/tax/zhejiang=blindscore1:… \
    --approval approval.json --salt salt.json --auditors auditors.json --evidence evidence \
    --journal journal.db --out bands.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kind := map[string]party.Output{"band": party.OutputBand, "score": party.OutputScore}[output]
			if kind == 0 {
				return fmt.Errorf("%w: --output: want band or score, got %q", cli.ErrUsage, output)
			}
			if resume && c.journal == "" {
				return fmt.Errorf("%w: --resume needs --journal", cli.ErrUsage)
			}
			card, model, err := c.prepare(cmd)
			if err != nil {
				return err
			}
			companies, err := readCompanies(list, cmd.InOrStdin(), ownFeatures(card, model))
			if err != nil {
				return err
			}
			if len(companies.ids) == 0 && !c.quiet {
				fmt.Fprintf(c.stderr, "The list %s names no company: there is nothing to score.\n", list)
			}
			req := party.Request{Companies: companies.ids, Own: companies.values, Output: kind, Purpose: purpose}
			return c.hint(c.connect(cmd.Context(), model, func(w *work) error { return w.score(cmd.Context(), req, resume) }))
		},
	}
	c.add(cmd.Flags())
	c.table.addChoice(cmd.Flags())
	cmd.Flags().StringVar(&list, "companies", "", "list of companies, - for standard input (required)")
	cmd.Flags().StringVar(&output, "output", "band", "band, or score where the tax node allows it")
	cmd.Flags().StringVar(&purpose, "purpose", party.DefaultPurpose, "what the tax node's records say the batch was for")
	cmd.Flags().BoolVar(&resume, "resume", false, "finish a batch over the same list that was cut off, instead of a new one")
	need(cmd, "model", "schema", "companies", "tax", "cert", "key")
	return cmd
}

// ownFeatures are the bank's own features that the model reads, with their kinds.
func ownFeatures(card *circuits.Scorecard, model *circuits.Model) []circuits.OwnFeature {
	read := model.OwnFeatures()
	var own []circuits.OwnFeature
	for _, f := range card.Own {
		if slices.Contains(read, f.Name) {
			own = append(own, f)
		}
	}
	return own
}

// score runs a batch, or finishes the one over the same companies.
func (w *work) score(ctx context.Context, req party.Request, resume bool) error {
	tasks, lists, err := w.unfinished()
	if err != nil {
		return err
	}
	for i, task := range tasks {
		if resume && slices.Equal(lists[i], req.Companies) {
			return w.finish(ctx, task)
		}
	}
	if len(tasks) > 0 {
		fmt.Fprintf(w.stderr, "%d batches with this tax node were cut off; \"bank resume\" finishes them\n", len(tasks))
	}
	step, end, err := w.step("companies scored")
	if err != nil {
		return err
	}
	req.Progress = step
	b, err := w.link.Score(ctx, req)
	end()
	if err != nil {
		return err
	}
	return w.write([]*party.Batch{b})
}

// finish resumes one batch and writes it.
func (w *work) finish(ctx context.Context, task [32]byte) error {
	b, err := w.resume(ctx, task)
	if err != nil {
		return err
	}
	return w.write([]*party.Batch{b})
}

func (w *work) resume(ctx context.Context, task [32]byte) (*party.Batch, error) {
	step, end, err := w.step("companies scored")
	if err != nil {
		return nil, err
	}
	defer end()
	return w.link.Resume(ctx, task, step)
}

func resumeCommand() *cobra.Command {
	c := new(client)
	var only string
	cmd := &cobra.Command{
		Use:   "resume --journal FILE --model CARD --schema SCHEMA --tax HOST:PORT --cert CERT --key KEY (--peer NAME=PIN | --ca CA)",
		Short: "Finish the batches with a tax node that were cut off",
		Long: `Finishes every batch with the tax node that was cut off, oldest first, and writes the results as score
does. What the tax node had answered it sends again, byte for byte; the rest is evaluated now. No company is evaluated
twice. The scorecard, and the encrypted table if one was used, must be those that the batch was begun with. With nothing
to finish it says so and is done.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, model, err := c.prepare(cmd)
			if err != nil {
				return err
			}
			return c.hint(c.connect(cmd.Context(), model, func(w *work) error { return w.resumeAll(cmd.Context(), only) }))
		},
	}
	c.add(cmd.Flags())
	cmd.Flags().StringVar(&only, "task", "", "only the batch whose digest begins so (hexadecimal)")
	need(cmd, "model", "schema", "tax", "cert", "key", "journal")
	return cmd
}

// resumeAll finishes what can be finished. A batch of another scorecard is left for a call with that one, and is an
// error at the end.
func (w *work) resumeAll(ctx context.Context, only string) error {
	tasks, err := w.link.Unfinished()
	if err != nil {
		return err
	}
	tasks = slices.DeleteFunc(tasks, func(t [32]byte) bool {
		digest := hex.EncodeToString(t[:])
		return len(only) > len(digest) || digest[:len(only)] != only
	})
	if len(tasks) == 0 {
		_, err := io.WriteString(w.stderr, "nothing to resume\n")
		return err
	}
	var batches []*party.Batch
	var failed error
	for _, task := range tasks {
		b, err := w.resume(ctx, task)
		if errors.Is(err, party.ErrTask) {
			failed = errors.Join(failed, err)
			continue
		}
		if err != nil {
			failed = errors.Join(err, failed)
			break
		}
		batches = append(batches, b)
	}
	if len(batches) > 0 {
		if err := w.write(batches); err != nil {
			return err
		}
	}
	return failed
}
