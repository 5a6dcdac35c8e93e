package audit

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
)

// quoted is what the quotes of a finding say, each verified.
type quoted struct {
	f         *Finding
	task      *partypb.Task
	admission *partypb.Signed
	start     *partypb.Signed
	attempt   uint64
	binding   [32]byte
	flights   map[place][]mpc.Flight
	bindings  map[uint64][32]byte
	signers   map[ledger.Key]bool
	genesis   *ledger.Genesis
	forks     []*ledger.Checkpoint
}

// place is a superblock of an attempt.
type place struct {
	attempt uint64
	block   int
}

// Check verifies the quotes of a finding against each other and against its statements, and no auditor's signature. Errors wrap
// ErrFinding.
func (f *Finding) Check() error {
	q := &quoted{f: f, flights: make(map[place][]mpc.Flight), bindings: make(map[uint64][32]byte), signers: make(map[ledger.Key]bool)}
	for i := range f.Quotes {
		if err := q.take(&f.Quotes[i]); err != nil {
			return fmt.Errorf("%w: quote %d: %w", ErrFinding, i, err)
		}
	}
	if err := q.whole(); err != nil {
		return fmt.Errorf("%w: %w", ErrFinding, err)
	}
	return nil
}

func (q *quoted) take(x *Quote) error {
	s := &partypb.Signed{Body: x.Body, Signature: x.Signature}
	if x.Kind == quoteTask {
		if q.task != nil || partypb.TaskDigest(s) != q.f.Task {
			return fmt.Errorf("it is another task")
		}
		q.task = new(partypb.Task)
		if err := partypb.ParseBody(s, q.task); err != nil {
			return err
		}
		return q.signed(q.task.GetBankKey(), s, new(partypb.Task))
	}
	switch x.Kind {
	case quoteApproval:
		body := new(partypb.ApprovalBody)
		if err := partypb.ParseBody(s, body); err != nil {
			return err
		}
		return q.signed(body.GetRegulatorKey(), s, body)
	case quoteEntry, quoteModelEntry, quoteReceiptEntry, quoteTaxReceiptEntry:
		return q.entry(x)
	case quoteGenesis:
		g, err := ledger.ParseGenesis(x.Body)
		if err != nil {
			return err
		}
		if id, err := g.ID(); err != nil || id != q.f.Ledger {
			return fmt.Errorf("it is of another ledger")
		}
		q.genesis = g
		return nil
	case quoteCheckpoint:
		return q.checkpoint(x)
	}
	if q.task == nil {
		return fmt.Errorf("a message of a task that is not quoted")
	}
	return q.message(x.Kind, x, s)
}

func (q *quoted) signed(key ed25519.PublicKey, s *partypb.Signed, into partypb.Body) error {
	if err := partypb.OpenBody(key, s, into); err != nil {
		return err
	}
	q.signers[ledger.Key(key)] = true
	return nil
}

// message takes a message of the task.
func (q *quoted) message(kind byte, x *Quote, s *partypb.Signed) error {
	bank, tax := ed25519.PublicKey(q.task.GetBankKey()), ed25519.PublicKey(q.task.GetTaxKey())
	about := func(digest []byte) error {
		if !bytes.Equal(digest, q.f.Task[:]) {
			return fmt.Errorf("it is of another task")
		}
		return nil
	}
	switch kind {
	case quoteAdmission:
		body := new(partypb.AdmissionBody)
		if err := q.signed(tax, s, body); err != nil {
			return err
		}
		if q.admission == nil {
			q.admission = s
		}
		return about(body.GetTaskDigest())
	case quoteStart:
		body := new(partypb.StartBody)
		if err := q.signed(bank, s, body); err != nil {
			return err
		}
		if digest := partypb.AdmissionDigest(q.admission); q.admission == nil || !bytes.Equal(body.GetAdmissionDigest(), digest[:]) {
			return fmt.Errorf("the start goes by another admission")
		}
		q.start = s
		return about(body.GetTaskDigest())
	case quoteReply:
		body := new(partypb.StartReplyBody)
		if err := q.signed(tax, s, body); err != nil {
			return err
		}
		if digest := partypb.StartDigest(q.start); q.start == nil || !bytes.Equal(body.GetStartDigest(), digest[:]) {
			return fmt.Errorf("the reply is to another start")
		}
		q.attempt, q.binding = body.GetAttempt(), partypb.SessionBinding(s)
		q.bindings[q.attempt] = q.binding
		return about(body.GetTaskDigest())
	case quoteOutcome:
		body := new(partypb.OutcomeBody)
		if err := q.signed(tax, s, body); err != nil {
			return err
		}
		return about(body.GetTaskDigest())
	case quoteBankReceipt, quoteTaxReceipt:
		body, key := new(partypb.ReceiptBody), bank
		if kind == quoteTaxReceipt {
			key = tax
		}
		if err := q.signed(key, s, body); err != nil {
			return err
		}
		return about(body.GetTaskDigest())
	case quoteFlight:
		return q.flight(x, bank, tax)
	}
	return fmt.Errorf("a quote of kind %d", kind)
}

func (q *quoted) flight(x *Quote, bank, tax ed25519.PublicKey) error {
	f, ok := x.flight()
	key := bank
	if f.From == mpc.RoleTax {
		key = tax
	}
	if !ok || q.attempt == 0 || !mpc.VerifyFlight(key, f.Digest, f.Signature) {
		return fmt.Errorf("a flight that its sender did not sign, or without a start")
	}
	q.signers[ledger.Key(key)] = true
	at := place{q.attempt, f.Block}
	q.flights[at] = append(q.flights[at], f)
	return nil
}

// entry takes an entry of the ledger.
func (q *quoted) entry(x *Quote) error {
	e, err := ledger.Open(q.f.Ledger, x.Body)
	if err != nil {
		return err
	}
	fits := false
	switch b := e.Body().(type) {
	case *ledger.TaskAdmitted:
		fits = x.Kind == quoteEntry && b.Task == q.f.Task
	case *ledger.ModelApproved:
		fits = x.Kind == quoteModelEntry
	case *ledger.Receipt:
		fits = (x.Kind == quoteReceiptEntry || x.Kind == quoteTaxReceiptEntry) && b.Task == q.f.Task
	}
	if !fits {
		return fmt.Errorf("an entry on something else")
	}
	q.signers[e.Author()] = true
	return nil
}

func (q *quoted) checkpoint(x *Quote) error {
	if q.genesis == nil {
		return fmt.Errorf("a checkpoint without the genesis of its ledger")
	}
	p, err := ledger.NewPolicy(q.genesis, q.f.Signer, 0)
	if err != nil {
		return err
	}
	cp, err := p.OpenLog(x.Body)
	if err != nil {
		return err
	}
	q.signers[q.f.Signer] = true
	q.forks = append(q.forks, cp)
	return nil
}

// whole checks the quotes together, and that they bear the statements out.
func (q *quoted) whole() error {
	f := q.f
	for at, list := range q.flights {
		if err := mpc.CheckFlights(q.bindings[at.attempt], at.block, make([]int, len(list)), list); err != nil {
			return err
		}
	}
	switch {
	case f.Verdict == ledger.VerdictViolation != (len(f.Statements) > 0):
		return fmt.Errorf("a verdict of %v with %d statements", f.Verdict, len(f.Statements))
	case f.Verdict != ledger.VerdictViolation && f.Verdict != ledger.VerdictCleared:
		return fmt.Errorf("no verdict")
	case !q.signers[f.Signer] && !q.in():
		return fmt.Errorf("nothing that is quoted was signed by the party")
	}
	for i := range f.Statements {
		if err := q.statement(&f.Statements[i]); err != nil {
			return fmt.Errorf("statement %d: %w", i, err)
		}
	}
	return nil
}

// in reports whether the party is one of the quoted task, which the other side may have signed alone.
func (q *quoted) in() bool {
	return q.task != nil && q.f.Verdict == ledger.VerdictCleared && bytes.Equal(q.task.GetTaxKey(), q.f.Signer[:])
}

func (q *quoted) statement(s *Statement) error {
	if s.Kind == "" {
		return fmt.Errorf("it says nothing")
	}
	if s.Kind == KindFork {
		if len(q.forks) != 2 || (q.forks[0].Size == q.forks[1].Size && q.forks[0].Root == q.forks[1].Root) {
			return fmt.Errorf("want two checkpoints that are not the same")
		}
		return nil
	}
	if s.Kind != KindFlight {
		return nil
	}
	from := mpc.RoleBank
	if q.f.Role == ledger.RoleTax {
		from = mpc.RoleTax
	}
	list := q.flights[place{s.Attempt, s.Block}]
	at := slices.IndexFunc(list, func(x mpc.Flight) bool { return x.Number == s.Flight })
	if at < 0 || list[at].From != from || list[at].Sum != s.Sent || s.Sent == s.Should {
		return fmt.Errorf("flight %d of superblock %d is not quoted as the party sent it", s.Flight, s.Block)
	}
	return nil
}
