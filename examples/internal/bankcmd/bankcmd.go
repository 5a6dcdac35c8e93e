// Package bankcmd is the bank's program: keygen, compile, encrypt, salt, submit, score, resume, dossier and disclose. examples/bank runs it, and the demo
// runs it as a process of its own.
package bankcmd

import (
	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/transport"
)

// Root makes the program.
func Root() *cobra.Command {
	root := &cobra.Command{
		Use:   "bank",
		Short: "A bank: scores companies with its own scorecard on a tax node's data, without seeing the data",
		Long: `A bank's node of Blindscore. It takes a scorecard and a list of companies to a tax node, and learns the
score band of each company: not their features. The tax node learns which companies were asked about: neither
scorecard nor bands.

In order: keygen makes the bank's identity, compile tells whether the scorecard fits the schema that the tax node
publishes, encrypt makes its encrypted table, salt draws the salt of its commitment, submit writes what the regulator needs
to approve it, score evaluates companies, resume finishes what was cut off, dossier and disclose hand a task to auditors.

` + cli.ExitHelp,
	}
	root.AddCommand(cli.Keygen(transport.RoleBank), compileCommand(), encryptCommand(), saltCommand(), submitCommand(),
		scoreCommand(), resumeCommand(), dossierCommand(), discloseCommand())
	return root
}

// need marks flags as required.
func need(cmd *cobra.Command, names ...string) {
	for _, n := range names {
		_ = cmd.MarkFlagRequired(n) // fails only for a flag that is not there
	}
}
