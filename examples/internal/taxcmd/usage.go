package taxcmd

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/uscc"
)

func usageCommand() *cobra.Command {
	var s stores
	cmd := &cobra.Command{
		Use:   "usage --counters FILE [--policy FILE] COMPANY",
		Short: "Tell what a company was charged, by which bank and when",
		Long: `Prints every charge of a company that is remembered: when, for which bank, how many bits. With the policy it
prints how much of each budget over all banks is used now. A company has a right to this. The file of counters serves one
process at a time: stop the node, or use a copy that was made while it was stopped.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			id, err := uscc.Parse(args[0])
			if err != nil {
				return err
			}
			rules := new(policy.Policy)
			if s.policy != "" {
				if rules, err = policy.ReadFile(s.policy); err != nil {
					return err
				}
			}
			if err := mustExist(s.counters); err != nil {
				return err
			}
			counters, err := s.openCounters(rules)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, counters.Close()) }()
			return printUsage(cmd.OutOrStdout(), counters.Usage(id), rules.Budgets(), time.Now())
		},
	}
	s.addPolicy(cmd)
	need(cmd, "counters")
	return cmd
}

// mustExist keeps a command that only reads from making a file.
func mustExist(path string) error {
	f, err := openList(path, nil)
	if err != nil {
		return err
	}
	return f.Close()
}

func printUsage(out io.Writer, uses []policy.Use, budgets []policy.Budget, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	total := 0
	for _, u := range uses {
		fmt.Fprintf(w, "%s\t%v\t%d bits\t\n", u.When.Format(time.RFC3339), u.Bank, u.Bits)
		total += u.Bits
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "evaluations: %d, bits: %d\n", len(uses), total)
	for _, b := range budgets {
		used := 0
		for _, u := range uses {
			if u.When.After(now.Add(-b.Window)) {
				used += u.Bits
			}
		}
		fmt.Fprintf(out, "budget of %d bits in %v: %d used, %d left\n", b.Bits, b.Window, used, max(b.Bits-used, 0))
	}
	return nil
}
