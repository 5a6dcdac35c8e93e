// Package democmd is the demo: it starts a tax node's and a bank's program as two processes, and checks what comes out.
// examples/demo runs it.
package democmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/bankcmd"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/regcmd"
	"github.com/blindscore/blindscore/examples/internal/taxcmd"
	"github.com/blindscore/blindscore/examples/internal/vaultdemo"
)

// maxDemo leaves room for the unknown companies in the largest batch that a tax node takes.
const maxDemo = 1_000_000

// maxProbability bounds the batch of the engine that, with the replay, takes a millisecond a company.
const maxProbability = 20_000

const usage = `Usage: demo [-companies N] [-engine auto|lattice|ot|linear|probability] [-seed S] [-json]
       demo -vault [-companies N] [-seed S] [-json]

Plays a little country on this machine, over made-up companies: a regulator with a ledger and a witness, a tax node, and
a bank, each a process of its own. The companies sign consents, the regulator approves the bank's scorecard, and the bank
learns the score band of each company; the tax node learns which companies were asked about. One company takes its consent
back, one has no bits left, one never consented. Every answer is checked against the plain evaluator, and the exit code is
1 if one differs. Then auditors hold every evaluation against the ledger, and run both sides again; and a second bank, which
runs another scorecard than its approved one, is found and suspended.

Scores are computed on an encrypted table (engine lattice), which the regulator made again before it approved it; or by
oblivious transfer (engine ot), which needs no table and takes many times the bytes.

Two engines compute on values in full precision in place of levels, under homomorphic encryption, with a logistic model of
default: linear on the bank's encrypted weights, for a band; probability under a key of the tax node's, for a probability of
%d bits. They run a shorter demo: consents, approval, one batch, and a replay of the bank's side.

With -vault the tax node is offline: it leaves its register encrypted under a key that three offices share.

`

// Main runs the demo, or one of the two programs that the demo starts this executable as, and returns the exit code.
func Main() int {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "taxnode":
			return child(taxcmd.Root())
		case "bank":
			return child(bankcmd.Root())
		case "regulator":
			return child(regcmd.Root())
		case vaultdemo.Prefix:
			return vaultdemo.Child(os.Args[2:])
		}
	}
	return run(os.Args[1:], os.Stdout, os.Stderr)
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
	engine    string
	seed      uint64
	json      bool
	vault     bool
}

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	set := flag.NewFlagSet("demo", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&o.companies, "companies", 2000, fmt.Sprintf("`number` of companies that the tax node knows, 0 to %d; one in 200 more is unknown to it", maxDemo))
	set.StringVar(&o.engine, "engine", "auto", "the `engine`: lattice, ot, linear, probability, or auto: lattice where the scorecard fits it, otherwise ot")
	set.Uint64Var(&o.seed, "seed", 1, "the same `seed` makes the same companies")
	set.BoolVar(&o.json, "json", false, "print one JSON object and nothing else")
	set.BoolVar(&o.vault, "vault", false, fmt.Sprintf("the tax node is offline; 1 to %d companies, all of them known", vaultdemo.MaxCompanies))
	set.Usage = func() {
		fmt.Fprintf(set.Output(), usage, probabilityBits)
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
	if o.vault && (o.companies < 1 || o.companies > vaultdemo.MaxCompanies || o.engine != "auto") {
		fmt.Fprintf(stderr, "demo: -vault: want no -engine and 1 to %d companies\n", vaultdemo.MaxCompanies)
		return cli.ExitUsage
	}
	if !slices.Contains([]string{"auto", "lattice", "ot", engineLinear, engineProbability}, o.engine) {
		fmt.Fprintf(stderr, "demo: -engine: want auto, lattice, ot, linear or probability, got %q\n", o.engine)
		return cli.ExitUsage
	}
	if o.engine == engineProbability && o.companies > maxProbability {
		fmt.Fprintf(stderr, "demo: -engine probability: want at most %d companies, got %d: with the replay each takes about a millisecond\n", maxProbability, o.companies)
		return cli.ExitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	work := demo
	switch {
	case o.vault:
		work = vaultDemo
	case o.engine == engineLinear || o.engine == engineProbability:
		work = preciseDemo
	}
	if err := work(ctx, o, stdout, stderr); err != nil {
		if ctx.Err() != nil {
			fmt.Fprintln(stderr, "demo: stopped")
			return cli.ExitInterrupted
		}
		fmt.Fprintln(stderr, "demo:", err)
		return cli.ExitFault
	}
	return cli.ExitOK
}

// vaultDemo is the demo of the offline channel.
func vaultDemo(ctx context.Context, o options, stdout, stderr io.Writer) error {
	return vaultdemo.Run(ctx, vaultdemo.Options{Companies: o.companies, Seed: o.seed, JSON: o.json}, stdout, stderr)
}
