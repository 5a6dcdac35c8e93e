// Package regcmd is the regulator's program: nonce and approve. examples/regulator runs it.
package regcmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/transport"
)

// Root makes the program.
func Root() *cobra.Command {
	root := &cobra.Command{
		Use:   "regulator",
		Short: "A regulator: approves the encrypted tables of banks",
		Long: `A regulator's side of Blindscore. Once a bank has fixed its scorecard, nonce draws a number for it. The bank
makes an encrypted table from that ("bank encrypt"), and hands over scorecard and table seed. approve makes the table
again and prints the digest that tax nodes put on their trust lists ("taxnode serve --trust"). A table that nobody
made again could read the records of companies through the bands of others.

` + cli.ExitHelp,
	}
	root.AddCommand(
		cli.Keygen(transport.RoleRegulator), keyCommand(), auditorKeygenCommand(), auditorsCommand(), genesisCommand(),
		ledgerCommand(), witnessCommand(), registerCommand(), suspendCommand(), reinstateCommand(), publishCommand(),
		nonceCommand(), approveCommand(),
	)
	return root
}

// need marks flags as required.
func need(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		_ = cmd.MarkFlagRequired(name) // fails only for a flag that is not there
	}
}

func nonceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "nonce",
		Short: "Draw a nonce for a bank that has fixed its scorecard",
		Long: `Prints a random number in hexadecimal. It is not secret. Draw one for each scorecard, after the bank has
handed it over, and keep it for approve.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			nonce, err := approval.NewNonce()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", nonce)
			return err
		},
	}
}

func approveCommand() *cobra.Command {
	var model cli.Model
	var nonce, seed, digest string
	cmd := &cobra.Command{
		Use:   "approve --model CARD --schema SCHEMA --nonce HEX --seed SEEDFILE [--digest HEX]",
		Short: "Make a bank's encrypted table again, and print its digest for trust lists",
		Long: `Makes the encrypted table of a scorecard again, from the nonce that this regulator drew and the bank's table
seed, and compares it with what the bank says it made. If they are the same it prints a line for the trust lists of
tax nodes; anything that differs is refused with exit code 8. Give the flags that bend the scorecard as the bank did.

The seed opens what tax nodes send to the bank: work on a copy, on a machine that sees no such traffic, and delete it.`,
		Example: `  regulator approve --model card.json --schema schema.json --nonce 5f0c… --seed table.seed >> trust.txt`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			drawn, err := approval.ParseHex(nonce)
			if err != nil {
				return fmt.Errorf("%w: --nonce: %w", cli.ErrUsage, err)
			}
			s, err := approval.Load(seed)
			if err != nil {
				return err
			}
			if digest != "" {
				said, err := approval.ParseHex(digest)
				if err != nil {
					return fmt.Errorf("%w: --digest: %w", cli.ErrUsage, err)
				}
				if said != s.Digest {
					return fmt.Errorf("%w: the table seed is of a table with another digest", party.ErrPeer)
				}
			}
			_, compiled, _, err := model.Load()
			if err != nil {
				return err
			}
			if err := approval.Approve(compiled, drawn, s); err != nil {
				return err
			}
			// A name comes from the bank: it must not end its line and begin another.
			name := strings.Join(strings.Fields(compiled.Name()+" "+compiled.Version()), " ")
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x # %s\n", s.Digest, name)
			return err
		},
	}
	model.Add(cmd.Flags())
	cmd.Flags().StringVar(&nonce, "nonce", "", "the nonce that this regulator drew, hexadecimal (required)")
	cmd.Flags().StringVar(&seed, "seed", "", "the bank's table seed file, mode 0600 (required)")
	cmd.Flags().StringVar(&digest, "digest", "", "the digest that the bank names, if by another way than the file")
	for _, name := range []string{"model", "schema", "nonce", "seed"} {
		_ = cmd.MarkFlagRequired(name) // fails only for a flag that is not there
	}
	return cmd
}
