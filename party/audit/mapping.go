package audit

// Duty is what a standard or a law wants shown, and where the evidence of it lies.
type Duty struct {
	Source   string `json:"source"`
	Subject  string `json:"subject"`
	Evidence string `json:"evidence"`
	// Cited: the source is a numbered article of a public law. Otherwise the subject is this product's reading of what the standard
	// is about, and no quotation of it.
	Cited bool `json:"cited"`
}

const (
	sourceJRT  = "JR/T 0196-2020"
	sourceISO  = "ISO/IEC 4922"
	sourcePIPL = "PIPL"
)

// Duties maps the subjects of JR/T 0196-2020 (financial application of multi-party computation), ISO/IEC 4922 (secure
// multi-party computation) and duties of China's Personal Information Protection Law to the evidence that a report is made
// from. The rows on the standards are a reading of their subjects and quote nothing; a conformity assessment reads
// the standards. Whether the law applies to an evaluation (a company is not a natural person; a sole trader's or a partner's
// data may be) is for the parties to judge.
func Duties() []Duty {
	return []Duty{
		{sourceJRT, "Task initiator and result user", "the bank: its key and name in the signed task, its registration on the ledger", false},
		{sourceJRT, "Data provider", "the tax node: its key in the signed task and admission; commitment to the levels in the admission", false},
		{sourceJRT, "Computing parties", "bank and tax node: signatures of both over the transcript with every flight", false},
		{sourceJRT, "Authorisation of the use of data", "consent artefact by the company's key, its commitment granted on the ledger before the task; approval of the model", false},
		{sourceJRT, "Task configuration that every party keeps", "task and admission under both signatures, in the journals of both sides; their digests on the ledger", false},
		{sourceJRT, "Evidence of inputs and results", "commitments to levels, seeds and the bank's own points; encrypted table's digest; receipt by both sides", false},
		{sourceJRT, "Logs", "the ledger: append-only, signed by authors, witnessed; archives of signed flights", false},
		{sourceJRT, "Detecting and tracing who breaks the rules", "accusations of this report, replay of either side from escrowed seeds, findings on the ledger that suspend", false},
		{sourceISO, "Roles: input, computing and result parties", "tax node and bank as above; the result goes to the bank alone", false},
		{sourceISO, "Input privacy", "bits that leave the tax node for a company: in the task, the receipt and the budget; all else that it sends is pseudorandom", false},
		{sourceISO, "Output correctness", "replay from committed seeds compares each flight with what it should have been", false},
		{sourceISO, "Parameters agreed and bound to the run", "engine and parameters in the signed task, whose digest enters every key of the session", false},
		{sourcePIPL, "Art. 6: minimum necessary", "features and bits of consent, approval and task; budgets of bits over all banks", true},
		{sourcePIPL, "Art. 13 and 14: basis of processing, informed consent", "artefact: purpose in words, bank, tax node, features, output, number, signed by the company", true},
		{sourcePIPL, "Art. 15: withdrawal of consent", "revocations on the ledger; results of revoked consents withheld (outcome), or an accusation here", true},
		{sourcePIPL, "Art. 21: entrusted processing", "the task names both nodes, purpose and features; nobody else computes", true},
		{sourcePIPL, "Art. 24: automated decisions", "the model's approval with the digest of its leakage lint; bands, not records, leave the tax node", true},
		{sourcePIPL, "Art. 44 and 45: right to know and to a copy", "the report of one company (CompanyReport): who, when, how many bits, under which consent", true},
		{sourcePIPL, "Art. 55 and 56: impact assessment and records", "ledger, dossiers and this report; the lint's report that the regulator keeps", true},
	}
}
