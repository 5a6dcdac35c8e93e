// Package consent is what a company agrees to, in a form that a tax node can hold a bank to: an artefact signed by the
// company, that names one bank, one tax node, one purpose, the features, the output and its bits, and how often; and the
// [Store] in which a tax node keeps what was granted, counts what was used and forgets nothing that was revoked.
//
// # The artefact
//
// It is a JWS (RFC 7515, compact serialisation) by the company's own key, Ed25519 at present; the header names the
// algorithm, only those of an allow-list pass, and it must be that of the registered key. Its payload follows the consent
// artefact of India's account aggregators (ReBIT, NBFC-AA API specification: version, id, start, expiry, mode, purpose, data
// consumer, data provider, customer, data range, data life, frequency) and adds what that lacks for computation: pins of
// both nodes' keys, digest of the schema, list of features, kind and bits of the output, the most evaluations, a binding to
// one task, and the company's count of revocations. [Create] is the company's side; [Verify] needs nothing but the register
// of keys and a clock. One consent has one encoding: every other form of the same text is refused.
//
// What is enforced here: every field of [Question], time, counts, frequency, revocation. What is only stated, for a court:
// the text of the purpose, and how long the bank may keep the output ([Terms].Life).
//
// # Revocation
//
// A [Revocation] is signed by the same key and numbered by the company; see there why neither an old one nor an old artefact
// gains anything by being shown again. It counts from the moment [Store.Revoke] returns.
//
// # A million companies
//
// A signature is verified once, when its consent is granted. [Store.Lookup], [Store.Charge] and [Store.Recheck] answer for a
// batch from memory, where the store keeps an index of what its file says; terms that companies share are judged once a
// batch. A charge is written as one list of the consents charged, five bytes each, in one transaction with one flush of the
// disk: it is on disk before it is acknowledged, and counted anew from the list when the file is opened. Counts are folded
// into a table of their own after every eight million charges, so that opening stays short.
//
// What the ledger is owed for a grant or a revocation is written with it; see [Unrecorded].
//
// # Adversaries
//
// The bank is malicious: it may alter artefacts, show old ones, ask for more than was granted, or run sessions side by side
// to use one evaluation twice. Each is refused by an error of its own, which is for the tax node's log: a bank must get one
// and the same answer for all, and at the same time, which is the business of who calls this package. [Store.Lookup] does
// its part: for a company without a consent it searches the same, and judges another company's consent in its stead, so that
// neither the instructions nor the memory that they wait for tell it from a company with one consent, whether that is
// refused or not. What is left: some 20 of 300 nanoseconds a company between having a consent and having none
// (BenchmarkLookupAlike); each further consent of a company takes some tens of nanoseconds more, terms that come first in a
// batch take under a microsecond once, and memory that was just used answers sooner, which a batch hides. A company is
// malicious towards the store's memory: artefacts have at most MaxArtefact bytes, a company at most MaxPerCompany consents
// that have not expired. Nobody can grant or revoke for a company without its key.
//
// Trusted: the register of keys ([Keys]), the tax node's clock, and the tax node itself, whose file this is: it could ignore
// consents, which the ledger and audits are there to show. A disk that damages the file is noticed (ErrCorrupt), and a crash
// at any moment loses nothing that was acknowledged; an old copy of the file put back is not noticed, and it revives counts
// and revoked consents: restore a backup only after the revocations and charges since were taken from the ledger. A company
// whose key was stolen must have it replaced in the register; consents that the thief granted live until they are revoked
// with the new key.
//
// The file names the companies that consented and which banks they deal with, and holds the salts of the ledger: keep it on
// an encrypted disk. On the ledger stands a salted commitment only ([Commit]), with a salt of its own for each consent;
// without it nothing is linked to a company. [Store.Evidence] gives the salt to an auditor or to the company.
//
// # Sizes
//
// An artefact takes about 1.3 KB and the names of its features. A stored consent takes its artefact and some 250 bytes of
// file; a charge 160 bytes a session and five a company, with up to four times as many in pages that are used again.
//
// In memory a consent takes 96 bytes, a company 16 to 32 bytes more, each different Terms some 1 KB, and a consent that was
// ever granted 4: for a million companies with a consent each, about 115 MB. The sessions that Standing was asked about take
// up to 32 MB more. A company has at most MaxPerCompany live consents; expired ones are forgotten when it grants the next.
// Opening reads the file twice, and takes about half a second for every hundred thousand consents.
package consent
