package admission

import (
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/uscc"
)

// TestRefusals: each reason to refuse a company of a task that is admitted.
func TestRefusals(t *testing.T) {
	r := newRig(t)
	const count = 14
	var list [][]byte
	for i, change := range []func(*consent.Consent){
		0:  nil,
		1:  nil,                                                          // not on record
		2:  nil,                                                          // stale record
		3:  func(c *consent.Consent) { c.Terms.Range = consent.Range{} }, // record without a time
		4:  nil,                                                          // over budget
		5:  nil,                                                          // revoked
		6:  func(c *consent.Consent) { c.Expiry = noon.Add(time.Hour) },
		7:  func(c *consent.Consent) { c.Terms.MaxEvaluations = 1 },
		8:  func(c *consent.Consent) { c.Terms.Purpose.Code = "loan.monitoring" },
		9:  func(c *consent.Consent) { c.Terms.Bits = 2 },
		10: func(c *consent.Consent) { c.Terms.Bank = nodeOf(t, r.other) },
		11: func(c *consent.Consent) { c.Task = [16]byte{1} },
		12: func(c *consent.Consent) { c.Terms.Range.From = noon.AddDate(0, 0, -2) },
		// 13 has none
	} {
		list = append(list, r.artefact(t, uint64(i), r.world.Bank, change))
	}
	granted, err := r.Grant(ctx, list...)
	require.NoError(t, err)
	for _, g := range granted {
		require.NoError(t, g.Err)
	}
	// Two evaluations of company 4 and one of company 7 went before.
	for n := range uint64(2) {
		a := r.application(100+n, r.world.Bank, 1)
		a.Companies[0] = uscc.Synthetic(4)
		require.Equal(t, []bool{true}, r.admit(t, a).Admitted)
	}
	a := r.application(102, r.world.Bank, 1)
	a.Companies[0] = uscc.Synthetic(7)
	require.Equal(t, []bool{true}, r.admit(t, a).Admitted)
	r.revoke(t, 5)
	r.now = noon.Add(time.Hour)
	require.NoError(t, r.mirror.Update(ctx))

	a = r.application(1, r.world.Bank, count)
	a.Known[1], a.Times[1] = false, time.Time{}
	a.Times[2], a.Times[3] = noon.AddDate(0, 0, -101), time.Time{}
	d := r.admit(t, a)
	want := make([]bool, count)
	want[0] = true
	require.Equal(t, want, d.Admitted)
	require.Equal(t, map[string]int{
		ReasonUnknown:                   1,
		policy.ErrStaleRecord.Error():   2,
		consent.ErrWrongRange.Error():   1,
		policy.ErrBudget.Error():        1,
		consent.ErrRevoked.Error():      1,
		consent.ErrExpired.Error():      1,
		consent.ErrExhausted.Error():    1,
		consent.ErrWrongPurpose.Error(): 1,
		consent.ErrTooManyBits.Error():  1,
		consent.ErrWrongBank.Error():    1,
		consent.ErrWrongTask.Error():    1,
		consent.ErrNone.Error():         1,
	}, d.Refusals)
	for i, id := range a.Companies {
		uses := len(r.cfg.Counters.Usage(id))
		require.Equal(t, map[int]int{0: 1, 4: 2, 7: 1}[i], uses, "company %d: only what was admitted is charged", i)
	}

	// The same task again gets the same, whatever changed, and is charged once.
	r.revoke(t, 0)
	for range 2 {
		again := r.admit(t, a)
		require.Equal(t, d.Admitted, again.Admitted)
		require.Equal(t, map[string]int{ReasonEarlier: count - 1}, again.Refusals)
		require.Len(t, r.cfg.Counters.Usage(a.Companies[0]), 1)
		r.close(t)
		r.open(t)
	}
	a.Companies, a.Known, a.Times, a.Task.Companies = a.Companies[:3], a.Known[:3], a.Times[:3], 3
	_, err = r.Admit(ctx, a)
	require.ErrorIs(t, err, ErrApplication, "the digest with other companies")
}

// TestOneBitLeft: two banks want the last bits of each company's budget at the same moment; one of them gets them.
func TestOneBitLeft(t *testing.T) {
	r := newRig(t)
	const count = 200
	r.consents(t, count, r.world.Bank)
	r.consents(t, count, r.other)
	first := r.admit(t, r.application(1, r.world.Bank, count))
	require.NotContains(t, first.Admitted, false)
	decisions := make([]*Decision, 2)
	var wg sync.WaitGroup
	for i, bank := range []*ledgertest.Actor{r.world.Bank, r.other} {
		wg.Go(func() { decisions[i], _ = r.Admit(ctx, r.application(2, bank, count)) })
	}
	wg.Wait()
	require.NotNil(t, decisions[0])
	require.NotNil(t, decisions[1])
	for i := range count {
		require.NotEqual(t, decisions[0].Admitted[i], decisions[1].Admitted[i], "company %d", i)
		require.Len(t, r.cfg.Counters.Usage(uscc.Synthetic(uint64(i))), 2)
	}
}

// TestSameTask: one task put up many times at once is decided once.
func TestSameTask(t *testing.T) {
	r := newRig(t)
	r.consents(t, 5, r.world.Bank)
	a := r.application(1, r.world.Bank, 5)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			d, err := r.Admit(ctx, a)
			if err != nil || len(d.Refusals) > 0 {
				t.Error(d, err)
			}
		})
	}
	wg.Wait()
	for _, id := range a.Companies {
		require.Len(t, r.cfg.Counters.Usage(id), 1)
	}
}

// TestQuota: a denial by the counters is one of the task.
func TestQuota(t *testing.T) {
	r := newRig(t)
	r.consents(t, 1, r.world.Bank)
	text := strings.Replace(rules, "tasks_per_day: 100000", "tasks_per_day: 1", 1)
	r.cfg.Policy.Store(parse(t, strings.Replace(text, "%x", strings.Repeat("0", 64), 1)))
	_, err := r.Admit(ctx, r.application(1, r.world.Bank, 1))
	require.ErrorIs(t, err, policy.ErrSchema)
	schema := sum("schema")
	r.cfg.Policy.Store(parse(t, strings.Replace(text, "%x", hex.EncodeToString(schema[:]), 1)))
	r.admit(t, r.application(1, r.world.Bank, 1))
	_, err = r.Admit(ctx, r.application(2, r.world.Bank, 1))
	require.ErrorIs(t, err, ErrDenied)
	require.ErrorIs(t, err, policy.ErrQuota)
	r.admit(t, r.application(1, r.world.Bank, 1))
}
