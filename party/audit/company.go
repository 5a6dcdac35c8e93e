package audit

import (
	"time"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/uscc"
)

// CompanyReport says who had a company evaluated, when, how many bits left the tax node, and under which consent: what the
// company has a right to be told. It names the company only in its own field.
type CompanyReport struct {
	Company     uscc.ID
	Witnessed   time.Time // of the ledger; tasks after it are not in the report
	Complete    bool      // whether the tax nodes disclosed every task of the ledger
	Evaluations []CompanyEvaluation
	Bits        int // in all
}

// CompanyEvaluation is one evaluation of the company.
type CompanyEvaluation struct {
	Task      ledger.Digest
	When      time.Time
	Bank, Tax PartyName
	Purpose   string     // code, as in the task
	Text      string     // of the purpose, as the company signed it; empty where no consent was shown
	Consent   consent.ID // zero where none was shown
	Bits      int        // zero if nothing was released
	Status    Status
	Why       string
}

// Of picks what a report says of one company.
func (r *Report) Of(company uscc.ID) *CompanyReport {
	out := &CompanyReport{Company: company, Witnessed: r.Witnessed, Complete: true}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		out.Complete = out.Complete && t.Unknown == 0
		for k := range r.Evaluations[t.first : t.first+t.count] {
			e := &r.Evaluations[t.first+k]
			if e.Company != company {
				continue
			}
			out.Evaluations = append(out.Evaluations, CompanyEvaluation{
				Task: t.Task, When: t.When, Bank: t.Bank, Tax: t.Tax, Purpose: t.Purpose, Text: e.Purpose, Consent: e.Consent,
				Bits: e.Bits, Status: e.Status, Why: e.reason(),
			})
			out.Bits += e.Bits
		}
	}
	return out
}

// reason is the kind of a violation and why, or why an evaluation is open.
func (e *Evaluation) reason() string {
	if e.Kind == "" {
		return e.Why
	}
	return string(e.Kind) + ": " + e.Why
}
