package bankcmd

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
)

// encryptCommand makes the seed of an encrypted table.
func encryptCommand() *cobra.Command {
	var f cli.Model
	var nonce, out string
	cmd := &cobra.Command{
		Use:   "encrypt --model CARD --schema SCHEMA --nonce HEX --out SEEDFILE",
		Short: "Make the encrypted table of a scorecard, for an approver to vouch for",
		Long: `Draws a seed, makes the scorecard's encrypted table from it and from the approver's nonce, and prints the
table's digest. Only the seed is kept, in SEEDFILE (mode 0600, never overwritten): score makes the table from it again,
which takes a fraction of a second. One table serves any number of batches and every tax node that trusts its digest.

The seed opens what tax nodes send for this table: it is as secret as the results. The approver alone gets a copy.
A scorecard with scores too wide for an encrypted table ends with exit code 7; score it by oblivious transfer, or round
its points (--round).`,
		Example: `  regulator nonce                      # the approver, once the bank has handed over card.json
  bank encrypt --model card.json --schema schema.json --nonce 5f0c… --out table.seed`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			drawn, err := approval.ParseHex(nonce)
			if err != nil {
				return fmt.Errorf("%w: --nonce: %w", cli.ErrUsage, err)
			}
			_, model, _, err := f.Load()
			if err != nil {
				return err
			}
			seed, err := approval.Encrypt(model, drawn)
			if err != nil {
				return err
			}
			if err := seed.Save(out); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", seed.Digest)
			return err
		},
	}
	f.Add(cmd.Flags())
	cmd.Flags().StringVar(&nonce, "nonce", "", "the approver's nonce, hexadecimal (required)")
	cmd.Flags().StringVar(&out, "out", "", "file for the table seed (required)")
	need(cmd, "model", "schema", "nonce", "out")
	return cmd
}

// tableFlags say which encrypted table and which protocol a batch runs on.
type tableFlags struct {
	seed, nonce  string
	engine, form string
	ready        int
}

func (f *tableFlags) add(set *pflag.FlagSet) {
	f.engine, f.form = "auto", "auto"
	set.StringVar(&f.seed, "table", "", "table seed file that \"bank encrypt\" wrote, for the lattice engine")
	set.StringVar(&f.nonce, "nonce", "", "the nonce that the table must have been made from, hexadecimal (default: not compared)")
}

// addChoice adds what a batch that is resumed has no choice of any more.
func (f *tableFlags) addChoice(set *pflag.FlagSet) {
	set.StringVar(&f.engine, "engine", "auto", "lattice (needs --table and a tax node that trusts it), ot (oblivious transfer), or auto: lattice where it can be")
	set.StringVar(&f.form, "form", "auto", "look-up of the band in one table or two (fewer bytes, more flights): one, two or auto")
	set.IntVar(&f.ready, "ready", 0, "with --table: single companies' worth to prepare before the first is asked for, 0 to 16")
}

// maxReady is what party.BankConfig documents.
const maxReady = 16

// configure makes the table again and puts it, engine and form into the bank's configuration.
func (f *tableFlags) configure(cfg *party.BankConfig) error {
	var known bool
	engines := map[string]score.EngineKind{"auto": 0, "lattice": score.EngineLattice, "ot": score.EngineOT}
	if cfg.Engine, known = engines[f.engine]; !known {
		return fmt.Errorf("%w: --engine: want auto, lattice or ot, got %q", cli.ErrUsage, f.engine)
	}
	forms := map[string]score.Form{"auto": 0, "one": score.OneTable, "two": score.TwoTables}
	if cfg.Form, known = forms[f.form]; !known {
		return fmt.Errorf("%w: --form: want auto, one or two, got %q", cli.ErrUsage, f.form)
	}
	if f.ready < 0 || f.ready > maxReady {
		return fmt.Errorf("%w: --ready: want 0 to %d, got %d", cli.ErrUsage, maxReady, f.ready)
	}
	cfg.Ready = f.ready
	if f.seed == "" {
		if cfg.Engine == score.EngineLattice || f.nonce != "" || f.ready > 0 {
			return fmt.Errorf("%w: the lattice engine, --nonce and --ready need --table", cli.ErrUsage)
		}
		return nil
	}
	if cfg.Engine == score.EngineOT { // a tax node would be sent a table for nothing
		return nil
	}
	seed, err := approval.Load(f.seed)
	if err != nil {
		return err
	}
	if f.nonce != "" {
		nonce, err := approval.ParseHex(f.nonce)
		if err != nil {
			return fmt.Errorf("%w: --nonce: %w", cli.ErrUsage, err)
		}
		if nonce != seed.Nonce {
			return fmt.Errorf("%w: %s: the table was made from another nonce", cli.ErrInput, f.seed)
		}
	}
	cfg.Table, err = seed.Table(cfg.Model)
	return err
}
