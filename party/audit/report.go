package audit

import (
	"fmt"
	"time"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/uscc"
)

// The kinds of violations that Inquiry.Verify finds. The texts are part of findings.
const (
	KindConsent    Kind = "admitted companies without a consent that covers the task"
	KindUnrecorded Kind = "admitted companies whose consent it had not recorded before"
	KindRevoked    Kind = "released results of companies whose consent it had recorded as revoked"
	KindExhausted  Kind = "admitted companies more often than they consented to"
	KindBudget     Kind = "admitted companies beyond their budget of bits"
	KindUnapproved Kind = "used a model that is not approved for it"
	KindTable      Kind = "used an encrypted table that is not the approved one"
	KindTerms      Kind = "used a model beyond what it is approved for"
	KindEntry      Kind = "recorded on the ledger what is not what it signed"
	KindReceipt    Kind = "signed a receipt that contradicts what else it signed"
	KindTwice      Kind = "signed two admissions of one task"
	KindFork       Kind = "signed two histories of the ledger"
)

// Report is what an inquiry came to.
type Report struct {
	Ledger     ledger.Digest // ID of its genesis
	Size       uint64        // entries
	Witnessed  time.Time     // when a quorum of witnesses took them for the newest; zero without witnesses
	Witnesses  []string
	Checkpoint []byte // that everything was decided by

	Tasks       []TaskReport // in the order of the ledger, those that are not on it last
	Evaluations []Evaluation // in the order of the tasks, and of the companies within
	Accusations []Accusation
	Notices     []Notice
}

// Cleared reports whether nobody is accused.
func (r *Report) Cleared() bool { return len(r.Accusations) == 0 }

// ClearedParty reports whether a party is in the tasks of the report and not accused.
func (r *Report) ClearedParty(key ledger.Key) bool {
	in := false
	for i := range r.Tasks {
		in = in || r.Tasks[i].Bank.Key == key || r.Tasks[i].Tax.Key == key
	}
	for i := range r.Accusations {
		in = in && r.Accusations[i].Party.Key != key
	}
	return in
}

// PartyName is a party as the ledger has it.
type PartyName struct {
	Key    ledger.Key // its newest
	Signed ledger.Key // the one by which it signed what this is about
	Name   string
	Role   ledger.Role // zero for the ledger's operator, which is none of its parties
}

// TaskReport is what an inquiry knows of a task.
type TaskReport struct {
	Task      ledger.Digest
	Entry     uint64    // that records the admission
	Recorded  bool      // whether there is one
	When      time.Time // of the decision, as the tax node says; of its entry where it does not
	Bank, Tax PartyName
	Model     ledger.Digest
	Purpose   string
	Bits      int

	Disclosed []ledger.Role // who handed something over
	Approval  bool          // whether the regulator's approval was there and fits
	Settled   bool          // whether both receipts are on the ledger and agree with those handed over

	// Companies of the task, and how many of them were admitted. Those are decided as the rest says.
	Companies, Admitted                       int
	Clear, Withheld, Violating, Open, Unknown int // Unknown: nothing was handed over about them

	first, count int // its evaluations in the report
	quotes       *quotes
}

// Status is what an evaluation was decided as.
type Status uint8

// The states; the zero value is invalid.
const (
	StatusClear     Status = iota + 1 // consented, within budget and counts
	StatusWithheld                    // admitted, and nothing released: it does not count
	StatusViolation                   // see Evaluation.Kind and Why
	StatusOpen                        // cannot be decided on what was handed over; see Why
)

func (s Status) String() string {
	if s < StatusClear || s > StatusOpen {
		return fmt.Sprintf("status %d", uint8(s))
	}
	return [...]string{"clear", "withheld", "violation", "open"}[s-1]
}

// Evaluation is one company in one task.
type Evaluation struct {
	Task     int // in Report.Tasks
	Position int // in the task
	Company  uscc.ID
	Consent  consent.ID // zero where none was shown
	Purpose  string     // text that the company read
	Bits     int        // that left the tax node; zero if they were withheld
	Status   Status
	Kind     Kind
	Why      string

	start       int64
	evaluations uint32
	frequency   consent.Frequency
	revocations uint32
	gone        bool // revoked before the task's entry
}

// decide makes an evaluation a violation, unless it is one already.
func (e *Evaluation) violates(kind Kind, why string) {
	if e.Status != StatusViolation {
		e.Status, e.Kind, e.Why = StatusViolation, kind, why
	}
}

func (e *Evaluation) open(why string) {
	if e.Status == StatusClear {
		e.Status, e.Why = StatusOpen, why
	}
}

// MaxPositions bounds Accusation.Positions.
const MaxPositions = 64

// Accusation says what a party did in a task, on what it signed itself.
type Accusation struct {
	Party     PartyName
	Kind      Kind
	Task      ledger.Digest // zero for none
	Count     int           // of companies, where it is about companies
	Positions []int         // of the first of them in the task
	Detail    string

	quotes *quotes
}

// Notice is what an auditor should look at, and accuses nobody.
type Notice struct {
	Task ledger.Digest // zero for none
	Text string
}

func (r *Report) notice(task ledger.Digest, format string, args ...any) {
	r.Notices = append(r.Notices, Notice{task, fmt.Sprintf(format, args...)})
}
