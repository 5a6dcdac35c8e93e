package bankcmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
)

func dossierCommand() *cobra.Command {
	var file, archive, prefix, out string
	var public bool
	cmd := &cobra.Command{
		Use:   "dossier --journal FILE --evidence DIR --task DIGEST --out DIR [--public]",
		Short: "Write what an auditor needs of a task",
		Long: `Writes the dossier of a task into a new directory: the signed task and admission, receipts, the list of
companies, every flight with its signature, and what this bank alone knows of it: the points of its own features and the
salts. With these, the scorecard and the opened seed an auditor replays what the bank sent. --public leaves out what the
bank alone knows. A digest may be cut short as long as it names one task.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := mustExist(file); err != nil {
				return err
			}
			j, err := journal.OpenBank(file)
			if err != nil {
				return cli.JournalError(file, err)
			}
			defer func() { err = errors.Join(err, j.Close()) }()
			task, err := govern.FindTask(j.Tasks(), prefix)
			if err != nil {
				return err
			}
			a, err := evidence.Open(archive)
			if err != nil {
				return err
			}
			d, err := party.BankDossier(j, task)
			if err != nil {
				return err
			}
			if public {
				d = d.Public()
			}
			if err := d.Write(out, a); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", task)
			return err
		},
	}
	set := cmd.Flags()
	set.StringVar(&file, "journal", "", "the bank's journal (required)")
	set.StringVar(&archive, "evidence", "", "the bank's directory of evidence (required)")
	set.StringVar(&prefix, "task", "", "digest of the task, hexadecimal (required)")
	set.StringVar(&out, "out", "", "directory for the dossier, which is made (required)")
	set.BoolVar(&public, "public", false, "without what the bank alone knows")
	need(cmd, "journal", "evidence", "task", "out")
	return cmd
}
