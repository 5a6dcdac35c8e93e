// Package vault is the offline channel: bands are computed while the tax node is away. The tax node encrypts its register
// under a key that holders share (package threshold), signs the index and goes; later banks are answered by a platform that
// evaluates approved models on the encrypted features, and by any t holders that switch the results to the bank. Everything
// is functions over bytes; who carries them is not this room's matter.
//
// # The way of a task
//
//	tax node   Write(register)            -> Snapshot (signed), chunks            then it may end
//	bank       BankReader.Ask             -> task, signed: model, positions, key to read with
//	holders    Holder.Admit               -> the positions that each lets the bank see
//	platform   Platform.Start, Request    -> results of all chunks; the request names holders, positions, digests
//	holders    Holder.Answer              -> each evaluates the model itself, compares, and switches its own result
//	platform   Job.Combine                -> outcome
//	bank       BankReader.Read            -> a band for each company that was admitted
//
// Platform.Serve does the platform's part, through every subset of holders that it takes.
//
// # Who sees what
//
// Bank: one band for each company of the task that every holder asked has admitted. Slots of all others hold, for it, a
// sum of uniform pads, one of each holder that took part. It sees how many companies a snapshot has, and salted
// commitments of them.
//
// Platform: ciphertexts, tasks (who asks for which positions), times. It evaluates with the tables in clear, so it sees
// the model, as every holder does: each has the approver's copy (Models). A bank that must keep its model from them uses
// the two-party channel. Positions say nothing of companies without the salts, but the same position in two tasks of one
// snapshot is the same company.
//
// Holder: what the platform sees, and what its own hook Admitted knows of companies (by openings that the tax authority
// gives it). No plaintext but its own pads.
//
// Tax node: nothing of what is asked; it is offline. What it would have enforced, each holder enforces by Admitted:
// consent, revocation, budget of bits. The snapshot ages: HolderConfig.MaxAge.
//
// # Adversaries
//
// Platform, malicious, with the bank and up to t-1 holders: it cannot have a feature, another model's band or a company
// that is not admitted switched, because no honest holder takes a ciphertext or a word from it: a holder reads the signed
// snapshot, checks chunks against it, evaluates the approved model, and refuses a request whose digests are not those of
// its own results (ErrResult). It can deny service, and order the holders. It can also hand the bank a wrong outcome: the
// outcome carries no proof. Random damage shows (tables.ErrBand); a shift of a band by someone who knows the circuit need
// not. A bank that must know asks two platforms, or has the task replayed: results and sessions are functions of public
// bytes, and the holders' answers are signed.
//
// Holder, malicious: it is missing, or its answer is malformed, and it is named (threshold.Named) and done without; or its
// answer is a wrong one, and the result is none: threshold.Session.VerifySwitch names it in an audit. t malicious holders
// have the key and with it every snapshot under it.
//
// Bank, malicious: it learns bands of approved models for admitted companies. Two tasks for one company are two bands: the
// budget of bits is for Admitted to count.
//
// Tax node, malicious: it can encrypt what it likes, and so falsify its own input, as in the two-party channel; levels off
// the grid make bands that are none, or others. It has no share, and learns nothing.
//
// # Used once
//
// A holder answers a request once and a task for one content, by a durable Register; other holders for the same content
// are another request, of which a task has at most MaxAttempts. Every session switches a polynomial of its own under noise
// and pads of its own (threshold.Session), so that answers for two subsets do not add up to anything.
//
// # Sizes
//
// A chunk has offline.Plan.ChunkBytes bytes for Slots companies (16,384 at logN 14), an index 32 bytes a company; a task
// the bank's public key and 4 bytes a position; an answer offline.Plan.AnswerBytes for each chunk of the task, whatever
// the number of companies in it; an outcome BandBytes for each.
package vault
