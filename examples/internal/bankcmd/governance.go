package bankcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
)

// governance are the flags that say under which approval a bank works, who may audit it, and where its receipts go.
type governance struct {
	approval, salt     string
	auditors, evidence string
	ledger             govern.Access
	flush              time.Duration

	opened *govern.Ledger // nil for none
}

func (g *governance) add(set *pflag.FlagSet) {
	set.StringVar(&g.approval, "approval", "", "the regulator's signed approval of the scorecard; tax nodes refuse others")
	set.StringVar(&g.salt, "salt", "", "with --approval: salt file that \"bank salt\" wrote, of the approved commitment")
	set.StringVar(&g.auditors, "auditors", "", "auditors file: for whom the seeds of connections are put into escrow, where a tax node asks for it")
	set.StringVar(&g.evidence, "evidence", "", "directory that keeps what an audit of this bank needs")
	g.ledger.Add(set)
	set.DurationVar(&g.flush, "flush", 10*time.Second, "patience with the ledger at the end; what is left is sent by the next run")
}

// configure puts what the flags name into the bank's configuration; close ends what it opened.
func (g *governance) configure(ctx context.Context, cfg *party.BankConfig, log *slog.Logger, stderr io.Writer) (err error) {
	if err := g.approved(cfg, stderr); err != nil {
		return err
	}
	if g.auditors != "" {
		if cfg.Auditors, err = govern.ReadAuditors(g.auditors); err != nil {
			return err
		}
	}
	if g.evidence != "" {
		if cfg.Evidence, err = evidence.Open(g.evidence); err != nil {
			return err
		}
	}
	if g.ledger.Named() {
		if g.opened, err = g.ledger.Open(ctx, cfg.Identity, cfg.Peers, log); err != nil {
			return err
		}
		cfg.Ledger = g.opened.Outbox
	}
	return nil
}

// approved checks the approval against bank, scorecard and table.
func (g *governance) approved(cfg *party.BankConfig, stderr io.Writer) error {
	if (g.approval == "") != (g.salt == "") {
		return fmt.Errorf("%w: --approval and --salt belong together", cli.ErrUsage)
	}
	if g.approval == "" {
		return nil
	}
	a, err := govern.ReadApproval(g.approval)
	if err != nil {
		return err
	}
	salt, err := govern.LoadSalt(g.salt)
	if err != nil {
		return err
	}
	if cfg.Approval, err = a.For(cfg.Identity.Peer(), cfg.Model, salt, time.Now()); err != nil {
		return fmt.Errorf("%s: %w", g.approval, err)
	}
	if cfg.Table == nil {
		return nil
	}
	if digest := cfg.Table.Digest(); string(digest[:]) == string(a.Body.GetTableDigest()) {
		return nil
	}
	if cfg.Engine == score.EngineLattice {
		return fmt.Errorf("%w: %s: it approves the scorecard without this encrypted table", cli.ErrInput, g.approval)
	}
	cfg.Table = nil
	_, err = io.WriteString(stderr, "The approval is without this encrypted table: oblivious transfer it is.\n")
	return err
}

// close waits a while until the ledger has what it is owed.
func (g *governance) close(stderr io.Writer) error {
	if g.opened == nil {
		return nil
	}
	left, err := g.opened.Flush(g.flush)
	if left > 0 {
		fmt.Fprintf(stderr, "%d entries for the ledger wait in the outbox; the next run with it sends them\n", left)
	}
	return errors.Join(err, g.opened.Close())
}

// refused says what a refusal of everything may mean for a bank without an approval.
func (g *governance) refused(err error) error {
	if errors.Is(err, party.ErrRefused) && g.approval == "" {
		return fmt.Errorf("%w\nTax nodes refuse scorecards without a regulator's approval: give --approval and --salt", err)
	}
	return err
}
