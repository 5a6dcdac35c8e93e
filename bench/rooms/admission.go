package rooms

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

const (
	bankName = "spiffe://credit.example/bank/first"
	taxName  = "spiffe://credit.example/tax/fujian"

	// granting is how many consents come in at once.
	granting = 20_000
)

// rules budget a company's bits so that it has some five uses in its window, as it might have.
const rules = `
version: 1
limits:
  budgets: [{bits: 15, window: 10s}]
  records: {max_age: 100d, unknown: refuse}
  checkpoint: {max_age: 24h}
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
  ` + bankName + `: {}
`

func sum(s string) ledger.Digest { return sha256.Sum256([]byte(s)) }

// bench is a tax node's gate with all that it joins: consents, counters and outbox in files, the ledger in memory.
type bench struct {
	gate      *admission.Gate
	bank, tax *actor
	keys      *consent.MemoryKeys
	now       time.Time
	tasks     int
	closers   []func() error
}

func newBench(ctx context.Context, dir string) (b *bench, err error) {
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	b = &bench{bank: newActor(bankName, w.genesis), tax: newActor(taxName, w.genesis), keys: new(consent.MemoryKeys), now: start}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	log, err := ledger.NewMemory(w.config)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, log.Close)
	for _, body := range []ledger.Body{
		&ledger.PartyRegistered{Key: b.bank.key, Role: ledger.RoleBank, Name: bankName},
		&ledger.PartyRegistered{Key: b.tax.key, Role: ledger.RoleTax, Name: taxName},
		&ledger.SchemaPublished{Schema: sum("schema"), Name: "tax", Version: "1"},
		&ledger.ModelApproved{Model: sum("model"), Approval: sum("approval"), Table: sum("table"), Schema: sum("schema"), Bank: b.bank.key},
	} {
		e, err := w.regulator.seal(body)
		if err != nil {
			return nil, err
		}
		if _, err := ledger.Append(ctx, log, e); err != nil {
			return nil, err
		}
	}
	clock := func() time.Time { return b.now }
	mirror, err := ledger.NewMirror(ledger.MirrorConfig{Policy: w.policy, Source: log, Now: clock})
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, mirror.Close)
	if err := mirror.Update(ctx); err != nil {
		return nil, err
	}
	outbox, err := ledger.OpenOutbox(ledger.OutboxConfig{
		File: filepath.Join(dir, "outbox.db"), Genesis: w.genesis, Author: b.tax.key, Sign: b.tax.sign, Now: clock,
	})
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, outbox.Close)
	cfg := admission.Config{Policy: new(policy.Current), Sessions: new(policy.Sessions), Mirror: mirror, Outbox: outbox, Now: clock}
	node, err := nodeOf(b.tax)
	if err != nil {
		return nil, err
	}
	if cfg.Consents, err = consent.OpenStore(filepath.Join(dir, "consents.db"), node, b.keys); err != nil {
		return nil, err
	}
	b.closers = append(b.closers, cfg.Consents.Close)
	if cfg.Counters, err = policy.OpenCounters(filepath.Join(dir, "counters.db"), policy.Options{}); err != nil {
		return nil, err
	}
	b.closers = append(b.closers, cfg.Counters.Close)
	p, err := policy.Parse(fmt.Appendf(nil, rules, sum("schema")))
	if err != nil {
		return nil, err
	}
	cfg.Policy.Store(p)
	b.gate, err = admission.New(cfg)
	return b, err
}

func (b *bench) close() (err error) {
	for i := range b.closers {
		err = errors.Join(err, b.closers[len(b.closers)-1-i]())
	}
	return err
}

func nodeOf(a *actor) (consent.Node, error) {
	name, err := transport.ParseName(a.name)
	if err != nil {
		return consent.Node{}, err
	}
	pin, err := transport.PinOf(a.key[:])
	return consent.Node{Name: name, Pin: pin}, err
}

// artefact is company i's consent for the bank.
func (b *bench) artefact(i int) ([]byte, error) {
	key := newActor(fmt.Sprint("company ", i), nil)
	public, err := consent.NewEd25519Key(key.key[:])
	if err != nil {
		return nil, err
	}
	company := uscc.Synthetic(uint64(i))
	if err := b.keys.Set(company, public); err != nil {
		return nil, err
	}
	bank, err := nodeOf(b.bank)
	if err != nil {
		return nil, err
	}
	tax, err := nodeOf(b.tax)
	if err != nil {
		return nil, err
	}
	var id consent.ID
	binary.BigEndian.PutUint64(id[:], uint64(i)+1)
	return consent.Create(&consent.Consent{
		ID: id, Company: company, Start: start.AddDate(0, 0, -1), Expiry: start.AddDate(1, 0, 0),
		Terms: consent.Terms{
			Mode: consent.ModeCompute, Purpose: consent.Purpose{Code: "loan.origination", Text: "Deciding on our loan"},
			Bank: bank, TaxNode: tax, Schema: sum("schema"), Features: []string{"invoices", "years"},
			Range: consent.Range{From: start.AddDate(-1, 0, 0), To: start.AddDate(0, 0, 1)}, Life: consent.Life{Value: 6, Unit: consent.UnitMonth},
			Frequency: consent.Frequency{Times: 1000, Per: consent.UnitDay}, Output: consent.OutputBand, Bits: 3, MaxEvaluations: 1000,
		},
	}, key.private)
}

// grant takes in the consents of n companies.
func (b *bench) grant(ctx context.Context, n int) error {
	for done := 0; done < n; {
		var list [][]byte
		for len(list) < granting && done < n {
			a, err := b.artefact(done)
			if err != nil {
				return err
			}
			list = append(list, a)
			done++
		}
		granted, err := b.gate.Grant(ctx, list...)
		if err != nil {
			return err
		}
		for _, g := range granted {
			if g.Err != nil {
				return g.Err
			}
		}
	}
	return nil
}

// application is the next task, about companies 0 to n-1.
func (b *bench) application(n int) *admission.Application {
	b.tasks++
	b.now = b.now.Add(2 * time.Second)
	id, schema, model := sum(fmt.Sprint("task ", b.tasks)), sum("schema"), sum("model")
	a := &admission.Application{
		Task: &partypb.Task{
			Version: 1, Id: id[:16], BankKey: b.bank.key[:], TaxKey: b.tax.key[:], BankName: bankName, TaxName: taxName,
			SchemaDigest: schema[:], ModelDigest: model[:], Features: []string{"invoices", "years"},
			Output: partypb.OutputKind_OUTPUT_KIND_BAND, OutputBits: 3, Engine: partypb.Engine_ENGINE_TRANSFER,
			Companies: uint64(n), Purpose: "loan.origination",
		},
		Digest: sum(fmt.Sprint("digest ", b.tasks)), BankKey: b.bank.key[:], BankName: bankName, TaxName: taxName, Now: b.now,
	}
	for i := range n {
		a.Companies = append(a.Companies, uscc.Synthetic(uint64(i)))
		a.Known, a.Times = append(a.Known, true), append(a.Times, start.AddDate(0, -1, 0))
	}
	return a
}

// openAdmission is a tax node that decides on a task of n companies, all of which consented: consents, budgets, records, and
// both charges durably on disk.
func openAdmission(ctx context.Context, dir string, n int) (*Room, error) {
	b, err := newBench(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := b.grant(ctx, n); err != nil {
		return nil, errors.Join(err, b.close())
	}
	var next *admission.Application
	return &Room{
		Steps: []Step{{AdmitStep, n, 0, func() error {
			d, err := b.gate.Admit(ctx, next)
			if err != nil {
				return err
			}
			if len(d.Refusals) > 0 {
				return fmt.Errorf("%w: refused: %v", errWrong, d.Refusals)
			}
			return nil
		}}},
		Ready: func() error { next = b.application(n); return nil },
		Close: b.close,
	}, nil
}

// AdmitStep is the step of the admission room.
const AdmitStep = "tax node: admits"
