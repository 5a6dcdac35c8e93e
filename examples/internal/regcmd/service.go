package regcmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/transport"
)

// service is what the flags of "ledger serve" say.
type service struct {
	identity         cli.Identity
	trust            govern.Trust
	log              cli.Log
	db               string
	listen, announce string
	hold             time.Duration
}

func ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ledger", Short: "Run a ledger", Args: cobra.NoArgs}
	cmd.AddCommand(ledgerServeCommand())
	return cmd
}

func ledgerServeCommand() *cobra.Command {
	s := new(service)
	cmd := &cobra.Command{
		Use:   "serve --cert CERT --key KEY (--ca CA | --peer NAME=PIN) --genesis FILE --db FILE",
		Short: "Keep a ledger and serve it until stopped",
		Long: `Keeps a ledger in one file, made where there is none, and serves it over mutual TLS 1.3: everyone it knows may read,
witnesses co-sign, registered parties that are not suspended write. With pins, list every node that is to connect, this
regulator's own commands too if they use the same key (register, publish, approve). Its checkpoints are signed with this
node's key, which readers name by --ledger-key; that line is printed at the start.

Whoever runs a ledger can refuse entries, and cannot forge any. To keep it from telling two stories, give it witnesses
(--witness, of other organisations): each runs "regulator witness" or its own node's, and readers are told the same ones.
SIGINT or SIGTERM stop it. Never put an old copy of the file back.`,
		Example: `  regulator ledger serve --cert regulator-ledger.pem --key regulator-ledger.key --ca ca.pem \
    --genesis genesis.json --db ledger.db --listen :7444 --witness spiffe://…=8f2a…`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := s.log.Logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return s.run(cmd, log)
		},
	}
	set := cmd.Flags()
	s.identity.Add(set, transport.RoleRegulator, transport.RoleAny)
	s.trust.Add(set)
	s.log.Add(set, "info")
	set.StringVar(&s.db, "db", "", "file of the ledger (required)")
	set.StringVar(&s.listen, "listen", "127.0.0.1:7444", "address to accept nodes at, host:port; port 0 takes a free one")
	set.StringVar(&s.announce, "announce", "", "write the address that is listened at to this file once nodes are accepted")
	set.DurationVar(&s.hold, "hold", ledger.DefaultHold, "how long witnesses have to sign one checkpoint before a later one is put to them")
	_ = set.MarkHidden("ledger-key") // it is this node's
	need(cmd, "cert", "key", "genesis", "db")
	return cmd
}

func (s *service) run(cmd *cobra.Command, log *slog.Logger) (err error) {
	ctx := cmd.Context()
	id, peers, err := s.identity.Load()
	if err != nil {
		return err
	}
	key := ledger.Key(id.Public())
	policy, err := s.trust.PolicyOf(key)
	if err != nil {
		return err
	}
	witnesses, err := s.trust.Witnesses()
	if err != nil {
		return err
	}
	var cosigners []ledger.Key
	for _, w := range witnesses {
		cosigners = append(cosigners, w.Key)
	}
	l, err := openLedger(s.db, policy, id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	server, err := remote.NewServer(remote.ServerConfig{
		Ledger: l, Policy: policy, Access: remote.Registered(l, remote.AccessRead, cosigners...), Hold: s.hold, Logger: log,
	})
	if err != nil {
		return err
	}
	listener, err := transport.Listen(s.listen, transport.Config{
		Identity: id, Peers: peers, PeerRole: transport.RoleAny,
		Rejected: func(remote net.Addr, err error) {
			log.Warn("connection rejected", "remote", remote.String(), "error", err)
		},
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%v=%x\n", id.Name(), key[:]); err != nil {
		return errors.Join(err, listener.Close())
	}
	log.Info("serving the ledger", "address", listener.Addr().String(), "entries", l.Size())
	if s.announce != "" {
		if err := announce(s.announce, listener.Addr().String()); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err = server.Serve(listener)
	log.Info("stopped", "entries", l.Size())
	return errors.Join(err, server.Close())
}

// openLedger opens the file of a ledger, or makes it.
func openLedger(path string, policy *ledger.Policy, id *transport.Identity) (ledger.Ledger, error) {
	signer, err := ledger.LogSigner(policy.Genesis(), ledger.Key(id.Public()), id.Sign)
	if err != nil {
		return nil, err
	}
	cfg := ledger.Config{Policy: policy, Signer: signer}
	open := ledger.OpenFile
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		open = ledger.CreateFile
	}
	l, err := open(path, cfg)
	if err != nil {
		return nil, fmt.Errorf("ledger %s (one process at a time may use it): %w", path, err)
	}
	return l, nil
}

// announce writes the address so that whoever sees the file sees all of it.
func announce(path, address string) error {
	part := filepath.Clean(path) + ".part"
	if err := os.WriteFile(part, []byte(address+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}
