package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/policy"
)

// DefaultSlack is the slack of an inquiry that names none.
const DefaultSlack = time.Hour

// Inquiry decides, offline, on every evaluation of the tasks on a ledger, from what is handed to the auditor. It trusts the
// registers of keys, the policies and the quorum of witnesses, and nothing else.
type Inquiry struct {
	Ledger     io.Reader      // a stream that ledger.Export wrote
	Policy     *ledger.Policy // whom to believe about it
	Checkpoint []byte         // a witnessed one from elsewhere; nil for that of the stream
	Earlier    [][]byte       // checkpoints that others kept
	Operator   ledger.Key     // of the ledger's log, as in Policy; only findings on forks need it

	// Disclosures opens what tax nodes and banks handed over (see WriteDisclosure), in any order; at most one of each side for a
	// task. Each is read once.
	Disclosures []func() (io.ReadCloser, error)
	Approvals   []*partypb.Signed // from the regulators, beside those in disclosures
	// Registers bind companies to keys. Where a company changed its key, the register as it was before is needed too: an
	// artefact counts if one of them verifies it.
	Registers []consent.Keys
	// Policies are those of the tax nodes; without one no budgets are checked for a node.
	Policies map[ledger.Key]*policy.Policy
	// Asked says which tax nodes were asked to disclose their tasks: a task of theirs without a disclosure is a violation.
	// Nil means all.
	Asked func(tax ledger.Key) bool
	// Slack is by how much a tax node's entry of an admission may be later than its decision before it is noticed. Zero means
	// DefaultSlack.
	Slack time.Duration
}

// Verify decides. What parties did is in the report. Errors wrap ErrEvidence: the ledger or a disclosure is not what a quorum
// or its side signed, which says nothing about anybody; leave the disclosure out, and it counts as not handed over. Or they
// wrap ErrInput, consent.ErrKeys, or are those of opening and of the context.
//
// Memory is that of the ledger's commitments and tasks, about 200 bytes for each evaluation, and a few hundred artefacts.
func (q *Inquiry) Verify(ctx context.Context) (*Report, error) {
	if q.Ledger == nil || q.Policy == nil || len(q.Registers) == 0 {
		return nil, inputError("want a ledger, its policy and a register of keys")
	}
	h, err := readHistory(ctx, q.Ledger, q.Policy, q.Checkpoint, q.Earlier)
	if err != nil {
		return nil, err
	}
	v := &verification{
		Inquiry: q, h: h, tasks: make(map[ledger.Digest]*taskFile), approvals: make(map[ledger.Digest]*partypb.Signed),
		slack: q.Slack, report: &Report{
			Ledger: h.id, Size: h.goal.Size, Witnessed: h.goal.Witnessed, Witnesses: h.goal.Witnesses, Checkpoint: h.goal.Note,
		},
	}
	if v.slack == 0 {
		v.slack = DefaultSlack
	}
	for _, a := range q.Approvals {
		v.approvals[partypb.ApprovalDigest(a)] = a
	}
	if h.fork != nil {
		v.forked()
	}
	for i, source := range q.Disclosures {
		if err := v.read(ctx, source); err != nil {
			return nil, fmt.Errorf("disclosure %d: %w", i, err)
		}
	}
	v.order()
	for _, f := range v.files {
		v.judge(f)
	}
	v.count()
	if err := v.takenBack(ctx); err != nil {
		return nil, err
	}
	v.missing()
	v.sum()
	return v.report, nil
}

// verification is an inquiry under way.
type verification struct {
	*Inquiry
	h         *history
	report    *Report
	slack     time.Duration
	tasks     map[ledger.Digest]*taskFile
	files     []*taskFile // in the order of the ledger
	approvals map[ledger.Digest]*partypb.Signed
	revoked   []revocations
}

// taskFile is all that was handed over about a task.
type taskFile struct {
	digest      ledger.Digest
	task        *partypb.Task
	admitted    *partypb.AdmissionBody
	withheld    *partypb.OutcomeBody // nil if there is no outcome
	entry       *admittedEntry       // nil if it is not on the ledger
	when        time.Time
	counted     time.Time // when, made to go forward only: what budgets are counted by
	bank, tax   PartyName
	sides       [2]*disclosed // the bank's, the tax node's
	quotes      *quotes
	evaluations []Evaluation
	settled     bool
	approved    bool
}

const (
	sideBank = iota
	sideTax
)

func sideOf(r mpc.Role) int {
	if r == mpc.RoleTax {
		return sideTax
	}
	return sideBank
}

// read reads one disclosure.
func (v *verification) read(ctx context.Context, source func() (io.ReadCloser, error)) (err error) {
	in, err := source()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	d, err := readDisclosure(in)
	if err != nil {
		return err
	}
	f, err := v.file(d)
	if err != nil {
		return err
	}
	list, err := v.evaluations(ctx, f, d)
	if err != nil {
		return err
	}
	if d.role == mpc.RoleTax || f.evaluations == nil {
		f.evaluations = list
	}
	if len(d.revocations) > 0 {
		v.revoked = append(v.revoked, revocations{d.by, d.revocations})
	}
	d.in, d.pending, d.revocations = nil, nil, nil
	if d.approval != nil {
		v.approvals[partypb.ApprovalDigest(d.approval)] = d.approval
	}
	return nil
}

// file finds or makes the file of the task that a disclosure is about.
func (v *verification) file(d *disclosed) (*taskFile, error) {
	f := v.tasks[d.digest]
	if f == nil {
		f = &taskFile{digest: d.digest, task: d.task, admitted: d.admitted, entry: v.h.tasks[d.digest]}
		f.bank, f.tax = v.name(ledger.Key(d.task.GetBankKey())), v.name(ledger.Key(d.task.GetTaxKey()))
		if f.bank.Role != ledger.RoleBank || f.tax.Role != ledger.RoleTax {
			return nil, evidenceError("the task is not one between a bank and a tax node of the ledger")
		}
		if _, err := questionOf(f.task); err != nil {
			return nil, evidenceError("the task names a node that cannot be one: %w", err)
		}
		f.quotes = &quotes{task: d.signedTask, admission: d.admission, ledger: v.h.id}
		if f.entry != nil {
			f.quotes.entry = f.entry.raw
		}
		v.tasks[d.digest] = f
	}
	side := sideOf(d.role)
	if f.sides[side] != nil {
		return nil, evidenceError("a second disclosure of the task by the %v", d.role)
	}
	f.sides[side] = d
	if d.role == mpc.RoleTax { // it answers for the admission that it shows
		f.admitted, f.quotes.admission = d.admitted, d.admission
	}
	if f.when.IsZero() || d.role == mpc.RoleTax {
		switch {
		case d.role == mpc.RoleTax && !d.when.IsZero():
			f.when = d.when
		case f.entry != nil:
			f.when = f.entry.time
		default:
			f.when, _ = time.Parse(time.RFC3339, d.task.GetCreated())
		}
	}
	return f, nil
}

func (v *verification) name(key ledger.Key) PartyName {
	if m := v.h.parties[key]; m != nil {
		return PartyName{m.key, key, m.name, m.role}
	}
	return PartyName{Key: key, Signed: key}
}

// accuse notes what a party did.
func (v *verification) accuse(f *taskFile, who PartyName, kind Kind, format string, args ...any) *Accusation {
	a := Accusation{Party: who, Kind: kind, Detail: fmt.Sprintf(format, args...)}
	if f != nil {
		a.Task, a.quotes = f.digest, f.quotes
	}
	v.report.Accusations = append(v.report.Accusations, a)
	return &v.report.Accusations[len(v.report.Accusations)-1]
}
