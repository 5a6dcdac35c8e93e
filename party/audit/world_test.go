package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// world is a ledger in memory with two banks and a tax node, whose consents lie in a store.
type world struct {
	testing.TB
	*ledgertest.World
	second    *ledgertest.Actor
	log       ledger.Ledger
	keys      *consent.MemoryKeys
	store     *consent.Store
	now       time.Time
	last      map[*ledgertest.Actor]uint64
	witnesses []ledger.Cosigner
	approvals map[*ledgertest.Actor]*partypb.Signed
	shown     map[string][]byte // salt | artefact, by company and bank
	earlier   [][]byte
	files     [][]byte
	tasks     int
}

const rules = `
version: 1
limits:
  budgets: [{bits: 9, window: 30d}]
  records: {max_age: 100d, unknown: admit}
  checkpoint: {max_age: 1h}
default:
  purposes: [loan.origination]
  schemas: ["%x"]
  features: all
  outputs: {band: 4}
  engines: [transfer, lattice]
  companies_per_task: 200000
  companies_per_day: 100000000
  tasks_per_day: 100000
  tasks: 2
  links: 2
banks:
  spiffe://credit.example/bank/first: {}
  spiffe://credit.example/bank/second: {}
`

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{
		TB: tb, World: ledgertest.NewWorld(tb, 3), keys: new(consent.MemoryKeys), now: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC),
		last: make(map[*ledgertest.Actor]uint64), approvals: make(map[*ledgertest.Actor]*partypb.Signed), shown: make(map[string][]byte),
	}
	w.Bank, w.Tax = w.Actor("spiffe://credit.example/bank/first"), w.Actor("spiffe://credit.example/tax/fujian")
	w.second = w.Actor("spiffe://credit.example/bank/second")
	w.fresh()
	var err error
	w.store, err = consent.OpenStore(filepath.Join(tb.TempDir(), "consents.db"), w.node(w.Tax), w.keys)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = w.store.Close() })
	for i := range 2 {
		cfg := w.WitnessConfig(i, filepath.Join(tb.TempDir(), "witness.db"))
		cfg.Now = func() time.Time { return w.now }
		x, err := ledger.CreateWitness(cfg)
		require.NoError(tb, err)
		tb.Cleanup(func() { _ = x.Close() })
		w.witnesses = append(w.witnesses, x)
	}
	return w
}

// fresh makes the ledger, with parties and models on it.
func (w *world) fresh() {
	w.Helper()
	log, err := ledger.NewMemory(w.Config)
	require.NoError(w, err)
	w.Cleanup(func() { _ = log.Close() })
	w.log, w.last = log, make(map[*ledgertest.Actor]uint64)
	w.say(w.Regulator, &ledger.PartyRegistered{Key: w.Bank.Key, Role: ledger.RoleBank, Name: w.Bank.Name})
	w.say(w.Regulator, &ledger.PartyRegistered{Key: w.second.Key, Role: ledger.RoleBank, Name: w.second.Name})
	w.say(w.Regulator, &ledger.PartyRegistered{Key: w.Tax.Key, Role: ledger.RoleTax, Name: w.Tax.Name})
	w.say(w.Regulator, &ledger.SchemaPublished{Schema: ledgertest.D("schema"), Name: "tax", Version: "1"})
	for _, bank := range []*ledgertest.Actor{w.Bank, w.second} {
		model, schema, table, lint := ledgertest.D("model "+bank.Name), ledgertest.D("schema"), ledgertest.D("table"), ledgertest.D("lint")
		w.approvals[bank] = w.sign(w.Regulator, &partypb.ApprovalBody{
			Version: partypb.Version, RegulatorKey: w.Regulator.Key[:], BankKey: bank.Key[:], BankName: bank.Name, ModelDigest: model[:],
			SchemaDigest: schema[:], Features: []string{"invoices", "years"}, TableDigest: table[:], MaxBits: 3, LintDigest: lint[:],
			From: "2025-01-01T00:00:00Z", Until: "2026-01-01T00:00:00Z",
		})
		w.say(w.Regulator, &ledger.ModelApproved{
			Model: model, Approval: partypb.ApprovalDigest(w.approvals[bank]), Table: table, Schema: schema, Bank: bank.Key,
		})
	}
}

func (w *world) sign(a *ledgertest.Actor, body partypb.Body) *partypb.Signed {
	w.Helper()
	s, err := partypb.SignBody(a.Sign, body)
	require.NoError(w, err)
	return s
}

// say records an entry a second later.
func (w *world) say(a *ledgertest.Actor, body ledger.Body) {
	w.Helper()
	w.now = w.now.Add(time.Second)
	w.last[a]++
	e, err := ledger.Seal(w.Genesis, a.Key, a.Sign, w.last[a], w.now, body)
	require.NoError(w, err)
	_, err = ledger.Append(context.Background(), w.log, e)
	require.NoError(w, err)
}

func (w *world) node(a *ledgertest.Actor) consent.Node {
	w.Helper()
	name, err := transport.ParseName(a.Name)
	require.NoError(w, err)
	pin, err := transport.PinOf(a.Key[:])
	require.NoError(w, err)
	return consent.Node{Name: name, Pin: pin}
}

func companyKey(n int) ed25519.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("company"), uint64(n)))
	return ed25519.NewKeyFromSeed(seed[:])
}

// artefact is a consent of a company, whose key it registers.
func (w *world) artefact(company int, bank *ledgertest.Actor, change func(*consent.Consent)) []byte {
	w.Helper()
	key := companyKey(company)
	public, err := consent.NewEd25519Key(key.Public().(ed25519.PublicKey))
	require.NoError(w, err)
	require.NoError(w, w.keys.Set(uscc.Synthetic(uint64(company)), public))
	id := ledgertest.D(fmt.Sprintf("%d %s", company, bank.Name))
	c := &consent.Consent{
		ID: consent.ID(id[:16]), Company: uscc.Synthetic(uint64(company)), Start: w.now.AddDate(0, 0, -1).Truncate(time.Second),
		Expiry: w.now.AddDate(0, 6, 0).Truncate(time.Second),
		Terms: consent.Terms{
			Mode: consent.ModeCompute, Purpose: consent.Purpose{Code: "loan.origination", Text: "Deciding on our loan"},
			Bank: w.node(bank), TaxNode: w.node(w.Tax), Schema: ledgertest.D("schema"), Features: []string{"invoices", "years"},
			Life: consent.Life{Value: 6, Unit: consent.UnitMonth}, Frequency: consent.Frequency{Times: 100, Per: consent.UnitDay},
			Output: consent.OutputBand, Bits: 3, MaxEvaluations: 3,
		},
	}
	if change != nil {
		change(c)
	}
	a, err := consent.Create(c, key)
	require.NoError(w, err)
	return a
}

// consents has companies consent to a bank, on record.
func (w *world) consents(bank *ledgertest.Actor, change func(*consent.Consent), companies ...int) {
	w.Helper()
	var list [][]byte
	for _, n := range companies {
		list = append(list, w.artefact(n, bank, change))
	}
	granted, err := w.store.Grant(w.Context(), w.now, list...)
	require.NoError(w, err)
	for i, g := range granted {
		require.NoError(w, g.Err)
		e, err := w.store.Evidence(g.Reference)
		require.NoError(w, err)
		w.shown[fmt.Sprint(companies[i], bank.Name)] = append(e.Salt.Reveal(), e.Artefact...)
	}
	w.settle()
}

func (w *world) settle() {
	w.Helper()
	for {
		owed, err := w.store.Unrecorded(256)
		require.NoError(w, err)
		for _, u := range owed {
			w.say(w.Tax, u.Body)
		}
		require.NoError(w, w.store.Recorded(owed...))
		if len(owed) == 0 {
			return
		}
	}
}

// revocation is signed by a company, of all that it consented to.
func (w *world) revocation(company int) []byte {
	w.Helper()
	signed, err := consent.Revoke(&consent.Revocation{
		Company: uscc.Synthetic(uint64(company)), Sequence: 1, Time: w.now.Truncate(time.Second),
	}, companyKey(company))
	require.NoError(w, err)
	return signed
}

func (w *world) revoke(company int) {
	w.Helper()
	_, err := w.store.Revoke(w.Context(), w.revocation(company))
	require.NoError(w, err)
	w.settle()
}

// witness has the witnesses sign what there is.
func (w *world) witness() []byte {
	w.Helper()
	msg, err := ledger.Gather(w.log, w.Policy, w.witnesses...)
	require.NoError(w, err)
	return msg
}

func (w *world) stream() []byte {
	w.Helper()
	var b bytes.Buffer
	require.NoError(w, ledger.Export(&b, w.log, w.Policy, w.witness()))
	return b.Bytes()
}

// inquiry is an auditor with everything.
func (w *world) inquiry() *Inquiry {
	w.Helper()
	p, err := policy.Parse([]byte(fmt.Sprintf(rules, ledgertest.D("schema"))))
	require.NoError(w, err)
	q := &Inquiry{
		Ledger: bytes.NewReader(w.stream()), Policy: w.Policy, Earlier: w.earlier, Operator: w.Operator.Key,
		Registers: []consent.Keys{w.keys}, Policies: map[ledger.Key]*policy.Policy{w.Tax.Key: p},
	}
	for _, a := range w.approvals {
		q.Approvals = append(q.Approvals, a)
	}
	for _, f := range w.files {
		q.Disclosures = append(q.Disclosures, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f)), nil })
	}
	return q
}

func (w *world) verify() *Report {
	w.Helper()
	r, err := w.inquiry().Verify(w.Context())
	require.NoError(w, err)
	return r
}

// accused says who is accused of what, in a few words.
func accused(r *Report) map[string]Kind {
	out := make(map[string]Kind)
	for _, a := range r.Accusations {
		out[a.Party.Name] = a.Kind
	}
	return out
}
