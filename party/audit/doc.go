// Package audit checks afterwards what was done: from the ledger and the artefacts handed over, offline, who was asked about
// and with whose consent, and from opened seeds, whether a side sent what it should have.
//
// # Replay
//
//	bank's dossier --+                                              t of n auditors open the
//	tax node's ------+--> OpenCase: every word under its            escrow of a connection
//	dossier               party's signature                                 |
//	                           |                                            v
//	approved model, salt, -----+--> BankReplay: runs the bank's side <--- seed of the connection
//	table's nonce and seed          again on the flights that it
//	                                received, and compares
//	                                           |
//	                                           v
//	                                 Verdict: cleared, or what, in which superblock and flight
//
// BankReplay needs no tax data but what the bank was sent anyway. TaxReplay is for the tax authority's own auditors, on its
// premises: it sees levels. Both compare hashes of what was sent with hashes of what should have been; both sides signed the
// transcript with every flight, so neither record can be altered by who keeps it without breaking the other's signature.
//
// # Verification
//
//	ledger.Export, witnessed ------+
//	checkpoints kept by others ----+--> Inquiry.Verify: every signature, every company of every task
//	disclosures by tax nodes ------+            |
//	and banks (WriteDisclosure)    |            v
//	registers of keys, policies, --+         Report: each evaluation clear, withheld, a violation or open;
//	approvals                                accusations, each of who signed what shows it; notices
//
// A disclosure is what one side hands over about one task: the public part of its dossier and, from the tax node, the consent
// and the salt of its commitment for each admitted company. Its side signs it as a whole. Decided are: the consent (signature,
// company, bank, tax node, purpose, features, schema, output, bits, time, binding to a task); that it was on the ledger before the
// task and not revoked; its number and frequency, and the budgets of bits, over all tasks disclosed; the model's approval,
// table and terms; receipts against the ledger, the outcome and the admission; that every admission on the ledger is
// disclosed; that the history is the one that others kept checkpoints of.
//
// A party is accused on its own signature alone:
//
//	tax node      the admission, for consents, budgets, model and table; the ledger's entries and its receipt; what it
//	              discloses, or does not
//	bank          its receipt and the receipt's entry; that it ran a task (its receipt says so) beyond the model's approval
//	regulator     an entry that contradicts the approval that it signed
//	operator      a checkpoint that is not of the history (ledger.ForkError)
//
// Times of decisions are the tax node's word, in its disclosure: honest ones cannot be accused by the delay of an entry, and a
// false one shows as a notice if it is off by more than Inquiry.Slack. Windows of budgets are shortened by up to five minutes.
// What is not decided: whether records lay in the range of a consent, which only the tax node knows; budgets of single
// banks and quotas; when a revocation reached the tax node, where the ledger does not have it; whether a company that the outcome
// calls withheld was withheld (a replay tells). What a regulator revoked on the ledger ends no consent at the tax node.
//
// # Findings
//
// A Finding is a verdict in words that anyone can check: it quotes the signed messages that bind the party to what it sent,
// and says what it should have sent; auditors sign it (Sign, VerifyFinding), a regulator puts its digest on the ledger (Enter),
// where a violation suspends the party. It holds no seed, no company and no level. What its quotes do not show by themselves,
// such as that an artefact covers no such task, stands on the auditors' signatures.
//
// # Adversaries
//
//	who                      what holds
//	bank                     cannot have a replay accept another model, own points or randomness than it committed to. It
//	                         can refuse to hand over its dossier, which is a finding by itself (KindMissing)
//	tax node                 the same for levels, withheld companies and returned bits. What its records said is compared
//	                         with the authority's own (TaxReplay.Truth); whether those are true is beyond any protocol
//	who hands over evidence  whatever is altered, cut off or made up fails as ErrEvidence, which accuses nobody: a party
//	                         cannot be framed by altering what it did not sign
//	who withholds it         a task without its tax node's disclosure is KindMissing; so is a receipt that its own side does not
//	                         hand over. That it was asked for is the auditor's word (Inquiry.Asked)
//	operator of the ledger   cannot drop, reorder, change or date back what a quorum or a kept checkpoint covers
//	bank and tax node        who agree on another time than the true one gain what Slack allows, and are noticed beyond
//	fewer than t auditors    open nothing (see package sharing)
//	t auditors               together with the bank's dossier see the bank's points and results, and with the tax node's
//	                         the levels: that is what an audit is. Their signatures stand under what they find
//
// # Sizes
//
// A disclosure takes about 1.4 KB a company, most of it the artefact. An inquiry takes some 100 microseconds of a processor for
// each evaluation, half of it Ed25519, on all processors; memory of about 200 bytes an evaluation and 100 a commitment, beside
// the artefacts of a few hundred companies. A Report has positions of companies and no codes when it is written out; a
// CompanyReport has the one code.
package audit
