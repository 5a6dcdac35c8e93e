package bankcmd

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/transport"
)

// saltCommand draws the salt of a scorecard's commitment.
func saltCommand() *cobra.Command {
	var f cli.Model
	var out string
	cmd := &cobra.Command{
		Use:   "salt --model CARD --schema SCHEMA --out SALTFILE",
		Short: "Draw the salt of a scorecard's commitment, and print the commitment",
		Long: `Draws a salt, writes it to SALTFILE (mode 0600, never overwritten) and prints the commitment to the compiled
scorecard: what its approval, its tasks and the ledger name in the place of the scorecard. Whoever has the salt can try
scorecards against the commitment: the approver alone gets a copy, in the submission.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, model, _, err := f.Load()
			if err != nil {
				return err
			}
			salt, err := govern.NewSalt()
			if err != nil {
				return err
			}
			if err := salt.Save(out); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", salt.Commit(model))
			return err
		},
	}
	f.Add(cmd.Flags())
	cmd.Flags().StringVar(&out, "out", "", "file for the salt (required)")
	need(cmd, "model", "schema", "out")
	return cmd
}

// submitCommand writes what a regulator needs to approve a scorecard.
func submitCommand() *cobra.Command {
	var f cli.Model
	var identity cli.Identity
	var salt, table, out string
	cmd := &cobra.Command{
		Use:     "submit --model CARD --schema SCHEMA --salt SALTFILE [--table SEEDFILE] --cert CERT --key KEY --out DIR",
		Aliases: []string{"submission"},
		Short:   "Write what a regulator needs to approve a scorecard",
		Long: `Writes a new directory (mode 0700) with the scorecard, the schema, the salt of its commitment and, with --table,
the seed of its encrypted table. All of it is secret: hand it to the regulator by a way that nobody reads, and keep the
flags that bend the scorecard for score.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, err := identity.Own()
			if err != nil {
				return err
			}
			s := &approval.Submission{Bank: id.Name()}
			card, model, _, err := f.Load()
			if err != nil {
				return err
			}
			s.Card = card
			if s.Options, err = f.Options(); err != nil {
				return err
			}
			if s.Schema, err = cli.Schema(f.SchemaFile()); err != nil {
				return err
			}
			if s.Salt, err = govern.LoadSalt(salt); err != nil {
				return err
			}
			if table != "" {
				if s.Table, err = approval.Load(table); err != nil {
					return err
				}
				if _, err := s.Table.Table(model); err != nil {
					return err
				}
			}
			if err := s.Write(out); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", s.Salt.Commit(model))
			return err
		},
	}
	f.Add(cmd.Flags())
	identity.AddOwn(cmd.Flags(), transport.RoleBank)
	cmd.Flags().StringVar(&salt, "salt", "", "salt file that \"bank salt\" wrote (required)")
	cmd.Flags().StringVar(&table, "table", "", "table seed file that \"bank encrypt\" wrote")
	cmd.Flags().StringVar(&out, "out", "", "directory for the submission, which is made (required)")
	need(cmd, "model", "schema", "salt", "cert", "key", "out")
	return cmd
}

// mustExist keeps a command that only reads from making a file.
func mustExist(path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	return nil
}
