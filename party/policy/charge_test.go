package policy

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

func charge(t testing.TB, c *Counters, ch Charge) []error {
	t.Helper()
	out, err := c.Charge(ctx, ch)
	require.NoError(t, err)
	require.Len(t, out, len(ch.Companies))
	return out
}

func TestCharge(t *testing.T) {
	p := simple(t, "[{bits: 6, window: 1h}]", "{}")
	file := fileOf(t)
	c := open(t, file, Options{})

	ch := chargeOf(t, p, 1, 4, 0, 5)
	ch.Excluded = []bool{false, true, false, false, false}
	ch.Companies[4] = ch.Companies[3] // twice in one task
	want := []error{nil, ErrExcluded, nil, nil, ErrBudget}
	require.Equal(t, want, charge(t, c, ch))

	// The same again, whatever else changed.
	again := ch
	again.Now, again.Excluded, again.Policy = noon.Add(time.Hour), nil, nil
	require.Equal(t, want, charge(t, c, again))
	for name, change := range map[string]func(*Charge){
		"bank":      func(ch *Charge) { ch.Bank = bankOf(t, "second") },
		"bits":      func(ch *Charge) { ch.Bits = 3 },
		"companies": func(ch *Charge) { ch.Companies = companiesOf(0, 5) },
		"fewer":     func(ch *Charge) { ch.Companies, ch.Excluded = ch.Companies[:4], nil },
	} {
		other := ch
		change(&other)
		_, err := c.Charge(ctx, other)
		require.ErrorIs(t, err, ErrReplayed, name)
	}
	require.Equal(t, []Use{{noon, bankOf(t, "first"), 4}}, c.Usage(uscc.Synthetic(0)))
	require.Empty(t, c.Usage(uscc.Synthetic(1)))

	// It is all there after a restart.
	require.NoError(t, c.Close())
	_, err := c.Charge(ctx, ch)
	require.ErrorIs(t, err, ErrClosed)
	c = open(t, file, Options{})
	require.Equal(t, want, charge(t, c, ch))
	require.Equal(t, []error{ErrBudget, nil, ErrBudget}, charge(t, c, chargeOf(t, p, 2, 3, 0, 3)))
}

// TestOtherBank: budgets count over all banks, a bank's own only for it.
func TestOtherBank(t *testing.T) {
	p := simple(t, "[{bits: 10, window: 1h}]", "{budgets: [{bits: 3, window: 2h}]}")
	c := open(t, fileOf(t), Options{})
	second := func(n, bits int, now time.Time) error {
		ch := chargeOf(t, p, n, bits, 0, 1)
		ch.Bank, ch.Now = bankOf(t, "second"), now
		return charge(t, c, ch)[0]
	}
	require.NoError(t, charge(t, c, chargeOf(t, p, 1, 8, 0, 1))[0])
	require.ErrorIs(t, second(2, 3, noon), ErrBudget)
	require.NoError(t, second(3, 2, noon))
	require.ErrorIs(t, second(4, 2, noon.Add(time.Hour)), ErrBudget, "its own window is longer")
	require.NoError(t, second(5, 1, noon.Add(time.Hour)), "the shared one is free again")
	require.NoError(t, second(6, 3, noon.Add(3*time.Hour)))
	require.Equal(t, []int{8, 2, 1, 3}, bitsOf(c.Usage(uscc.Synthetic(0))))
}

func bitsOf(uses []Use) (out []int) {
	for _, u := range uses {
		out = append(out, u.Bits)
	}
	return out
}

// TestClock: a clock that is set back frees nothing, and a record is as fresh as the time that holds.
func TestClock(t *testing.T) {
	p := simple(t, "[{bits: 4, window: 1h}]", "{}")
	file := fileOf(t)
	c := open(t, file, Options{})
	at := func(n int, now time.Time) error {
		ch := chargeOf(t, p, n, 4, 0, 1)
		ch.Now = now
		return charge(t, c, ch)[0]
	}
	require.NoError(t, at(1, noon))
	require.ErrorIs(t, at(2, noon.Add(-2*time.Hour)), ErrBudget)
	require.ErrorIs(t, at(3, noon.Add(time.Hour-time.Second)), ErrBudget)
	require.NoError(t, at(4, noon.Add(time.Hour)))
	require.ErrorIs(t, at(5, noon), ErrBudget)
	require.NoError(t, c.Close())
	c = open(t, file, Options{})
	require.ErrorIs(t, at(6, noon.Add(-48*time.Hour)), ErrBudget)
	require.NoError(t, at(7, noon.Add(2*time.Hour)))

	// A forecast, or a charge that is denied, moves no clock.
	ch := chargeOf(t, p, 8, 4, 0, 1)
	ch.Now, ch.Bank = noon.AddDate(1, 0, 0), bankOf(t, "third")
	_, err := c.Charge(ctx, ch)
	require.ErrorIs(t, err, ErrBank)
	f, err := c.WouldAdmit(p, Question{Bank: bankOf(t, "first"), Now: ch.Now, Bits: 4, Companies: 1}, ch.Companies, nil)
	require.NoError(t, err)
	require.Equal(t, 1, f.Admitted)
	require.ErrorIs(t, at(9, noon.Add(2*time.Hour)), ErrBudget)
}

func TestFreshness(t *testing.T) {
	times := []time.Time{{}, noon, noon.Add(-100 * 24 * time.Hour), noon.Add(-100*24*time.Hour - time.Second), noon.Add(MaxSkew), noon.Add(MaxSkew + 1)}
	for _, tc := range []struct {
		age, unknown string
		stale        []int
	}{
		{"100d", "refuse", []int{0, 3, 5}},
		{"100d", "admit", []int{3, 5}},
		{"any", "refuse", []int{0}},
		{"any", "admit", nil},
	} {
		c := open(t, fileOf(t), Options{})
		p := parse(t, edit(t, "max_age: 100d", "max_age: "+tc.age, "unknown: refuse", "unknown: "+tc.unknown))
		ch := chargeOf(t, p, 1, 1, 0, len(times))
		ch.Times = times
		want := make([]error, len(times))
		for _, i := range tc.stale {
			want[i] = ErrStaleRecord
		}
		require.Equal(t, want, charge(t, c, ch), "%+v", tc)
		ch.Task, ch.Times = taskOf(2), nil
		for _, err := range charge(t, c, ch) {
			require.Equal(t, tc.unknown == "refuse", errors.Is(err, ErrStaleRecord), "no times at all")
		}
	}
}

func TestQuota(t *testing.T) {
	p := parse(t, edit(t, "unknown: refuse", "unknown: admit", "companies_per_day: 1000000", "companies_per_day: 10", "tasks_per_day: 1000", "tasks_per_day: 3"))
	file := fileOf(t)
	c := open(t, file, Options{})
	at := func(n, first, count int, after time.Duration) error {
		ch := chargeOf(t, p, n, 4, first, count)
		ch.Now = noon.Add(after)
		_, err := c.Charge(ctx, ch)
		return err
	}
	require.NoError(t, at(1, 0, 6, 0))
	require.ErrorIs(t, at(2, 6, 5, 0), ErrQuota)
	require.ErrorIs(t, at(2, 6, 5, 0), ErrDenied, "left no trace")
	require.NoError(t, at(2, 0, 4, time.Hour), "refused companies count too")
	require.NoError(t, c.Close())
	c = open(t, file, Options{})
	require.ErrorIs(t, at(3, 7, 1, 23*time.Hour), ErrQuota)
	require.NoError(t, at(4, 7, 0, 23*time.Hour))
	require.ErrorIs(t, at(5, 7, 0, 24*time.Hour-time.Second), ErrQuota, "tasks")
	tasks, companies := c.Today(bankOf(t, "first"), noon)
	require.Equal(t, []int{3, 10}, []int{tasks, companies})
	require.NoError(t, at(6, 7, 6, 24*time.Hour))
	require.NoError(t, at(7, 17, 4, 25*time.Hour))
	tasks, companies = c.Today(bankOf(t, "first"), noon.Add(48*time.Hour))
	require.Equal(t, []int{1, 4}, []int{tasks, companies})
	_, err := c.Charge(ctx, Charge{Task: taskOf(9), Bank: bankOf(t, "nothing"), Now: noon, Bits: 1, Policy: p})
	require.ErrorIs(t, err, ErrQuota)
}

func TestChargeRefuses(t *testing.T) {
	c := open(t, fileOf(t), Options{Window: 24 * time.Hour})
	good := simple(t, "[{bits: 4, window: 1h}]", "{}")
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err := c.Charge(stopped, chargeOf(t, good, 1, 1, 0, 1))
	require.ErrorIs(t, err, context.Canceled)
	for name, tc := range map[string]struct {
		change func(*Charge)
		want   error
	}{
		"no task":    {func(ch *Charge) { ch.Task = [32]byte{} }, ErrInvalid},
		"no bits":    {func(ch *Charge) { ch.Bits = 0 }, ErrInvalid},
		"many bits":  {func(ch *Charge) { ch.Bits = MaxBits + 1 }, ErrInvalid},
		"no time":    {func(ch *Charge) { ch.Now = time.Time{} }, ErrInvalid},
		"late":       {func(ch *Charge) { ch.Now = time.Date(2106, 1, 1, 0, 0, 0, 0, time.UTC) }, ErrInvalid},
		"no company": {func(ch *Charge) { ch.Companies = make([]uscc.ID, 1) }, ErrInvalid},
		"times":      {func(ch *Charge) { ch.Times = make([]time.Time, 2) }, ErrInvalid},
		"exclusions": {func(ch *Charge) { ch.Excluded = make([]bool, 0) }, ErrInvalid},
		"window":     {func(ch *Charge) { ch.Policy = simple(t, "[{bits: 4, window: 25h}]", "{}") }, ErrInvalid},
		"own window": {func(ch *Charge) {
			ch.Policy = simple(t, "[{bits: 4, window: 1h}]", "{budgets: [{bits: 1, window: 25h}]}")
		}, ErrInvalid},
		"no policy":   {func(ch *Charge) { ch.Policy = nil }, ErrStopped},
		"zero policy": {func(ch *Charge) { ch.Policy = new(Policy) }, ErrStopped},
		"stopped":     {func(ch *Charge) { ch.Policy = parse(t, "version: 1\nstop: true") }, ErrStopped},
		"bank":        {func(ch *Charge) { ch.Bank = bankOf(t, "third") }, ErrBank},
		"period": {func(ch *Charge) {
			ch.Policy = simple(t, "[{bits: 4, window: 1h}]", "{from: 2030-01-01T00:00:00Z}")
			ch.Bank = bankOf(t, "second")
		}, ErrWindow},
		"task's limit": {func(ch *Charge) {
			ch.Policy = simple(t, "[{bits: 4, window: 1h}]", "{companies_per_task: 0}")
			ch.Bank = bankOf(t, "second")
		}, ErrSize},
	} {
		ch := chargeOf(t, good, 1, 1, 0, 1)
		tc.change(&ch)
		_, err := c.Charge(ctx, ch)
		require.ErrorIs(t, err, tc.want, name)
		require.Equal(t, tc.want != ErrInvalid, errors.Is(err, ErrDenied), name)
	}
	require.Empty(t, c.Usage(uscc.Synthetic(0)))
	for _, err := range c.Tasks(time.Time{}) {
		require.Fail(t, "a trace", "%v", err)
	}
}

// TestLastBit: of many that want the last bit at once one gets it, and a task that is charged by many at once is charged once.
func TestLastBit(t *testing.T) {
	p := simple(t, "[{bits: 9, window: 1h}]", "{}")
	c := open(t, fileOf(t), Options{})
	for round := range 20 {
		require.NoError(t, charge(t, c, chargeOf(t, p, 1000*round, 8, round, 1))[0])
		var mu sync.Mutex
		admitted := make(map[int]int)
		var wg sync.WaitGroup
		for g := range 48 {
			wg.Go(func() {
				task := g / 3 // three goroutines each
				ch := chargeOf(t, p, 1000*round+1+task, 1, round, 1)
				ch.Bank = bankOf(t, []string{"first", "second"}[task%2])
				out, err := c.Charge(ctx, ch)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					admitted[-1]++
				} else if out[0] == nil {
					admitted[task]++
				}
			})
		}
		wg.Wait()
		require.Len(t, admitted, 1)
		require.Zero(t, admitted[-1])
		for _, n := range admitted {
			require.Equal(t, 3, n)
		}
		require.Equal(t, []int{8, 1}, bitsOf(c.Usage(uscc.Synthetic(uint64(round)))))
	}
}

// usages returns what companies 0 to n-1 were charged.
func usages(c *Counters, n int) [][]Use {
	out := make([][]Use, n)
	for i := range out {
		out[i] = c.Usage(uscc.Synthetic(uint64(i)))
	}
	return out
}

// TestForecast: a dry run says what the charge then does, and leaves nothing behind.
func TestForecast(t *testing.T) {
	p := parse(t, edit(t, "companies_per_day: 1000000", "companies_per_day: 200"))
	c := open(t, fileOf(t), Options{})
	rng := rand.New(rand.NewPCG(5, 6))
	for n := range 12 {
		ch := chargeOf(t, p, n, 1+rng.IntN(4), rng.IntN(20), 25)
		for i := range ch.Companies {
			if rng.IntN(3) == 0 {
				ch.Companies[i] = ch.Companies[rng.IntN(i+1)]
			}
			ch.Times = append(ch.Times, noon.Add(-time.Duration(rng.IntN(110))*24*time.Hour))
		}
		q := question(t)
		q.Bits, q.Companies = ch.Bits, 25
		before := usages(c, 50)
		f, err := c.WouldAdmit(p, q, ch.Companies, ch.Times)
		require.NoError(t, err)
		require.Equal(t, before, usages(c, 50))
		out, err := c.Charge(ctx, ch)
		if errors.Is(err, ErrQuota) {
			require.GreaterOrEqual(t, n, 8)
			require.Len(t, f.Denials, 1)
			require.ErrorIs(t, f.Denials[0], ErrQuota)
			continue
		}
		require.NoError(t, err)
		require.Empty(t, f.Denials)
		got := &Forecast{Refused: make(map[error]int)}
		for _, err := range out {
			if err == nil {
				got.Admitted++
			} else {
				got.Refused[err]++
			}
		}
		require.Equal(t, got, f)
	}
	q := question(t)
	q.Bank = bankOf(t, "third")
	f, err := c.WouldAdmit(p, q, companiesOf(0, q.Companies), nil)
	require.NoError(t, err)
	require.ErrorIs(t, f.Denials[0], ErrBank)
	_, err = c.WouldAdmit(p, question(t), nil, nil)
	require.ErrorIs(t, err, ErrInvalid)
}
