package regcmd

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/audit"
)

// replayFlags are what both replays have in common.
type replayFlags struct {
	caseFlags
	openings []string
	sample   int
	asJSON   bool
	finding  string
}

func (f *replayFlags) add(cmd *cobra.Command) {
	f.caseFlags.add(cmd)
	cmd.Flags().StringArrayVar(&f.openings, "openings", nil, "file that an auditor's \"open\" wrote (repeatable, required)")
	cmd.Flags().IntVar(&f.sample, "sample", 0, "how many superblocks to replay, drawn at random (default: all)")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "the verdict as JSON")
	cmd.Flags().StringVar(&f.finding, "finding", "", "file for the verdict as a finding, for auditors to sign")
	need(cmd, "openings")
}

// open verifies the dossier of a side and puts the seeds together.
func (f *replayFlags) open(side mpc.Role) (*auditCase, audit.Roots, []audit.Violation, error) {
	if f.sample < 0 {
		return nil, nil, nil, fmt.Errorf("%w: --sample: want 0 or more, got %d", cli.ErrUsage, f.sample)
	}
	c, err := f.caseFlags.open()
	if err != nil {
		return nil, nil, nil, err
	}
	if c.Dossier.Role != side {
		return nil, nil, nil, fmt.Errorf("%w: %s is the dossier of the %v, want the %v's", cli.ErrInput, f.dossier, c.Dossier.Role, side)
	}
	var list []*openings
	for _, path := range f.openings {
		o, err := readOpenings(path)
		if err != nil {
			return nil, nil, nil, err
		}
		list = append(list, o)
	}
	roots, dealt, err := c.roots(list)
	return c, roots, dealt, err
}

// sampled draws which superblocks of a case are replayed; nil for all of them.
func (f *replayFlags) sampled(c *auditCase) (func(block int) bool, error) {
	var all []int
	for _, s := range c.Sessions {
		all = append(all, s.Whole...)
	}
	if f.sample == 0 || f.sample >= len(all) {
		return nil, nil
	}
	drawn := make(map[int]bool, f.sample)
	for range f.sample {
		at, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
		if err != nil {
			return nil, fmt.Errorf("no randomness: %w", err)
		}
		i := int(at.Int64())
		drawn[all[i]] = true
		all = slices.Delete(all, i, i+1)
	}
	return func(block int) bool { return drawn[block] }, nil
}

// verdictForm is a verdict in JSON.
type verdictForm struct {
	Task       string            `json:"task"`
	Party      string            `json:"party"`
	Replayed   int               `json:"superblocks_replayed"`
	Cleared    bool              `json:"cleared"`
	Violations []audit.Violation `json:"violations"`
}

// print writes the verdict out. One that speaks against the side is a cli.ErrFound.
func (f *replayFlags) print(w io.Writer, c *auditCase, v *audit.Verdict) error {
	if f.asJSON {
		err := json.NewEncoder(w).Encode(verdictForm{
			fmt.Sprintf("%x", c.Digest), v.Party.String(), v.Replayed, v.Cleared(), append([]audit.Violation{}, v.Violations...),
		})
		if err != nil {
			return err
		}
	} else if err := printVerdict(w, c, v); err != nil {
		return err
	}
	if f.finding != "" {
		finding, err := audit.ReplayFinding(c.Case, v, time.Now())
		if err != nil {
			return auditError(err)
		}
		if err := writeFinding(f.finding, finding); err != nil {
			return err
		}
	}
	if !v.Cleared() {
		return fmt.Errorf("%w: %d violations by the %v", cli.ErrFound, len(v.Violations), v.Party)
	}
	return nil
}

func printVerdict(w io.Writer, c *auditCase, v *audit.Verdict) error {
	judged := "cleared"
	if !v.Cleared() {
		judged = "in violation"
	}
	if _, err := fmt.Fprintf(w, "task %x: %v, superblocks replayed: %d: %s\n", c.Digest, v.Party, v.Replayed, judged); err != nil {
		return err
	}
	for _, x := range v.Violations {
		place := ""
		if x.Attempt > 0 {
			place = fmt.Sprintf("attempt %d, superblock %d", x.Attempt, x.Block)
			if x.Flight > 0 {
				place += fmt.Sprintf(", flight %d", x.Flight)
			}
			place += ": "
		}
		detail := ""
		if x.Detail != "" {
			detail = " (" + x.Detail + ")"
		}
		if _, err := fmt.Fprintf(w, "  %s%s%s\n", place, x.Kind, detail); err != nil {
			return err
		}
	}
	return nil
}

func replayCommand() *cobra.Command {
	var f replayFlags
	var record string
	cmd := &cobra.Command{
		Use:   "replay --dossier DIR … --openings FILE… --approval-record DIR",
		Short: "Run the bank's side of a task again, and say what it did",
		Long: `Puts the auditors' openings together, runs the bank's side of the task again from its seeds, its model as it was
approved and the tax node's flights, and compares every message with what the bank signed that it sent. A bank that ran
another model, other points of its own or other randomness is found in every superblock that is replayed. It needs no
tax data but what the bank was sent. Ends with exit code 10 if the bank is in violation.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, roots, dealt, err := f.open(mpc.RoleBank)
			if err != nil {
				return err
			}
			r, err := approval.ReadRecord(record)
			if err != nil {
				return err
			}
			approved, err := approvedOf(r)
			if err != nil {
				return err
			}
			v := &audit.Verdict{Party: mpc.RoleBank, Violations: dealt}
			if len(dealt) == 0 {
				replay := audit.BankReplay{Case: c.Case, Approved: approved, Roots: roots}
				if replay.Sample, err = f.sampled(c); err != nil {
					return err
				}
				if v, err = replay.Run(cmd.Context()); err != nil {
					return auditError(err)
				}
			}
			return f.print(cmd.OutOrStdout(), c, v)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&record, "approval-record", "", "directory that \"approve\" kept of the task's model: RECORDS/ and the digest that it printed (required)")
	need(cmd, "approval-record")
	return cmd
}

// approvedOf is a record as a replay needs it.
func approvedOf(r *approval.Record) (*audit.Approved, error) {
	model, err := r.Model()
	if err != nil {
		return nil, err
	}
	a := &audit.Approved{Model: model, Salt: r.Submission.Salt.Reveal(), Nonce: r.Nonce}
	if r.Submission.Table != nil {
		a.Seed = r.Submission.Table.Secret()
	}
	return a, nil
}
