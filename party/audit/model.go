package audit

import (
	"bytes"
	"slices"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
)

// model checks that the model of a task was approved for its bank, schema and table, before the task.
//
// The tax node answers for what the ledger says, which it must look up before it admits a task; what only the approval says
// (bits, scores, features, time) it does not see, and the bank answers for it once it ran the task.
func (v *verification) model(f *taskFile) {
	t := f.task
	m := v.h.models[ledger.Digest(t.GetModelDigest())]
	late := m != nil && f.entry != nil && m.at >= f.entry.at
	switch {
	case m == nil || late || !v.h.same(m.Bank, ledger.Key(t.GetBankKey())) || !bytes.Equal(m.Schema[:], t.GetSchemaDigest()):
		if f.entry == nil || f.entry.Model == ledger.Digest(t.GetModelDigest()) { // or it was said already
			v.accuse(f, f.tax, KindUnapproved, "it admitted the task")
			v.alsoBank(f, KindUnapproved, "it ran the task")
		}
		return
	case len(t.GetTableDigest()) > 0 && !bytes.Equal(m.Table[:], t.GetTableDigest()):
		v.accuse(f, f.tax, KindTable, "it admitted the task").quotes = f.quotes.with(quoteModelEntry, m.raw)
		if f.quotes.bankReceipt != nil {
			v.accuse(f, f.bank, KindTable, "it ran the task").quotes = f.quotes.with(quoteModelEntry, m.raw)
		}
		return
	case len(t.GetApprovalDigest()) > 0 && !bytes.Equal(m.Approval[:], t.GetApprovalDigest()):
		v.report.notice(f.digest, "the task names another approval than the one on the ledger")
	}
	v.approval(f, m)
}

// approval reads what the regulator signed, if it is at hand.
func (v *verification) approval(f *taskFile, m *modelEntry) {
	signed, a := v.approvals[m.Approval], new(partypb.ApprovalBody)
	if signed == nil {
		v.report.notice(f.digest, "the approval of the model was not handed over: its bits and time are not decided")
		return
	}
	if err := partypb.ParseBody(signed, a); err != nil || !v.h.same(ledger.Key(a.GetRegulatorKey()), m.author) ||
		partypb.OpenBody(a.GetRegulatorKey(), signed, a) != nil {
		v.report.notice(f.digest, "the approval handed over is not signed by the regulator who recorded it")
		return
	}
	if !bytes.Equal(a.GetModelDigest(), m.Model[:]) || !v.h.same(ledger.Key(a.GetBankKey()), m.Bank) ||
		!bytes.Equal(a.GetSchemaDigest(), m.Schema[:]) || !sameTable(a.GetTableDigest(), m.Table) {
		v.accuse(f, v.name(m.author), KindEntry, "it recorded another approval than it signed").quotes = (&quotes{ledger: v.h.id}).with(quoteApproval, signed).with(quoteModelEntry, m.raw)
		return
	}
	t := f.task
	var beyond string
	switch from, until := timeOf(a.GetFrom()), timeOf(a.GetUntil()); {
	case t.GetOutputBits() > a.GetMaxBits():
		beyond = "more bits"
	case t.GetOutput() != partypb.OutputKind_OUTPUT_KIND_BAND && !a.GetScores():
		beyond = "scores"
	case slices.ContainsFunc(t.GetFeatures(), func(name string) bool { return !slices.Contains(a.GetFeatures(), name) }):
		beyond = "other features"
	case f.when.Before(from) || !f.when.Before(until):
		beyond = "at another time"
	}
	if f.approved = beyond == ""; f.approved {
		return
	}
	if f.quotes.bankReceipt == nil {
		v.report.notice(f.digest, "the task exceeds the approval (%s); that the bank ran it is not on record", beyond)
		return
	}
	v.accuse(f, f.bank, KindTerms, "%s", beyond).quotes = f.quotes.with(quoteApproval, signed)
}

func sameTable(digest []byte, entry ledger.Digest) bool {
	if len(digest) == 0 {
		return entry == ledger.Digest{}
	}
	return bytes.Equal(digest, entry[:])
}

func timeOf(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s) // its form was checked
	return t
}
