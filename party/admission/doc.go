// Package admission decides, at a tax node, which companies of a task are evaluated: the join of what the companies agreed to
// (package consent), what the node admits and how much may leave it (package policy), and what regulators have recorded
// (package ledger).
//
// # The way of a task
//
// [Gate.Enter] takes a connection. [Gate.Check] decides about the task as a whole, before any company is looked up; [Gate.Admit]
// about each company, and charges. The node then signs its admission, and [Gate.Admitted] puts it into the outbox of the
// ledger. Right before the last message of a superblock [Gate.Withdrawn] names the companies that must not be released any more.
// [Gate.Receipt] ends it. [Gate.Grant] and [Gate.Revoke] are how companies' artefacts come in.
//
// # Order, and crashes
//
// Budgets are charged first, consents last: the record of the consents' charge, under the digest of the task, is the decision.
// Turned round, a crash would leave a decision that stands while no budget was charged for it, or a second record would
// be needed to tell that it does not stand yet. Both charges are idempotent by the digest. So a crash before the first leaves nothing;
// between the two, budgets that are charged for a task that gets the same budgets again when it is put up again; after the second, the
// decision. The bank gets nothing in any of the cases but the last. A company that was refused before a crash, for want of a
// consent, stays refused for that task.
//
// Entries for the ledger are on disk before they are acknowledged: in the outbox, or, for grants and revocations, in the
// transaction that makes them so, from where they are handed to the outbox.
//
// # Adversaries
//
// The bank is malicious. It learns which companies are admitted, and must not learn why another is not: unknown, without consent,
// revoked, used up, over budget or stale. Every company is looked up in the consents, with the same work whether it has one;
// judged by the budgets; and entered in both charges with as many bytes. What is left is named in packages consent and policy, some
// tens of nanoseconds a company under two writes to disk; the caller answers at times of its own choice on top of it. Reasons are
// in errors and [Decision].Refusals, for the node's own log, as counts: neither names a company.
//
// A ledger's operator who works with the bank can withhold entries: so a checkpoint that a quorum of witnesses signed must be
// younger than the policy's limit, or nothing is admitted; and evidence of two histories stops everything. Within that limit a
// suspension that is recorded may not be seen. Revocations reach the node directly, and need no ledger; one that a
// regulator records on the ledger does not end the consent here: regulators suspend banks and withdraw models.
//
// The clock, the policy's file and the three files of charges and consents are the tax node's own, and trusted.
//
// # Sizes
//
// A decision takes 18 bytes a company in the counters and 5 in the consents, and memory of some 150 bytes a company while it is
// made.
package admission
