package ledger

import "iter"

// Party is what the ledger knows of a party.
type Party struct {
	Key       Key // the current one
	Role      Role
	Name      string
	Suspended bool
	Entries   uint64 // that it wrote
}

// Model is what the ledger knows of an approved model.
type Model struct {
	Approval, Table, Schema Digest
	Bank, Approver          Key // their current keys
	Withdrawn               bool
}

// Task is what the ledger knows of an admitted task.
type Task struct {
	Task, Admission, Model Digest
	Bank, Tax              Key // their current keys
	Companies              uint32
	Bits                   uint8
	BankReceipt            *Receipt // nil until it is there
	TaxReceipt             *Receipt
}

// Agreed reports whether both receipts are there and say the same.
func (t *Task) Agreed() bool {
	a, b := t.BankReceipt, t.TaxReceipt
	return a != nil && b != nil && a.Transcript == b.Transcript && a.Companies == b.Companies
}

// ConsentStatus is what the ledger knows of a consent.
type ConsentStatus uint8

// The states of a consent; the zero value says that it was never recorded.
const (
	ConsentUnknown ConsentStatus = iota
	ConsentLive
	ConsentGone // revoked
)

// Genesis returns a copy of what the ledger started from.
func (r *Records) Genesis() *Genesis {
	g := *r.genesis
	g.Regulators = append([]Founder(nil), g.Regulators...)
	return &g
}

// ID returns the ID of the genesis.
func (r *Records) ID() Digest { return r.id }

// Size returns how many entries were applied.
func (r *Records) Size() uint64 { return r.size }

// Party returns the party whose key this is now.
func (r *Records) Party(key Key) (Party, bool) {
	n, ok := r.current(key)
	if !ok {
		return Party{}, false
	}
	p := &r.parties[n]
	return Party{p.key, p.role, p.name, p.suspended, p.sequence}, true
}

// PartyNamed returns the party of that name.
func (r *Records) PartyNamed(name string) (Party, bool) {
	n, ok := r.names[name]
	if !ok {
		return Party{}, false
	}
	return r.Party(r.parties[n].key)
}

// Active reports whether the key is that of a party that is not suspended.
func (r *Records) Active(key Key) bool {
	p, ok := r.Party(key)
	return ok && !p.Suspended
}

// Next returns the sequence number of the party's next entry, or ErrAuthor.
func (r *Records) Next(author Key) (uint64, error) {
	p, ok := r.Party(author)
	if !ok {
		return 0, because(ErrAuthor, "%v", author)
	}
	return p.Entries + 1, nil
}

// Schema returns name and version of a published schema.
func (r *Records) Schema(digest Digest) (name, version string, published bool) {
	s, ok := r.schemas[digest]
	return s.name, s.version, ok
}

// Model returns a model that was approved, if only once.
func (r *Records) Model(digest Digest) (Model, bool) {
	m, ok := r.models[digest]
	if !ok {
		return Model{}, false
	}
	return Model{m.approval, m.table, m.schema, r.parties[m.bank].key, r.parties[m.approver].key, m.withdrawn}, true
}

// Approved reports whether the bank may use the model: it is approved for that bank, not withdrawn, and the bank is active.
func (r *Records) Approved(model Digest, bank Key) bool {
	m, ok := r.Model(model)
	return ok && !m.Withdrawn && m.Bank == bank && r.Active(bank)
}

// TableApproved reports whether an encrypted table may be used: it was approved with a model that its bank, which is active, may
// use. It takes time in proportion to the models.
func (r *Records) TableApproved(table Digest) bool {
	if table == (Digest{}) {
		return false
	}
	for _, m := range r.models {
		if m.table == table && !m.withdrawn && !r.parties[m.bank].suspended {
			return true
		}
	}
	return false
}

// Consent returns the status of a consent.
func (r *Records) Consent(c Commitment) ConsentStatus {
	switch g, ok := r.consents[c]; {
	case !ok:
		return ConsentUnknown
	case g.revoked():
		return ConsentGone
	}
	return ConsentLive
}

// ConsentHolder returns the current key of the tax node that recorded a consent.
func (r *Records) ConsentHolder(c Commitment) (Key, bool) {
	g, ok := r.consents[c]
	if !ok {
		return Key{}, false
	}
	return r.parties[g.tax()].key, true
}

// Task returns an admitted task.
func (r *Records) Task(digest Digest) (Task, bool) {
	n, ok := r.byTask[digest]
	if !ok {
		return Task{}, false
	}
	return r.task(n), true
}

func (r *Records) task(n uint32) Task {
	t := r.tasks.at(n)
	return Task{
		Task: t.digest, Admission: t.admission, Model: t.model, Bank: r.parties[t.bank].key, Tax: r.parties[t.tax].key,
		Companies: t.companies, Bits: t.bits, BankReceipt: t.receipt(0), TaxReceipt: t.receipt(1),
	}
}

func (t *task) receipt(side int) *Receipt {
	r := &t.receipts[side]
	if !r.there {
		return nil
	}
	return &Receipt{Task: t.digest, Transcript: r.transcript, Evidence: r.evidence, Companies: r.companies, Bits: t.bits}
}

// Tasks iterates over the tasks that a party is in, bank or tax node, in the order of admission.
func (r *Records) Tasks(key Key) iter.Seq[Task] {
	return func(yield func(Task) bool) {
		n, ok := r.current(key)
		if !ok {
			return
		}
		for _, t := range r.parties[n].tasks {
			if !yield(r.task(t)) {
				return
			}
		}
	}
}

// Finding returns an audit finding by the digest of its evidence.
func (r *Records) Finding(evidence Digest) (Finding, bool) {
	f, ok := r.findings[evidence]
	if !ok {
		return Finding{}, false
	}
	return Finding{Party: r.parties[f.party].key, Verdict: f.verdict, Task: f.task, Evidence: evidence}, true
}
