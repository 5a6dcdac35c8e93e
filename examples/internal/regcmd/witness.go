package regcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/transport"
)

func witnessCommand() *cobra.Command {
	var identity cli.Identity
	var access govern.Access
	var logFlags cli.Log
	var file string
	var every time.Duration
	var once bool
	cmd := &cobra.Command{
		Use:   "witness --cert CERT --key KEY --ledger ADDR --file FILE",
		Short: "Co-sign the checkpoints of a ledger until stopped",
		Long: `Runs a witness: it signs each checkpoint of the ledger that continues the last one that it signed, with this node's key,
which must be among the ledger's --witness. FILE remembers the last one; if it is lost, or an old copy is put back, go on
with a new key. If the ledger shows two histories, the witness stops with exit code 8 and quotes both checkpoints: keep
them, they convict the ledger's operator.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			log, err := logFlags.Logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			id, peers, err := identity.LoadOptional()
			if err != nil {
				return err
			}
			policy, client, err := access.Dial(id, peers)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, client.Close()) }()
			w, err := openWitness(file, &access, policy, id)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, w.Close()) }()
			if once {
				err = remote.WitnessOnce(client, policy, w)
			} else if err = remote.WitnessLoop(cmd.Context(), client, policy, w, every, log); errors.Is(err, context.Canceled) {
				return nil // it was stopped
			}
			if fork := new(ledger.ForkError); errors.As(err, &fork) {
				return fmt.Errorf("%w\n%s\n%s", err, fork.A, fork.B)
			}
			return err
		},
	}
	set := cmd.Flags()
	identity.Add(set, transport.RoleRegulator, transport.RoleRegulator)
	access.AddReader(set)
	logFlags.Add(set, "info")
	set.StringVar(&file, "file", "", "memory of the witness, made where there is none (required)")
	set.DurationVar(&every, "every", remote.DefaultWitnessEvery, "how often the ledger is looked at")
	set.BoolVar(&once, "once", false, "sign once, and end")
	need(cmd, "cert", "key", "genesis", "ledger-key", "ledger", "witness", "file")
	return cmd
}

// openWitness opens the memory of the witness that this node is, or makes it.
func openWitness(file string, access *govern.Access, policy *ledger.Policy, id *transport.Identity) (*ledger.Witness, error) {
	list, err := access.Witnesses()
	if err != nil {
		return nil, err
	}
	key, err := access.LogKey()
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		if w.Key != ledger.Key(id.Public()) {
			continue
		}
		cfg := ledger.WitnessConfig{File: file, Genesis: policy.Genesis(), Log: key, Witness: w, Sign: id.Sign}
		open := ledger.OpenWitness
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			open = ledger.CreateWitness
		}
		witness, err := open(cfg)
		if err != nil {
			return nil, fmt.Errorf("witness %s: %w", file, err)
		}
		return witness, nil
	}
	return nil, fmt.Errorf("%w: the key of %v is not that of a --witness", cli.ErrUsage, id.Name())
}
