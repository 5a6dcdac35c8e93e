// Package ledger is the log that banks, tax nodes and regulators write, and the state that its entries add up to: which
// parties are active, which models approved, which consents live, which tasks were admitted and receipted, what audits found.
// A tax node goes by it through a Mirror (package admission), nodes write to it through an Outbox, and an auditor proves from
// it what was done (package audit).
//
// # Entries and state
//
// An [Entry] is one of twelve kinds (see [Body]), in its one encoding, signed by its author with Ed25519 for one ledger (the ID
// of its [Genesis]), and numbered by its author: a replay does not fit, nor does anything after an entry that was dropped.
// [State.Apply] takes entries in, in order, or refuses them; it is deterministic, so that every copy decides alike.
// Regulators register parties, approve models and record findings; a finding of a violation suspends its party.
//
// # The log
//
// Entries are the leaves of an RFC 6962 Merkle tree; a checkpoint is its size and root, signed by the log's operator.
// A [Ledger] appends asynchronously: [Ledger.Submit] returns a future that ends with an index and a proof of inclusion, so that
// agreement among organisations fits behind the same interface; package ledgertest holds an implementation to it. Here are
// [NewMemory], and [CreateFile] and [OpenFile]: entries, hashes and checkpoint in one file of go.etcd.io/bbolt, each group of
// submissions in one transaction with one fsync. Trees, proofs and signed notes are those of golang.org/x/mod (sumdb/tlog and
// sumdb/note), which the checksum database of Go runs on: small, kept by the Go team, and synchronous to the disk; a tiled
// log such as tessera publishes a tenth of a second later, which admission would have to wait for.
//
// # Following and writing from elsewhere
//
// A Mirror follows a ledger, here or behind package remote, and holds the records of what a quorum of witnesses covers, all of
// it verified. An Outbox keeps what an author has to say on disk until it is recorded, exactly once. A Collector brings together
// witnesses that come one by one.
//
// # Adversaries
//
// The operator of the log may be the bank, the tax node or a third one, and is malicious: it can refuse or delay entries, which
// their authors notice, but it can write none for another, since it lacks their keys, and it can drop, change, reorder or fork
// only against its own signature on a checkpoint. A [Witness] signs a checkpoint if it continues the last one that it signed;
// with a quorum q of n witnesses ([NewPolicy] wants more than half) two histories need the log's operator and 2q-n witnesses
// who break their word. So with the bank, the tax node and the regulator as witnesses and q = 3, neither side alone nor both
// can fork; with q = 2 it takes the operator and one more. The time in a co-signature bounds how old a checkpoint is.
// [VerifyLog] finds all of it offline, from files alone; a [ForkError] quotes the two signed checkpoints that convict.
// An author who puts a lie in an entry is not found here, but by the audit that sees what its digests stand for.
//
// Peers and files are hostile to the decoders: sizes are bounded before memory is taken, encodings have one form, a damaged file
// gives ErrCorrupt. A crash at any moment loses nothing that was acknowledged. An old copy of the file put back is not noticed
// by the ledger itself, nor is a newest page of bbolt that rots (it looks like a write that a crash cut off, and the one before
// it counts); its next checkpoint is noticed by every witness and by who holds a later one. So an operator who has reason to
// doubt a disk asks the witnesses before appending.
//
// # What the ledger shows
//
// Everyone who reads it sees the parties, schemas, when and between whom tasks ran, for how many companies and with how many
// bits of output, how many consents a tax node recorded and revoked and in which groups. Of companies it shows salted
// commitments only ([Commit]): without the salts nothing can be linked to a company, nor one consent to another. Tasks are
// digests of messages with a random id in them. Models are hiding commitments.
//
// # Sizes
//
// An entry takes 114 bytes and its body, 33 to 290 bytes as a rule and 8 KiB at most; on disk 24 bytes more and 64 bytes of
// hashes. The state takes about 80 bytes a consent and 400 a task.
package ledger
