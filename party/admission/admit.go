package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/transport"
)

// The reasons of Decision.Refusals beside the texts of package consent's and policy's refusals.
const (
	ReasonUnknown = "admission: not on record"
	ReasonEarlier = "admission: refused earlier" // when the task was put up before; the log of then has the reason
)

// Admit decides which companies of a task are evaluated: those on record, with a consent that covers the task, a record that
// is fresh and room in every budget. It charges their budgets, then their consents, each durably, and returns when both
// are on disk. The charge of the consents is what decides: it goes last, and is found again under the digest of the task, so
// that the same task gets the same answer whenever it is put up, also after a crash at any moment. A crash before it has
// cost some companies bits of their budget, which the next try takes for its own, and given the bank nothing.
//
// Every company is looked up, judged by budgets and entered in both charges, whatever its outcome, in the same number of
// bytes. Check holds again for a task that was not decided yet. Errors wrap ErrDenied and the reason; ErrApplication; or
// ErrFault, after which the same task may be put up again.
func (g *Gate) Admit(ctx context.Context, a *Application) (*Decision, error) {
	s, err := a.validate()
	if err != nil {
		return nil, err
	}
	lock := &g.tasks[a.Digest[0]%64]
	lock.Lock()
	defer lock.Unlock()
	if d, err := g.recall(a, s); d != nil || err != nil {
		return d, err
	}
	if err := g.Check(ctx, a.Task, a.BankKey, a.BankName, a.Now); err != nil {
		return nil, err
	}
	q, err := g.question(a)
	if err != nil {
		return nil, err
	}
	answers, err := g.cfg.Consents.Lookup(ctx, a.Companies, q)
	if err != nil {
		return nil, fault(err)
	}
	budgets, err := g.chargeBudgets(ctx, a, q.Bank.Name, answers)
	if err != nil {
		return nil, err
	}
	refs := make([]consent.Reference, len(answers))
	for i := range answers {
		if budgets[i] == nil && a.Known[i] {
			refs[i] = answers[i].Reference // zero if there is none any more
		}
	}
	consents, err := g.cfg.Consents.ChargeWith(ctx, a.Digest, refs, 1, q, s.encode())
	if err != nil {
		return nil, fault(err)
	}
	return decide(a, answers, budgets, consents), nil
}

func (a *Application) validate() (*standing, error) {
	switch {
	case a == nil || a.Task == nil || a.Digest == [32]byte{} || a.Now.IsZero():
		return nil, fmt.Errorf("%w: want a task, its digest and the time", ErrApplication)
	case len(a.Known) != len(a.Companies) || a.Times != nil && len(a.Times) != len(a.Companies):
		return nil, fmt.Errorf("%w: %d companies, known or not of %d, times of %d", ErrApplication, len(a.Companies), len(a.Known), len(a.Times))
	case uint64(len(a.Companies)) != a.Task.GetCompanies():
		return nil, fmt.Errorf("%w: %d companies of a task of %d", ErrApplication, len(a.Companies), a.Task.GetCompanies())
	case a.TaxName != a.Task.GetTaxName():
		return nil, fmt.Errorf("%w: the task is another tax node's", ErrApplication)
	}
	return standingOf(a.Task, a.BankKey, a.BankName)
}

// recall returns the decision that was made on a task before, or nil.
func (g *Gate) recall(a *Application, s *standing) (*Decision, error) {
	c, found, err := g.cfg.Consents.Charged(a.Digest)
	if !found || err != nil {
		return nil, fault(err)
	}
	if len(c.Outcomes) != len(a.Companies) || !slices.Equal(c.Memo, s.encode()) {
		return nil, fmt.Errorf("%w: the task was decided on %d companies, or for another bank or model", ErrApplication, len(c.Outcomes))
	}
	d := &Decision{Admitted: make([]bool, len(c.Outcomes)), Refusals: make(map[string]int)}
	for i, outcome := range c.Outcomes {
		if d.Admitted[i] = outcome == nil; outcome != nil {
			d.Refusals[ReasonEarlier]++
		}
	}
	return d, nil
}

// question is what is asked of the companies' consents.
func (g *Gate) question(a *Application) (*consent.Question, error) {
	name, err := bankOf(a.BankName)
	if err != nil {
		return nil, err
	}
	pin, err := transport.PinOf(a.BankKey)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrApplication, err)
	}
	times := a.Times
	if times == nil {
		times = make([]time.Time, len(a.Companies))
	}
	return &consent.Question{
		Bank: consent.Node{Name: name, Pin: pin}, TaxNode: g.cfg.Consents.Node(), Schema: [32]byte(a.Task.GetSchemaDigest()),
		Purpose: a.Task.GetPurpose(), Features: a.Task.GetFeatures(), Output: consent.Output(outputOf(a.Task)),
		Bits: int(a.Task.GetOutputBits()), Times: times, Task: [16]byte(a.Task.GetId()), Now: a.Now,
	}, nil
}

// The numbers of outputs are the same in both packages; so says the compiler.
var (
	_ = [1]struct{}{}[consent.OutputBand-consent.Output(partypb.OutputKind_OUTPUT_KIND_BAND)]
	_ = [1]struct{}{}[consent.OutputScore-consent.Output(partypb.OutputKind_OUTPUT_KIND_SCORE)]
)

// chargeBudgets enters every company in the charge of the task, and charges those that nothing speaks against yet.
func (g *Gate) chargeBudgets(ctx context.Context, a *Application, bank transport.Name, answers []consent.Answer) ([]error, error) {
	excluded := make([]bool, len(answers))
	for i := range answers {
		excluded[i] = !a.Known[i] || answers[i].Err != nil
	}
	budgets, err := g.cfg.Counters.Charge(ctx, policy.Charge{
		Task: a.Digest, Bank: bank, Now: a.Now, Bits: int(a.Task.GetOutputBits()), Companies: a.Companies, Times: a.Times,
		Excluded: excluded, Policy: g.cfg.Policy.Load(),
	})
	return budgets, denied(err)
}

// decide joins the outcomes. A company is named by the first thing that speaks against it.
func decide(a *Application, answers []consent.Answer, budgets, consents []error) *Decision {
	d := &Decision{Admitted: make([]bool, len(consents)), Refusals: make(map[string]int)}
	counts := make(map[error]int)
	for i, outcome := range consents {
		why := outcome
		switch {
		case outcome == nil:
			d.Admitted[i] = true
			continue
		case !a.Known[i]:
			why = errUnknown
		case answers[i].Err != nil:
			why = answers[i].Err
		case budgets[i] != nil:
			why = budgets[i]
		}
		counts[why]++
	}
	for why, n := range counts {
		d.Refusals[nameOf(why)] += n
	}
	return d
}

var errUnknown = errors.New(ReasonUnknown)

// nameOf drops particulars.
func nameOf(err error) string {
	if text := consent.Reason(err); text != "" {
		return text
	}
	if errors.Is(err, policy.ErrExcluded) {
		return ReasonEarlier
	}
	return err.Error()
}
