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
// A Finding is a verdict in words that anyone can check: it quotes the signed messages that bind the party to what it sent,
// and says what it should have sent; auditors sign it. It holds no seed, no company and no level.
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
//	fewer than t auditors    open nothing (see package sharing)
//	t auditors               together with the bank's dossier see the bank's points and results, and with the tax node's
//	                         the levels: that is what an audit is. Their signatures stand under what they find
package audit
