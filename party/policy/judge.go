package policy

import "time"

// outcome is what became of one company of a charge, two bits in the file.
type outcome = uint8

const (
	charged outcome = iota
	overBudget
	staleRecord
	excluded
)

// outcomes holds the reasons by outcome.
var outcomeErrors = [4]error{overBudget: ErrBudget, staleRecord: ErrStaleRecord, excluded: ErrExcluded}

// judge decides on the companies of one charge. It does the same work for each, whatever comes out.
type judge struct {
	ix      *index
	now     uint32
	bank    uint16
	bits    int
	limits  []limit
	longest uint32
	policy  *Policy
}

// limit is a budget in seconds.
type limit struct {
	bits   int
	window uint32
	own    bool // counts what the bank itself was given
}

func newJudge(ix *index, ch *Charge, r *rules) (*judge, error) {
	if ix.n >= maxUses {
		return nil, because(ErrInvalid, "more than %d charges in a window", uint32(maxUses))
	}
	bank, err := ix.bank(ch.Bank)
	if err != nil {
		return nil, err
	}
	j := &judge{ix: ix, now: max(uint32(ch.Now.Unix()), ix.latest), bank: bank, bits: ch.Bits, policy: ch.Policy}
	for own, budgets := range [][]Budget{ch.Policy.budgets, r.budgets} {
		for _, b := range budgets {
			l := limit{b.Bits, seconds(b.Window), own == 1}
			j.limits = append(j.limits, l)
			j.longest = max(j.longest, l.window)
		}
	}
	return j, nil
}

// quota denies a task of n companies that the bank's day has no room for.
func (j *judge) quota(r *rules, n int) error {
	tasks, companies := j.ix.days[j.bank].used(j.now)
	switch {
	case tasks >= r.dayTasks:
		return deny(ErrQuota, "want at most %d tasks a day", r.dayTasks)
	case n > r.dayCompanies-companies:
		return deny(ErrQuota, "want at most %d companies a day, got %d after %d", r.dayCompanies, n, companies)
	}
	return nil
}

// all decides on every company in turn and records in the index what it charges, so that a company that is named twice is
// charged twice.
func (j *judge) all(ch *Charge) []outcome {
	out := make([]outcome, len(ch.Companies))
	now := time.Unix(int64(j.now), 0)
	for i := range ch.Companies {
		head := j.ix.heads.head(&ch.Companies[i])
		o := charged
		if !j.fits(*head) {
			o = overBudget
		}
		if ch.Times == nil || ch.Times[i].IsZero() {
			if !j.policy.unknownTime {
				o = staleRecord
			}
		} else if !young(now, ch.Times[i], j.policy.recordAge) {
			o = staleRecord
		}
		if ch.Excluded != nil && ch.Excluded[i] {
			o = excluded
		}
		// The use is written in any case, but counts only if the company is charged.
		*j.ix.slot() = use{*head, j.now, j.bank, uint8(j.bits)}
		if o == charged {
			*head = j.ix.n
			j.ix.n++
		}
		out[i] = o
	}
	return out
}

// fits tells whether every budget has room for the bits, given the company's newest use.
func (j *judge) fits(head uint32) bool {
	var used [2 * MaxBudgets]int
	for at := head; at != 0; {
		u := j.ix.at(at)
		age := j.now - u.when
		if age >= j.longest {
			break // those before it are older
		}
		for b := range j.limits {
			l := &j.limits[b]
			if age < l.window && (!l.own || u.bank == j.bank) {
				used[b] += int(u.bits)
			}
		}
		at = u.prev
	}
	fits := true
	for b := range j.limits {
		fits = fits && used[b]+j.bits <= j.limits[b].bits
	}
	return fits
}

// undo takes back what all recorded, nothing else having been recorded since.
func (j *judge) undo(ch *Charge, out []outcome) {
	for i := len(out) - 1; i >= 0; i-- {
		if out[i] == charged {
			head := j.ix.heads.head(&ch.Companies[i])
			*head = j.ix.at(*head).prev
			j.ix.n--
		}
	}
}
