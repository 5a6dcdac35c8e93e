// Package policy is what a tax node admits: a file that denies whatever it does not name, and the durable counters that enforce
// the bit budgets and quotas in it.
//
// # The file
//
// [Parse] reads YAML of one form: unknown and repeated fields, anchors, aliases, tags and a second document are errors, that
// name line and field. Durations are such as 90s, 720h or 30d.
//
//	version: 1
//	stop: false                  # the kill switch: true admits nothing, and needs no other field but version
//	limits:                      # over all banks and models; every one must be written down
//	  budgets:                   # bits of one company in a rolling window, over all banks; each of them holds; 1 to 8
//	    - {bits: 24, window: 720h}
//	    - {bits: 8, window: 1d}
//	  records:
//	    max_age: 100d            # of a record, or any
//	    unknown: refuse          # or admit: a record without a time
//	  checkpoint:
//	    max_age: 1h              # of the witnessed checkpoint of the ledger, or any
//	default:                     # what a listed bank has where it does not say otherwise; not needed
//	  purposes: [loan.origination]
//	  schemas: [0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef]   # digests
//	  features: all              # or a list of names
//	  outputs: {band: 4}         # most bits of a band, of a score; what is missing is denied
//	  engines: [transfer, lattice]                                                  # homomorphic is the third
//	  companies_per_task: 100000
//	  companies_per_day: 1000000 # asked about, refused ones included; days are rolling
//	  tasks_per_day: 1000        # bounds what a bank adds to the journal
//	  tasks: 2                   # under way at once
//	  links: 4                   # open at once
//	banks:                       # no other bank is admitted, whatever stands under default
//	  spiffe://credit.example/bank/first: {}
//	  spiffe://credit.example/bank/second:
//	    purposes: [loan.origination, loan.monitoring]   # a field replaces that of the default as a whole
//	    features: [invoices, years]
//	    budgets: [{bits: 8, window: 30d}]               # of this bank alone, beside those over all banks
//	    from: 2025-01-01T00:00:00Z
//	    until: 2026-01-01T00:00:00Z                     # the first moment that is not admitted
//
// A field that stands neither under the bank nor under default is empty: no purposes, no companies. Only budgets, from and
// until of a bank may be missing and mean that the bank has no limit of its own.
//
// [Policy.Check] decides on a task by what can be known without a company; [Policy.Explain] gives all reasons at once.
// [Sessions] counts what a bank has open. [Current] holds the policy of a running node and replaces it at once; what is decided
// after a Store follows the new one, and a session that runs is for its caller to end.
//
// # The counters
//
// [Counters.Charge] takes a batch from the budgets in one durable transaction, before the task is admitted: a crash between the two
// costs the companies some bits and gives the bank none. A task is one record in the file; who was charged when is held in an
// index in memory, which is read from the records when the file is opened. [Counters.WouldAdmit] is the dry run,
// [Counters.Usage] and [Counters.Tasks] are for reports and audits.
//
// Records are dropped once they are older than Options.Window (or a day, if that is longer) and Options.Keep together, some with
// each charge. As long a task that was charged is remembered, and answered as before.
//
// # Adversaries
//
// The bank is malicious. It may ask for more than was agreed, split what it wants over many tasks, run them at once, and over
// many banks that collude: budgets count over all banks, charges are decided one after the other, and refused companies count
// for the quota of the day. A bank must not learn for which reason a company was refused. Charge does the same work for each
// and writes as many bytes, whatever its outcome, with a residue that is of its history: it walks through the uses of a company
// within the longest window, some nanoseconds each and at most MaxBudgetBits of them, and a company that nobody asked about
// since the last sweep takes some hundred nanoseconds more, since the index grows. For one company that lies far under the noise
// of a write to disk; over a large batch of which others asked about most or nothing it can be seen. The message with the
// reason is for the tax node's log.
//
// The clock is trusted not to run ahead: time moves on only with charges, and never back, so that a clock that is set back
// frees nothing; one that was a year ahead while something was charged frees budgets, and then holds time there.
//
// The file is trusted to be the tax node's own: whoever can write to it can change counts. A bad disk gives ErrCorrupt (each
// piece of a record has a checksum; package boltfile checks the pages), and a crash at any moment loses nothing that was
// acknowledged. After a failed write the counters admit nothing until they are opened anew. An old copy of the file put back
// is not noticed and revives budgets: the ledger holds what it lacks. The file names companies and the banks that asked about
// them: keep it on an encrypted disk.
//
// # Sizes
//
// A task takes 18.25 bytes a company in the file, and some 200 bytes. In memory a company that was asked about takes 37 to 75
// bytes and 12 for each charge, for at most 9/8 of Options.Window; while the index is swept, eight times in a window,
// what lives is held twice, and charges wait about a second for some millions of companies.
package policy
