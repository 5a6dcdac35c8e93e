// Package party is the two nodes of Blindscore: a Bank, which scores companies
// with its secret scorecard, and a TaxNode, which answers from its secret records.
//
//	bank, err := party.NewBank(party.BankConfig{Identity: id, Peers: peers, Model: model, Journal: journal})
//	link, err := bank.Dial(ctx, "tax.example:7443")                   // mutual TLS 1.3, base OTs
//	batch, err := link.Score(ctx, party.Request{Companies: ids})      // one company or a million
//	for _, r := range batch.Results { ... r.Name, r.Err ... }
//
// # A batch
//
//	bank                                                                tax node
//	    -- Hello / HelloReply, base OTs, Escrow, TableOffer: once a connection --
//	    -- Propose: the task, signed; the companies               -->   checks the task, looks the companies up,
//	                                                                    decides on each, charges, commits to levels
//	    <-- Admission: which companies are evaluated, signed      --
//	    -- Start / StartReply: attempt, seeds committed to, signed --
//	    -- the flights of mpc/score, each signed                  --    asks who is withdrawn, stores each answer,
//	                                                                    then releases it
//	    <-- Outcome: whose bits were withheld, signed             --
//	    -- Receipt, signed by both                                --    both: to the ledger
//
// The task names both nodes and their keys, the schema, a hiding commitment to
// the model as it was approved, the features, the purpose, the output and its
// bits, engine and parameters, the companies by digest, and a commitment to the
// bank's own points. Its digest, the attempt and both seed commitments enter the
// binding of the session, and so every key and hash of it; the connection enters
// those of the OTs.
//
// # Governed
//
// Nothing is evaluated that TaxConfig.Admission does not admit: *admission.Gate
// wants the bank and the model on the ledger, a policy that allows the task, and
// of each company a consent, a record that is fresh, and bits left in its budget
// over all banks and models. Every reason looks the same to the bank (ErrRefused),
// in bytes and, as far as TaxConfig.Slot hides it, in time. Right before a
// superblock's last flight the gate is asked again, and the bits of a company whose
// consent has ended are not released.
//
// Either side can be audited afterwards (package audit). All that a side draws on
// a connection derives from one seed; the bank puts its into escrow, publicly
// verifiable, for the Auditors that the tax node asks for, who are also those that
// the bank itself is configured with; the tax node seals its own to its own
// auditors. Evidence archives keep the signed start of each session, every
// flight's hash and signature, and the payloads received.
//
// # Who learns what
//
// The bank: the output of each admitted company, and which companies are not
// admitted or were withheld (ErrRefused, one answer for every reason). The tax
// node: which
// companies the bank asked about, how many features and of which levels the model
// reads, the bits of the score's range, the output's width, and the form of stage
// 2: two tables say that no two thresholds that matter to the batch are closer
// than a window, one table may say that some are (BankConfig.Form fixes it). See
// mpc/score for the adversaries of the protocol; what either side does with its
// own data is not its matter.
//
// The tax node uses an encrypted table (EncryptedTable, LinearTable) only if it was
// told to trust its digest; otherwise tasks run by oblivious transfer.
//
// # Engines
//
// A bank's model has up to three forms (BankConfig): a scorecard on the schema's
// grid (Model: oblivious transfer, or its encrypted table), a linear model on
// integers in full precision (Linear: encrypted weights), and a logistic one
// (Probability: under a key of the tax node's). Each has a commitment, and an
// approval, of its own. A task names one form and one engine; of those that the
// tax node runs, the best is chosen: first engines whose bound of bits holds
// against a bank that deviates, then full precision, then speed. Link.Explain says
// which and why.
//
//	                  bank's bound of bits        needs                          values
//	Model             any bank                    nothing                        grid
//	Model and Table   any bank, certified table   TaxConfig.Trusted              grid
//	Linear            any bank, certified table   Trusted, records with values   full precision
//	Probability       a bank that a replay finds  AllowProbability, the same     full precision
//
// With Linear the tax node also learns the units of the features and the bits of
// the range, with Probability the width of the range of the linear term to a
// factor of two.
//
// # Exactly once
//
// A bank writes a task down before it proposes it, since the tax node charges at
// once. The tax node stores the answer of a superblock, with what the bank signed
// last, before it releases it, and never makes a second one. After a break, Link.Resume, in the same process or a
// later one, gets the stored answers again byte for byte and runs the rest with
// fresh randomness; a restarted node has forgotten every seed of its own, and
// makes new base OTs. The bank's journal keeps the seeds of its attempts until the
// batch is complete, since stored answers are under its masks.
//
// All this stands on the tax node's one journal. Two nodes that share an identity
// and not the journal, or a journal set back to an older copy, answer a task
// twice, and the bank has twice the bits.
//
// # Limits
//
// A tax node bounds links, batches under way, companies, output bits, the memory
// of encrypted tables and every message. Levels of a batch are held in memory
// while it runs, two bytes a company and feature; in full precision eight a column,
// of which a feature has one, and one for each category and special value. A
// superblock on a circuit takes some tens of megabytes at either side while it is
// computed, of which as many as the window has are under way at once.
package party
