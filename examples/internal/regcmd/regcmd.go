// Package regcmd is the regulator's program: it founds and keeps a ledger, approves models, and audits. examples/regulator
// runs it.
//
// What it reads of others is hostile: submissions of banks, dossiers of either side, openings of auditors, the ledger that
// another organisation keeps. What it keeps of an approval is as secret as the bank's scorecard.
package regcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/transport"
)

// Root makes the program.
func Root() *cobra.Command {
	root := &cobra.Command{
		Use:   "regulator",
		Short: "A regulator: founds a ledger, approves models, audits what was done",
		Long: `A regulator's side of Blindscore, in the order of use.

To begin with: keygen makes an identity, auditor-keygen and auditors say who opens what nodes put into escrow, genesis
says what a ledger starts from, "ledger serve" keeps it and witness watches it. register admits banks and tax nodes,
publish announces a schema; suspend and reinstate end and renew a party's standing.

For each scorecard of a bank: nonce draws the number that its encrypted table is made from, the bank hands over what it
would like approved ("bank submit"), approve checks it (lint shows how) and writes it to the ledger; withdraw ends that.

Afterwards: export takes the ledger's history out, verify decides on every evaluation in it by what was disclosed, and
report tells one company. Of a task that is audited, each auditor opens the seeds (open), and replay and replay-tax run a
side again. What is found is signed by the auditors, and entered on the ledger (finding): a violation suspends the party.

` + cli.ExitHelp,
	}
	root.AddCommand(
		cli.Keygen(transport.RoleRegulator), keyCommand(), auditorKeygenCommand(), auditorsCommand(), genesisCommand(),
		ledgerCommand(), witnessCommand(), registerCommand(), suspendCommand(), reinstateCommand(), publishCommand(),
		lintCommand(), nonceCommand(), approveCommand(), withdrawCommand(),
		exportCommand(), verifyCommand(), reportCommand(), openCommand(), replayCommand(), replayTaxCommand(), findingCommand(),
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
