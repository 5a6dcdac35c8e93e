package audit

import (
	"context"
	"errors"
	"math"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/uscc"
)

// Why an evaluation is open or violates, beside the refusals of package consent.
const (
	whyNotShown   = "no consent was shown"
	whyOther      = "the consent is another company's"
	whyBank       = "the bank has no consents to show, and the tax node showed nothing"
	whyUnknownKey = "the registers have no key of the company"
	whyUnrecorded = "the consent was not on the ledger before the task"
	whyRevoked    = "the consent was revoked on the ledger before the task"
	whyUnfinished = "the consent was revoked on the ledger before the task, and whether a result was released is not settled"
	whyExhausted  = "all evaluations that it allows were used"
	whyTooOften   = "all evaluations that it allows in the unit of time were used"
	whyBudget     = "the bits exceed a budget of the policy"
)

// evaluations decides on each admitted company of a disclosure by what is shown of its consent, on all processors. It reads the
// disclosure to its end.
func (v *verification) evaluations(parent context.Context, f *taskFile, d *disclosed) ([]Evaluation, error) {
	group, ctx := errgroup.WithContext(parent)
	group.SetLimit(runtime.GOMAXPROCS(0) + 1)
	var parts []*[]Evaluation
	for {
		if ctx.Err() != nil {
			break
		}
		c, err := d.next()
		if err != nil {
			return nil, errors.Join(err, group.Wait())
		}
		if c == nil {
			break
		}
		part := new([]Evaluation)
		parts = append(parts, part)
		group.Go(func() error {
			list := make([]Evaluation, len(c.admitted))
			for i, at := range c.admitted {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				list[i] = Evaluation{Position: c.first + at, Company: c.companies[at], Bits: int(f.task.GetOutputBits()), Status: StatusClear}
				if err := v.evaluate(ctx, f, d, &list[i], c.consents[i]); err != nil {
					return err
				}
			}
			*part = list
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if parent.Err() != nil {
		return nil, context.Cause(parent)
	}
	list := make([]Evaluation, 0, d.admitted.GetAdmittedCount())
	for _, part := range parts {
		list = append(list, *part...)
	}
	return list, nil
}

// evaluate decides on one company. Where a tax node signed the disclosure, what does not verify in it is its own doing.
func (v *verification) evaluate(ctx context.Context, f *taskFile, d *disclosed, e *Evaluation, shown []byte) error {
	if len(shown) <= 32 {
		if d.role == mpc.RoleBank {
			e.open(whyBank)
		} else {
			e.violates(KindConsent, whyNotShown)
		}
		return nil
	}
	artefact := shown[32:]
	c, err := v.open(ctx, artefact, f.when)
	switch {
	case errors.Is(err, consent.ErrUnknownKey):
		e.open(whyUnknownKey)
		return nil
	case errors.Is(err, consent.ErrConsent):
		e.violates(KindConsent, consent.Reason(err))
		return nil
	case err != nil:
		return err
	}
	e.Consent, e.Purpose = c.ID, c.Terms.Purpose.Text
	e.start, e.evaluations, e.frequency, e.revocations = c.Start.Unix(), c.Terms.MaxEvaluations, c.Terms.Frequency, uint32(c.Revocations)
	if c.Company != e.Company {
		e.violates(KindConsent, whyOther)
		return nil
	}
	q, err := questionOf(f.task)
	if err != nil {
		return evidenceError("%w", err)
	}
	q.Now = f.when
	covered := *c
	covered.Terms.Range = consent.Range{}
	if err := covered.Covers(q); err != nil {
		e.violates(KindConsent, consent.Reason(err))
		return nil
	}
	v.onLedger(f, e, shown[:32], artefact)
	return nil
}

// open verifies an artefact by the first register that can.
func (v *verification) open(ctx context.Context, artefact []byte, at time.Time) (c *consent.Consent, err error) {
	worst := consent.ErrUnknownKey
	for _, r := range v.Registers {
		c, err = consent.Verify(ctx, artefact, r, at)
		switch {
		case errors.Is(err, consent.ErrAltered):
			worst = consent.ErrAltered
		case !errors.Is(err, consent.ErrUnknownKey):
			return c, err
		}
	}
	return nil, worst
}

// onLedger checks that the tax node had recorded the consent before the task, and not that it was revoked.
func (v *verification) onLedger(f *taskFile, e *Evaluation, opening, artefact []byte) {
	salt, err := ledger.RestoreSalt(opening)
	var c ledger.Commitment
	if err == nil {
		c, err = consent.Commit(salt, e.Company, artefact)
	}
	if err != nil {
		e.violates(KindConsent, whyNotShown)
		return
	}
	before := uint64(math.MaxUint64)
	if f.entry != nil {
		before = f.entry.at
	}
	r, ok := v.h.consents[c]
	if !ok || r.granted >= before || r.by != v.h.parties[f.tax.Key] {
		e.violates(KindUnrecorded, whyUnrecorded)
		return
	}
	e.gone = r.revoked > 0 && r.revoked-1 < before
}

// revocations are what a side handed over.
type revocations struct {
	by   ledger.Key
	list [][]byte
}

// takenBack notices evaluations after a revocation that companies signed and the ledger does not have. It accuses nobody: when
// a revocation reached the tax node is not on record.
func (v *verification) takenBack(ctx context.Context) error {
	if len(v.revoked) == 0 {
		return nil
	}
	of := make(map[uscc.ID][]*consent.Revocation)
	for _, side := range v.revoked {
		for _, signed := range side.list {
			for _, keys := range v.Registers {
				r, err := consent.VerifyRevocation(ctx, signed, keys)
				if err == nil {
					of[r.Company] = append(of[r.Company], r)
					break
				}
				if !errors.Is(err, consent.ErrConsent) {
					return err
				}
			}
		}
	}
	for _, f := range v.files {
		n := 0
		for i := range f.evaluations {
			e := &f.evaluations[i]
			for _, r := range of[e.Company] {
				ends := r.Consent == e.Consent || (r.Consent == consent.ID{} && uint64(e.revocations) < r.Sequence)
				if ends && !e.gone && e.Status != StatusWithheld && e.Consent != (consent.ID{}) && r.Time.Before(f.when) {
					n++
					break
				}
			}
		}
		if n > 0 {
			v.report.notice(f.digest, "%d companies had signed a revocation before the task which the ledger does not have", n)
		}
	}
	return nil
}
