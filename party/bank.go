package party

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
)

// BankConfig is what a bank's node is made of.
type BankConfig struct {
	Identity *transport.Identity // required
	Peers    transport.Peers     // the tax nodes that it trusts to be themselves; required

	// Model is the compiled scorecard, on the grid. Linear and Probability are
	// models on values in full precision. One of the three is required; several
	// are forms of one model, of which the best that the tax node runs is used: see
	// Link.Explain. One with features of the bank's own stands alone.
	Model       *circuits.Model
	Linear      *LinearTable
	Probability *ProbabilityModel

	// Table, if set, is the model's encrypted table, made from Model. Tax nodes
	// that trust it are asked to use it; others are asked by oblivious transfer.
	Table *EncryptedTable

	// Ready is how many single companies' worth of OTs and masks a link keeps
	// prepared for the encrypted table, up to 16: it saves their time online.
	Ready int

	// Engine and Form, if set, are used in place of what this package would
	// choose; see Link.Score.
	Engine score.EngineKind
	Form   score.Form

	// Approval is that of the model, which tax nodes admit no other than approved.
	// Its salt is used for the model's commitment in every task.
	Approval *ModelApproval

	// LinearApproval and ProbabilityApproval are those of the other forms.
	LinearApproval, ProbabilityApproval *ModelApproval

	// Auditors may open the seeds of this bank's connections, and with them and
	// the model re-execute what it sent. Tax nodes that ask for an escrow to
	// others are not dialled.
	Auditors *Auditors

	// Evidence, if set, keeps what an audit of this bank's sessions needs.
	Evidence *evidence.Archive

	// Ledger, if set, is given the bank's receipts.
	Ledger Recorder

	// Journal keeps what a batch that is cut off needs to be resumed, seeds
	// among it. Without one a batch that is cut off is lost, and its companies
	// are charged for what was answered.
	Journal *journal.Bank

	Idle   time.Duration // of a peer that owes a message; zero means mpc.DefaultIdle
	Logger *slog.Logger  // nil means slog.Default(). It is never given a point, a result or a company.
}

// Bank scores companies with its model at the tax nodes that it dials. It is
// safe for concurrent use.
type Bank struct {
	cfg BankConfig
	log *slog.Logger

	alterTable     func([]byte) // in tests
	alterAdmission func(*[32]byte)
	alterEscrow    func([]byte)
}

// ModelApproval is what a bank has of the approval of its model.
type ModelApproval struct {
	Digest [32]byte // of the signed approval
	Salt   [32]byte // of the approved commitment (circuits.Model.Commit); the bank's secret
}

// Recorder takes entries for the ledger, for good: what it accepted will be
// appended, once for a key. *ledger.Outbox is one.
type Recorder interface {
	Put(ctx context.Context, key [32]byte, bodies ...ledger.Body) error
}

// NewBank checks the configuration.
func NewBank(cfg BankConfig) (*Bank, error) {
	b := &Bank{cfg: cfg}
	forms := b.forms()
	if cfg.Identity == nil || len(forms) == 0 {
		return nil, fmt.Errorf("%w: a bank needs an identity and a model", ErrTask)
	}
	for _, f := range forms {
		if f.schema() != forms[0].schema() {
			return nil, fmt.Errorf("%w: the forms of a model are over different schemas", ErrTask)
		}
	}
	if len(forms) > 1 && cfg.Model != nil && len(cfg.Model.OwnFeatures()) > 0 {
		return nil, fmt.Errorf("%w: a model with features of the bank's own has no other form", ErrTask)
	}
	if cfg.Identity.Name().Role() != transport.RoleBank {
		return nil, fmt.Errorf("%w: %v is not the name of a bank", ErrTask, cfg.Identity.Name())
	}
	if cfg.Table != nil && cfg.Table.model != cfg.Model {
		return nil, fmt.Errorf("%w: the encrypted table is of another model", ErrTask)
	}
	if cfg.Table == nil && cfg.Engine == score.EngineLattice {
		return nil, fmt.Errorf("%w: the lattice engine needs an encrypted table", ErrTask)
	}
	if cfg.Linear == nil && cfg.Engine == score.EngineLinear || cfg.Probability == nil && cfg.Engine == score.EngineProbability {
		return nil, fmt.Errorf("%w: no model for engine %v", ErrTask, cfg.Engine)
	}
	if err := cfg.Auditors.check(); err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	b.cfg, b.log = cfg, cfg.Logger.With("node", cfg.Identity.Name().String())
	return b, nil
}

// Dial connects to the tax node at addr (host:port), whoever of the trusted ones
// it is, and sets up the link: 128 base OTs, some tens of milliseconds. A link
// serves any number of batches, one after another; dial several for more.
func (b *Bank) Dial(ctx context.Context, addr string) (*Link, error) {
	c, err := transport.Dial(ctx, addr, transport.Config{Identity: b.cfg.Identity, Peers: b.cfg.Peers, PeerRole: transport.RoleTax})
	if err != nil {
		return nil, dialError(err)
	}
	return b.Connect(ctx, c)
}

// Connect sets up a link over a connection that was made elsewhere; it belongs
// to the link from here on.
func (b *Bank) Connect(ctx context.Context, c *transport.Conn) (*Link, error) {
	w, err := newWire(c, b.cfg.Idle, mpc.RoleBank)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	l := &Link{b: b, w: w, log: b.log.With("tax_node", c.Peer().Name.String())}
	err = w.keep(b.cfg.Evidence, b.cfg.Identity.Public(), c.Peer().Key)
	if err == nil {
		err = l.setUp(ctx)
	}
	if err != nil {
		return nil, l.end(err)
	}
	return l, nil
}

// Link is a connection of a bank to a tax node. It runs one batch at a time;
// calls wait for each other. After any error but ErrTask it is dead: dial anew.
type Link struct {
	b   *Bank
	w   *wire
	log *slog.Logger

	mu     sync.Mutex
	ot     *ot.Sender
	limits *partypb.HelloReply
	ahead  bankReady
	table  bool          // the tax node is ready to use the bank's encrypted table
	linear bool          // and its encrypted weights
	trip   time.Duration // of a small message to the tax node and back
}

// Peer returns who the tax node is.
func (l *Link) Peer() transport.Peer { return l.w.peer }

// Bytes returns how many bytes the bank sent to and received from the tax node
// over this link, TLS overhead not counted.
func (l *Link) Bytes() (sent, received uint64) { return l.w.Bytes() }

// Close says goodbye and closes the connection. A batch under way is cut off.
func (l *Link) Close() error {
	if l.mu.TryLock() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = l.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Bye{Bye: &partypb.Bye{}}})
		l.mu.Unlock()
	}
	defer l.w.dropKept()
	return l.w.Close()
}

// setUp greets the tax node and makes the OT correlation.
func (l *Link) setUp(ctx context.Context) error {
	hello := &partypb.Hello{Version: partypb.Version, Software: software, OtK: otField}
	if err := l.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Hello{Hello: hello}}); err != nil {
		return err
	}
	asked := time.Now()
	c, err := l.w.get(ctx)
	if err != nil {
		return err
	}
	l.trip = time.Since(asked)
	if l.limits = c.GetHelloReply(); l.limits == nil {
		return unexpected("a reply to hello", c)
	}
	if schema := l.b.forms()[0].schema(); [32]byte(l.limits.GetSchemaDigest()) != schema {
		return fmt.Errorf("%w: the model is compiled for schema %x, the tax node serves %x", ErrUnsupported, schema[:4], l.limits.GetSchemaDigest()[:4])
	}
	if l.limits.GetOtK() != otField {
		return fmt.Errorf("%w: the tax node wants an OT field of %d bits", ErrUnsupported, l.limits.GetOtK())
	}
	if l.ot, err = l.w.setUpSender(ctx, ot.Params{K: otField}); err != nil {
		return err
	}
	if err := l.sendEscrow(ctx); err != nil {
		return err
	}
	if l.linear, err = l.offerLinear(ctx); err != nil {
		return err
	}
	if l.table, err = l.offerTable(ctx); err != nil {
		return err
	}
	return l.prepare(ctx)
}

// Score evaluates the companies of a request, one or a million. The error is
// about the batch as a whole; a company that the tax node refuses has its own
// in the result. When a batch is cut off (ErrInterrupted) and the bank has a
// journal, dial again and call Resume.
func (l *Link) Score(ctx context.Context, req Request) (*Batch, error) {
	l.mu.Lock()
	defer l.refill()
	batch, err := l.score(ctx, req)
	return batch, l.end(err)
}

// end closes the link after an error that it does not survive, so that the tax
// node need not wait to find out.
func (l *Link) end(err error) error {
	if err = classify(err); err != nil && !errors.Is(err, ErrTask) {
		l.w.Abort()
		l.w.dropKept()
	}
	return err
}

func (l *Link) score(ctx context.Context, req Request) (*Batch, error) {
	own, err := req.check(l)
	if err != nil {
		return nil, err
	}
	r := &run{l: l, progress: req.Progress, begin: time.Now()}
	r.sent, r.received = l.w.Bytes()
	chosen, err := l.choose(req, own)
	if err != nil {
		return nil, err
	}
	r.form = chosen.form
	if r.part, err = part(own, r.form.approval()); err != nil {
		return nil, err
	}
	if err := r.propose(ctx, req, chosen.params); err != nil {
		return nil, err
	}
	return r.attempt(ctx)
}

// part is what the bank alone knows of a new task.
func part(own []int64, approval *ModelApproval) (*evidence.BankPart, error) {
	p := &evidence.BankPart{Own: own}
	if _, err := io.ReadFull(rand.Reader, p.OwnSalt[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if approval != nil {
		p.ModelSalt = approval.Salt
		return p, nil
	}
	if _, err := io.ReadFull(rand.Reader, p.ModelSalt[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return p, nil
}

// dialError says what a failed dial means here.
func dialError(err error) error {
	return fmt.Errorf("%w: %w", ErrInterrupted, err)
}
