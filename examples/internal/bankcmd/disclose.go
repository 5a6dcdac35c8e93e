package bankcmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/transport"
)

func discloseCommand() *cobra.Command {
	var identity cli.Identity
	var file, prefix, out, approval string
	cmd := &cobra.Command{
		Use:   "disclose --journal FILE --task DIGEST --cert CERT --key KEY [--approval FILE] --out FILE",
		Short: "Write what an auditor needs of this bank to decide on each evaluation of a task",
		Long: `Writes one file, signed by this bank: the signed messages of a task, its companies and, with --approval, the
approval of its scorecard. No point, no salt and no result is in it. The consents come from the tax node ("taxnode
disclose"). It names companies: it is for the auditor alone.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			id, err := identity.Own()
			if err != nil {
				return err
			}
			d := &audit.Disclosure{Sign: id.Sign}
			if approval != "" {
				a, err := govern.ReadApproval(approval)
				if err != nil {
					return err
				}
				d.Approval = a.Signed
			}
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
			if d.Dossier, err = party.BankDossier(j, task); err != nil {
				return err
			}
			d.Dossier = d.Dossier.Public()
			err = cli.WriteFile(out, cmd.OutOrStdout(), func(w io.Writer) error { return audit.WriteDisclosure(cmd.Context(), w, d) })
			if err == nil && out != "-" {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", task)
			}
			return err
		},
	}
	identity.AddOwn(cmd.Flags(), transport.RoleBank)
	set := cmd.Flags()
	set.StringVar(&file, "journal", "", "the bank's journal (required)")
	set.StringVar(&prefix, "task", "", "digest of the task, hexadecimal (required)")
	set.StringVar(&out, "out", "", "file for the disclosure, - for standard output (required)")
	set.StringVar(&approval, "approval", "", "the regulator's signed approval of the scorecard")
	need(cmd, "journal", "task", "out", "cert", "key")
	return cmd
}
