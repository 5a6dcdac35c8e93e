package regcmd

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/transport"
)

// writer are the flags of a command that writes to the ledger.
type writer struct {
	identity cli.Identity
	access   govern.Access
	log      cli.Log
	patience time.Duration
}

func (w *writer) add(cmd *cobra.Command) {
	set := cmd.Flags()
	w.identity.Add(set, transport.RoleRegulator, transport.RoleRegulator)
	w.access.Add(set)
	w.log.Add(set, "warn")
	set.DurationVar(&w.patience, "patience", 30*time.Second, "with a ledger that is out of reach; what was not recorded by then waits in the outbox")
	need(cmd, "cert", "key", "genesis", "ledger-key", "ledger", "outbox")
}

// desk is a regulator at its ledger.
type desk struct {
	*writer
	id *transport.Identity
	*govern.Ledger
}

// open connects to the ledger and lets do work at it.
func (w *writer) open(cmd *cobra.Command, do func(ctx context.Context, d *desk) error) (err error) {
	ctx := cmd.Context()
	log, err := w.log.Logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	id, peers, err := w.identity.LoadOptional()
	if err != nil {
		return err
	}
	w.access.Patience = time.Millisecond // who writes here wants to know at once what does not fit
	l, err := w.access.Open(ctx, id, peers, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	d := &desk{w, id, l}
	return errors.Join(do(ctx, d), d.earlier(cmd.ErrOrStderr()))
}

// earlier says what the ledger refused of what earlier commands had left in the outbox, and forgets it.
func (d *desk) earlier(stderr io.Writer) error {
	refused, err := d.Outbox.Refused()
	for _, r := range refused {
		fmt.Fprintf(stderr, "The ledger refused what an earlier command had left in the outbox (%v): %v\n", r.Body.Kind(), r.Err)
		err = errors.Join(err, d.Outbox.Forget(r.Key))
	}
	return err
}

// record puts bodies on the ledger, each in its order, and waits until they stand there. They are in the outbox first: where
// the ledger is out of reach for longer than the command waits, the next command that uses the outbox sends them.
func (d *desk) record(ctx context.Context, bodies ...ledger.Body) error {
	if err := d.mayWrite(); err != nil {
		return err
	}
	key := sha256.Sum256([]byte(rand.Text()))
	if err := d.Outbox.Put(ctx, key, bodies...); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	_, err := d.Outbox.Wait(wait, key)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ledger.ErrRule):
		// It will never be recorded; forgotten, so that it does not stay among what was refused.
		return errors.Join(err, d.Outbox.Forget(key))
	case ctx.Err() == nil && wait.Err() != nil:
		return fmt.Errorf("%w: not on the ledger yet: it waits in the outbox, for the next command that uses it", party.ErrInterrupted)
	}
	return err
}

// mayWrite tells a regulator from others as far as the ledger can be reached; the ledger itself decides.
func (d *desk) mayWrite() (err error) {
	_ = d.Client.View(func(r *ledger.Records) error {
		if p, known := r.Party(ledger.Key(d.id.Public())); !known || p.Suspended || p.Role != ledger.RoleRegulator {
			err = fmt.Errorf("%w: %v is no regulator in good standing on the ledger", remote.ErrAccess, d.id.Name())
		}
		return nil
	})
	return err
}

// party finds a party on the ledger by its name, as the log has it now.
func (d *desk) party(name string) (p ledger.Party, err error) {
	err = d.Client.View(func(r *ledger.Records) error {
		var known bool
		if p, known = r.PartyNamed(name); !known {
			return fmt.Errorf("%w: the ledger knows no party %q", cli.ErrInput, name)
		}
		return nil
	})
	return p, err
}

// orderDigest is the digest of an order that the ledger keeps: SHA-256 of the file.
func orderDigest(path string) (ledger.Digest, error) {
	text, err := cli.ReadFile(path, maxOrder)
	if err != nil {
		return ledger.Digest{}, err
	}
	if len(text) == 0 {
		return ledger.Digest{}, fmt.Errorf("%w: %s is empty", cli.ErrInput, path)
	}
	return sha256.Sum256(text), nil
}

// maxOrder bounds the file of an order.
const maxOrder = 64 << 20
