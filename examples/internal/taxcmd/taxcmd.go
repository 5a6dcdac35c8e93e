// Package taxcmd is the tax node's program: keygen, import, check, serve, and what governs it: grant, revoke,
// dry-run, usage, dossier and disclose. examples/taxnode runs it, and the demo
// runs it as a process of its own.
package taxcmd

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
)

// Root makes the program.
func Root() *cobra.Command {
	root := &cobra.Command{
		Use:   "taxnode",
		Short: "A tax node: serves banks with score bands of companies, and shows them nothing else",
		Long: `A tax node of Blindscore. Banks that it knows send it a list of companies and, hidden from it, a
scorecard; each bank learns the band of each company and nothing more, the tax node learns which companies it was
asked about and nothing of scorecard or bands.

In order: keygen makes the node's identity, import loads the authority's CSV files into a database (or keep your
own SQLite or PostgreSQL), check tells whether schema, mapping and database fit, grant takes in consents, serve answers
banks. revoke takes in revocations; dry-run tells what would be admitted, usage what a company was charged; dossier and
disclose hand a task to auditors.

` + cli.ExitHelp,
	}
	root.AddCommand(cli.Keygen(transport.RoleTax), importCommand(), checkCommand(), serveCommand(),
		grantCommand(), revokeCommand(), dryRunCommand(), usageCommand(), dossierCommand(), discloseCommand())
	return root
}

// database are the flags that say where features come from.
type database struct{ schema, mapping, name string }

// databaseVariable names the database where the flag does not: a DSN may hold a password, and arguments are seen by all.
const databaseVariable = "BLINDSCORE_DB"

func (d *database) add(set *pflag.FlagSet) {
	set.StringVar(&d.schema, "schema", "", "schema file (JSON) that the banks' scorecards are on (required)")
	set.StringVar(&d.mapping, "mapping", "", "mapping file (YAML): the features as SQL expressions over your tables (required)")
	set.StringVar(&d.name, "db", "", "path of the SQLite file, or DSN of the PostgreSQL server (default: the variable "+databaseVariable+")")
}

// open opens the records and checks that the mapping fits them.
func (d *database) open(ctx context.Context) (*records.Mapping, *records.SQL, error) {
	schema, err := cli.Schema(d.schema)
	if err != nil {
		return nil, nil, err
	}
	mapping, err := records.ReadMapping(d.mapping, schema)
	if err != nil {
		return nil, nil, err
	}
	name := d.name
	if name == "" {
		name = os.Getenv(databaseVariable)
	}
	source, err := records.Open(ctx, mapping, name, records.Options{})
	return mapping, source, err
}

// need marks flags as required.
func need(cmd *cobra.Command, names ...string) {
	for _, n := range names {
		_ = cmd.MarkFlagRequired(n) // fails only for a flag that is not there
	}
}
