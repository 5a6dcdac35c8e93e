package govern

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/transport"
)

// Trust are the flags that say which ledger is meant and whom to believe about it.
type Trust struct {
	genesis, key string
	witnesses    []string
	quorum       int
}

// Add adds the flags.
func (f *Trust) Add(set *pflag.FlagSet) {
	set.StringVar(&f.genesis, "genesis", "", "genesis file of the ledger (required)")
	set.StringVar(&f.key, "ledger-key", "", "public key of the ledger's log, hexadecimal (required)")
	set.StringArrayVar(&f.witnesses, "witness", nil, "a witness of the ledger by name and public key: NAME=KEY (repeatable)")
	set.IntVar(&f.quorum, "quorum", 0, "how many witnesses must have signed (default: more than half)")
}

// Named reports whether any of the flags was given.
func (f *Trust) Named() bool { return f.genesis != "" || f.key != "" || len(f.witnesses) > 0 }

// Policy reads what the flags name.
func (f *Trust) Policy() (*ledger.Policy, error) {
	if f.genesis == "" || f.key == "" {
		return nil, fmt.Errorf("%w: the ledger needs --genesis and --ledger-key", cli.ErrUsage)
	}
	key, err := f.LogKey()
	if err != nil {
		return nil, err
	}
	return f.PolicyOf(key)
}

// LogKey is the public key of the ledger's log.
func (f *Trust) LogKey() (ledger.Key, error) {
	text := f.key
	if _, after, found := strings.Cut(text, "="); found { // NAME=KEY, as "regulator key" prints it
		text = after
	}
	key, err := ParseHex(text)
	if err != nil {
		return key, fmt.Errorf("%w: --ledger-key: %w", cli.ErrUsage, err)
	}
	return key, nil
}

// PolicyOf is Policy for a log whose key is known: the one that runs here.
func (f *Trust) PolicyOf(key ledger.Key) (*ledger.Policy, error) {
	if f.genesis == "" {
		return nil, fmt.Errorf("%w: the ledger needs --genesis", cli.ErrUsage)
	}
	g, err := ReadGenesis(f.genesis)
	if err != nil {
		return nil, err
	}
	witnesses, err := f.Witnesses()
	if err != nil {
		return nil, err
	}
	quorum := f.quorum
	if quorum == 0 && len(witnesses) > 0 {
		quorum = len(witnesses)/2 + 1
	}
	p, err := ledger.NewPolicy(g, key, quorum, witnesses...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrUsage, err)
	}
	return p, nil
}

// Witnesses are those that the flags name.
func (f *Trust) Witnesses() (list []ledger.WitnessKey, err error) {
	for _, text := range f.witnesses {
		w, err := ParseWitness(text)
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}

// ParseWitness reads NAME=KEY. Errors wrap cli.ErrUsage.
func ParseWitness(text string) (ledger.WitnessKey, error) {
	name, key, found := strings.Cut(text, "=")
	k, err := ParseHex(key)
	if !found || err != nil {
		return ledger.WitnessKey{}, fmt.Errorf("%w: --witness: want NAME=KEY, with 64 hexadecimal digits", cli.ErrUsage)
	}
	return ledger.WitnessKey{Name: name, Key: k}, nil
}

// Access are the flags of a program that follows a ledger elsewhere and writes to it.
type Access struct {
	Trust
	address, pin  string
	outbox, cache string

	// Patience is that of the outbox with entries that refer to what is not on the ledger (yet); zero means its default.
	Patience time.Duration
}

// Add adds the flags.
func (f *Access) Add(set *pflag.FlagSet) {
	f.AddReader(set)
	set.StringVar(&f.outbox, "outbox", "", "file that keeps what this node owes the ledger until it is recorded")
	set.StringVar(&f.cache, "ledger-cache", "", "file that keeps the ledger's entries, so that a restart pulls only new ones")
}

// AddReader adds the flags of a program that reads a ledger and writes nothing.
func (f *Access) AddReader(set *pflag.FlagSet) {
	f.Trust.Add(set)
	set.StringVar(&f.address, "ledger", "", "address of the ledger, host:port")
	set.StringVar(&f.pin, "ledger-peer", "", "who answers there, NAME=PIN (default: whoever --ca vouches for)")
}

// Dial makes a client of the ledger, which connects when there is something to ask.
func (f *Access) Dial(id *transport.Identity, peers transport.Peers) (*ledger.Policy, *remote.Client, error) {
	if f.address == "" {
		return nil, nil, fmt.Errorf("%w: name the address of the ledger (--ledger)", cli.ErrUsage)
	}
	policy, err := f.Policy()
	if err != nil {
		return nil, nil, err
	}
	dial, err := f.dialler(id, peers)
	if err != nil {
		return nil, nil, err
	}
	client, err := remote.NewClient(remote.ClientConfig{Policy: policy, Dial: dial})
	return policy, client, err
}

// Named reports whether any of the flags was given.
func (f *Access) Named() bool { return f.address != "" || f.outbox != "" || f.Trust.Named() }

// Ledger is a ledger elsewhere as a node sees and writes it. Its parts run until Close.
type Ledger struct {
	Policy *ledger.Policy
	Client *remote.Client
	Mirror *ledger.Mirror // of what a quorum of witnesses covers
	Outbox *ledger.Outbox // of this node's entries

	log    *slog.Logger
	cancel context.CancelFunc
	ended  chan error // of Mirror and Outbox
}

// Open connects to the ledger as this node, with the peers that its identity flags name, looks at it once, and begins to
// follow it and to send what is in the outbox. A ledger that is out of reach is logged and asked again; one that is another
// than the flags say, or contradicts itself, is an error.
func (f *Access) Open(ctx context.Context, id *transport.Identity, peers transport.Peers, log *slog.Logger) (_ *Ledger, err error) {
	if f.address == "" || f.outbox == "" {
		return nil, fmt.Errorf("%w: the ledger needs --ledger and --outbox", cli.ErrUsage)
	}
	policy, err := f.Policy()
	if err != nil {
		return nil, err
	}
	dial, err := f.dialler(id, peers)
	if err != nil {
		return nil, err
	}
	l := &Ledger{Policy: policy, log: log, ended: make(chan error, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.closeParts())
		}
	}()
	if l.Client, err = remote.NewClient(remote.ClientConfig{Policy: policy, Dial: dial}); err != nil {
		return nil, err
	}
	l.Mirror, err = ledger.NewMirror(ledger.MirrorConfig{Policy: policy, Source: l.Client, File: f.cache, Every: 500 * time.Millisecond, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("ledger cache %s: %w", f.cache, err)
	}
	l.Outbox, err = ledger.OpenOutbox(ledger.OutboxConfig{
		File: f.outbox, Genesis: policy.Genesis(), Author: ledger.Key(id.Public()), Sign: id.Sign, Policy: policy,
		Patience: f.Patience, Logger: log,
	})
	if err != nil {
		return nil, fmt.Errorf("outbox %s: %w", f.outbox, err)
	}
	if err := l.first(ctx); err != nil {
		return nil, err
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	go func() { l.ended <- l.Mirror.Run(background) }()
	go func() { l.ended <- l.Outbox.Run(background, l.Client) }()
	return l, nil
}

func (f *Access) dialler(id *transport.Identity, peers transport.Peers) (func(context.Context) (net.Conn, error), error) {
	cfg := transport.Config{Identity: id, PeerRole: transport.RoleRegulator, Peers: transport.Peers{Roots: peers.Roots}}
	if f.pin != "" {
		name, pin, err := cli.ParsePeer("--ledger-peer", f.pin, transport.RoleRegulator)
		if err != nil {
			return nil, err
		}
		cfg.Peer, cfg.Peers = name, transport.Peers{Pins: map[transport.Name]transport.Pin{name: pin}}
	}
	if f.pin == "" && peers.Roots == nil {
		return nil, fmt.Errorf("%w: name who answers for the ledger (--ledger-peer), or an authority (--ca)", cli.ErrUsage)
	}
	address := f.address
	return func(ctx context.Context) (net.Conn, error) {
		c, err := transport.Dial(ctx, address, cfg)
		if err != nil {
			return nil, fmt.Errorf("ledger %s: %w", address, err)
		}
		return c, nil
	}, nil
}

// first looks at the ledger once, and tells what is wrong from what may pass.
func (l *Ledger) first(ctx context.Context) error {
	err := l.Mirror.Update(ctx)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	for _, final := range []error{
		transport.ErrIdentity, remote.ErrPeer, remote.ErrAccess, ledger.ErrInvalid, ledger.ErrFork, ledger.ErrConfig, ledger.ErrCorrupt, ledger.ErrFile,
	} {
		if errors.Is(err, final) {
			return fmt.Errorf("the ledger: %w", err)
		}
	}
	if l.Mirror.Err() != nil {
		return fmt.Errorf("the ledger: %w", err)
	}
	l.log.Warn("the ledger is out of reach for now", "error", err)
	return nil
}

// Flush waits until everything in the outbox is recorded or refused, at most so long, and returns how much is left: it is
// kept for the next time. What was refused is logged.
func (l *Ledger) Flush(patience time.Duration) (left int, err error) {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if left, err = l.Outbox.Pending(); err != nil || left == 0 || time.Now().After(end) {
			break
		}
	}
	refused, err2 := l.Outbox.Refused()
	for _, r := range refused {
		l.log.Error("the ledger refused an entry", "kind", r.Body.Kind().String(), "error", r.Err)
	}
	return left, errors.Join(err, err2)
}

// Close ends it all. What is in the outbox stays there.
func (l *Ledger) Close() error {
	if l.cancel != nil {
		l.cancel()
		<-l.ended
		<-l.ended
	}
	return l.closeParts()
}

func (l *Ledger) closeParts() (err error) {
	if l.Outbox != nil {
		err = errors.Join(err, l.Outbox.Close())
	}
	if l.Mirror != nil {
		err = errors.Join(err, l.Mirror.Close())
	}
	if l.Client != nil {
		err = errors.Join(err, l.Client.Close())
	}
	return err
}
