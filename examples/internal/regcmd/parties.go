package regcmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
)

// roles are those of the ledger, by those of nodes.
var roles = map[transport.Role]ledger.Role{
	transport.RoleBank: ledger.RoleBank, transport.RoleTax: ledger.RoleTax, transport.RoleRegulator: ledger.RoleRegulator,
}

func registerCommand() *cobra.Command {
	w := new(writer)
	cmd := &cobra.Command{
		Use:   "register CERT... --ledger ADDR --outbox FILE",
		Short: "Register parties: banks, tax nodes and further regulators",
		Long: `Writes the name, key and role in each certificate file to the ledger. Names and keys are new to the ledger for ever; check
the files with their owners first, since what is in them is taken as it is.`,
		Example: `  regulator register bank-first.pem tax-zhejiang.pem --cert … --key … --ledger … --outbox …`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var bodies []ledger.Body
			for _, path := range args {
				p, err := certificate(path)
				if err != nil {
					return err
				}
				role, known := roles[p.Name.Role()]
				if !known {
					return fmt.Errorf("%w: %s: the ledger has no role for %v", cli.ErrInput, path, p.Name)
				}
				bodies = append(bodies, &ledger.PartyRegistered{Key: ledger.Key(p.Key), Role: role, Name: p.Name.String()})
			}
			return w.open(cmd, func(ctx context.Context, d *desk) error { return d.record(ctx, bodies...) })
		},
	}
	w.add(cmd)
	return cmd
}

// standingCommand suspends or reinstates a party, for a reason that is on file.
func standingCommand(use, short, long string, body func(key ledger.Key, evidence ledger.Digest) ledger.Body) *cobra.Command {
	w := new(writer)
	var order string
	cmd := &cobra.Command{
		Use:   use + " NAME --order FILE",
		Short: short,
		Long:  long + " The ledger gets the SHA-256 of FILE, the order that says why: keep it.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			why, err := orderDigest(order)
			if err != nil {
				return err
			}
			return w.open(cmd, func(ctx context.Context, d *desk) error {
				p, err := d.party(args[0])
				if err != nil {
					return err
				}
				return d.record(ctx, body(p.Key, why))
			})
		},
	}
	w.add(cmd)
	cmd.Flags().StringVar(&order, "order", "", "file that says why (required)")
	need(cmd, "order")
	return cmd
}

func suspendCommand() *cobra.Command {
	return standingCommand("suspend", "Suspend a party",
		"A suspended party writes nothing, and no task engages it: tax nodes refuse a suspended bank from their next look at the ledger on.",
		func(key ledger.Key, why ledger.Digest) ledger.Body {
			return &ledger.PartySuspended{Party: key, Evidence: why}
		})
}

func reinstateCommand() *cobra.Command {
	return standingCommand("reinstate", "Reinstate a suspended party",
		"Ends a suspension, whether by suspend or by a finding.",
		func(key ledger.Key, why ledger.Digest) ledger.Body {
			return &ledger.PartyReinstated{Party: key, Evidence: why}
		})
}

func publishCommand() *cobra.Command {
	w := new(writer)
	var path string
	cmd := &cobra.Command{
		Use:   "publish --schema SCHEMA",
		Short: "Publish a schema on the ledger",
		Long: `Writes name, version and digest of a schema to the ledger, and prints the digest. Models are approved and tasks admitted
on published schemas only; the file itself goes to banks and tax nodes by other ways.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			schema, err := cli.Schema(path)
			if err != nil {
				return err
			}
			return w.open(cmd, func(ctx context.Context, d *desk) error {
				err := d.record(ctx, &ledger.SchemaPublished{Schema: schema.Digest(), Name: schema.Name(), Version: schema.Version()})
				if err == nil {
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", schema.Digest())
				}
				return err
			})
		},
	}
	w.add(cmd)
	cmd.Flags().StringVar(&path, "schema", "", "schema file (required)")
	need(cmd, "schema")
	return cmd
}
