package audit

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"math"
	"slices"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
)

// judge decides on a task as a whole.
func (v *verification) judge(f *taskFile) {
	v.admissions(f)
	v.entry(f)
	v.outcome(f)
	v.receipts(f)
	v.model(f)
	f.withhold()
}

// admissions finds a tax node that signed two.
func (v *verification) admissions(f *taskFile) {
	bank, tax := f.sides[sideBank], f.sides[sideTax]
	if bank != nil && tax != nil && partypb.AdmissionDigest(bank.admission) != partypb.AdmissionDigest(tax.admission) {
		v.accuse(f, f.tax, KindTwice, "the bank has another one than the tax node").quotes = f.quotes.with(quoteAdmission, bank.admission)
	}
}

// entry compares the admission on the ledger with the one that was signed.
func (v *verification) entry(f *taskFile) {
	e, t := f.entry, f.task
	if e == nil {
		v.report.notice(f.digest, "the admission of the task is not on the ledger at this checkpoint")
		return
	}
	switch digest := partypb.AdmissionDigest(f.quotes.admission); {
	case e.author != ledger.Key(t.GetTaxKey()):
		v.accuse(f, v.name(e.author), KindEntry, "it recorded the admission of another tax node's task")
	case e.Model != ledger.Digest(t.GetModelDigest()):
		v.accuse(f, f.tax, KindUnapproved, "it recorded an approved model and admitted another")
		v.alsoBank(f, KindUnapproved, "it ran a task with a model other than the recorded one")
	case e.Admission != digest:
		v.accuse(f, f.tax, KindEntry, "the digest of the admission is another")
	case uint64(e.Companies) != f.admitted.GetAdmittedCount(), uint32(e.Bits) != t.GetOutputBits(), !v.h.same(e.Bank, ledger.Key(t.GetBankKey())):
		v.accuse(f, f.tax, KindEntry, "companies, bits or bank of the admission are others")
	}
	switch late := e.time.Sub(f.when); {
	case late > v.slack:
		v.report.notice(f.digest, "the entry of the admission is %v later than the decision, as the tax node dates both", late)
	case late < 0:
		v.report.notice(f.digest, "the entry of the admission is %v earlier than the decision, as the tax node dates both", -late)
	}
	if g := v.h.goal.Witnessed; !g.IsZero() && e.time.After(g.Add(v.slack)) {
		v.report.notice(f.digest, "the entry of the admission is dated after the checkpoint")
	}
}

// alsoBank accuses the bank too, if it signed that it ran the task; a task that it only asked for is no violation.
func (v *verification) alsoBank(f *taskFile, kind Kind, detail string) {
	if f.quotes.bankReceipt != nil || v.h.receipts[f.digest] != nil && v.h.receipts[f.digest][sideBank] != nil {
		v.accuse(f, f.bank, kind, "%s", detail)
	}
}

// outcome opens what was withheld. Whoever hands over, under its own signature, what was not signed, did not keep what it
// should have kept.
func (v *verification) outcome(f *taskFile) {
	for _, d := range []*disclosed{f.sides[sideTax], f.sides[sideBank]} {
		if d == nil || d.outcome == nil {
			continue
		}
		body := new(partypb.OutcomeBody)
		err := partypb.OpenBody(f.task.GetTaxKey(), d.outcome, body)
		if err != nil || [32]byte(body.GetTaskDigest()) != f.digest || body.GetAdmitted() != f.admitted.GetAdmittedCount() {
			v.accuse(f, v.name(d.by), KindMissing, "the outcome handed over is not one of the task")
			continue
		}
		if f.withheld == nil {
			f.withheld, f.quotes.outcome = body, d.outcome
		}
	}
}

// withhold takes out what was withheld, and what cannot be told without an outcome.
func (f *taskFile) withhold() {
	for i := range f.evaluations { // those admitted, in order
		e := &f.evaluations[i]
		switch {
		case f.withheld != nil && partypb.Bitmap(f.withheld.GetWithheld()).Has(i):
			e.Status, e.Kind, e.Why, e.Bits = StatusWithheld, "", "", 0
		case e.gone && f.withheld == nil:
			e.open(whyUnfinished)
		case e.gone:
			e.violates(KindRevoked, whyRevoked)
		}
	}
}

// receipts compares each side's receipt with the facts of the task and with its own entry on the ledger.
func (v *verification) receipts(f *taskFile) {
	sides := v.h.receipts[f.digest]
	if sides == nil {
		sides = new([2]*receiptEntry)
	}
	kept := [2]*partypb.ReceiptBody{}
	for side, who := range []PartyName{f.bank, f.tax} {
		signed, body := v.receipt(f, side)
		if kept[side] = body; body != nil {
			v.contradiction(f, side, signed, body, who)
		}
		e := sides[side]
		switch {
		case e == nil && body != nil:
			v.report.notice(f.digest, "the receipt of %s is not on the ledger at this checkpoint", who.Name)
		case e == nil:
		case body == nil && f.sides[side] != nil:
			v.accuse(f, who, KindMissing, "it recorded a receipt and hands over none").quotes = f.quotes.with(quoteReceiptEntry+byte(side), e.raw)
		case body == nil:
			v.report.notice(f.digest, "the receipt that %s recorded was not handed over", who.Name)
		case e.Evidence != partypb.ReceiptDigest(signed), e.Transcript != ledger.Digest(body.GetTranscript()),
			uint64(e.Companies) != body.GetCompanies(), uint32(e.Bits) != body.GetBits():
			v.accuse(f, who, KindReceipt, "the receipt on the ledger is not the one that it signed").quotes = f.quotes.with(quoteReceiptEntry+byte(side), e.raw)
		}
	}
	a, b := sides[sideBank], sides[sideTax]
	f.settled = a != nil && b != nil && a.Evidence == b.Evidence && kept[0] != nil && kept[1] != nil
	if a != nil && b != nil && a.Evidence != b.Evidence {
		v.report.notice(f.digest, "the receipts of bank and tax node on the ledger differ")
	}
	if a == nil && b == nil {
		v.report.notice(f.digest, "the task has no receipt: the batch was cut off, or both sides withhold it")
	}
}

// receipt finds the receipt of a side in what both handed over: that of the side itself first.
func (v *verification) receipt(f *taskFile, side int) (*partypb.Signed, *partypb.ReceiptBody) {
	key := []ed25519.PublicKey{f.task.GetBankKey(), f.task.GetTaxKey()}[side]
	for _, d := range []*disclosed{f.sides[side], f.sides[1-side]} {
		if d == nil {
			continue
		}
		signed := []*partypb.Signed{d.bankReceipt, d.taxReceipt}[side]
		if signed == nil {
			continue
		}
		body := new(partypb.ReceiptBody)
		if partypb.OpenBody(key, signed, body) != nil || [32]byte(body.GetTaskDigest()) != f.digest {
			v.accuse(f, v.name(d.by), KindMissing, "a receipt handed over is not one of the task")
			continue
		}
		if side == sideBank {
			f.quotes.bankReceipt = signed
		} else {
			f.quotes.taxReceipt = signed
		}
		return signed, body
	}
	return nil, nil
}

// contradiction holds a receipt against the admission and the outcome.
func (v *verification) contradiction(f *taskFile, side int, signed *partypb.Signed, body *partypb.ReceiptBody, who PartyName) {
	if body.GetBits() != f.task.GetOutputBits() {
		v.accuse(f, who, KindReceipt, "for %d bits of a task of %d", body.GetBits(), f.task.GetOutputBits())
	}
	if f.withheld == nil {
		v.report.notice(f.digest, "the outcome that the receipt of %s names was not handed over", who.Name)
		return
	}
	if digest := partypb.OutcomeDigest(f.quotes.outcome); !bytes.Equal(body.GetOutcomeDigest(), digest[:]) {
		v.report.notice(f.digest, "the receipt of %s names another outcome", who.Name)
		return
	}
	if left := f.admitted.GetAdmittedCount() - f.withheld.GetWithheldCount(); body.GetCompanies() != left {
		v.accuse(f, who, KindReceipt, "for %d companies, where %d were evaluated", body.GetCompanies(), left)
	}
}

// order puts the tasks into the order of the ledger, and makes time go forward at each tax node.
func (v *verification) order() {
	for _, f := range v.tasks {
		v.files = append(v.files, f)
	}
	at := func(f *taskFile) uint64 {
		if f.entry == nil {
			return math.MaxUint64
		}
		return f.entry.at
	}
	slices.SortFunc(v.files, func(a, b *taskFile) int {
		return cmp.Or(cmp.Compare(at(a), at(b)), a.when.Compare(b.when), bytes.Compare(a.digest[:], b.digest[:]))
	})
	for i, f := range v.files {
		f.counted = f.when
		for _, before := range slices.Backward(v.files[:i]) {
			if before.tax.Key == f.tax.Key {
				if back := before.counted.Sub(f.counted); back > 0 {
					f.counted = before.counted
					if back > v.slack {
						v.report.notice(f.digest, "the tax node dates the decision %v before that of a task that it recorded earlier", back)
					}
				}
				break
			}
		}
	}
}

// missing finds the tasks of the ledger of which their tax node handed nothing over.
func (v *verification) missing() {
	for _, digest := range v.h.order {
		e := v.h.tasks[digest]
		f := v.tasks[digest]
		if f != nil && f.sides[sideTax] != nil {
			continue
		}
		who := v.name(e.author)
		if v.Asked != nil && !v.Asked(who.Key) {
			continue
		}
		a := v.accuse(f, who, KindMissing, "it recorded the admission of the task and does not disclose it")
		a.Task, a.Count = digest, int(e.Companies)
		if f == nil {
			a.quotes = &quotes{entry: e.raw, ledger: v.h.id}
		}
	}
}

// forked accuses the operator of the ledger. The history that has the quorum is decided on all the same.
func (v *verification) forked() {
	a := v.accuse(nil, PartyName{Key: v.Operator, Signed: v.Operator, Name: v.h.genesis.Origin}, KindFork, "a checkpoint that was kept does not lie on the history")
	a.quotes = &quotes{ledger: v.h.id, genesis: v.h.genesis, forkA: v.h.fork.A, forkB: v.h.fork.B}
}

// sum fills the report in.
func (v *verification) sum() {
	seen, total := make(map[ledger.Digest]bool), 0
	for _, f := range v.files {
		total += len(f.evaluations)
	}
	v.report.Evaluations = make([]Evaluation, 0, total)
	add := func(f *taskFile) {
		t := TaskReport{
			Task: f.digest, Recorded: f.entry != nil, When: f.when, Bank: f.bank, Tax: f.tax, Model: ledger.Digest(f.task.GetModelDigest()),
			Purpose: f.task.GetPurpose(), Bits: int(f.task.GetOutputBits()), Approval: f.approved, Settled: f.settled,
			Companies: int(f.task.GetCompanies()), Admitted: int(f.admitted.GetAdmittedCount()),
			first: len(v.report.Evaluations), count: len(f.evaluations), quotes: f.quotes,
		}
		if f.entry != nil {
			t.Entry = f.entry.at
		}
		for _, d := range f.sides {
			if d != nil {
				t.Disclosed = append(t.Disclosed, map[mpc.Role]ledger.Role{mpc.RoleBank: ledger.RoleBank, mpc.RoleTax: ledger.RoleTax}[d.role])
			}
		}
		for _, e := range f.evaluations {
			e.Task = len(v.report.Tasks)
			v.report.Evaluations = append(v.report.Evaluations, e)
			*map[Status]*int{StatusClear: &t.Clear, StatusWithheld: &t.Withheld, StatusViolation: &t.Violating, StatusOpen: &t.Open}[e.Status]++
		}
		f.evaluations = nil
		v.report.Tasks = append(v.report.Tasks, t)
		seen[f.digest] = true
	}
	for _, f := range v.files {
		if f.entry != nil {
			add(f)
		}
	}
	for _, digest := range v.h.order {
		if e := v.h.tasks[digest]; !seen[digest] {
			v.report.Tasks = append(v.report.Tasks, TaskReport{
				Task: digest, Entry: e.at, Recorded: true, When: e.time, Bank: v.name(e.Bank), Tax: v.name(e.author), Model: e.Model,
				Bits: int(e.Bits), Admitted: int(e.Companies), Unknown: int(e.Companies),
			})
		}
	}
	for _, f := range v.files {
		if f.entry == nil {
			add(f)
		}
	}
}
