package admission

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/uscc"
)

func TestWithdrawn(t *testing.T) {
	for name, c := range map[string]struct {
		want   []int
		change func(*rig)
	}{
		"none":           {nil, func(*rig) {}},
		"revoked":        {[]int{1, 3}, func(r *rig) { r.revoke(t, 2); r.revoke(t, 4) }},
		"others revoked": {nil, func(r *rig) { r.revoke(t, 1); r.revoke(t, 5) }},
		"expired":        {[]int{3, 0, 1}, func(r *rig) { r.now = noon.AddDate(2, 0, 0) }},
		"bank suspended": {[]int{3, 0, 1}, func(r *rig) {
			r.say(t, &ledger.PartySuspended{Party: r.world.Bank.Key, Evidence: sum("order")})
		}},
		"another bank suspended": {nil, func(r *rig) {
			r.say(t, &ledger.PartySuspended{Party: r.other.Key, Evidence: sum("order")})
		}},
		"violation": {[]int{3, 0, 1}, func(r *rig) {
			r.say(t, &ledger.Finding{Party: r.world.Bank.Key, Verdict: ledger.VerdictViolation, Evidence: sum("finding")})
		}},
		"bank with another key": {[]int{3, 0, 1}, func(r *rig) {
			r.say(t, &ledger.PartyRekeyed{Old: r.world.Bank.Key, New: r.world.Actor("new key").Key})
		}},
		"model withdrawn": {[]int{3, 0, 1}, func(r *rig) {
			r.say(t, &ledger.ModelWithdrawn{Model: sum("model of " + bankName), Evidence: sum("order")})
		}},
		"another model withdrawn": {nil, func(r *rig) {
			r.say(t, &ledger.ModelWithdrawn{Model: sum("model of " + otherName), Evidence: sum("order")})
		}},
		"kill switch": {[]int{3, 0, 1}, func(r *rig) { r.cfg.Policy.Store(parse(t, "version: 1\nstop: true\n")) }},
		"fork":        {[]int{3, 0, 1}, func(r *rig) { r.cfg.Mirror = forked{r.mirror} }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.consents(t, 5, r.world.Bank)
			a := r.application(1, r.world.Bank, 6)
			a.Known[1] = false // so that the admitted ones are 0, 2, 3, 4
			require.Equal(t, []bool{true, false, true, true, true, false}, r.admit(t, a).Admitted)
			r.consentLate(t, 5)
			c.change(r)
			asked := []int{3, 0, 1}
			got, err := r.Withdrawn(ctx, a.Digest, asked)
			require.NoError(t, err)
			require.ElementsMatch(t, c.want, got)
			if name != "kill switch" && name != "fork" { // those are not on disk
				r.close(t)
				r.open(t)
				got, err = r.Withdrawn(ctx, a.Digest, asked)
				require.NoError(t, err)
				require.ElementsMatch(t, c.want, got, "after a restart")
			}
			_, err = r.Withdrawn(ctx, a.Digest, []int{4})
			require.ErrorIs(t, err, ErrApplication)
		})
	}
}

// consentLate has one more company consent, which was refused before.
func (r *rig) consentLate(t *testing.T, company uint64) {
	t.Helper()
	granted, err := r.Grant(ctx, r.artefact(t, company, r.world.Bank, nil))
	require.NoError(t, err)
	require.NoError(t, granted[0].Err)
}

// run records what is in the outbox.
func (r *rig) run(t *testing.T) {
	t.Helper()
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = r.outbox.Run(running, r.log)
	}()
	require.Eventually(t, func() bool {
		n, err := r.outbox.Pending()
		return err == nil && n == 0
	}, 20*time.Second, 2*time.Millisecond)
	stop()
	<-ended
	refused, err := r.outbox.Refused()
	require.NoError(t, err)
	require.Empty(t, refused)
}

// entries counts the tax node's entries on the ledger, by kind, with the commitments in them.
func (r *rig) entries(t *testing.T) (kinds map[ledger.Kind]int, granted, revoked []ledger.Commitment) {
	t.Helper()
	id, err := r.world.Genesis.ID()
	require.NoError(t, err)
	raw, err := r.log.Entries(0, ledger.MaxEntries)
	require.NoError(t, err)
	kinds = map[ledger.Kind]int{}
	for _, b := range raw {
		e, err := ledger.Open(id, b)
		require.NoError(t, err)
		if e.Author() != r.world.Tax.Key {
			continue
		}
		kinds[e.Body().Kind()]++
		switch body := e.Body().(type) {
		case *ledger.ConsentGranted:
			granted = append(granted, body.Consents...)
		case *ledger.ConsentRevoked:
			revoked = append(revoked, body.Consents...)
		}
	}
	return kinds, granted, revoked
}

// TestEntries: what happened stands on the ledger once, however often it is said, and in an order that the ledger takes.
func TestEntries(t *testing.T) {
	r := newRig(t)
	r.consents(t, 300, r.world.Bank)
	a := r.application(1, r.world.Bank, 300)
	d := r.admit(t, a)
	require.Empty(t, d.Refusals)
	r.revoke(t, 7)
	for range 2 {
		require.NoError(t, r.Admitted(ctx, a, sum("admission"), 300))
		require.NoError(t, r.Receipt(ctx, a.Digest, sum("transcript"), sum("evidence"), 299, 3))
		r.revoke(t, 7)
		require.NoError(t, r.Settle(ctx))
		r.close(t)
		r.open(t)
	}
	require.ErrorIs(t, r.Admitted(ctx, a, sum("another admission"), 300), ledger.ErrDuplicate, "a task has one admission")
	r.run(t)
	require.NoError(t, r.Admitted(ctx, a, sum("admission"), 300))
	r.run(t)
	kinds, granted, revoked := r.entries(t)
	require.Equal(t, map[ledger.Kind]int{
		ledger.KindConsentGranted: 2, ledger.KindConsentRevoked: 1, ledger.KindTaskAdmitted: 1, ledger.KindReceipt: 1,
	}, kinds)
	require.Len(t, granted, 300)
	require.Len(t, revoked, 1)
	require.NoError(t, r.log.View(func(records *ledger.Records) error {
		task, ok := records.Task(a.Digest)
		require.True(t, ok)
		require.Equal(t, sum("admission"), task.Admission)
		require.EqualValues(t, 300, task.Companies)
		require.EqualValues(t, 299, task.TaxReceipt.Companies)
		require.Equal(t, ledger.ConsentGone, records.Consent(revoked[0]))
		return nil
	}))
}

// failing is an outbox that takes nothing for a while.
type failing struct {
	Outbox
	left int
}

func (f *failing) Put(ctx context.Context, key [32]byte, bodies ...ledger.Body) error {
	if f.left--; f.left >= 0 {
		return ledger.ErrFile
	}
	return f.Outbox.Put(ctx, key, bodies...)
}

// TestOutboxFails: consents and revocations count at once; their entries follow.
func TestOutboxFails(t *testing.T) {
	r := newRig(t)
	r.cfg.Outbox = &failing{r.outbox, 3}
	r.consents(t, 3, r.world.Bank)
	r.revoke(t, 1)
	require.Equal(t, []bool{true, false, true}, r.admit(t, r.application(1, r.world.Bank, 3)).Admitted)
	pending, err := r.outbox.Pending()
	require.NoError(t, err)
	require.Zero(t, pending)
	require.ErrorIs(t, r.Settle(ctx), ErrFault)
	r.close(t)
	r.open(t) // settles
	r.run(t)
	kinds, _, _ := r.entries(t)
	require.Equal(t, map[ledger.Kind]int{ledger.KindConsentGranted: 1, ledger.KindConsentRevoked: 1}, kinds)
	_, err = r.Grant(ctx, []byte("x"))
	require.NoError(t, err)
	err = r.Revoke(ctx, []byte("x"))
	require.ErrorIs(t, err, consent.ErrMalformed)
	require.NotErrorIs(t, err, ErrFault)
}

// TestBudgetOfRefused: a company that is refused for its consent keeps its budget.
func TestBudgetOfRefused(t *testing.T) {
	r := newRig(t)
	r.consents(t, 1, r.world.Bank)
	for n := range uint64(5) {
		d := r.admit(t, r.application(n, r.other, 1))
		require.Equal(t, []bool{false}, d.Admitted)
	}
	require.Equal(t, []policy.Use(nil), r.cfg.Counters.Usage(uscc.Synthetic(0)))
	require.Equal(t, []bool{true}, r.admit(t, r.application(9, r.world.Bank, 1)).Admitted)
}

// TestGrantedBeforeAdmitted: a consent is on the ledger before the task that it was charged for, also when its entry was held up.
func TestGrantedBeforeAdmitted(t *testing.T) {
	r := newRig(t)
	r.cfg.Outbox = &failing{r.outbox, 2}
	r.consents(t, 2, r.world.Bank)
	a := r.application(1, r.world.Bank, 2)
	require.Equal(t, []bool{true, true}, r.admit(t, a).Admitted)
	require.ErrorIs(t, r.Admitted(ctx, a, sum("admission"), 2), ErrFault, "not without its consents")
	require.NoError(t, r.Admitted(ctx, a, sum("admission"), 2))
	r.run(t)
	raw, err := r.log.Entries(0, ledger.MaxEntries)
	require.NoError(t, err)
	id, err := r.world.Genesis.ID()
	require.NoError(t, err)
	var kinds []ledger.Kind
	for _, b := range raw {
		e, err := ledger.Open(id, b)
		require.NoError(t, err)
		if e.Author() == r.world.Tax.Key {
			kinds = append(kinds, e.Body().Kind())
		}
	}
	require.Equal(t, []ledger.Kind{ledger.KindConsentGranted, ledger.KindTaskAdmitted}, kinds)
}
