package regcmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/lint"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party"
)

// check lints a model and tells the operator's mistakes from models that are beyond it.
func check(ctx context.Context, model *circuits.Model, p lint.Policy) (*lint.Report, error) {
	report, err := lint.Check(ctx, model, p)
	switch {
	case errors.Is(err, lint.ErrTooLarge):
		return nil, fmt.Errorf("%w: %w", party.ErrUnsupported, err)
	case errors.Is(err, lint.ErrPolicy):
		return nil, fmt.Errorf("%w: %w", cli.ErrUsage, err)
	}
	return report, err
}

// output reads the value of --output.
func output(text string) (o lint.Output, err error) {
	if err := o.UnmarshalText([]byte(text)); err != nil {
		return o, fmt.Errorf("%w: --output: want band or score, got %q", cli.ErrUsage, text)
	}
	return o, nil
}

// refused lists the critical findings that nobody accepted, each once.
func refused(report *lint.Report, accepted []string) (codes []string) {
	for _, f := range report.Findings {
		if code := string(f.Code); f.Severity == lint.Critical && !slices.Contains(accepted, code) && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

func lintCommand() *cobra.Command {
	var model cli.Model
	var kind string
	var bits, k int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint --model CARD --schema SCHEMA [--output band|score]",
		Short: "Say what one output of a scorecard tells about a company",
		Long: `Counts, exactly, what one band (or score) of a scorecard tells the bank about a company's levels, names cards that are
made to read records rather than to score, and suggests what would help. The report quotes scores and thresholds: it is as
secret as the card. Ends with exit code 10 if something critical was found.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out, err := output(kind)
			if err != nil {
				return err
			}
			_, compiled, _, err := model.Load()
			if err != nil {
				return err
			}
			report, err := check(cmd.Context(), compiled, lint.Policy{Output: out, Bits: bits, K: k})
			if err != nil {
				return err
			}
			text := []byte(report.Text())
			if asJSON {
				if text, err = report.JSON(); err != nil {
					return err
				}
				text = append(text, '\n')
			}
			if _, err := cmd.OutOrStdout().Write(text); err != nil {
				return err
			}
			if codes := refused(report, nil); len(codes) > 0 {
				return fmt.Errorf("%w: critical: %v", cli.ErrFound, codes)
			}
			return nil
		},
	}
	model.Add(cmd.Flags())
	cmd.Flags().StringVar(&kind, "output", "band", "what is given out: band or score")
	cmd.Flags().IntVar(&bits, "bits", 0, "bits that consents grant (default: what the output needs)")
	cmd.Flags().IntVar(&k, "least", 0, "least number of combinations of bins that an output stands for (default: 5)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the whole report as JSON")
	need(cmd, "model", "schema")
	return cmd
}
