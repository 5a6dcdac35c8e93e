package ledger

import "fmt"

// Role is what a party does.
type Role uint8

// The roles; the zero value is invalid.
const (
	RoleBank Role = iota + 1
	RoleTax
	RoleRegulator
)

func (r Role) String() string {
	if r < RoleBank || r > RoleRegulator {
		return fmt.Sprintf("role %d", uint8(r))
	}
	return [...]string{"bank", "tax node", "regulator"}[r-1]
}

// Kind is what an entry says.
type Kind uint8

// The kinds; the zero value is invalid. Their numbers are part of the encoding.
const (
	KindPartyRegistered Kind = iota + 1
	KindPartyRekeyed
	KindPartySuspended
	KindPartyReinstated
	KindSchemaPublished
	KindModelApproved
	KindModelWithdrawn
	KindConsentGranted
	KindConsentRevoked
	KindTaskAdmitted
	KindReceipt
	KindFinding
)

// kinds says for every kind how to make an empty body, and who writes it.
var kinds = [...]struct {
	name    string
	body    func() Body
	authors []Role
}{
	KindPartyRegistered: {"party registered", func() Body { return new(PartyRegistered) }, []Role{RoleRegulator}},
	KindPartyRekeyed:    {"party rekeyed", func() Body { return new(PartyRekeyed) }, []Role{RoleRegulator}},
	KindPartySuspended:  {"party suspended", func() Body { return new(PartySuspended) }, []Role{RoleRegulator}},
	KindPartyReinstated: {"party reinstated", func() Body { return new(PartyReinstated) }, []Role{RoleRegulator}},
	KindSchemaPublished: {"schema published", func() Body { return new(SchemaPublished) }, []Role{RoleTax, RoleRegulator}},
	KindModelApproved:   {"model approved", func() Body { return new(ModelApproved) }, []Role{RoleRegulator}},
	KindModelWithdrawn:  {"model withdrawn", func() Body { return new(ModelWithdrawn) }, []Role{RoleRegulator}},
	KindConsentGranted:  {"consent granted", func() Body { return new(ConsentGranted) }, []Role{RoleTax}},
	KindConsentRevoked:  {"consent revoked", func() Body { return new(ConsentRevoked) }, []Role{RoleTax, RoleRegulator}},
	KindTaskAdmitted:    {"task admitted", func() Body { return new(TaskAdmitted) }, []Role{RoleTax}},
	KindReceipt:         {"receipt", func() Body { return new(Receipt) }, []Role{RoleBank, RoleTax}},
	KindFinding:         {"audit finding", func() Body { return new(Finding) }, []Role{RoleRegulator}},
}

func (k Kind) String() string {
	if k < KindPartyRegistered || k > KindFinding {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return kinds[k].name
}

// Bounds of what entries hold.
const (
	MaxName        = 128     // bytes of a name or a version
	MaxCommitments = 256     // of one entry
	MaxCompanies   = 1 << 22 // of a task
	MaxBits        = 16      // that leave the tax node for a company
)

// Body is what an entry says: one of the types below. It cannot be implemented elsewhere.
type Body interface {
	// Kind returns which it is.
	Kind() Kind
	fields(c *coder)
}

// PartyRegistered admits a party; by a regulator. Name and key are new to the ledger for ever.
type PartyRegistered struct {
	Key  Key
	Role Role
	Name string // as in its certificate; 1 to 128 bytes of printable text
}

// PartyRekeyed gives a party another key, when the old one is lost or worn; by a regulator. The old key counts no longer.
type PartyRekeyed struct{ Old, New Key }

// PartySuspended stops a party from writing and from being engaged; by a regulator. The last active regulator stays.
type PartySuspended struct {
	Party    Key
	Evidence Digest // of the order that says why
}

// PartyReinstated ends a suspension; by a regulator (never the party itself, which may not write).
type PartyReinstated struct {
	Party    Key
	Evidence Digest // of the order that says why
}

// SchemaPublished announces a schema; by a tax node or a regulator.
type SchemaPublished struct {
	Schema  Digest // of its canonical encoding, as tasks name it
	Name    string // 1 to 128 bytes of printable text
	Version string // 1 to 128 bytes of printable text
}

// ModelApproved allows a bank to use a model; by a regulator, the approver.
type ModelApproved struct {
	Model    Digest // salted commitment to the compiled model, as tasks name it
	Approval Digest // of the signed approval, which says more
	Table    Digest // of the encrypted table that was recomputed; zero for none, then only the OT engine runs
	Schema   Digest // that was published
	Bank     Key
}

// ModelWithdrawn ends an approval; by a regulator.
type ModelWithdrawn struct {
	Model    Digest
	Evidence Digest // of the order that says why
}

// ConsentGranted records that companies consented; by the tax node that checked their artefacts.
type ConsentGranted struct {
	Consents []Commitment // 1 to 256, ascending
}

// ConsentRevoked records that companies took their consents back; by the tax node that recorded them, or a regulator.
type ConsentRevoked struct {
	Consents []Commitment // 1 to 256, ascending
}

// TaskAdmitted records an admission; by the tax node of the task.
type TaskAdmitted struct {
	Task      Digest // of the signed task. It holds a random id, so that its content cannot be guessed from it
	Admission Digest // of the signed admission
	Bank      Key
	Model     Digest // approved for that bank
	Companies uint32 // admitted; 0 to 4,194,304
	Bits      uint8  // of output, for each of them; 1 to 16
}

// Receipt says that a task is done; by the bank and by the tax node of the task, each once.
type Receipt struct {
	Task       Digest
	Transcript Digest // hash over the whole batch
	Evidence   Digest // of the signed receipt
	Companies  uint32 // evaluated, at most those admitted
	Bits       uint8  // as in the task
}

// Verdict is what an audit came to.
type Verdict uint8

// The verdicts; the zero value is invalid.
const (
	VerdictCleared Verdict = iota + 1
	VerdictViolation
)

func (v Verdict) String() string {
	if v < VerdictCleared || v > VerdictViolation {
		return fmt.Sprintf("verdict %d", uint8(v))
	}
	return [...]string{"cleared", "violation"}[v-1]
}

// Finding is the result of an audit of a party; by a regulator. A violation suspends the party.
type Finding struct {
	Party    Key
	Verdict  Verdict
	Task     Digest // that was audited, with the party in it; zero for none
	Evidence Digest // of the signed finding, which anyone who has it can check; new to the ledger
}

// Kind returns KindPartyRegistered.
func (*PartyRegistered) Kind() Kind { return KindPartyRegistered }

// Kind returns KindPartyRekeyed.
func (*PartyRekeyed) Kind() Kind { return KindPartyRekeyed }

// Kind returns KindPartySuspended.
func (*PartySuspended) Kind() Kind { return KindPartySuspended }

// Kind returns KindPartyReinstated.
func (*PartyReinstated) Kind() Kind { return KindPartyReinstated }

// Kind returns KindSchemaPublished.
func (*SchemaPublished) Kind() Kind { return KindSchemaPublished }

// Kind returns KindModelApproved.
func (*ModelApproved) Kind() Kind { return KindModelApproved }

// Kind returns KindModelWithdrawn.
func (*ModelWithdrawn) Kind() Kind { return KindModelWithdrawn }

// Kind returns KindConsentGranted.
func (*ConsentGranted) Kind() Kind { return KindConsentGranted }

// Kind returns KindConsentRevoked.
func (*ConsentRevoked) Kind() Kind { return KindConsentRevoked }

// Kind returns KindTaskAdmitted.
func (*TaskAdmitted) Kind() Kind { return KindTaskAdmitted }

// Kind returns KindReceipt.
func (*Receipt) Kind() Kind { return KindReceipt }

// Kind returns KindFinding.
func (*Finding) Kind() Kind { return KindFinding }

func (b *PartyRegistered) fields(c *coder) {
	c.key("party.key", &b.Key)
	enum(c, "party.role", &b.Role, RoleRegulator)
	c.text("party.name", &b.Name, MaxName)
}

func (b *PartyRekeyed) fields(c *coder) {
	c.key("rekeyed.old", &b.Old)
	c.key("rekeyed.new", &b.New)
}

func (b *PartySuspended) fields(c *coder) {
	c.key("suspended.party", &b.Party)
	c.digest("suspended.evidence", &b.Evidence)
}

func (b *PartyReinstated) fields(c *coder) {
	c.key("reinstated.party", &b.Party)
	c.digest("reinstated.evidence", &b.Evidence)
}

func (b *SchemaPublished) fields(c *coder) {
	c.digest("schema.schema", &b.Schema)
	c.text("schema.name", &b.Name, MaxName)
	c.text("schema.version", &b.Version, MaxName)
}

func (b *ModelApproved) fields(c *coder) {
	c.digest("model.model", &b.Model)
	c.digest("model.approval", &b.Approval)
	c.optional("model.table", &b.Table)
	c.digest("model.schema", &b.Schema)
	c.key("model.bank", &b.Bank)
}

func (b *ModelWithdrawn) fields(c *coder) {
	c.digest("withdrawn.model", &b.Model)
	c.digest("withdrawn.evidence", &b.Evidence)
}

func (b *ConsentGranted) fields(c *coder) { c.commitments("granted.consents", &b.Consents) }
func (b *ConsentRevoked) fields(c *coder) { c.commitments("revoked.consents", &b.Consents) }

func (b *TaskAdmitted) fields(c *coder) {
	c.digest("task.task", &b.Task)
	c.digest("task.admission", &b.Admission)
	c.key("task.bank", &b.Bank)
	c.digest("task.model", &b.Model)
	c.count("task.companies", &b.Companies, 0, MaxCompanies)
	enum(c, "task.bits", &b.Bits, MaxBits)
}

func (b *Receipt) fields(c *coder) {
	c.digest("receipt.task", &b.Task)
	c.digest("receipt.transcript", &b.Transcript)
	c.digest("receipt.evidence", &b.Evidence)
	c.count("receipt.companies", &b.Companies, 0, MaxCompanies)
	enum(c, "receipt.bits", &b.Bits, MaxBits)
}

func (b *Finding) fields(c *coder) {
	c.key("finding.party", &b.Party)
	enum(c, "finding.verdict", &b.Verdict, VerdictViolation)
	c.optional("finding.task", &b.Task)
	c.digest("finding.evidence", &b.Evidence)
}
