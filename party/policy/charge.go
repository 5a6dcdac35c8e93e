package policy

import (
	"context"
	"math"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// Charge is what one task takes from the companies' budgets and the bank's quotas.
type Charge struct {
	Task      [32]byte // digest of the task; not zero
	Bank      transport.Name
	Now       time.Time
	Bits      int // of each company
	Companies []uscc.ID
	Times     []time.Time // how fresh each record is, zero where unknown; nil if none is known
	Excluded  []bool      // companies that the caller refuses for reasons of its own; nil for none
	Policy    *Policy
}

func (ch *Charge) validate(window uint32) error {
	n := len(ch.Companies)
	switch {
	case ch.Task == [32]byte{}:
		return because(ErrInvalid, "no task")
	case ch.Bits < 1 || ch.Bits > MaxBits:
		return because(ErrInvalid, "want 1 to %d bits, got %d", MaxBits, ch.Bits)
	case ch.Now.Unix() < 0 || ch.Now.Unix() > math.MaxUint32-int64(2*MaxWindow/time.Second):
		return because(ErrInvalid, "time %s", written(ch.Now))
	case n > MaxCompanies:
		return because(ErrInvalid, "want at most %d companies, got %d", MaxCompanies, n)
	case ch.Times != nil && len(ch.Times) != n:
		return because(ErrInvalid, "%d times of %d companies", len(ch.Times), n)
	case ch.Excluded != nil && len(ch.Excluded) != n:
		return because(ErrInvalid, "%d exclusions of %d companies", len(ch.Excluded), n)
	case seconds(ch.Policy.LongestWindow()) > window:
		return because(ErrInvalid, "the policy has a window of %v, the counters keep %v", ch.Policy.LongestWindow(), time.Duration(window)*time.Second)
	}
	if i := slices.IndexFunc(ch.Companies, uscc.ID.IsZero); i >= 0 {
		return because(ErrInvalid, "company %d has no code", i)
	}
	return nil
}

// Charge charges every company that its budgets, the freshness of its record and the caller admit, all of them durably in one
// transaction, and takes the task from the bank's quotas of a rolling day, in which refused companies count too, so that a bank
// cannot ask about companies for nothing. Each company has its own outcome: nil, ErrBudget, ErrStaleRecord or ErrExcluded (the
// last of those that apply). A company named twice is charged twice.
//
// A task is charged once: with the same bank, bits and companies a second call returns what the first did and charges nothing,
// whatever changed since, so that a node that crashed after it can go on; with others it is ErrReplayed. So it is for the caller
// to run a task once, and to ask Policy.Check first. A *Denial with ErrStopped, ErrBank, ErrWindow, ErrSize or ErrQuota denies
// the whole task, and leaves no trace. Other errors wrap ErrInvalid, ErrCorrupt, ErrFile, ErrClosed, or are that of ctx: the task
// may then be charged or not, and a second call tells.
//
// Time is counted in whole seconds, and never goes back: where Now lies before a time that was charged at, that time holds.
func (c *Counters) Charge(ctx context.Context, ch Charge) ([]error, error) {
	if err := ch.validate(c.ix.window); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, mine, err := c.enqueue(&ch)
	if err != nil {
		return nil, err
	}
	if p != nil {
		select {
		case <-p.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-c.failure.Seen():
			return nil, c.failure.Err()
		}
		if mine {
			return errorsOf(p.outcomes), nil
		}
	}
	old, err := view(c, func(tx *bolt.Tx) (*record, error) { return find(tx, ch.Task) })
	if err != nil {
		return nil, err
	}
	if old == nil {
		return nil, because(ErrInvalid, "the task was forgotten just now")
	}
	return old.repeat(&ch)
}

// enqueue decides, and hands the charge to the committer. If another call did so for this task, it returns that one's, and nil
// if that one is on disk already.
func (c *Counters) enqueue(ch *Charge) (p *pending, mine bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, false, ErrClosed
	}
	if err := c.failure.Err(); err != nil {
		return nil, false, err
	}
	if p := c.pending[ch.Task]; p != nil {
		return p, false, nil
	}
	if known, err := view(c, func(tx *bolt.Tx) (bool, error) { return tx.Bucket(bucketTasks).Get(ch.Task[:]) != nil, nil }); known || err != nil {
		return nil, false, err
	}
	j, err := c.judge(ch)
	if err != nil {
		return nil, false, err
	}
	r := &record{task: ch.Task, when: j.now, bank: ch.Bank, bits: ch.Bits, companies: ch.Companies, outcomes: j.all(ch)}
	pieces, err := r.encode()
	if err != nil {
		j.undo(ch, r.outcomes)
		return nil, false, err
	}
	c.ix.days[j.bank].add(j.now, len(ch.Companies))
	c.ix.latest = j.now
	c.ix.sweep(j.now)
	p = &pending{r.task, r.when, r.outcomes, pieces, make(chan struct{})}
	c.pending[ch.Task] = p
	c.queue = append(c.queue, p)
	c.work.Signal()
	return p, true, nil
}

// judge denies the task as a whole, or returns who decides on its companies.
func (c *Counters) judge(ch *Charge) (*judge, error) {
	if ch.Policy.Stopped() {
		return nil, deny(ErrStopped, "%v admits nothing", ch.Policy)
	}
	r := ch.Policy.rulesOf(ch.Bank)
	switch {
	case r == nil:
		return nil, deny(ErrBank, "%v", ch.Bank)
	case !r.inTime(ch.Now):
		return nil, deny(ErrWindow, "want %s to %s, got %s", written(r.from), written(r.until), written(ch.Now))
	case len(ch.Companies) > r.taskCompanies:
		return nil, deny(ErrSize, "want at most %d, got %d", r.taskCompanies, len(ch.Companies))
	}
	j, err := newJudge(c.ix, ch, r)
	if err != nil {
		return nil, err
	}
	return j, j.quota(r, len(ch.Companies))
}

// repeat answers for a task that was charged before.
func (r *record) repeat(ch *Charge) ([]error, error) {
	if r.bank != ch.Bank || r.bits != ch.Bits || !slices.Equal(r.companies, ch.Companies) {
		return nil, because(ErrReplayed, "the task was charged for something else")
	}
	return errorsOf(r.outcomes), nil
}

func errorsOf(outcomes []outcome) []error {
	out := make([]error, len(outcomes))
	for i, o := range outcomes {
		out[i] = outcomeErrors[o&3]
	}
	return out
}
