package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/pmml"
	"github.com/blindscore/blindscore/circuits/toad"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// Exit codes of the commands, by what the caller should do. They are part of the interface.
const (
	ExitOK          = 0
	ExitFault       = 1  // a fault of this node: disk, database, or a bug; see the message
	ExitUsage       = 2  // wrong flags or arguments; see -h
	ExitInput       = 3  // a file or a request that has to be corrected
	ExitIdentity    = 4  // keys, certificates, names or pins do not fit
	ExitRefused     = 5  // the tax node does not run this task
	ExitBusy        = 6  // no room now; try again later
	ExitUnsupported = 7  // the nodes have no schema, engine or version in common
	ExitPeer        = 8  // the peer broke the protocol; ask its operator
	ExitInterrupted = 9  // cut off; a batch under way can be resumed
	ExitFound       = 10 // done, and it speaks against somebody: a critical finding, a violation
)

// ExitHelp says the codes to people; it ends the long help of each program.
const ExitHelp = `Exit codes: 0 done, 1 fault of this node, 2 usage, 3 bad input, 4 identity, 5 task refused,
6 busy, 7 unsupported, 8 the peer misbehaved, 9 interrupted (resume it), 10 checked and found wanting.`

var (
	// ErrUsage: flags or arguments are wrong.
	ErrUsage = errors.New("usage")
	// ErrInput: a file that a person wrote, or the combination of several, has to be corrected.
	ErrInput = errors.New("bad input")
	// ErrFound: what was checked did not pass. The report is out; nothing went wrong here.
	ErrFound = errors.New("found")
)

// exits maps errors to codes. The first that fits counts: who the peer is matters before that the dial failed.
var exits = []struct {
	err  error
	code int
}{
	{ErrUsage, ExitUsage},
	{ErrFound, ExitFound},
	{transport.ErrIdentity, ExitIdentity},
	{transport.ErrKeyFile, ExitIdentity},
	{transport.ErrConfig, ExitInput},
	{remote.ErrAccess, ExitIdentity},
	{remote.ErrPeer, ExitPeer},
	{remote.ErrInterrupted, ExitInterrupted},
	{remote.ErrUnavailable, ExitBusy},
	{ledger.ErrHistory, ExitPeer},
	{party.ErrRefused, ExitRefused},
	{party.ErrBusy, ExitBusy},
	{party.ErrUnsupported, ExitUnsupported},
	{party.ErrPeer, ExitPeer},
	{party.ErrInterrupted, ExitInterrupted},
	{context.Canceled, ExitInterrupted},
	{party.ErrInternal, ExitFault},
	{records.ErrDatabase, ExitFault},
	{ledger.ErrFile, ExitFault},
	{ledger.ErrCorrupt, ExitFault},
	{consent.ErrFile, ExitFault},
	{policy.ErrPolicy, ExitInput},
	{consent.ErrConsent, ExitInput},
	{evidence.ErrInvalid, ExitInput},
	{evidence.ErrUnknown, ExitInput},
	{ledger.ErrVersion, ExitInput},
	{ledger.ErrRule, ExitInput},
	{party.ErrTask, ExitInput},
	{ErrInput, ExitInput},
	{circuits.ErrSchema, ExitInput},
	{circuits.ErrCard, ExitInput},
	{circuits.ErrDecimal, ExitInput},
	{circuits.ErrUnsupported, ExitInput},
	{circuits.ErrOffGrid, ExitInput},
	{circuits.ErrNoMatch, ExitInput},
	{circuits.ErrLimit, ExitInput},
	{pmml.ErrDocument, ExitInput},
	{pmml.ErrVersion, ExitInput},
	{pmml.ErrModel, ExitInput},
	{pmml.ErrExtension, ExitInput},
	{toad.ErrFormat, ExitInput},
	{toad.ErrBins, ExitInput},
	{records.ErrMapping, ExitInput},
	{records.ErrRecipe, ExitInput},
	{records.ErrData, ExitInput},
	{records.ErrRequest, ExitInput},
	{uscc.ErrInvalid, ExitInput},
	{os.ErrNotExist, ExitInput},
	{os.ErrExist, ExitInput},
}

// ExitCode is the code of an error.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	for _, e := range exits {
		if errors.Is(err, e.err) {
			return e.code
		}
	}
	return ExitFault
}

// Main runs a program with the process's arguments and returns its exit code. SIGINT and SIGTERM end its context, which
// comes from ctx; a second one ends the process.
func Main(ctx context.Context, root *cobra.Command) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return Run(ctx, root)
}

// Run runs a program and returns its exit code. What is wrong before a command's own work begins is usage.
func Run(ctx context.Context, root *cobra.Command) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	started := false
	mark(root, &started)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitOK
	}
	if !started {
		err = fmt.Errorf("%w: %w", ErrUsage, err)
	}
	fmt.Fprintf(root.ErrOrStderr(), "%s: %v\n", root.Name(), err)
	if errors.Is(err, ErrUsage) {
		fmt.Fprintf(root.ErrOrStderr(), "See %q.\n", cmd.CommandPath()+" -h")
	}
	return ExitCode(err)
}

// mark notes when a command's own work begins: cobra has no types for what it finds wrong before.
func mark(cmd *cobra.Command, started *bool) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			*started = true
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		mark(sub, started)
	}
}
