package taxcmd

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
	var own bool
	cmd := &cobra.Command{
		Use:   "dossier --journal FILE --evidence DIR --task DIGEST --out DIR [--own]",
		Short: "Write what an auditor needs of a task",
		Long: `Writes the dossier of a task into a new directory: the signed task and admission, receipts, the list of
companies, and every flight with its signature. With --own it also holds the levels that this node evaluated, for the
authority's own auditors: it never leaves its premises. A digest may be cut short as long as it names one task.

The list of companies is handed over under the law. The journal serves one process at a time: stop the node first.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := mustExist(file); err != nil {
				return err
			}
			j, err := journal.OpenTax(file)
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
			d, err := party.TaxDossier(j, task)
			if err != nil {
				return err
			}
			if !own {
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
	set.StringVar(&file, "journal", "", "the node's journal (required)")
	set.StringVar(&archive, "evidence", "", "the node's directory of evidence (required)")
	set.StringVar(&prefix, "task", "", "digest of the task, hexadecimal (required)")
	set.StringVar(&out, "out", "", "directory for the dossier, which is made (required)")
	set.BoolVar(&own, "own", false, "with the levels, for this authority's own auditors")
	need(cmd, "journal", "evidence", "task", "out")
	return cmd
}
