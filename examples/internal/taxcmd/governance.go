package taxcmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/transport"
)

// governance are the flags of serve that say what a node admits. It does not start without: no evaluation happens outside.
type governance struct {
	stores
	ledger                          govern.Access
	auditors, ownAuditors, evidence string
	inbox                           string
	flush                           time.Duration
}

// stores are the flags that name the node's own files of policy and consents.
type stores struct{ policy, consents, counters, register string }

func (s *stores) addConsents(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.consents, "consents", "", "file of the consents that companies granted (required)")
	cmd.Flags().StringVar(&s.register, "company-keys", "", "register of company keys: a code and a public key (hexadecimal) a line; read anew when it changes (required)")
}

func (s *stores) addPolicy(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.policy, "policy", "", "policy file (YAML): which banks, purposes, outputs and budgets are admitted (required)")
	cmd.Flags().StringVar(&s.counters, "counters", "", "file of what was charged to companies' bit budgets (required)")
}

func (g *governance) add(cmd *cobra.Command) {
	g.addPolicy(cmd)
	g.addConsents(cmd)
	set := cmd.Flags()
	g.ledger.Add(set)
	set.StringVar(&g.auditors, "auditors", "", "auditors file: banks must put the seeds of their connections into escrow for them (required)")
	set.StringVar(&g.ownAuditors, "own-auditors", "", "auditors file of this authority, for whom the node seals its own seeds")
	set.StringVar(&g.evidence, "evidence", "", "directory that keeps what an audit needs (required)")
	set.StringVar(&g.inbox, "inbox", "", "directory watched for files of consents and revocations; \"grant\" and \"revoke\" put them there")
	set.DurationVar(&g.flush, "flush", 10*time.Second, "patience with the ledger when the node stops; what is left is sent at the next start")
	need(cmd, "policy", "consents", "counters", "company-keys", "ledger", "genesis", "ledger-key", "outbox", "auditors", "evidence")
}

// openConsents opens the store of this node.
func (s *stores) openConsents(id *transport.Identity) (*consent.Store, error) {
	keys, err := govern.OpenRegister(s.register)
	if err != nil {
		return nil, err
	}
	store, err := consent.OpenStore(s.consents, consent.Node{Name: id.Name(), Pin: id.Pin()}, keys)
	if errors.Is(err, consent.ErrFile) {
		return nil, fmt.Errorf("consents %s (one process at a time may use it; a node that serves takes them through its --inbox): %w", s.consents, err)
	}
	if err != nil {
		return nil, fmt.Errorf("consents %s: %w", s.consents, err)
	}
	return store, nil
}

// openCounters opens the counters, with a window long enough for a policy.
func (s *stores) openCounters(p *policy.Policy) (*policy.Counters, error) {
	c, err := policy.OpenCounters(s.counters, policy.Options{Window: max(policy.DefaultWindow, p.LongestWindow())})
	if err != nil {
		return nil, fmt.Errorf("counters %s (one process at a time may use it): %w", s.counters, err)
	}
	return c, nil
}

// governed is what the flags name, opened.
type governed struct {
	flags    *governance
	log      *slog.Logger
	current  policy.Current
	sessions policy.Sessions
	consents *consent.Store
	counters *policy.Counters
	ledger   *govern.Ledger
	gate     *admission.Gate
	archive  *evidence.Archive
	banks    *party.Auditors
	own      *party.Auditors // nil for none
}

// open opens everything and makes the gate.
func (g *governance) open(ctx context.Context, id *transport.Identity, peers transport.Peers, log *slog.Logger) (_ *governed, err error) {
	n := &governed{flags: g, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	rules, err := n.current.Reload(g.policy)
	if err != nil {
		return nil, err
	}
	if n.banks, err = govern.ReadAuditors(g.auditors); err != nil {
		return nil, err
	}
	if g.ownAuditors != "" {
		if n.own, err = govern.ReadAuditors(g.ownAuditors); err != nil {
			return nil, err
		}
	}
	if n.archive, err = evidence.Open(g.evidence); err != nil {
		return nil, err
	}
	if n.consents, err = g.openConsents(id); err != nil {
		return nil, err
	}
	if n.counters, err = g.openCounters(rules); err != nil {
		return nil, err
	}
	if n.ledger, err = g.ledger.Open(ctx, id, peers, log); err != nil {
		return nil, err
	}
	n.gate, err = admission.New(admission.Config{
		Consents: n.consents, Counters: n.counters, Policy: &n.current, Sessions: &n.sessions,
		Mirror: n.ledger.Mirror, Outbox: n.ledger.Outbox, Logger: log,
	})
	return n, err
}

// trusted says whether the ledger has an approval for an encrypted table.
func (n *governed) trusted(digest [32]byte) bool {
	approved := false
	err := n.ledger.Mirror.View(func(r *ledger.Records) error {
		approved = r.TableApproved(digest)
		return nil
	})
	return err == nil && approved && n.ledger.Mirror.Err() == nil
}

// run reloads the policy on SIGHUP and takes in what comes to the inbox, until ctx ends. The function that it returns waits
// for the end.
func (n *governed) run(ctx context.Context) (wait func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{}, 2)
	hups := make(chan os.Signal, 1)
	signal.Notify(hups, syscall.SIGHUP)
	running := 1
	go func() {
		defer func() { done <- struct{}{} }()
		n.reload(ctx, hups)
	}()
	if n.flags.inbox != "" {
		in, err := openInbox(n.flags.inbox, n.gate, n.log)
		if err != nil {
			cancel()
			<-done
			return nil, err
		}
		running++
		go func() {
			defer func() { done <- struct{}{} }()
			in.run(ctx)
		}()
	}
	return func() {
		cancel()
		for range running {
			<-done
		}
		signal.Stop(hups)
	}, nil
}

// reload puts the policy file in force on each signal. A file with a slip changes nothing, and says so.
func (n *governed) reload(ctx context.Context, hups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hups:
		}
		rules, err := n.current.Reload(n.flags.policy)
		if err != nil {
			n.log.Error("policy not reloaded; the one before stays in force", "error", err)
			continue
		}
		n.log.Info("policy reloaded", "policy", rules.String(), "stopped", rules.Stopped())
	}
}

// close ends what was opened; what the ledger is owed has a while to leave.
func (n *governed) close() (err error) {
	if n.ledger != nil {
		left, flushed := n.ledger.Flush(n.flags.flush)
		if left > 0 {
			n.log.Warn("entries for the ledger are left; they are sent at the next start", "entries", left)
		}
		err = errors.Join(err, flushed, n.ledger.Close())
	}
	if n.counters != nil {
		err = errors.Join(err, n.counters.Close())
	}
	if n.consents != nil {
		err = errors.Join(err, n.consents.Close())
	}
	return err
}
