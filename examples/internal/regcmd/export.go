package regcmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/transport"
)

func exportCommand() *cobra.Command {
	var identity cli.Identity
	var access govern.Access
	var out, checkpoint string
	cmd := &cobra.Command{
		Use:   "export --cert CERT --key KEY --ledger ADDR --out FILE",
		Short: "Take the history of a ledger out, for those who check it offline",
		Long: `Writes the entries of a ledger and the newest checkpoint that a quorum of its witnesses signed to FILE, which verify
reads, and with --checkpoint the checkpoint to a file of its own: auditors who keep theirs can hold later exports against
it. (A ledger without witnesses is exported under its own word.)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			id, peers, err := identity.LoadOptional()
			if err != nil {
				return err
			}
			policy, client, err := access.Dial(id, peers)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, client.Close()) }()
			signed, err := newest(client, policy)
			if err != nil {
				return err
			}
			cp, err := policy.Open(signed)
			if err != nil {
				return err
			}
			err = cli.WriteFile(out, cmd.OutOrStdout(), func(w io.Writer) error { return ledger.Export(w, client, policy, signed) })
			if err == nil && checkpoint != "" {
				err = cli.WriteFile(checkpoint, cmd.OutOrStdout(), func(w io.Writer) error { _, err := w.Write(signed); return err })
			}
			if err == nil && out != "-" {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "entries: %d, root: %x\n", cp.Size, cp.Root[:])
			}
			return err
		},
	}
	set := cmd.Flags()
	identity.Add(set, transport.RoleRegulator, transport.RoleRegulator)
	access.AddReader(set)
	set.StringVar(&out, "out", "", "file for the history, - for standard output (required)")
	set.StringVar(&checkpoint, "checkpoint", "", "file for the checkpoint")
	need(cmd, "cert", "key", "genesis", "ledger-key", "ledger", "out")
	return cmd
}

// newest is the checkpoint that the policy accepts: witnessed, if it wants witnesses.
func newest(client *remote.Client, policy *ledger.Policy) ([]byte, error) {
	if quorum, _ := policy.Quorum(); quorum == 0 {
		return client.Checkpoint()
	}
	signed, err := client.Witnessed()
	if err == nil && signed == nil {
		err = fmt.Errorf("%w: no checkpoint has been signed by a quorum of the witnesses yet", party.ErrBusy)
	}
	return signed, err
}
