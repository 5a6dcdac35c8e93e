package policy

import (
	"iter"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// Use is one charge of a company.
type Use struct {
	When time.Time // whole seconds, UTC
	Bank transport.Name
	Bits int
}

// Usage returns what a company was charged within Options.Window before the last charge of all, the oldest first. A charge that
// is being written may be among it.
func (c *Counters) Usage(id uscc.ID) []Use {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Use
	for at := c.ix.heads.get(&id); at != 0; {
		u := c.ix.at(at)
		if c.ix.latest-u.when >= c.ix.window {
			break
		}
		out = append(out, Use{clock(u.when), c.ix.banks[u.bank], int(u.bits)})
		at = u.prev
	}
	slices.Reverse(out)
	return out
}

// Today returns what a bank used of its quotas within the rolling day that ends now, or at the last charge of all if that is
// later.
func (c *Counters) Today(bank transport.Name, now time.Time) (tasks, companies int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, known := c.ix.numbers[bank]
	if !known {
		return 0, 0
	}
	return c.ix.days[n].used(uint32(max(now.Unix(), int64(c.ix.latest))))
}

// Charged is a task that was charged, as audits want it.
type Charged struct {
	Task      [32]byte
	When      time.Time // whole seconds, UTC
	Bank      transport.Name
	Bits      int
	Companies []uscc.ID
	Outcomes  []error // of each company: nil if it was charged, or why not
}

// Tasks returns every task that is remembered and charged at or after a time, the oldest first. It reads one at a time; tasks that are
// charged meanwhile may be among them. An error, which ends it, wraps ErrCorrupt, ErrFile or ErrClosed.
func (c *Counters) Tasks(from time.Time) iter.Seq2[*Charged, error] {
	type step struct {
		record *record
		next   []byte
	}
	return func(yield func(*Charged, error) bool) {
		at := be.AppendUint32(nil, uint32(min(max(from.Unix(), 0), 1<<32-1)))
		for at != nil {
			s, err := view(c, func(tx *bolt.Tx) (s step, err error) {
				s.record, s.next, err = readRecord(tx.Bucket(bucketRecords).Cursor(), at)
				return s, err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			r := s.record
			if r == nil || !yield(&Charged{r.task, clock(r.when), r.bank, r.bits, r.companies, errorsOf(r.outcomes)}, nil) {
				return
			}
			at = s.next
		}
	}
}

func clock(seconds uint32) time.Time { return time.Unix(int64(seconds), 0).UTC() }
