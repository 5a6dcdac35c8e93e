// Command demo shows Blindscore on one machine: go run ./examples/demo.
//
// It makes up companies, starts a tax node and a bank as two processes on the loopback interface, lets the bank score
// all companies with a scorecard that the tax node does not see, on records that the bank does not see, prints what came
// out and what left whom, and checks every band against the plain evaluator: this process made both inputs, so it, and
// nobody else, knows the answers. It exits with code 1 if one band differs.
//
// The two processes are the programs of examples/taxnode and examples/bank, started from this same executable, with
// mutual TLS under a development authority that lives as long as the demo. The adversary of either is the other; who
// runs the demo sees everything. Memory is about 1 KB a company in this process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/bankcmd"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/taxcmd"
)

// maxDemo leaves room for the unknown companies in the largest batch that a tax node takes.
const maxDemo = 1_000_000

const usage = `Usage: demo [-companies N] [-seed S] [-json]

Starts a tax node and a bank as two processes on this machine, over made-up companies. The bank learns the score band
of each company; the tax node learns which companies were asked about. Every band is checked against the plain
evaluator, and the exit code is 1 if one differs.

`

func main() {
	// The demo starts itself twice more: as the tax node's program and as the bank's.
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "taxnode":
			os.Exit(child(taxcmd.Root()))
		case "bank":
			os.Exit(child(bankcmd.Root()))
		}
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// child runs one of the two programs until its work is done, or until the demo is gone: it holds the other end of
// standard input.
func child(root *cobra.Command) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	root.SetArgs(os.Args[2:])
	return cli.Main(ctx, root)
}

// options are the demo's flags.
type options struct {
	companies int
	seed      uint64
	json      bool
}

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	set := flag.NewFlagSet("demo", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&o.companies, "companies", 2000, fmt.Sprintf("`number` of companies that the tax node knows, 0 to %d; one in 200 more is unknown to it", maxDemo))
	set.Uint64Var(&o.seed, "seed", 1, "the same `seed` makes the same companies")
	set.BoolVar(&o.json, "json", false, "print one JSON object and nothing else")
	set.Usage = func() {
		fmt.Fprint(set.Output(), usage)
		set.PrintDefaults()
	}
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return cli.ExitOK
	case err != nil:
		return cli.ExitUsage
	case set.NArg() > 0 || o.companies < 0 || o.companies > maxDemo:
		fmt.Fprintf(stderr, "demo: want no arguments and 0 to %d companies\n", maxDemo)
		return cli.ExitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx, o, stdout, stderr); err != nil {
		if ctx.Err() != nil {
			fmt.Fprintln(stderr, "demo: stopped")
			return cli.ExitInterrupted
		}
		fmt.Fprintln(stderr, "demo:", err)
		return cli.ExitFault
	}
	return cli.ExitOK
}
