package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

var (
	digest = ledgertest.D
	commit = ledgertest.C
)

func newState(t testing.TB, w *ledgertest.World, list ...*ledger.Entry) *ledger.State {
	t.Helper()
	s, err := ledger.NewState(w.Genesis)
	require.NoError(t, err)
	for _, e := range list {
		require.NoError(t, s.Apply(e))
	}
	return s
}

func granted(names ...string) *ledger.ConsentGranted {
	return &ledger.ConsentGranted{Consents: commitments(names)}
}

func revoked(names ...string) *ledger.ConsentRevoked {
	return &ledger.ConsentRevoked{Consents: commitments(names)}
}

func commitments(names []string) (list []ledger.Commitment) {
	for _, n := range names {
		list = append(list, commit(n))
	}
	ledger.SortCommitments(list)
	return list
}

// TestRules hands each entry to a state with one finished score "a" and one open task "b"; what is refused leaves no trace.
func TestRules(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	other, second := w.Actor("other tax"), w.Actor("second regulator")
	list := append(w.Setup(t), w.Score(t, "a")...)
	list = append(list, w.Register(t, other, ledger.RoleTax), w.Register(t, second, ledger.RoleRegulator))
	list = append(list, w.Score(t, "b")[:2]...)
	w.Bank.Last--
	w.Tax.Last--
	s := newState(t, w, list...)
	before := s.Digest()
	reg, bank, tax := w.Regulator, w.Bank, w.Tax
	task := func(change func(*ledger.TaskAdmitted)) *ledger.TaskAdmitted {
		b := &ledger.TaskAdmitted{Task: digest("t"), Admission: digest("x"), Bank: bank.Key, Model: digest("model"), Companies: 1, Bits: 3}
		change(b)
		return b
	}
	receipt := func(change func(*ledger.Receipt)) *ledger.Receipt {
		b := w.Receipt("b")
		change(b)
		return b
	}
	for i, c := range []struct {
		by   *ledgertest.Actor
		body ledger.Body
		want error
	}{
		{w.Actor("stranger"), granted("x"), ledger.ErrAuthor},
		{bank, granted("x"), ledger.ErrRole},
		{reg, granted("x"), ledger.ErrRole},
		{bank, &ledger.PartySuspended{Party: tax.Key, Evidence: digest("e")}, ledger.ErrRole},
		{tax, &ledger.Finding{Party: bank.Key, Verdict: ledger.VerdictViolation, Evidence: digest("e")}, ledger.ErrRole},
		{bank, task(func(*ledger.TaskAdmitted) {}), ledger.ErrRole},
		{reg, w.Receipt("b"), ledger.ErrRole},
		{reg, &ledger.PartyRegistered{Key: bank.Key, Role: ledger.RoleBank, Name: "new"}, ledger.ErrDuplicate},
		{reg, &ledger.PartyRegistered{Key: ledger.Key{1}, Role: ledger.RoleBank, Name: "bank"}, ledger.ErrDuplicate},
		{reg, &ledger.PartyRekeyed{Old: ledger.Key{1}, New: ledger.Key{2}}, ledger.ErrUnknown},
		{reg, &ledger.PartyRekeyed{Old: bank.Key, New: tax.Key}, ledger.ErrDuplicate},
		{reg, &ledger.PartySuspended{Party: ledger.Key{1}, Evidence: digest("e")}, ledger.ErrUnknown},
		{reg, &ledger.PartyReinstated{Party: bank.Key, Evidence: digest("e")}, ledger.ErrState},
		{reg, &ledger.SchemaPublished{Schema: digest("schema"), Name: "n", Version: "v"}, ledger.ErrDuplicate},
		{reg, &ledger.ModelApproved{Model: digest("m"), Approval: digest("a"), Schema: digest("none"), Bank: bank.Key}, ledger.ErrUnknown},
		{reg, &ledger.ModelApproved{Model: digest("m"), Approval: digest("a"), Schema: digest("schema"), Bank: tax.Key}, ledger.ErrState},
		{reg, &ledger.ModelApproved{Model: digest("m"), Approval: digest("a"), Schema: digest("schema"), Bank: ledger.Key{1}}, ledger.ErrUnknown},
		{reg, &ledger.ModelApproved{Model: digest("model"), Approval: digest("a"), Schema: digest("schema"), Bank: bank.Key}, ledger.ErrDuplicate},
		{reg, &ledger.ModelWithdrawn{Model: digest("m"), Evidence: digest("e")}, ledger.ErrUnknown},
		{tax, granted("x", "consent a"), ledger.ErrDuplicate},
		{tax, revoked("x"), ledger.ErrUnknown},
		{tax, revoked("x", "consent a"), ledger.ErrUnknown},
		{other, revoked("consent a"), ledger.ErrRole},
		{tax, task(func(b *ledger.TaskAdmitted) { b.Task = digest("task a") }), ledger.ErrDuplicate},
		{tax, task(func(b *ledger.TaskAdmitted) { b.Bank = ledger.Key{1} }), ledger.ErrUnknown},
		{tax, task(func(b *ledger.TaskAdmitted) { b.Bank = other.Key }), ledger.ErrState},
		{tax, task(func(b *ledger.TaskAdmitted) { b.Model = digest("m") }), ledger.ErrUnknown},
		{bank, w.Receipt("a"), ledger.ErrDuplicate},
		{tax, w.Receipt("a"), ledger.ErrDuplicate},
		{tax, w.Receipt("none"), ledger.ErrUnknown},
		{other, w.Receipt("b"), ledger.ErrRole},
		{tax, receipt(func(b *ledger.Receipt) { b.Companies = 11 }), ledger.ErrState},
		{tax, receipt(func(b *ledger.Receipt) { b.Bits = 4 }), ledger.ErrState},
		{reg, &ledger.Finding{Party: ledger.Key{1}, Verdict: ledger.VerdictCleared, Evidence: digest("e")}, ledger.ErrUnknown},
		{reg, &ledger.Finding{Party: bank.Key, Verdict: ledger.VerdictCleared, Task: digest("none"), Evidence: digest("e")}, ledger.ErrUnknown},
		{reg, &ledger.Finding{Party: other.Key, Verdict: ledger.VerdictCleared, Task: digest("task a"), Evidence: digest("e")}, ledger.ErrState},
	} {
		next, err := s.Next(c.by.Key)
		if err != nil {
			require.ErrorIs(t, err, ledger.ErrAuthor)
			next = 1
		}
		err = s.Apply(c.by.SealAs(t, next, c.body))
		require.ErrorIs(t, err, c.want, "%d: %v", i, c.body.Kind())
		require.ErrorIs(t, err, ledger.ErrRule)
		require.Equal(t, before, s.Digest(), "%d", i)
	}
	for _, sequence := range []uint64{tax.Last - 1, tax.Last, tax.Last + 2} {
		require.ErrorIs(t, s.Apply(tax.SealAs(t, sequence, granted("y"))), ledger.ErrSequence)
	}
	require.ErrorIs(t, s.Apply(nil), ledger.ErrInvalid)
	require.ErrorIs(t, s.Apply(&ledger.Entry{}), ledger.ErrInvalid)
	require.Equal(t, before, s.Digest())
}

func TestSuspension(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	s := newState(t, w, append(w.Setup(t), w.Score(t, "a")...)...)
	reg := w.Regulator
	require.NoError(t, s.Apply(w.Tax.Seal(t, &ledger.TaskAdmitted{
		Task: digest("task b"), Admission: digest("x"), Bank: w.Bank.Key, Model: digest("model"), Companies: 10, Bits: 3,
	})))
	require.True(t, s.Approved(digest("model"), w.Bank.Key))
	require.False(t, s.Approved(digest("model"), w.Tax.Key))
	m, _ := s.Model(digest("model"))
	require.True(t, s.TableApproved(m.Table))
	require.False(t, s.TableApproved(digest("another table")))
	require.False(t, s.TableApproved(ledger.Digest{}))

	violation := &ledger.Finding{Party: w.Bank.Key, Verdict: ledger.VerdictViolation, Task: digest("task a"), Evidence: digest("proof")}
	require.NoError(t, s.Apply(reg.Seal(t, violation)))
	require.False(t, s.Active(w.Bank.Key))
	require.False(t, s.Approved(digest("model"), w.Bank.Key))
	require.False(t, s.TableApproved(m.Table))
	got, ok := s.Finding(digest("proof"))
	require.True(t, ok)
	require.Equal(t, *violation, got)
	require.ErrorIs(t, s.Apply(reg.SealAs(t, reg.Last+1, violation)), ledger.ErrDuplicate)

	bank := w.Bank.Last + 1
	require.ErrorIs(t, s.Apply(w.Bank.SealAs(t, bank, w.Receipt("b"))), ledger.ErrSuspended)
	require.NoError(t, s.Apply(w.Tax.Seal(t, w.Receipt("b"))), "the other side is not held up")
	task := &ledger.TaskAdmitted{Task: digest("c"), Admission: digest("x"), Bank: w.Bank.Key, Model: digest("model"), Bits: 3}
	require.ErrorIs(t, s.Apply(w.Tax.SealAs(t, w.Tax.Last+1, task)), ledger.ErrSuspended)

	require.NoError(t, s.Apply(reg.Seal(t, &ledger.PartyReinstated{Party: w.Bank.Key, Evidence: digest("order")})))
	require.NoError(t, s.Apply(w.Bank.SealAs(t, bank, w.Receipt("b"))))
	require.NoError(t, s.Apply(w.Tax.Seal(t, task)))
	require.True(t, s.TableApproved(m.Table))
	require.NoError(t, s.Apply(reg.Seal(t, &ledger.ModelWithdrawn{Model: digest("model"), Evidence: digest("order 2")})))
	require.False(t, s.TableApproved(m.Table))
	require.False(t, s.Approved(digest("model"), w.Bank.Key))
	task.Task = digest("d")
	require.ErrorIs(t, s.Apply(w.Tax.SealAs(t, w.Tax.Last+1, task)), ledger.ErrState)
	require.ErrorIs(t, s.Apply(reg.SealAs(t, reg.Last+1, &ledger.ModelWithdrawn{Model: digest("model"), Evidence: digest("o")})), ledger.ErrState)

	for _, body := range []ledger.Body{
		&ledger.PartySuspended{Party: reg.Key, Evidence: digest("e")},
		&ledger.Finding{Party: reg.Key, Verdict: ledger.VerdictViolation, Evidence: digest("e")},
	} {
		require.ErrorIs(t, s.Apply(reg.SealAs(t, reg.Last+1, body)), ledger.ErrState, "somebody must be left")
	}
	second := w.Actor("second")
	require.NoError(t, s.Apply(w.Register(t, second, ledger.RoleRegulator)))
	require.NoError(t, s.Apply(reg.Seal(t, &ledger.PartySuspended{Party: reg.Key, Evidence: digest("e")})))
	require.ErrorIs(t, s.Apply(reg.SealAs(t, reg.Last+1, &ledger.PartyReinstated{Party: reg.Key, Evidence: digest("e")})), ledger.ErrSuspended)
	require.ErrorIs(t, s.Apply(second.Seal(t, &ledger.PartySuspended{Party: reg.Key, Evidence: digest("e")})), ledger.ErrState)
}

// TestRekey: what a party has stays its own under a new key, and the old key is worth nothing.
func TestRekey(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	s := newState(t, w, append(w.Setup(t), w.Score(t, "a")...)...)
	fresh := w.Actor("fresh")
	require.NoError(t, s.Apply(w.Regulator.Seal(t, &ledger.PartyRekeyed{Old: w.Tax.Key, New: fresh.Key})))
	require.ErrorIs(t, s.Apply(w.Tax.SealAs(t, w.Tax.Last+1, revoked("consent a"))), ledger.ErrAuthor)
	require.NoError(t, s.Apply(fresh.SealAs(t, w.Tax.Last+1, revoked("consent a"))))
	holder, ok := s.ConsentHolder(commit("consent a"))
	require.True(t, ok)
	require.Equal(t, fresh.Key, holder)
	p, ok := s.PartyNamed("tax")
	require.True(t, ok)
	require.Equal(t, ledger.Party{Key: fresh.Key, Role: ledger.RoleTax, Name: "tax", Entries: w.Tax.Last + 1}, p)
	_, ok = s.Party(w.Tax.Key)
	require.False(t, ok)
	require.ErrorIs(t, s.Apply(w.Regulator.SealAs(t, w.Regulator.Last+1, &ledger.PartyRekeyed{Old: fresh.Key, New: w.Tax.Key})), ledger.ErrDuplicate)
}

func TestQueries(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	list := w.Setup(t)
	for i := range 3 {
		list = append(list, w.Score(t, fmt.Sprint(i))...)
	}
	s := newState(t, w, list...)
	for _, key := range []ledger.Key{w.Bank.Key, w.Tax.Key} {
		i := 0
		for task := range s.Tasks(key) {
			require.Equal(t, digest(fmt.Sprintf("task %d", i)), task.Task)
			require.True(t, task.Agreed())
			require.Equal(t, w.Receipt(fmt.Sprint(i)), task.BankReceipt)
			i++
		}
		require.Equal(t, 3, i)
	}
	for range s.Tasks(w.Regulator.Key) {
		t.Fatal("a regulator has no tasks")
	}
	task, ok := s.Task(digest("task 1"))
	require.True(t, ok)
	require.Equal(t, w.Bank.Key, task.Bank)
	require.Equal(t, w.Tax.Key, task.Tax)
	_, ok = s.Task(digest("none"))
	require.False(t, ok)
	m, ok := s.Model(digest("model"))
	require.True(t, ok)
	require.Equal(t, ledger.Model{
		Approval: digest("approval"), Table: digest("table"), Schema: digest("schema"), Bank: w.Bank.Key, Approver: w.Regulator.Key,
	}, m)
	name, version, ok := s.Schema(digest("schema"))
	require.True(t, ok)
	require.Equal(t, []string{"tax", "1"}, []string{name, version})
	require.Equal(t, ledger.ConsentUnknown, s.Consent(commit("none")))
	require.Equal(t, ledger.ConsentLive, s.Consent(commit("consent 2")))
	require.NoError(t, s.Apply(w.Regulator.Seal(t, revoked("consent 2"))), "a regulator may revoke")
	require.Equal(t, ledger.ConsentGone, s.Consent(commit("consent 2")))
	require.EqualValues(t, len(list)+1, s.Size())
	require.Equal(t, w.Genesis, s.Genesis())

	dispute := w.Receipt("1")
	dispute.Transcript = digest("another")
	task.TaxReceipt = dispute
	require.False(t, task.Agreed())
}

// TestDeterministic hands random entries, good and bad, to several states: they decide alike and end alike.
func TestDeterministic(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := ledgertest.NewWorld(t, 0)
		a, b := newState(t, w), newState(t, w)
		list := w.Setup(t)
		shadow := newState(t, w, list...)
		for range 150 {
			list = append(list, randomEntry(t, w, shadow, rng))
		}
		accepted := 0
		for _, e := range list {
			err := a.Apply(e)
			again, openErr := ledger.Open(a.ID(), e.Bytes())
			require.NoError(t, openErr)
			err2 := b.Apply(again)
			require.Equal(t, err == nil, err2 == nil)
			if err != nil {
				require.Equal(t, err.Error(), err2.Error())
				continue
			}
			accepted++
		}
		require.Equal(t, a.Digest(), b.Digest(), "seed %d", seed)
		require.EqualValues(t, accepted, a.Size())
		require.Greater(t, accepted, 20)
	}
}

// randomEntry draws from few names, so that entries meet each other. The shadow is a state of its own that tells which ones
// will be taken, so that sequence numbers are right as a rule.
func randomEntry(t testing.TB, w *ledgertest.World, shadow *ledger.State, rng *rand.Rand) *ledger.Entry {
	name := fmt.Sprint(rng.IntN(12))
	actors := []*ledgertest.Actor{w.Regulator, w.Bank, w.Tax}
	choices := []struct {
		by   *ledgertest.Actor
		body ledger.Body
	}{
		{w.Tax, granted(name)},
		{w.Tax, granted(name, "more "+name)},
		{w.Tax, revoked(name)},
		{w.Tax, &ledger.TaskAdmitted{Task: digest("task " + name), Admission: digest(name), Bank: w.Bank.Key, Model: digest("model"), Companies: 10, Bits: 3}},
		{w.Tax, w.Receipt(name)},
		{w.Bank, w.Receipt(name)},
		{w.Regulator, &ledger.Finding{Party: actors[rng.IntN(3)].Key, Verdict: ledger.VerdictCleared, Evidence: digest(name)}},
		{w.Regulator, &ledger.PartySuspended{Party: w.Bank.Key, Evidence: digest(name)}},
		{w.Regulator, &ledger.PartyReinstated{Party: w.Bank.Key, Evidence: digest(name)}},
		{actors[rng.IntN(3)], granted(name)},
	}
	c := choices[rng.IntN(len(choices))]
	e := c.by.SealAs(t, max(1, c.by.Last+1-rng.Uint64N(2)), c.body)
	switch err := shadow.Apply(e); {
	case err == nil:
		c.by.Last++
	default:
		require.ErrorIs(t, err, ledger.ErrRule)
	}
	return e
}

// TestOrder: what commutes gives one digest in either order, what does not gives another, or a refusal.
func TestOrder(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	other := w.Actor("other tax")
	list := append(w.Setup(t), w.Register(t, other, ledger.RoleTax))
	a, b := w.Tax.Seal(t, granted("a")), other.Seal(t, granted("b"))
	require.Equal(t, newState(t, w, append(list, a, b)...).Digest(), newState(t, w, append(list, b, a)...).Digest())
	require.NotEqual(t, newState(t, w, append(list, a, b)...).Digest(), newState(t, w, append(list, a)...).Digest())

	task := func(by *ledgertest.Actor, name string) *ledger.Entry {
		return by.Seal(t, &ledger.TaskAdmitted{Task: digest(name), Admission: digest("x"), Bank: w.Bank.Key, Model: digest("model"), Bits: 1})
	}
	x, y := task(w.Tax, "x"), task(other, "y")
	require.NotEqual(t, newState(t, w, append(list, a, b, x, y)...).Digest(), newState(t, w, append(list, a, b, y, x)...).Digest(),
		"the bank's tasks are listed in the order of admission")

	stop := w.Regulator.Seal(t, &ledger.PartySuspended{Party: w.Tax.Key, Evidence: digest("e")})
	newState(t, w, append(list, a, stop)...)
	require.ErrorIs(t, newState(t, w, append(list, stop)...).Apply(a), ledger.ErrSuspended)
}
