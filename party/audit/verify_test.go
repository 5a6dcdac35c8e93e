package audit

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// charge asks the store as an honest tax node does, for all companies of a task.
func (j *job) charge() (refused []int) {
	w := j.w
	w.Helper()
	j.dossier.Task = w.sign(j.bank, j.task)
	q, err := questionOf(j.task)
	require.NoError(w, err)
	ids, err := companiesOf(j.codes)
	require.NoError(w, err)
	q.Now, q.Times = j.when, make([]time.Time, len(ids))
	answers, err := w.store.Lookup(w.Context(), ids, q)
	require.NoError(w, err)
	refs := make([]consent.Reference, len(ids))
	for i, a := range answers {
		refs[i] = a.Reference
	}
	out, err := w.store.Charge(w.Context(), partypb.TaskDigest(j.dossier.Task), refs, 1, q)
	require.NoError(w, err)
	for i := range out {
		if out[i] != nil {
			refused = append(refused, j.companies[i])
		}
	}
	return refused
}

// written is what WriteDisclosure makes of the job.
func (j *job) written(role mpc.Role) []byte {
	w := j.w
	w.Helper()
	d := &Disclosure{Dossier: &j.dossier, Consents: w.store, Sign: w.Tax.Sign, Revocations: j.revoked}
	if d.Dossier.Role = role; role == mpc.RoleBank {
		d.Consents, d.Sign = nil, j.bank.Sign
	}
	var b bytes.Buffer
	require.NoError(w, WriteDisclosure(w.Context(), &b, d))
	return b.Bytes()
}

// Honest tasks of two banks, some companies refused and some withheld, are cleared, from the tax node's stores.
func TestHonestWorldIsCleared(t *testing.T) {
	w := newWorld(t)
	var many []int
	for n := range 300 {
		many = append(many, n)
	}
	w.consents(w.Bank, nil, many[:290]...)
	w.consents(w.second, nil, many[100:]...)
	w.earlier = append(w.earlier, w.witness())
	for _, bank := range []*job{w.propose(w.Bank, many...), w.propose(w.second, many...), w.propose(w.Bank, 5, 6, 7)} {
		refused := bank.charge()
		bank.admit(refused...).enter()
		if len(bank.companies) == 300 && bank.bank == w.Bank {
			w.revoke(3)
			bank.outcome.WithheldCount = 1
			partypb.Bitmap(bank.outcome.Withheld).Set(3)
		}
		bank.finish(nil)
		file := bank.written(mpc.RoleTax)
		require.Equal(t, bank.disclose(mpc.RoleTax), file, "the tests' own writer")
		require.Equal(t, bank.disclose(mpc.RoleBank), bank.written(mpc.RoleBank))
		w.files = append(w.files, file, bank.written(mpc.RoleBank))
	}
	r := w.verify()
	require.Empty(t, r.Accusations)
	require.Empty(t, r.Notices)
	require.Len(t, r.Tasks, 3)
	require.Equal(t, []int{289, 200, 3}, []int{r.Tasks[0].Clear, r.Tasks[1].Clear, r.Tasks[2].Clear})
	require.Equal(t, 1, r.Tasks[0].Withheld)
	require.True(t, r.Tasks[0].Settled && r.Tasks[0].Approval)
	require.True(t, r.ClearedParty(w.Bank.Key) && r.ClearedParty(w.Tax.Key))
	require.False(t, r.ClearedParty(w.Regulator.Key), "it is in no task")

	// The company's own report.
	c := r.Of(uscc.Synthetic(5))
	require.True(t, c.Complete)
	require.Len(t, c.Evaluations, 2)
	require.Equal(t, 6, c.Bits)
	require.Equal(t, "Deciding on our loan", c.Evaluations[0].Text)
	require.Zero(t, r.Of(uscc.Synthetic(3)).Bits)
	require.Empty(t, r.Of(uscc.Synthetic(12345)).Evaluations)
}

// A consent that expired, and made room in the store's index for another, is still shown.
func TestForgottenConsentIsShown(t *testing.T) {
	w := newWorld(t)
	w.consents(w.Bank, func(c *consent.Consent) { c.Expiry = w.now.Add(time.Hour).Truncate(time.Second) }, 1)
	j := w.propose(w.Bank, 1)
	j.admit(j.charge()...).enter().finish(nil)
	shown := j.shown[0]
	w.now = w.now.Add(2 * time.Hour)
	w.consents(w.Bank, func(c *consent.Consent) { c.ID[0] ^= 1 }, 1)
	j.shown[0] = shown
	require.Equal(t, j.disclose(mpc.RoleTax), j.written(mpc.RoleTax))
	w.files = append(w.files, j.written(mpc.RoleTax))
	require.Empty(t, w.verify().Accusations)
}

// TestCheats: each cheat names who signed what shows it, and nobody else.
func TestCheats(t *testing.T) {
	type tell = func(*world)
	const tax, first, regulator = "spiffe://credit.example/tax/fujian", "spiffe://credit.example/bank/first", "regulator"
	for name, c := range map[string]struct {
		do   tell
		want map[string]Kind
	}{
		"admits without a consent": {func(w *world) { w.run(w.Bank, 1, 2, 99) }, map[string]Kind{tax: KindConsent}},
		"admits on another bank's consent": {func(w *world) {
			j := w.propose(w.second, 1)
			j.shown[0] = w.shown["1"+w.Bank.Name]
			j.admit().enter().finish(nil).hand()
		}, map[string]Kind{tax: KindConsent}},
		"admits on another company's consent": {func(w *world) {
			j := w.propose(w.Bank, 1, 2)
			j.shown[0] = j.shown[1]
			j.admit().enter().finish(nil).hand()
		}, map[string]Kind{tax: KindConsent}},
		"makes a consent up": {func(w *world) {
			j := w.propose(w.Bank, 1)
			bad := bytes.Clone(j.shown[0])
			bad[len(bad)-3] ^= 1
			j.shown[0] = bad
			j.admit().enter().finish(nil).hand()
		}, map[string]Kind{tax: KindConsent}},
		"admits beyond the consent's bits": {func(w *world) {
			j := w.propose(w.Bank, 1)
			j.task.OutputBits = 4
			j.admit().enter().finish(nil).hand()
		}, map[string]Kind{tax: KindConsent, first: KindTerms}},
		"admits after the consent expired": {func(w *world) {
			w.now = w.now.AddDate(0, 7, 0)
			w.run(w.Bank, 1)
		}, map[string]Kind{tax: KindConsent}},
		"admits a consent that is not on the ledger": {func(w *world) {
			j := w.propose(w.Bank, 1)
			j.shown[0] = append(make([]byte, 31), append([]byte{1}, j.shown[0][32:]...)...)
			j.admit().enter().finish(nil).hand()
		}, map[string]Kind{tax: KindUnrecorded}},
		"releases after revocation": {func(w *world) {
			w.revoke(2)
			w.run(w.Bank, 1, 2)
		}, map[string]Kind{tax: KindRevoked}},
		"over budget, by two banks": {func(w *world) {
			w.run(w.Bank, 1)
			w.run(w.second, 1)
			w.run(w.Bank, 1)
			w.run(w.second, 1)
		}, map[string]Kind{tax: KindBudget}},
		"beyond the number of evaluations": {func(w *world) {
			for range 4 {
				w.run(w.Bank, 1)
				w.now = w.now.AddDate(0, 0, 31)
			}
		}, map[string]Kind{tax: KindExhausted}},
		"an unapproved model": {func(w *world) {
			j := w.propose(w.Bank, 1)
			j.task.ModelDigest[0] ^= 1
			j.admit()
			j.entry.Model[0] ^= 1 // the ledger takes no other
			j.enter().finish(nil).hand()
		}, map[string]Kind{tax: KindUnapproved, first: KindUnapproved}},
		"an unapproved model, not run": {func(w *world) {
			j := w.propose(w.Bank, 1)
			j.task.ModelDigest[0] ^= 1
			j.admit()
			j.entry.Model[0] ^= 1
			j.enter().hand()
		}, map[string]Kind{tax: KindUnapproved}},
		"another bank's model": {func(w *world) {
			j := w.propose(w.Bank, 1)
			copy(j.task.ModelDigest, w.propose(w.second, 1).task.ModelDigest)
			j.admit()
			copy(j.entry.Model[:], w.propose(w.Bank, 1).task.ModelDigest)
			j.enter().finish(nil).hand()
		}, map[string]Kind{tax: KindUnapproved, first: KindUnapproved}},
		"a swapped table": {func(w *world) {
			j := w.propose(w.Bank, 1)
			j.task.Engine, j.task.TableDigest, j.task.TableJoint = partypb.Engine_ENGINE_LATTICE, make([]byte, 32), make([]byte, 32)
			j.admit().enter().finish(nil).hand()
		}, map[string]Kind{tax: KindTable, first: KindTable}},
		"scores where bands are approved": {func(w *world) {
			w.consents(w.Bank, func(c *consent.Consent) { c.Terms.Output, c.ID[0] = consent.OutputScore, 77 }, 4)
			j := w.propose(w.Bank, 4)
			j.task.Output = partypb.OutputKind_OUTPUT_KIND_SCORE
			j.admit().enter().finish(nil).hand()
		}, map[string]Kind{first: KindTerms}},
		"the ledger has other counts than the admission": {func(w *world) {
			j := w.propose(w.Bank, 1, 2).admit()
			j.entry.Companies = 5
			j.enter().finish(nil).hand()
		}, map[string]Kind{tax: KindEntry}},
		"two admissions": {func(w *world) {
			j := w.propose(w.Bank, 1, 2).admit().enter().finish(nil).hand()
			one := *j
			one.shown = j.shown
			j.admission.Admitted, j.admission.AdmittedCount = partypb.Bitmap{1}, 1
			j.dossier.Admission = w.sign(w.Tax, j.admission)
			j.dossier.Outcome = nil
			w.files = append(w.files, j.disclose(mpc.RoleBank))
		}, map[string]Kind{tax: KindTwice}},
		"the bank records another receipt": {func(w *world) {
			w.propose(w.Bank, 1).admit().enter().finish(func(bank, _ *ledger.Receipt) { bank.Transcript[0] ^= 1 }).hand()
		}, map[string]Kind{first: KindReceipt}},
		"the tax node records another receipt": {func(w *world) {
			w.propose(w.Bank, 1, 2).admit().enter().finish(func(_, tax *ledger.Receipt) { tax.Companies = 1 }).hand()
		}, map[string]Kind{tax: KindReceipt}},
		"both sign for other companies than were evaluated": {func(w *world) {
			j := w.propose(w.Bank, 1, 2).admit().enter()
			j.outcome.WithheldCount = 1
			partypb.Bitmap(j.outcome.Withheld).Set(0)
			outcome, transcript := partypb.OutcomeDigest(w.sign(w.Tax, j.outcome)), ledgertest.D("transcript")
			j.receipt = &partypb.ReceiptBody{
				TaskDigest: j.entry.Task[:], Transcript: transcript[:], Companies: 2, Bits: 3, Finished: w.now.Format(time.RFC3339), OutcomeDigest: outcome[:],
			}
			j.finish(nil).hand()
		}, map[string]Kind{tax: KindReceipt, first: KindReceipt}},
		"a disclosure is omitted": {func(w *world) {
			w.run(w.Bank, 1)
			w.propose(w.Bank, 2).admit().enter().finish(nil)
		}, map[string]Kind{tax: KindMissing}},
		"the bank alone discloses": {func(w *world) {
			j := w.propose(w.Bank, 2).admit().enter().finish(nil)
			w.files = append(w.files, j.disclose(mpc.RoleBank))
		}, map[string]Kind{tax: KindMissing}},
		"hands over a receipt of something else": {func(w *world) {
			j := w.propose(w.Bank, 2).admit().enter().finish(nil)
			j.dossier.BankReceipt.Signature[0] ^= 1
			j.hand()
		}, map[string]Kind{tax: KindMissing}},
		"the regulator records another approval": {func(w *world) {
			a := new(partypb.ApprovalBody)
			require.NoError(w, partypb.ParseBody(w.approvals[w.Bank], a))
			model := ledger.Digest{7}
			w.say(w.Regulator, &ledger.ModelApproved{
				Model: model, Approval: partypb.ApprovalDigest(w.approvals[w.Bank]), Schema: ledger.Digest(a.SchemaDigest), Bank: w.Bank.Key,
			})
			j := w.propose(w.Bank, 1)
			j.task.ModelDigest = model[:]
			j.admit().enter().finish(nil).hand()
		}, map[string]Kind{regulator: KindEntry}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.consents(w.Bank, nil, 1, 2)
			w.consents(w.second, nil, 1, 2)
			c.do(w)
			r := w.verify()
			require.Equal(t, c.want, accused(r), "%v", r.Accusations)
			for _, f := range r.Findings(w.now) {
				require.NoError(t, f.Check())
				require.Equal(t, ledger.VerdictViolation, f.Verdict)
			}
		})
	}
}

// What accuses nobody is noticed.
func TestNotices(t *testing.T) {
	for name, do := range map[string]func(*world){
		"no receipts":       func(w *world) { w.propose(w.Bank, 1).admit().enter().hand() },
		"no approval":       func(w *world) { w.approvals = nil; w.tasks++ },
		"not on the ledger": func(w *world) { w.propose(w.Bank, 1).admit().hand() },
		"a late entry": func(w *world) {
			j := w.propose(w.Bank, 1).admit()
			w.now = w.now.Add(3 * time.Hour)
			j.enter().finish(nil).hand()
		},
		"a revocation that the ledger lacks": func(w *world) {
			signed := w.revocation(1)
			j := w.propose(w.Bank, 1).admit().enter().finish(nil)
			j.revoked = [][]byte{signed, []byte("no revocation")}
			j.hand()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.consents(w.Bank, nil, 1, 2)
			w.run(w.Bank, 2)
			do(w)
			r := w.verify()
			require.Empty(t, r.Accusations)
			require.NotEmpty(t, r.Notices)
		})
	}
}

// A company whose key was replaced is judged by the register of before; without it nothing is said against the tax node.
func TestRegisters(t *testing.T) {
	w := newWorld(t)
	w.consents(w.Bank, nil, 1)
	w.run(w.Bank, 1)
	old := new(consent.MemoryKeys)
	key, err := w.keys.Key(t.Context(), uscc.Synthetic(1))
	require.NoError(t, err)
	require.NoError(t, old.Set(uscc.Synthetic(1), key))
	w.keys.Remove(uscc.Synthetic(1))
	r := w.verify()
	require.Empty(t, r.Accusations)
	require.Equal(t, 1, r.Tasks[0].Open)
	q := w.inquiry()
	q.Registers = append(q.Registers, old)
	r, err = q.Verify(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, r.Tasks[0].Clear)
}

// Whoever alters a disclosure or a ledger that he did not sign gets an error, and accuses nobody.
func TestAlteredEvidence(t *testing.T) {
	w := newWorld(t)
	w.consents(w.Bank, nil, 1, 2)
	w.run(w.Bank, 1, 2)
	whole := w.files[0]
	for at := 0; at < len(whole); at += 7 {
		w.files[0] = bytes.Clone(whole)
		w.files[0][at] ^= 4
		_, err := w.inquiry().Verify(t.Context())
		require.ErrorIs(t, err, ErrEvidence, "byte %d", at)
	}
	for _, b := range [][]byte{nil, whole[:len(whole)-1], append(bytes.Clone(whole), 0), whole[:100]} {
		w.files[0] = b
		_, err := w.inquiry().Verify(t.Context())
		require.ErrorIs(t, err, ErrEvidence)
	}
	w.files[0] = whole
	require.Empty(t, w.verify().Accusations)
	stream := w.stream()
	for at := 0; at < len(stream); at += 97 {
		q := w.inquiry()
		bad := bytes.Clone(stream)
		bad[at] ^= 4
		q.Ledger = bytes.NewReader(bad)
		_, err := q.Verify(t.Context())
		require.ErrorIs(t, err, ErrEvidence, "byte %d of the stream", at)
	}
	w.files = append(w.files, whole)
	_, err := w.inquiry().Verify(t.Context())
	require.ErrorIs(t, err, ErrEvidence, "twice")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.inquiry().Verify(ended)
	require.ErrorIs(t, err, context.Canceled)
	_, err = new(Inquiry).Verify(t.Context())
	require.ErrorIs(t, err, ErrInput)
	require.ErrorIs(t, WriteDisclosure(t.Context(), new(bytes.Buffer), &Disclosure{Dossier: new(evidence.Dossier)}), ErrInput)
}
