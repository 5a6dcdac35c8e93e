package party

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
)

// Defaults of TaxConfig.
const (
	DefaultMaxSessions  = 8
	DefaultMaxLinks     = 64
	DefaultMaxCompanies = 1 << 20
	DefaultMaxBits      = 4
	DefaultMaxTables    = 256 << 20
	DefaultPatience     = 10 * time.Minute
	DefaultDeadline     = time.Hour
	DefaultSlot         = 5 * time.Millisecond
	DefaultGrace        = 30 * time.Second
)

// TaxConfig is what a tax node is made of.
type TaxConfig struct {
	Identity *transport.Identity // required
	Schema   *circuits.Schema    // required; the records are levels on its grid
	Records  records.Source      // required; a records.ColumnSource for engines on values in full precision
	Journal  *journal.Tax        // required: what was answered, so that nothing is answered twice

	// Admission decides which tasks run and which companies of them are evaluated,
	// and charges for it; required. *admission.Gate is the one by consent, policy
	// and ledger.
	Admission Admitter

	// Auditors, if set, are those that a bank must put the seeds of its
	// connections into escrow for. OwnAuditors are those of this node, for whom it
	// seals its own in its archive.
	Auditors, OwnAuditors *Auditors

	// Evidence, if set, keeps what an audit of this node's sessions needs.
	Evidence *evidence.Archive

	// Slot is the least time from the proposal of a task to its admission, and the
	// measure that longer ones are rounded up to, so that a bank cannot tell from
	// the time why a company was refused. Zero means DefaultSlot.
	Slot time.Duration

	// MaxSessions bounds the batches under way at once, over all banks; another
	// bank is told to come again. MaxLinks bounds the connections.
	MaxSessions, MaxLinks int

	MaxCompanies int  // of one task
	MaxBits      int  // of output a company and task
	AllowScore   bool // whether a bank may learn scores in place of bands

	// Trusted says whether an encrypted table may be used: an approver signed
	// this digest. Nil trusts none, and all tasks run on oblivious transfer.
	Trusted func(digest [32]byte) bool
	// AllowProbability says whether tasks may run on EngineProbability. The bound of
	// bits a company does not hold there as it does elsewhere: a bank that deviates
	// can spend them on the key of a superblock, and only a replay finds it (see
	// mpc/score).
	AllowProbability bool
	// MaxTableBytes bounds the memory of all encrypted tables together.
	MaxTableBytes int

	Idle     time.Duration // of a peer that owes a message; zero means mpc.DefaultIdle
	Patience time.Duration // of a bank between two tasks
	Deadline time.Duration // of one session, whatever its size
	Grace    time.Duration // for running sessions once Serve is asked to stop

	Logger *slog.Logger // nil means slog.Default(). It is never given a level or a company.
}

// TaxNode serves banks from a tax authority's records.
type TaxNode struct {
	cfg      TaxConfig
	log      *slog.Logger
	sessions chan struct{} // a token a batch under way
	links    chan struct{} // a token a connection
	running  running
	tables   tables
}

// NewTaxNode checks the configuration.
func NewTaxNode(cfg TaxConfig) (*TaxNode, error) {
	if cfg.Identity == nil || cfg.Schema == nil || cfg.Records == nil || cfg.Journal == nil || cfg.Admission == nil {
		return nil, fmt.Errorf("%w: a tax node needs an identity, a schema, records, a journal and an admission", ErrTask)
	}
	if err := errors.Join(cfg.Auditors.check(), cfg.OwnAuditors.check()); err != nil {
		return nil, err
	}
	if cfg.Identity.Name().Role() != transport.RoleTax {
		return nil, fmt.Errorf("%w: %v is not the name of a tax node", ErrTask, cfg.Identity.Name())
	}
	positive := func(v *int, standard int) { *v = max(*v, 0) + standard*b2i(*v <= 0) }
	positive(&cfg.MaxSessions, DefaultMaxSessions)
	positive(&cfg.MaxLinks, DefaultMaxLinks)
	positive(&cfg.MaxCompanies, DefaultMaxCompanies)
	positive(&cfg.MaxBits, DefaultMaxBits)
	positive(&cfg.MaxTableBytes, DefaultMaxTables)
	cfg.MaxCompanies = min(cfg.MaxCompanies, partypb.MaxCompanies)
	cfg.MaxBits = min(cfg.MaxBits, partypb.MaxOutputBits)
	span := func(v *time.Duration, standard time.Duration) {
		if *v <= 0 {
			*v = standard
		}
	}
	span(&cfg.Patience, DefaultPatience)
	span(&cfg.Grace, DefaultGrace)
	span(&cfg.Deadline, DefaultDeadline)
	span(&cfg.Slot, DefaultSlot)
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &TaxNode{
		cfg:      cfg,
		log:      cfg.Logger.With("node", cfg.Identity.Name().String()),
		sessions: make(chan struct{}, cfg.MaxSessions),
		links:    make(chan struct{}, cfg.MaxLinks),
		running:  running{tasks: make(map[[32]byte]struct{})},
		tables:   tables{ready: make(map[[32]byte]*heldTable)},
	}, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Listener is where a tax node's connections come from; *transport.Listener is
// one.
type Listener interface {
	Accept() (*transport.Conn, error)
	Close() error
}

// Serve accepts banks until ctx ends or the listener fails, and returns when
// every connection is closed. Once ctx ends, idle links are closed at once and
// running batches have the configured grace to finish.
func (n *TaxNode) Serve(ctx context.Context, l Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	// Sessions outlive ctx by the grace.
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	context.AfterFunc(ctx, func() {
		time.AfterFunc(n.cfg.Grace, func() { cancel(fmt.Errorf("%w: the node is stopping", ErrClosed)) })
	})

	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = c.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("%w: the listener", ErrClosed)
		case err != nil:
			return fmt.Errorf("%w: %w", ErrInternal, err)
		}
		wg.Go(func() {
			defer c.Close()
			n.connection(ctx, work, c)
		})
	}
}

// connection serves one bank until it leaves.
func (n *TaxNode) connection(ctx, work context.Context, c *transport.Conn) {
	log := n.log.With("bank", c.Peer().Name.String())
	w, err := newWire(c, n.cfg.Idle, mpc.RoleTax)
	if err == nil {
		defer w.dropKept()
		err = n.link(ctx, work, w, log)
	}
	if err = classify(err); err != nil && !errors.Is(err, errBye) {
		log.Warn("link ended", "error", err)
		return
	}
	log.Debug("link ended")
}

// errBye ends a link in good order.
var errBye = fmt.Errorf("%w: the bank left", ErrClosed)

// link is one connection, from Hello on.
func (n *TaxNode) link(ctx, work context.Context, w *wire, log *slog.Logger) error {
	defer w.Abort()
	select {
	case n.links <- struct{}{}:
		defer func() { <-n.links }()
	default:
		w.refuse(work, ErrBusy)
		return fmt.Errorf("%w: %d links are open", ErrBusy, n.cfg.MaxLinks)
	}
	leave, err := n.cfg.Admission.Enter(w.peer.Name.String())
	if err != nil {
		w.refuse(work, ErrBusy)
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	defer leave()
	if err := w.keep(n.cfg.Evidence, n.cfg.Identity.Public(), w.peer.Key); err != nil {
		return err
	}
	s := &serving{n: n, w: w, log: log}
	defer s.release()
	if err := s.hello(work); err != nil {
		return err
	}
	for {
		// Between tasks the node's own end ends the link at once. A bank that
		// holds a session, admitted and not started, owes its start: one that
		// kept silent would keep the session from others.
		patience := n.cfg.Patience
		if s.slot {
			patience = 0
		}
		c, err := w.await(ctx, patience)
		if err != nil {
			return err
		}
		switch k := c.GetKind().(type) {
		case *partypb.Control_Propose:
			err = s.propose(work, k.Propose.GetTask())
		case *partypb.Control_TableOffer:
			err = s.offer(work, k.TableOffer)
		case *partypb.Control_Prepare:
			err = s.prepare(work, int(k.Prepare.GetCount()))
		case *partypb.Control_Start:
			err = s.start(work, k.Start.GetStart())
		case *partypb.Control_Bye:
			return errBye
		default:
			err = unexpected("a proposal, a start or goodbye", c)
		}
		if err != nil {
			if !errors.Is(err, mpc.ErrInterrupted) {
				w.refuse(work, classify(err))
			}
			return err
		}
	}
}

// running keeps two sessions from working on one task at once, which could
// answer a superblock twice.
type running struct {
	mu    sync.Mutex
	tasks map[[32]byte]struct{}
}

func (r *running) enter(task [32]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, busy := r.tasks[task]; busy {
		return false
	}
	r.tasks[task] = struct{}{}
	return true
}

func (r *running) leave(task [32]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tasks, task)
}
