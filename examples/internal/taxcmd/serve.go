package taxcmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/transport"
)

// serving is what the flags of serve say.
type serving struct {
	identity         cli.Identity
	database         database
	log              cli.Log
	listen, announce string
	journal          string
	governance       governance
	limits           party.TaxConfig
}

func serveCommand() *cobra.Command {
	s := new(serving)
	cmd := &cobra.Command{
		Use:   "serve --cert CERT --key KEY (--peer NAME=PIN | --ca CA) --schema SCHEMA --mapping MAPPING --db DB --journal FILE --policy FILE --consents FILE --counters FILE --company-keys FILE --ledger HOST:PORT --genesis FILE --ledger-key KEY --outbox FILE --auditors FILE --evidence DIR",
		Short: "Answer banks until stopped",
		Long: `Accepts the banks it knows over mutual TLS 1.3 and answers their batches from the database. SIGINT or
SIGTERM stop it: it accepts nothing new, gives running batches --grace to finish, and exits with code 0; a second
signal ends it at once. A batch that is cut off is resumed by the bank later; that no company is evaluated twice for
it is kept in the journal, which must survive a restart. Never put an old copy of a journal, or of the files of consents
and counters, back.

Nothing is evaluated outside governance. The bank and its model must be on the ledger, approved and not suspended; the
policy must list bank, purpose and output; and each company must have consented, be on record, and have bits left in
its budgets. A company of which one of these is missing is refused, and the bank does not learn why: counts of the
reasons are in this log. What is admitted, and receipts, go to the ledger by way of the outbox.

SIGHUP reads the policy anew; "stop: true" in it ends everything at once. Consents and revocations come in through
--inbox while the node serves (see "taxnode grant"). Encrypted tables that the ledger has an approval for are used, far
faster than oblivious transfer, on which other batches run.`,
		Example: `  taxnode serve --cert tax-zhejiang.pem --key tax-zhejiang.key \
    --peer spiffe://bank.example/bank/first=blindscore1:… \
    --schema schema.json --mapping mapping.yaml --db tax.db --journal journal.db --listen :7443 \
    --policy policy.yaml --consents consents.db --counters counters.db --company-keys companies.txt --inbox inbox \
    --ledger ledger.example:7500 --ledger-peer spiffe://regulator.example/regulator/ledger=blindscore1:… \
    --genesis genesis.json --ledger-key 5f0c… --witness first=77ab… --outbox outbox.db --ledger-cache ledger.db \
    --auditors auditors.json --evidence evidence`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := s.log.Logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return s.run(cmd.Context(), log)
		},
	}
	set := cmd.Flags()
	s.identity.Add(set, transport.RoleTax, transport.RoleBank)
	s.database.add(set)
	s.log.Add(set, "info")
	set.StringVar(&s.listen, "listen", "127.0.0.1:7443", "address to accept banks at, host:port; port 0 takes a free one")
	set.StringVar(&s.announce, "announce", "", "write the address that is listened at to this file once banks are accepted")
	set.StringVar(&s.journal, "journal", "", "file that keeps what was admitted and answered (required)")
	set.IntVar(&s.limits.MaxTableBytes, "max-table-bytes", party.DefaultMaxTables, "memory of all encrypted tables together")
	set.IntVar(&s.limits.MaxSessions, "max-sessions", party.DefaultMaxSessions, "batches under way at once; other banks are told to come again")
	set.IntVar(&s.limits.MaxLinks, "max-links", party.DefaultMaxLinks, "connections at once")
	set.IntVar(&s.limits.MaxCompanies, "max-companies", party.DefaultMaxCompanies, "companies in one batch")
	set.IntVar(&s.limits.MaxBits, "max-bits", party.DefaultMaxBits, "bits of output for each company of a batch")
	set.BoolVar(&s.limits.AllowScore, "allow-score", false, "let banks learn whole scores, which say far more than bands")
	set.BoolVar(&s.limits.AllowProbability, "allow-probability", false, "run tasks on the probability engine, where only a replay finds a bank that takes more bits than it was charged for")
	set.DurationVar(&s.limits.Grace, "grace", party.DefaultGrace, "for running batches when the node is stopped")
	set.DurationVar(&s.limits.Idle, "idle", 0, "patience with a bank that owes a message (default: the protocol's)")
	set.DurationVar(&s.limits.Deadline, "deadline", party.DefaultDeadline, "for one session, whatever its size")
	set.DurationVar(&s.limits.Slot, "slot", party.DefaultSlot, "least time from a proposal to its admission, and the measure that longer ones are rounded up to")
	set.DurationVar(&s.limits.Patience, "patience", party.DefaultPatience, "with a bank between two batches")
	need(cmd, "cert", "key", "schema", "mapping", "journal")
	s.governance.add(cmd)
	return cmd
}

func (s *serving) run(ctx context.Context, log *slog.Logger) (err error) {
	for name, v := range map[string]int{
		"max-sessions": s.limits.MaxSessions, "max-links": s.limits.MaxLinks,
		"max-companies": s.limits.MaxCompanies, "max-bits": s.limits.MaxBits,
		"max-table-bytes": s.limits.MaxTableBytes,
	} {
		if v < 1 {
			return fmt.Errorf("%w: --%s: want at least 1, got %d", cli.ErrUsage, name, v)
		}
	}
	id, peers, err := s.identity.Load()
	if err != nil {
		return err
	}
	mapping, source, err := s.database.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	j, err := journal.OpenTax(s.journal)
	if err != nil {
		return cli.JournalError(s.journal, err)
	}
	defer func() { err = errors.Join(err, j.Close()) }()

	rules, err := s.governance.open(ctx, id, peers, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rules.close()) }()

	cfg := s.limits
	cfg.Identity, cfg.Schema, cfg.Records, cfg.Journal, cfg.Logger = id, mapping.Schema(), source, j, log
	cfg.Admission, cfg.Trusted, cfg.Evidence = rules.gate, rules.trusted, rules.archive
	cfg.Auditors, cfg.OwnAuditors = rules.banks, rules.own
	node, err := party.NewTaxNode(cfg)
	if err != nil {
		return err
	}
	l, err := transport.Listen(s.listen, transport.Config{
		Identity: id, Peers: peers, PeerRole: transport.RoleBank,
		Rejected: func(remote net.Addr, err error) {
			log.Warn("connection rejected", "remote", remote.String(), "error", err)
		},
	})
	if err != nil {
		return err
	}
	wait, err := rules.run(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer wait()
	log.Info("serving", "node", id.Name().String(), "address", l.Addr().String(), "schema", fmt.Sprintf("%x", mapping.Schema().Digest()))
	if s.announce != "" {
		if err := announce(s.announce, l.Addr().String()); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	begin := time.Now()
	err = node.Serve(ctx, l)
	log.Info("stopped", "seconds", time.Since(begin).Seconds())
	return err
}

// announce writes the address so that whoever sees the file sees all of it.
func announce(path, address string) error {
	part := path + ".part"
	if err := os.WriteFile(part, []byte(address+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}
