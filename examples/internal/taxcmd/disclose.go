package taxcmd

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
	var s stores
	var identity cli.Identity
	var file, prefix, out, approval string
	var revocations []string
	cmd := &cobra.Command{
		Use:   "disclose --journal FILE --task DIGEST --cert CERT --key KEY --consents FILE --company-keys FILE --out FILE",
		Short: "Write what an auditor needs to decide whether each company of a task had consented",
		Long: `Writes one file, signed by this node: the signed messages of a task, its companies, and of each that was admitted
the consent with the salt that opens its commitment on the ledger. No level and no result is in it. With --approval and
--revocations what is at hand of these goes into it too. A digest may be cut short as long as it names one task.

It names companies and links them to the ledger: it is for the auditor alone. The journal and the consents serve one
process at a time: stop the node first.`,
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
			for _, path := range revocations {
				list, err := readRevocations(path, cmd.InOrStdin())
				if err != nil {
					return err
				}
				d.Revocations = append(d.Revocations, list...)
			}
			if err := errors.Join(mustExist(file), mustExist(s.consents)); err != nil {
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
			if d.Dossier, err = party.TaxDossier(j, task); err != nil {
				return err
			}
			d.Dossier = d.Dossier.Public()
			if d.Consents, err = s.openConsents(id); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, d.Consents.Close()) }()
			err = cli.WriteFile(out, cmd.OutOrStdout(), func(w io.Writer) error { return audit.WriteDisclosure(cmd.Context(), w, d) })
			if err == nil && out != "-" {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", task)
			}
			return err
		},
	}
	identity.AddOwn(cmd.Flags(), transport.RoleTax)
	s.addConsents(cmd)
	set := cmd.Flags()
	set.StringVar(&file, "journal", "", "the node's journal (required)")
	set.StringVar(&prefix, "task", "", "digest of the task, hexadecimal (required)")
	set.StringVar(&out, "out", "", "file for the disclosure, - for standard output (required)")
	set.StringVar(&approval, "approval", "", "the regulator's signed approval of the model")
	set.StringArrayVar(&revocations, "revocations", nil, "list of revocations, one a line (repeatable)")
	need(cmd, "journal", "task", "out", "cert", "key", "consents", "company-keys")
	return cmd
}

func readRevocations(path string, stdin io.Reader) (list [][]byte, err error) {
	f, err := openList(path, stdin)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	err = govern.ReadArtefacts(f, func(line int, artefact []byte) error {
		if kind, err := govern.KindOf(artefact); err != nil || kind != govern.KindRevocation {
			return fmt.Errorf("%w: %s: line %d: not a revocation", cli.ErrInput, path, line)
		}
		list = append(list, artefact)
		return nil
	})
	return list, err
}
