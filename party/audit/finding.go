package audit

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
)

// Finding is what auditors found about one party, in one task as a rule, in a form that anyone can check: it quotes what the
// party signed. It holds no seed, no company and no level. The auditors' signatures stand for what the quotes alone do not
// show: that a replay gives other messages, or that artefacts which stay with the auditors say what they are said to say.
type Finding struct {
	Ledger  ledger.Digest // ID of its genesis; zero for none
	Task    ledger.Digest // zero for none
	Party   ledger.Key    // as the ledger has it now
	Signer  ledger.Key    // the key by which it signed what is quoted: Party, unless it was given another since
	Role    ledger.Role   // zero for the ledger's operator
	Verdict ledger.Verdict
	Time    time.Time // of the audit; whole seconds, UTC
	Scope   string    // what was audited

	Statements []Statement
	Quotes     []Quote
}

// Statement is one thing that a party did.
type Statement struct {
	Kind    Kind
	Detail  string
	Attempt uint64 // these four where it is about a message
	Block   int
	Flight  int
	Sent    [32]byte // BLAKE3-256 of what it sent
	Should  [32]byte // of what it should have sent
	Count   int      // of companies, where it is about companies
	// Positions of the first of them in the task.
	Positions []int
}

// Kinds of quotes.
const (
	quoteTask byte = iota + 1
	quoteAdmission
	quoteStart
	quoteReply
	quoteOutcome
	quoteBankReceipt
	quoteTaxReceipt
	quoteApproval
	quoteFlight       // of the start and reply before it: superblock (4) | number (1) | from (1) | hash (32) | transcript (32)
	quoteEntry        // of the ledger, signature included: of the admission
	quoteModelEntry   // of the approval
	quoteReceiptEntry // of the bank's receipt
	quoteTaxReceiptEntry
	quoteGenesis
	quoteCheckpoint
)

// Quote is a signed message.
type Quote struct {
	Kind      byte
	Body      []byte
	Signature []byte // empty where the body has its own
}

func quoteOf(kind byte, s *partypb.Signed) Quote { return Quote{kind, s.GetBody(), s.GetSignature()} }

// quotes is what an inquiry has to quote about a task.
type quotes struct {
	ledger                                            ledger.Digest
	task, admission, outcome, bankReceipt, taxReceipt *partypb.Signed
	entry                                             []byte
	genesis                                           *ledger.Genesis
	forkA, forkB                                      []byte
	extra                                             []Quote
}

// with returns a copy with one more quote: a *partypb.Signed, or bytes.
func (q *quotes) with(kind byte, what any) *quotes {
	more := *q
	more.extra = append([]Quote(nil), q.extra...)
	switch x := what.(type) {
	case *partypb.Signed:
		more.extra = append(more.extra, quoteOf(kind, x))
	case []byte:
		more.extra = append(more.extra, Quote{Kind: kind, Body: x})
	}
	return &more
}

func (q *quotes) list() (list []Quote) {
	for _, m := range []struct {
		kind byte
		s    *partypb.Signed
	}{
		{quoteTask, q.task},
		{quoteAdmission, q.admission},
		{quoteOutcome, q.outcome},
		{quoteBankReceipt, q.bankReceipt},
		{quoteTaxReceipt, q.taxReceipt},
	} {
		if m.s != nil {
			list = append(list, quoteOf(m.kind, m.s))
		}
	}
	if q.entry != nil {
		list = append(list, Quote{Kind: quoteEntry, Body: q.entry})
	}
	if b, err := q.genesis.Encode(); err == nil {
		list = append(list, Quote{Kind: quoteGenesis, Body: b}, Quote{Kind: quoteCheckpoint, Body: q.forkA}, Quote{Kind: quoteCheckpoint, Body: q.forkB})
	}
	return append(list, q.extra...)
}

// ReplayFinding says what a replay came to, about the party that was replayed; its scope says how many superblocks were. Errors
// wrap ErrInput: nothing was replayed, and nothing found, so there is nothing to say.
//
// Where a bank sent another flight than it should have, the finding has the hash of the right one. Who holds the wrong one, and
// guesses how little the two differ, can try guesses on that hash: such a finding is for the courts, and its digest
// for the ledger.
func ReplayFinding(c *Case, v *Verdict, at time.Time) (*Finding, error) {
	if v.Cleared() && v.Replayed == 0 {
		return nil, inputError("no superblock was replayed")
	}
	f := &Finding{Task: c.Digest, Verdict: ledger.VerdictCleared, Time: at.UTC().Truncate(time.Second)}
	f.Scope = fmt.Sprintf("replay of %d superblocks", v.Replayed)
	f.Role, f.Signer = ledger.RoleBank, ledger.Key(c.Bank)
	if v.Party == mpc.RoleTax {
		f.Role, f.Signer = ledger.RoleTax, ledger.Key(c.Tax)
	}
	f.Party = f.Signer
	q := &quotes{
		task: c.Dossier.Task, admission: c.Dossier.Admission, outcome: c.Dossier.Outcome,
		bankReceipt: c.Dossier.BankReceipt, taxReceipt: c.Dossier.TaxReceipt,
	}
	wanted := make(map[place]bool)
	for _, x := range v.Violations[:min(len(v.Violations), maxStatements)] {
		f.Verdict = ledger.VerdictViolation
		f.Statements = append(f.Statements, Statement{
			Kind: x.Kind, Detail: clip(x.Detail), Attempt: x.Attempt, Block: x.Block, Flight: x.Flight, Sent: x.Sent, Should: x.Should,
		})
		wanted[place{x.Attempt, x.Block}] = true
		wanted[place{x.Attempt, -1}] = true
	}
	for _, s := range c.Sessions {
		if !wanted[place{s.Terms.Attempt, -1}] {
			continue
		}
		q = q.with(quoteStart, s.start).with(quoteReply, s.reply)
		for _, block := range s.Whole {
			if wanted[place{s.Terms.Attempt, block}] {
				for _, flight := range s.quotes[block] {
					q.extra = append(q.extra, quoteFlightOf(flight))
				}
			}
		}
	}
	f.Quotes = q.list()
	return f, nil
}

// Findings says what an inquiry came to, one finding for each party and task of its accusations.
func (r *Report) Findings(at time.Time) []*Finding {
	type about struct {
		party ledger.Key
		task  ledger.Digest
	}
	of := make(map[about]*Finding)
	var list []*Finding
	for i := range r.Accusations {
		a := &r.Accusations[i]
		key := about{a.Party.Key, a.Task}
		f := of[key]
		if f == nil {
			f = r.finding(a.Party, a.Task, ledger.VerdictViolation, at)
			of[key], list = f, append(list, f)
		}
		if len(f.Statements) < maxStatements {
			f.Statements = append(f.Statements, Statement{Kind: a.Kind, Detail: clip(a.Detail), Count: a.Count, Positions: a.Positions})
			f.quote(a.quotes)
		}
	}
	return list
}

// ClearedFinding says that a party in a task is not accused of anything in it. Errors wrap ErrInput: it is accused, or the task
// or the party is not in the report, or not disclosed by the tax node.
func (r *Report) ClearedFinding(party ledger.Key, task ledger.Digest, at time.Time) (*Finding, error) {
	for i := range r.Accusations {
		if a := &r.Accusations[i]; a.Task == task && a.Party.Key == party {
			return nil, inputError("the party is accused in this task")
		}
	}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		for _, who := range []PartyName{t.Bank, t.Tax} {
			if t.Task == task && who.Key == party && t.quotes != nil && t.Open == 0 && t.Unknown == 0 {
				f := r.finding(who, task, ledger.VerdictCleared, at)
				f.quote(t.quotes)
				return f, nil
			}
		}
	}
	return nil, inputError("nothing was decided about the party in this task")
}

func (r *Report) finding(who PartyName, task ledger.Digest, verdict ledger.Verdict, at time.Time) *Finding {
	return &Finding{
		Ledger: r.Ledger, Task: task, Party: who.Key, Signer: who.Signed, Role: who.Role, Verdict: verdict,
		Time: at.UTC().Truncate(time.Second), Scope: "ledger and disclosures",
	}
}

// quote adds quotes that are not there yet.
func (f *Finding) quote(q *quotes) {
	if q == nil {
		return
	}
	there := make(map[[32]byte]bool)
	sum := func(x Quote) [32]byte {
		return sha256.Sum256(append(append([]byte{x.Kind}, x.Signature...), x.Body...))
	}
	for _, x := range f.Quotes {
		there[sum(x)] = true
	}
	for _, x := range q.list() {
		if !there[sum(x)] {
			f.Quotes = append(f.Quotes, x)
		}
	}
}

// ForkFinding says that the operator of a ledger, who signs by this key, signed two histories.
func ForkFinding(g *ledger.Genesis, operator ledger.Key, fork *ledger.ForkError, at time.Time) (*Finding, error) {
	id, err := g.ID()
	if err != nil {
		return nil, inputError("genesis: %w", err)
	}
	f := &Finding{
		Ledger: id, Party: operator, Signer: operator, Verdict: ledger.VerdictViolation, Time: at.UTC().Truncate(time.Second),
		Scope: "checkpoints of the ledger", Statements: []Statement{{Kind: KindFork}},
	}
	f.quote(&quotes{genesis: g, forkA: fork.A, forkB: fork.B})
	return f, nil
}

// Enter makes the entry by which a regulator puts a finding on the ledger: a violation suspends the party.
func Enter(f *Finding) (*ledger.Finding, error) {
	digest, err := f.Digest()
	if err != nil {
		return nil, err
	}
	return &ledger.Finding{Party: f.Party, Verdict: f.Verdict, Task: f.Task, Evidence: digest}, nil
}
