package policy

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/transport"
)

// reference is the budgets as one would write them down: every charge ever made, and a sum over all of them.
type reference struct {
	uses  []referenceUse
	clock time.Time
}

type referenceUse struct {
	company int
	when    time.Time
	bank    transport.Name
	bits    int
}

func (r *reference) fits(company, bits int, bank transport.Name, now time.Time, shared, own []Budget) bool {
	for i, b := range append(append([]Budget(nil), shared...), own...) {
		sum := bits
		for _, u := range r.uses {
			if u.company == company && u.when.After(now.Add(-b.Window)) && (i < len(shared) || u.bank == bank) {
				sum += u.bits
			}
		}
		if sum > b.Bits {
			return false
		}
	}
	return true
}

// TestWindows holds the counters to the reference over random histories: a few companies, times that cluster at the edges of
// windows, clocks that go back, and files that are closed and opened in between. It does not wait for the disk.
func TestWindows(t *testing.T) {
	for seed := range uint64(16) {
		rng := rand.New(rand.NewPCG(seed, 7))
		var windows []time.Duration
		budgets := func(n int) (text string, out []Budget) {
			text = "["
			seen := make(map[time.Duration]bool)
			for range n {
				b := Budget{1 + rng.IntN(20), time.Duration(1+rng.IntN(50)) * time.Second}
				if seen[b.Window] {
					continue
				}
				seen[b.Window] = true
				windows = append(windows, b.Window)
				text += fmt.Sprintf("{bits: %d, window: %v},", b.Bits, b.Window)
				out = append(out, b)
			}
			return text + "]", out
		}
		sharedText, shared := budgets(1 + rng.IntN(3))
		ownText, own := budgets(rng.IntN(3))
		p := simple(t, sharedText, "{budgets: "+ownText+"}")
		file, options := fileOf(t), Options{Window: time.Duration(50+rng.IntN(20)) * time.Second, Keep: time.Second}
		c := open(t, file, options)
		c.db.NoSync = true
		ref := reference{clock: noon}
		now, admitted, refused := noon, 0, 0
		for n := range 150 {
			switch rng.IntN(4) {
			case 0:
				now = now.Add(time.Duration(rng.IntN(5)-1) * time.Second)
			case 1: // to the second at which an old charge leaves a window, or the one before it
				if len(ref.uses) > 0 {
					now = ref.uses[rng.IntN(len(ref.uses))].when.Add(windows[rng.IntN(len(windows))] - time.Duration(rng.IntN(2))*time.Second)
				}
			}
			if now.After(ref.clock) {
				ref.clock = now
			}
			node, ownBudgets := "first", []Budget(nil)
			if rng.IntN(2) == 0 {
				node, ownBudgets = "second", own
			}
			ch := chargeOf(t, p, n, 1+rng.IntN(5), 0, 0)
			ch.Bank, ch.Now = bankOf(t, node), now
			var numbers []int
			for range rng.IntN(5) {
				k := rng.IntN(6)
				numbers = append(numbers, k)
				ch.Companies = append(ch.Companies, companiesOf(k, 1)...)
			}
			out := charge(t, c, ch)
			for i, k := range numbers {
				fits := ref.fits(k, ch.Bits, ch.Bank, ref.clock, shared, ownBudgets)
				require.Equal(t, fits, out[i] == nil, "seed %d, task %d, company %d", seed, n, i)
				if fits {
					ref.uses = append(ref.uses, referenceUse{k, ref.clock, ch.Bank, ch.Bits})
					admitted++
				} else {
					require.ErrorIs(t, out[i], ErrBudget)
					refused++
				}
			}
			if rng.IntN(30) == 0 {
				before := usages(c, 6)
				require.NoError(t, c.Close())
				c = open(t, file, options)
				c.db.NoSync = true
				require.Equal(t, before, usages(c, 6))
			}
		}
		require.Positive(t, admitted)
		require.Positive(t, refused)
		require.NoError(t, c.Close())
	}
}

// TestForgets: index and file shrink once charges are old, no earlier.
func TestForgets(t *testing.T) {
	p := simple(t, "[{bits: 4, window: 1h}]", "{}")
	file, options := fileOf(t), Options{Window: time.Hour, Keep: 2 * time.Hour}
	c := open(t, file, options)
	at := func(n int, after time.Duration, count int) Charge {
		ch := chargeOf(t, p, n, 4, 1000*n, count)
		ch.Now = noon.Add(after)
		return ch
	}
	remembered := func() (n int) {
		for ch, err := range c.Tasks(time.Time{}) {
			require.NoError(t, err)
			require.Len(t, ch.Outcomes, len(ch.Companies))
			n++
		}
		return n
	}
	for n := range 10 {
		charge(t, c, at(n, time.Duration(n)*time.Second, 1000))
	}
	require.Equal(t, 10000, c.ix.heads.n)
	require.Equal(t, 10, remembered())
	charge(t, c, at(10, time.Hour+5*time.Second, 1))
	require.Equal(t, 4001, c.ix.heads.n, "what was charged an hour ago is out of the window")
	require.EqualValues(t, 1+4001, c.ix.n)

	last := 26*time.Hour + 4*time.Second
	charge(t, c, at(11, last, 1))
	require.Equal(t, 7, remembered(), "of 12 tasks, the first 5 are older than a day and keep")
	for n := range 5 {
		require.NoError(t, view1(t, c, taskOf(n)))
	}
	require.NoError(t, charge(t, c, at(0, last, 1))[0], "a forgotten task is a new one")
	repeated := at(6, last, 1000)
	require.NoError(t, charge(t, c, repeated)[0], "a remembered one is answered")
	require.Len(t, c.Usage(repeated.Companies[0]), 0, "and not charged")
	require.Equal(t, 2, c.ix.heads.n)

	// Of the task that was charged twice the entry stays with the younger record.
	charge(t, c, at(12, 52*time.Hour+5*time.Second, 1))
	require.Equal(t, 1, remembered())
	require.NoError(t, c.Close())
	c = open(t, file, options)
	require.Equal(t, 1, remembered())
	require.Equal(t, 1, c.ix.heads.n)
}

// view1 returns an error if the file knows a task.
func view1(t *testing.T, c *Counters, task [32]byte) error {
	known, err := view(c, func(tx *bolt.Tx) (bool, error) { return tx.Bucket(bucketTasks).Get(task[:]) != nil, nil })
	require.NoError(t, err)
	if known {
		return ErrReplayed
	}
	return nil
}

// TestTasks: an audit sees every task, those in many pieces too, as it was charged.
func TestTasks(t *testing.T) {
	p := simple(t, "[{bits: 4, window: 1h}]", "{}")
	c := open(t, fileOf(t), Options{})
	var want []*Charged
	for n, count := range []int{0, 1, 3, 4, 5, 10000, 7, 20000} {
		ch := chargeOf(t, p, n, 3, 2*n, count)
		ch.Now = noon.Add(time.Duration(n) * time.Minute)
		out := charge(t, c, ch)
		want = append(want, &Charged{ch.Task, ch.Now, ch.Bank, 3, ch.Companies, out})
	}
	collect := func(from time.Time, most int) (got []*Charged) {
		for ch, err := range c.Tasks(from) {
			require.NoError(t, err)
			if got = append(got, ch); len(got) == most {
				break
			}
		}
		return got
	}
	require.Equal(t, want, collect(time.Time{}, 100))
	require.Equal(t, want[4:], collect(noon.Add(4*time.Minute), 100))
	require.Equal(t, want[5:7], collect(noon.Add(4*time.Minute+1e9), 2))
	require.Empty(t, collect(noon.Add(time.Hour), 1))
	require.NoError(t, c.Close())
	for _, err := range c.Tasks(time.Time{}) {
		require.ErrorIs(t, err, ErrClosed)
	}
}
