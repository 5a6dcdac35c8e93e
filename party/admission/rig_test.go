package admission

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
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

var (
	ctx  = context.Background()
	noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
)

const (
	bankName  = "spiffe://credit.example/bank/first"
	otherName = "spiffe://credit.example/bank/second"
	taxName   = "spiffe://credit.example/tax/fujian"
)

// rules is the policy of the rig: two banks, and a budget of 6 bits, which is two evaluations.
const rules = `
version: 1
limits:
  budgets: [{bits: 6, window: 30d}]
  records: {max_age: 100d, unknown: refuse}
  checkpoint: {max_age: 1h}
default:
  purposes: [loan.origination]
  schemas: [%x]
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

// rig is a gate with all that it joins, in a directory; the ledger alone is in memory, and the same each time.
type rig struct {
	*Gate
	dir    string
	world  *ledgertest.World
	other  *ledgertest.Actor
	log    ledger.Ledger
	mirror *ledger.Mirror
	outbox *ledger.Outbox // nil once closed
	keys   *consent.MemoryKeys
	now    time.Time
}

func newRig(t testing.TB) *rig { return rigIn(t, t.TempDir()) }

func rigIn(t testing.TB, dir string) *rig {
	t.Helper()
	w := ledgertest.NewWorld(t, 0)
	w.Bank, w.Tax = w.Actor(bankName), w.Actor(taxName)
	r := &rig{dir: dir, world: w, other: w.Actor(otherName), keys: new(consent.MemoryKeys), now: noon}
	var err error
	r.log, err = ledger.NewMemory(w.Config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.log.Close() })
	r.record(t, w.Register(t, w.Bank, ledger.RoleBank), w.Register(t, r.other, ledger.RoleBank), w.Register(t, w.Tax, ledger.RoleTax))
	r.say(t, &ledger.SchemaPublished{Schema: sum("schema"), Name: "tax", Version: "1"})
	for _, bank := range []*ledgertest.Actor{w.Bank, r.other} {
		r.say(t, &ledger.ModelApproved{
			Model: sum("model of " + bank.Name), Approval: sum("approval"), Table: sum("table"), Schema: sum("schema"), Bank: bank.Key,
		})
	}
	r.open(t)
	t.Cleanup(func() { r.close(t) })
	return r
}

func sum(s string) ledger.Digest { return sha256.Sum256([]byte(s)) }

// record appends entries.
func (r *rig) record(t testing.TB, list ...*ledger.Entry) {
	t.Helper()
	for _, e := range list {
		_, err := ledger.Append(ctx, r.log, e)
		require.NoError(t, err)
	}
}

// say records what a regulator has to say, and has the mirror see it.
func (r *rig) say(t testing.TB, body ledger.Body) {
	t.Helper()
	r.record(t, r.world.Regulator.Seal(t, body))
	if r.mirror != nil {
		require.NoError(t, r.mirror.Update(ctx))
	}
}

// open opens the files.
func (r *rig) open(t testing.TB) {
	t.Helper()
	clock := func() time.Time { return r.now }
	var err error
	r.mirror, err = ledger.NewMirror(ledger.MirrorConfig{Policy: r.world.Policy, Source: r.log, Now: clock})
	require.NoError(t, err)
	require.NoError(t, r.mirror.Update(ctx))
	r.outbox, err = ledger.OpenOutbox(ledger.OutboxConfig{
		File: filepath.Join(r.dir, "outbox.db"), Genesis: r.world.Genesis, Author: r.world.Tax.Key, Sign: r.world.Tax.Sign, Now: clock,
	})
	require.NoError(t, err)
	cfg := Config{Policy: new(policy.Current), Sessions: new(policy.Sessions), Mirror: r.mirror, Outbox: r.outbox, Now: clock}
	cfg.Consents, err = consent.OpenStore(filepath.Join(r.dir, "consents.db"), nodeOf(t, r.world.Tax), r.keys)
	require.NoError(t, err)
	cfg.Counters, err = policy.OpenCounters(filepath.Join(r.dir, "counters.db"), policy.Options{})
	require.NoError(t, err)
	cfg.Policy.Store(parse(t, fmt.Sprintf(rules, sum("schema"))))
	r.Gate, err = New(cfg)
	require.NoError(t, err)
}

func (r *rig) close(t testing.TB) {
	t.Helper()
	if r.outbox == nil {
		return
	}
	require.NoError(t, r.outbox.Close())
	r.outbox = nil
	require.NoError(t, r.mirror.Close())
	require.NoError(t, r.cfg.Counters.Close())
	require.NoError(t, r.cfg.Consents.Close())
}

func parse(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(text))
	require.NoError(t, err)
	return p
}

func nodeOf(t testing.TB, a *ledgertest.Actor) consent.Node {
	t.Helper()
	name, err := transport.ParseName(a.Name)
	require.NoError(t, err)
	pin, err := transport.PinOf(a.Key[:])
	require.NoError(t, err)
	return consent.Node{Name: name, Pin: pin}
}

func companyKey(n uint64) ed25519.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("company"), n))
	return ed25519.NewKeyFromSeed(seed[:])
}

// register makes a company's key known.
func (r *rig) register(t testing.TB, company uint64) ed25519.PrivateKey {
	t.Helper()
	key := companyKey(company)
	public, err := consent.NewEd25519Key(key.Public().(ed25519.PublicKey))
	require.NoError(t, err)
	require.NoError(t, r.keys.Set(uscc.Synthetic(company), public))
	return key
}

// artefact is a consent of a company for a bank, and registers the company's key.
func (r *rig) artefact(t testing.TB, company uint64, bank *ledgertest.Actor, change func(*consent.Consent)) []byte {
	t.Helper()
	key := r.register(t, company)
	id := sum(fmt.Sprintf("%d %s", company, bank.Name))
	c := &consent.Consent{
		ID: consent.ID(id[:16]), Company: uscc.Synthetic(company), Start: noon.AddDate(0, 0, -1), Expiry: noon.AddDate(1, 0, 0),
		Terms: consent.Terms{
			Mode: consent.ModeCompute, Purpose: consent.Purpose{Code: "loan.origination", Text: "Deciding on our loan"},
			Bank: nodeOf(t, bank), TaxNode: nodeOf(t, r.world.Tax), Schema: sum("schema"), Features: []string{"invoices", "years"},
			Range: consent.Range{From: noon.AddDate(-1, 0, 0), To: noon.AddDate(0, 0, 1)}, Life: consent.Life{Value: 6, Unit: consent.UnitMonth},
			Frequency: consent.Frequency{Times: 1000, Per: consent.UnitDay}, Output: consent.OutputBand, Bits: 3, MaxEvaluations: 1000,
		},
	}
	if change != nil {
		change(c)
	}
	a, err := consent.Create(c, key)
	require.NoError(t, err)
	return a
}

// consents has companies 0 to n-1 consent to a bank.
func (r *rig) consents(t testing.TB, n uint64, bank *ledgertest.Actor) {
	t.Helper()
	var list [][]byte
	for i := range n {
		list = append(list, r.artefact(t, i, bank, nil))
	}
	granted, err := r.Grant(ctx, list...)
	require.NoError(t, err)
	for _, g := range granted {
		require.NoError(t, g.Err)
	}
}

// revoke takes back all consents of a company.
func (r *rig) revoke(t testing.TB, company uint64) {
	t.Helper()
	signed, err := consent.Revoke(&consent.Revocation{Company: uscc.Synthetic(company), Sequence: 1, Time: r.now}, r.register(t, company))
	require.NoError(t, err)
	require.NoError(t, r.Revoke(ctx, signed))
}

// application is task number n of a bank, about companies 0 to count-1.
func (r *rig) application(n uint64, bank *ledgertest.Actor, count int) *Application {
	id, schema, model := sum(fmt.Sprintf("task %d %s", n, bank.Name)), sum("schema"), sum("model of "+bank.Name)
	a := &Application{
		Task: &partypb.Task{
			Version: 1, Id: id[:16], BankKey: bank.Key[:], TaxKey: r.world.Tax.Key[:], BankName: bank.Name, TaxName: r.world.Tax.Name,
			SchemaDigest: schema[:], ModelDigest: model[:], Features: []string{"invoices", "years"},
			Output: partypb.OutputKind_OUTPUT_KIND_BAND, OutputBits: 3, Engine: partypb.Engine_ENGINE_TRANSFER,
			Companies: uint64(count), Purpose: "loan.origination",
		},
		Digest: sum(fmt.Sprintf("digest %d %s", n, bank.Name)), BankKey: bank.Key[:], BankName: bank.Name, TaxName: r.world.Tax.Name, Now: r.now,
	}
	for i := range count {
		a.Companies = append(a.Companies, uscc.Synthetic(uint64(i)))
		a.Known, a.Times = append(a.Known, true), append(a.Times, noon.AddDate(0, -1, 0))
	}
	return a
}

func (r *rig) check(a *Application) error {
	return r.Check(ctx, a.Task, a.BankKey, a.BankName, a.Now)
}

func (r *rig) admit(t testing.TB, a *Application) *Decision {
	t.Helper()
	d, err := r.Admit(ctx, a)
	require.NoError(t, err)
	return d
}
