package regcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

func replayTaxCommand() *cobra.Command {
	var f replayFlags
	var table, mapping, db string
	cmd := &cobra.Command{
		Use:   "replay-tax --dossier DIR … --openings FILE… [--table FILE] [--mapping FILE --db DB]",
		Short: "Run the tax node's side of a task again, for the tax authority's own auditors",
		Long: `Puts the openings of the tax authority's own auditors together and runs the tax node's side of a task again: a node that
evaluated other levels than it had committed to, or returned other bits than it opened, is found in every superblock that
is replayed. With --mapping and --db levels or values are compared with the records themselves, as they are now: where records
have changed since, that is no violation. It sees levels: on the authority's premises only. Ends with exit code 10 if the
tax node is in violation.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			c, roots, dealt, err := f.open(mpc.RoleTax)
			if err != nil {
				return err
			}
			v := &audit.Verdict{Party: mpc.RoleTax, Violations: dealt}
			if len(dealt) > 0 {
				return f.print(cmd.OutOrStdout(), c, v)
			}
			replay := audit.TaxReplay{Case: c.Case, Roots: roots}
			if replay.Sample, err = f.sampled(c); err != nil {
				return err
			}
			if replay.Table, err = c.table(table); err != nil {
				return err
			}
			if replay.Weights, err = c.weights(table); err != nil {
				return err
			}
			if mapping != "" || db != "" {
				m, err := records.ReadMapping(mapping, c.schema)
				if err != nil {
					return err
				}
				source, err := records.Open(cmd.Context(), m, db, records.Options{})
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, source.Close()) }()
				if p := c.params(); p != nil && p.Columns() > 0 {
					replay.TruthColumns, err = c.truthColumns(source)
				} else {
					replay.Truth = c.truth(source)
				}
				if err != nil {
					return err
				}
			}
			if v, err = replay.Run(cmd.Context()); err != nil {
				return auditError(err)
			}
			return f.print(cmd.OutOrStdout(), c, v)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&table, "table", "", "encrypted table of the task, from the tax node's evidence: tables/ and the digest that \"bank encrypt\" printed; for the lattice and the linear engine")
	cmd.Flags().StringVar(&mapping, "mapping", "", "mapping file of the authority's records, to compare the levels with")
	cmd.Flags().StringVar(&db, "db", "", "SQLite file or PostgreSQL DSN of the records")
	cmd.MarkFlagsRequiredTogether("mapping", "db")
	return cmd
}

// params are those of the task's sessions; nil if it had none.
func (c *auditCase) params() *score.Params {
	if len(c.Sessions) == 0 {
		return nil
	}
	return &c.Sessions[0].Terms.Params
}

// openTable opens the encrypted table if the task ran on this engine, which has one; nil if it did not.
func (c *auditCase) openTable(path string, engine score.EngineKind) (*os.File, error) {
	if p := c.params(); p == nil || p.Engine != engine {
		return nil, nil
	}
	if path == "" {
		return nil, fmt.Errorf("%w: the task ran on an encrypted table: give the file (--table)", cli.ErrUsage)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	return f, nil
}

// weights reads the encrypted weights that the task ran on; nil where it ran on another engine.
func (c *auditCase) weights(path string) (*linear.Certified, error) {
	f, err := c.openTable(path, score.EngineLinear)
	if f == nil || err != nil {
		return nil, err
	}
	defer f.Close()
	params := c.params().Linear
	raw, err := io.ReadAll(io.LimitReader(f, int64(params.TableBytes())+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	t, err := linear.ReadTable(*params, linear.Joint(c.Task.GetTableJoint()), raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	inner, err := t.Digest()
	if err != nil {
		return nil, err
	}
	if party.LinearTableDigest(c.schema.Digest(), c.Task.GetFeatures(), c.Task.GetParameters().GetUnits(), inner) != [32]byte(c.Task.GetTableDigest()) {
		return nil, fmt.Errorf("%w: %s: not the encrypted weights of the task", cli.ErrInput, path)
	}
	return t.Certify(inner)
}

// table reads the encrypted table that the task ran on; nil where it ran on another engine.
func (c *auditCase) table(path string) (*lattice.Certified, error) {
	f, err := c.openTable(path, score.EngineLattice)
	if f == nil || err != nil {
		return nil, err
	}
	defer f.Close()
	params, err := c.params().TableParams()
	if err != nil {
		return nil, err
	}
	t, err := lattice.ReadTable(params, lattice.Joint(c.Task.GetTableJoint()), f)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	inner := t.Digest()
	if party.TableDigest(c.schema.Digest(), c.Task.GetFeatures(), inner) != [32]byte(c.Task.GetTableDigest()) {
		return nil, fmt.Errorf("%w: %s: not the encrypted table of the task", cli.ErrInput, path)
	}
	return t.Certify(inner)
}

// truth looks companies of the task up in the authority's records.
func (c *auditCase) truth(source records.Source) func(context.Context, []int) ([][]uint16, error) {
	return func(ctx context.Context, positions []int) ([][]uint16, error) {
		ids, err := c.companies(positions)
		if err != nil {
			return nil, err
		}
		chunk, err := source.Fetch(ctx, ids)
		if err != nil {
			return nil, err
		}
		levels := make([][]uint16, len(c.Task.GetFeatures()))
		for f, name := range c.Task.GetFeatures() {
			at := c.schema.Index(name)
			if at < 0 {
				return nil, fmt.Errorf("%w: the schema has no feature %q", cli.ErrInput, name)
			}
			levels[f] = chunk.Levels[at]
		}
		return levels, nil
	}
}

// truthColumns is truth for a task on values in full precision.
func (c *auditCase) truthColumns(source records.Source) (func(context.Context, []int) ([][]int64, error), error) {
	precise, ok := source.(records.ColumnSource)
	if !ok {
		return nil, fmt.Errorf("%w: the records have no values in full precision", cli.ErrInput)
	}
	encoding, err := party.EncodingOf(c.schema, c.Task)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, positions []int) ([][]int64, error) {
		ids, err := c.companies(positions)
		if err != nil {
			return nil, err
		}
		chunk, err := precise.FetchColumns(ctx, ids, encoding)
		if err != nil {
			return nil, err
		}
		return chunk.Columns, nil
	}, nil
}

// companies are those at positions of the task.
func (c *auditCase) companies(positions []int) ([]uscc.ID, error) {
	ids := make([]uscc.ID, len(positions))
	for i, at := range positions {
		code := c.Dossier.Companies[at*partypb.CompanySize : (at+1)*partypb.CompanySize]
		var err error
		if ids[i], err = uscc.Parse(string(code)); err != nil {
			return nil, fmt.Errorf("%w: company %d of the task: %w", cli.ErrInput, at, err)
		}
	}
	return ids, nil
}
