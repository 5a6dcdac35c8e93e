package admission

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/transport"
)

// Mirror is a verified copy of the ledger's records; *ledger.Mirror is one.
type Mirror interface {
	// View calls fn with the records.
	View(fn func(*ledger.Records) error) error
	// Witnessed returns the checkpoint that the records hold, and when it was witnessed; the zero time for never.
	Witnessed() (ledger.Checkpoint, time.Time)
	// Err returns evidence that the ledger shows two histories, or nil.
	Err() error
}

// Outbox is the durable way of this node's own entries to the ledger; *ledger.Outbox is one.
type Outbox interface {
	// Put returns once the bodies are on disk. The same bodies under the same key are put once.
	Put(ctx context.Context, key [32]byte, bodies ...ledger.Body) error
}

// Config is what a Gate joins. All but Now and Logger are required. It closes none of it.
type Config struct {
	Consents *consent.Store
	Counters *policy.Counters
	Policy   *policy.Current
	Sessions *policy.Sessions
	Mirror   Mirror
	Outbox   Outbox

	Now    func() time.Time // for what carries no time of its own; nil for time.Now
	Logger *slog.Logger     // told of entries that could not be handed to the outbox; nil for none
}

// Gate decides what a tax node evaluates. Its methods are for any number of goroutines.
type Gate struct {
	cfg   Config
	tasks [64]sync.Mutex // one task is decided once at a time; which of them, by its digest
	owing sync.Mutex     // entries reach the outbox in their order
}

// New makes a gate, and hands to the outbox what a crash kept from it. Errors wrap ErrConfig, or are those of Settle.
func New(cfg Config) (*Gate, error) {
	switch {
	case cfg.Consents == nil, cfg.Counters == nil, cfg.Policy == nil, cfg.Sessions == nil, cfg.Mirror == nil, cfg.Outbox == nil:
		return nil, fmt.Errorf("%w: want consents, counters, a policy, sessions, a mirror and an outbox", ErrConfig)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Gate{cfg: cfg}
	if err := g.Settle(context.Background()); err != nil {
		return nil, err
	}
	return g, nil
}

// Enter admits one more connection of a bank, until release is called (once or more often). Errors wrap ErrDenied and
// policy.ErrStopped, ErrBank or ErrLinks.
func (g *Gate) Enter(bankName string) (release func(), err error) {
	name, err := bankOf(bankName)
	if err != nil {
		return nil, err
	}
	release, err = g.cfg.Sessions.Link(g.cfg.Policy.Load(), name)
	return release, denied(err)
}

// Begin admits one more task of a bank under way, until end is called (once or more often). Errors wrap ErrFull, or ErrDenied and
// policy.ErrStopped or ErrBank.
func (g *Gate) Begin(bankName string) (end func(), err error) {
	name, err := bankOf(bankName)
	if err != nil {
		return nil, err
	}
	end, err = g.cfg.Sessions.Task(g.cfg.Policy.Load(), name)
	if errors.Is(err, policy.ErrTasks) {
		return nil, fmt.Errorf("%w: %w", ErrFull, err)
	}
	return end, denied(err)
}

func bankOf(name string) (transport.Name, error) {
	n, err := transport.ParseName(name)
	if err != nil || n.Role() != transport.RoleBank {
		return transport.Name{}, fmt.Errorf("%w: %.128q is no bank's name", ErrBank, name)
	}
	return n, nil
}

func keyOf(key ed25519.PublicKey) (k ledger.Key, err error) {
	if len(key) != len(k) {
		return k, fmt.Errorf("%w: a key of %d bytes, want %d", ErrApplication, len(key), len(k))
	}
	return ledger.Key(key), nil
}
