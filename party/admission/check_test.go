package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/policy"
)

// TestCheck: each reason to deny a task, from a rig that admits it otherwise.
func TestCheck(t *testing.T) {
	text := fmt.Sprintf(rules, sum("schema"))
	lattice := func(a *Application, table string) {
		digest := sum(table)
		a.Task.Engine, a.Task.TableDigest = partypb.Engine_ENGINE_LATTICE, digest[:]
	}
	for name, c := range map[string]struct {
		want   error
		change func(*rig, *Application)
	}{
		"good":    {nil, func(*rig, *Application) {}},
		"lattice": {nil, func(_ *rig, a *Application) { lattice(a, "table") }},

		"no policy": {policy.ErrStopped, func(r *rig, _ *Application) { r.cfg.Policy.Store(nil) }},
		"stopped":   {policy.ErrStopped, func(r *rig, _ *Application) { r.cfg.Policy.Store(parse(t, "version: 1\nstop: true\n")) }},
		"bank not listed": {policy.ErrBank, func(r *rig, _ *Application) {
			r.cfg.Policy.Store(parse(t, strings.Replace(text, "bank/first", "bank/third", 1)))
		}},
		"purpose":           {policy.ErrPurpose, func(_ *rig, a *Application) { a.Task.Purpose = "marketing" }},
		"features":          {policy.ErrFeature, func(_ *rig, a *Application) { a.Task.Features = nil }},
		"schema not listed": {policy.ErrSchema, func(r *rig, _ *Application) { r.cfg.Policy.Store(parse(t, fmt.Sprintf(rules, sum("another")))) }},
		"output":            {policy.ErrOutput, func(_ *rig, a *Application) { a.Task.Output = partypb.OutputKind_OUTPUT_KIND_SCORE }},
		"bits":              {policy.ErrBits, func(_ *rig, a *Application) { a.Task.OutputBits = 5 }},
		"engine":            {policy.ErrEngine, func(r *rig, _ *Application) { r.cfg.Policy.Store(parse(t, strings.Replace(text, "transfer, ", "", 1))) }},
		"size":              {policy.ErrSize, func(_ *rig, a *Application) { a.Task.Companies = 200_001 }},
		"stale checkpoint":  {policy.ErrStaleLedger, func(_ *rig, a *Application) { a.Now = noon.Add(time.Hour + time.Second) }},

		"bank suspended": {ErrBank, func(r *rig, _ *Application) {
			r.say(t, &ledger.PartySuspended{Party: r.world.Bank.Key, Evidence: sum("order")})
		}},
		"bank with another key": {ErrBank, func(r *rig, _ *Application) {
			r.say(t, &ledger.PartyRekeyed{Old: r.world.Bank.Key, New: r.world.Actor("new key").Key})
		}},
		"bank unknown": {ErrBank, func(r *rig, a *Application) {
			stranger := r.world.Actor(bankName + "x")
			a.Task.BankKey, a.BankKey = stranger.Key[:], stranger.Key[:]
		}},
		"bank under another name": {ErrBank, func(_ *rig, a *Application) { a.Task.BankName, a.BankName = otherName, otherName }},
		"no bank's name":          {ErrBank, func(_ *rig, a *Application) { a.Task.BankName, a.BankName = taxName, taxName }},
		"tax node suspended": {ErrTaxNode, func(r *rig, _ *Application) {
			r.say(t, &ledger.PartySuspended{Party: r.world.Tax.Key, Evidence: sum("order")})
		}},
		"schema not published": {ErrSchema, func(_ *rig, a *Application) { a.Task.SchemaDigest[0]++ }},
		"model not approved":   {ErrModel, func(_ *rig, a *Application) { a.Task.ModelDigest[0]++ }},
		"model of another bank": {ErrModel, func(_ *rig, a *Application) {
			model := sum("model of " + otherName)
			a.Task.ModelDigest = model[:]
		}},
		"model withdrawn": {ErrModel, func(r *rig, _ *Application) {
			r.say(t, &ledger.ModelWithdrawn{Model: sum("model of " + bankName), Evidence: sum("order")})
		}},
		"model on another schema": {ErrModel, func(r *rig, a *Application) {
			r.say(t, &ledger.SchemaPublished{Schema: sum("schema 2"), Name: "tax", Version: "2"})
			schema := sum("schema 2")
			a.Task.SchemaDigest = schema[:]
		}},
		"table": {ErrTable, func(_ *rig, a *Application) { lattice(a, "another table") }},
		"no table": {ErrTable, func(r *rig, a *Application) {
			r.say(t, &ledger.ModelApproved{Model: sum("bare"), Approval: sum("2"), Schema: sum("schema"), Bank: r.world.Bank.Key})
			model := sum("bare")
			a.Task.ModelDigest = model[:]
			lattice(a, "table")
			a.Task.TableDigest = make([]byte, 32)
		}},
		"fork": {ErrFork, func(r *rig, _ *Application) { r.cfg.Mirror = forked{r.mirror} }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			a := r.application(1, r.world.Bank, 1)
			c.change(r, a)
			err := r.check(a)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrDenied)
			require.ErrorIs(t, err, c.want)
			if name != "size" {
				_, err = r.Admit(ctx, a)
				require.ErrorIs(t, err, c.want, "and again before anything is charged")
				require.Empty(t, r.cfg.Counters.Usage(a.Companies[0]))
			}
		})
	}
}

// forked is a mirror with evidence against its ledger.
type forked struct{ *ledger.Mirror }

func (forked) Err() error { return ledger.ErrFork }

func TestNonsense(t *testing.T) {
	r := newRig(t)
	_, err := New(Config{Consents: r.cfg.Consents})
	require.ErrorIs(t, err, ErrConfig)
	require.ErrorIs(t, r.Check(ctx, nil, nil, bankName, noon), ErrApplication)
	for name, change := range map[string]func(*Application){
		"no task":    func(a *Application) { a.Task = nil },
		"digest":     func(a *Application) { a.Digest = [32]byte{} },
		"time":       func(a *Application) { a.Now = time.Time{} },
		"known":      func(a *Application) { a.Known = nil },
		"times":      func(a *Application) { a.Times = a.Times[:1] },
		"companies":  func(a *Application) { a.Task.Companies++ },
		"tax node":   func(a *Application) { a.TaxName = bankName },
		"bank":       func(a *Application) { a.BankName = otherName },
		"key":        func(a *Application) { a.BankKey = a.BankKey[1:] },
		"other key":  func(a *Application) { a.BankKey = r.other.Key[:] },
		"id":         func(a *Application) { a.Task.Id = nil },
		"tax key":    func(a *Application) { a.Task.TaxKey = nil },
		"model size": func(a *Application) { a.Task.ModelDigest = nil },
	} {
		a := r.application(1, r.world.Bank, 2)
		change(a)
		_, err := r.Admit(ctx, a)
		require.ErrorIs(t, err, ErrApplication, name)
		require.NotErrorIs(t, err, ErrDenied)
		require.ErrorIs(t, r.Admitted(ctx, a, sum("admission"), 1), ErrApplication, name)
	}
	a := r.application(1, r.world.Bank, 2)
	require.ErrorIs(t, r.Admitted(ctx, a, sum("admission"), 3), ErrApplication)
	require.ErrorIs(t, r.Receipt(ctx, a.Digest, sum("t"), sum("e"), 1, 17), ErrApplication)
	_, err = r.Withdrawn(ctx, a.Digest, []int{0})
	require.ErrorIs(t, err, ErrUnknown)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = r.Admit(gone, a)
	require.ErrorIs(t, err, ErrFault)
	require.ErrorIs(t, err, context.Canceled)
}

func TestEnter(t *testing.T) {
	r := newRig(t)
	first, err := r.Enter(bankName)
	require.NoError(t, err)
	_, err = r.Enter(bankName)
	require.NoError(t, err)
	_, err = r.Enter(bankName)
	require.ErrorIs(t, err, ErrDenied)
	require.ErrorIs(t, err, policy.ErrLinks)
	_, err = r.Enter(otherName)
	require.NoError(t, err, "each bank has its own")
	first()
	_, err = r.Enter(bankName)
	require.NoError(t, err)
	_, err = r.Enter("nobody")
	require.ErrorIs(t, err, ErrBank)
	r.cfg.Policy.Store(nil)
	_, err = r.Enter(otherName)
	require.ErrorIs(t, err, policy.ErrStopped)
	require.True(t, errors.Is(err, ErrDenied))
}

func TestBegin(t *testing.T) {
	r := newRig(t)
	first, err := r.Begin(bankName)
	require.NoError(t, err)
	_, err = r.Begin(bankName)
	require.NoError(t, err)
	_, err = r.Begin(bankName)
	require.ErrorIs(t, err, ErrFull)
	require.NotErrorIs(t, err, ErrDenied)
	_, err = r.Begin(otherName)
	require.NoError(t, err, "each bank has its own")
	first()
	first()
	_, err = r.Begin(bankName)
	require.NoError(t, err)
	_, err = r.Begin(bankName)
	require.ErrorIs(t, err, ErrFull)
	_, err = r.Begin("nobody")
	require.ErrorIs(t, err, ErrBank)
	r.cfg.Policy.Store(nil)
	_, err = r.Begin(otherName)
	require.ErrorIs(t, err, policy.ErrStopped)
	require.ErrorIs(t, err, ErrDenied)
}
