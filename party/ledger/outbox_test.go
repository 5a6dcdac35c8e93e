package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

func outboxOf(w *ledgertest.World, a *ledgertest.Actor, file string) ledger.OutboxConfig {
	return ledger.OutboxConfig{File: file, Genesis: w.Genesis, Author: a.Key, Sign: a.Sign, Policy: w.Policy}
}

func openOutbox(t testing.TB, c ledger.OutboxConfig) *ledger.Outbox {
	t.Helper()
	o, err := ledger.OpenOutbox(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// running runs an outbox until the returned function is called.
func running(t testing.TB, o *ledger.Outbox, l ledger.Ledger) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx, l) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			require.ErrorIs(t, <-ended, context.Canceled)
		})
	}
	t.Cleanup(stop)
	return stop
}

func memoryLedger(t testing.TB, w *ledgertest.World) ledger.Ledger {
	t.Helper()
	l, err := ledger.NewMemory(w.Config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestOutbox(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	l := memoryLedger(t, w)
	ledgertest.Add(t, l, w.Setup(t)...)
	file := filepath.Join(t.TempDir(), "outbox.db")
	o := openOutbox(t, outboxOf(w, w.Tax, file))
	ctx := ledgertest.Context(t)
	key := ledgertest.D
	_, err := o.Wait(ctx, key("a"))
	require.ErrorIs(t, err, ledger.ErrAbsent)
	require.ErrorIs(t, o.Put(ctx, key("a")), ledger.ErrInvalid)
	require.ErrorIs(t, o.Put(ctx, key("a"), nil), ledger.ErrInvalid)
	require.ErrorIs(t, o.Put(ctx, key("a"), &ledger.ConsentGranted{}), ledger.ErrInvalid)
	require.NoError(t, o.Put(ctx, key("a"), granted("a"), granted("b")))
	require.NoError(t, o.Put(ctx, key("a"), granted("a"), granted("b")))
	require.ErrorIs(t, o.Put(ctx, key("a"), granted("a")), ledger.ErrDuplicate)
	n, err := o.Pending()
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.ErrorIs(t, o.Forget(key("a")), ledger.ErrState)

	// What was put is there after a restart.
	require.NoError(t, o.Close())
	require.ErrorIs(t, o.Put(ctx, key("x"), granted("x")), ledger.ErrClosed)
	_, err = ledger.OpenOutbox(outboxOf(w, w.Bank, file))
	require.ErrorIs(t, err, ledger.ErrVersion)
	o = openOutbox(t, outboxOf(w, w.Tax, file))
	running(t, o, l)
	in, err := o.Wait(ctx, key("a"))
	require.NoError(t, err)
	require.EqualValues(t, 5, in.Index)
	list, err := o.Recorded(key("a"))
	require.NoError(t, err)
	require.Len(t, list, 2)
	for _, r := range list {
		require.NoError(t, r.Verify(w.Policy, r.Entry, false))
	}
	require.ErrorIs(t, o.Run(ctx, l), ledger.ErrConfig)

	// Refused for good: the others go on.
	require.NoError(t, o.Put(ctx, key("again"), granted("a")))
	require.NoError(t, o.Put(ctx, key("c"), granted("c")))
	require.NoError(t, o.Put(ctx, key("role"), &ledger.PartySuspended{Party: w.Bank.Key, Evidence: key("e")}))
	require.NoError(t, o.Put(ctx, key("d"), granted("d"), &ledger.ConsentRevoked{Consents: granted("c").Consents}))
	in, err = o.Wait(ctx, key("d"))
	require.NoError(t, err)
	require.EqualValues(t, 8, in.Index)
	_, err = o.Wait(ctx, key("role"))
	require.ErrorIs(t, err, ledger.ErrRole)
	in, err = o.Wait(ctx, key("again"))
	require.NoError(t, err, "the author recorded it before: that is the one")
	require.EqualValues(t, 4, in.Index)
	refused, err := o.Refused()
	require.NoError(t, err)
	require.Len(t, refused, 1)
	require.Equal(t, key("role"), refused[0].Key)
	require.Equal(t, ledger.KindPartySuspended, refused[0].Body.Kind())
	require.NoError(t, o.Forget(key("role")))
	refused, err = o.Refused()
	require.NoError(t, err)
	require.Empty(t, refused)
}

// TestOutboxDefers: a receipt that comes before its task waits for it, and holds up nobody; with no patience left it is refused.
func TestOutboxDefers(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	l := memoryLedger(t, w)
	ledgertest.Add(t, l, w.Setup(t)...)
	ctx := ledgertest.Context(t)
	now, mu := time.Now(), sync.Mutex{}
	c := outboxOf(w, w.Bank, filepath.Join(t.TempDir(), "outbox.db"))
	c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	o := openOutbox(t, c)
	running(t, o, l)
	require.NoError(t, o.Put(ctx, ledgertest.D("1"), w.Receipt("early")))
	score := w.Score(t, "there")
	ledgertest.Add(t, l, score[:2]...)
	require.NoError(t, o.Put(ctx, ledgertest.D("2"), w.Receipt("there")))
	_, err := o.Wait(ctx, ledgertest.D("2"))
	require.NoError(t, err)
	n, err := o.Pending()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	tax := w.Tax
	tax.Last = 2
	ledgertest.Add(t, l, w.Score(t, "early")[:2]...)
	_, err = o.Wait(ctx, ledgertest.D("1"))
	require.NoError(t, err)

	require.NoError(t, o.Put(ctx, ledgertest.D("3"), w.Receipt("never")))
	require.NoError(t, o.Put(ctx, ledgertest.D("4"), w.Receipt("never either")))
	time.Sleep(20 * time.Millisecond) // refused once, or not yet: either way it ends refused
	mu.Lock()
	now = now.Add(48 * time.Hour)
	mu.Unlock()
	_, err = o.Wait(ctx, ledgertest.D("3"))
	if err == nil || !errors.Is(err, ledger.ErrUnknown) {
		t.Fatalf("want ErrUnknown, got %v", err)
	}
}

// TestOutboxBarred: an author who is suspended waits, and loses nothing.
func TestOutboxBarred(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	l := memoryLedger(t, w)
	ctx := ledgertest.Context(t)
	o := openOutbox(t, outboxOf(w, w.Tax, filepath.Join(t.TempDir(), "outbox.db")))
	running(t, o, l)
	require.NoError(t, o.Put(ctx, ledgertest.D("1"), granted("a")))
	time.Sleep(30 * time.Millisecond) // not registered yet
	ledgertest.Add(t, l, w.Register(t, w.Tax, ledger.RoleTax))
	_, err := o.Wait(ctx, ledgertest.D("1"))
	require.NoError(t, err)
	ledgertest.Add(t, l, w.Regulator.Seal(t, &ledger.PartySuspended{Party: w.Tax.Key, Evidence: ledgertest.D("e")}))
	require.NoError(t, o.Put(ctx, ledgertest.D("2"), granted("b")))
	time.Sleep(30 * time.Millisecond)
	ledgertest.Add(t, l, w.Regulator.Seal(t, &ledger.PartyReinstated{Party: w.Tax.Key, Evidence: ledgertest.D("e")}))
	_, err = o.Wait(ctx, ledgertest.D("2"))
	require.NoError(t, err)
	refused, err := o.Refused()
	require.NoError(t, err)
	require.Empty(t, refused)
}

// TestOutboxMany: concurrent Puts, a window full of refusals in between, and pruning.
func TestOutboxMany(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	l := memoryLedger(t, w)
	ledgertest.Add(t, l, w.Setup(t)...)
	ctx := ledgertest.Context(t)
	c := outboxOf(w, w.Tax, filepath.Join(t.TempDir(), "outbox.db"))
	c.Keep = 100
	o := openOutbox(t, c)
	const writers, each = 8, 100
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for k := range each {
				var body ledger.Body = granted(fmt.Sprint(i, k))
				if k%17 == 3 {
					body = &ledger.ModelWithdrawn{Model: ledgertest.D("model"), Evidence: ledgertest.D("e")} // not a tax node's to say
				}
				if err := o.Put(ctx, ledgertest.D(fmt.Sprint(i, k)), body); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running(t, o, l)
	wg.Wait()
	require.NoError(t, o.Put(ctx, ledgertest.D("last"), granted("last")))
	in, err := o.Wait(ctx, ledgertest.D("last"))
	require.NoError(t, err)
	bad := writers * 6
	require.EqualValues(t, 4+writers*each-bad, in.Index)
	refused, err := o.Refused()
	require.NoError(t, err)
	require.Len(t, refused, bad)
	kept := 0
	for i := range writers {
		for k := range each {
			if list, err := o.Recorded(ledgertest.D(fmt.Sprint(i, k))); err == nil {
				kept += len(list)
			}
		}
	}
	require.Equal(t, c.Keep-1, kept)
}

// TestOutboxTwoWriters: the same key elsewhere takes sequence numbers away; each body is still recorded once.
func TestOutboxTwoWriters(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	l := memoryLedger(t, w)
	ledgertest.Add(t, l, w.Setup(t)...)
	ctx := ledgertest.Context(t)
	const each = 150
	var boxes []*ledger.Outbox
	for i := range 2 {
		o := openOutbox(t, outboxOf(w, w.Tax, filepath.Join(t.TempDir(), "outbox.db")))
		running(t, o, l)
		boxes = append(boxes, o)
		for k := range each {
			require.NoError(t, o.Put(ctx, ledgertest.D(fmt.Sprint(k)), granted(fmt.Sprint(i, k))))
		}
	}
	for _, o := range boxes {
		for k := range each {
			_, err := o.Wait(ctx, ledgertest.D(fmt.Sprint(k)))
			require.NoError(t, err)
		}
	}
	require.EqualValues(t, 4+2*each, l.Size())
}

// flaky loses answers and connections.
type flaky struct {
	ledger.Ledger
	calls int
}

var errLine = errors.New("the line is down")

func (f *flaky) Submit(ctx context.Context, entry []byte) (*ledger.Pending, error) {
	f.calls++
	switch f.calls % 4 {
	case 0:
		return nil, errLine // not submitted
	case 1:
		p, err := f.Ledger.Submit(ctx, entry) // recorded, and the answer lost
		if err != nil {
			return nil, err
		}
		_, _ = p.Index(ctx)
		lost, settle := ledger.NewPending(nil)
		settle(0, errLine)
		return lost, nil
	}
	return f.Ledger.Submit(ctx, entry)
}

func TestOutboxFlaky(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	l := memoryLedger(t, w)
	ledgertest.Add(t, l, w.Setup(t)...)
	ctx := ledgertest.Context(t)
	o := openOutbox(t, outboxOf(w, w.Tax, filepath.Join(t.TempDir(), "outbox.db")))
	const n = 12
	for k := range n {
		require.NoError(t, o.Put(ctx, ledgertest.D(fmt.Sprint(k)), granted(fmt.Sprint(k))))
	}
	running(t, o, &flaky{Ledger: l})
	for k := range n {
		in, err := o.Wait(ctx, ledgertest.D(fmt.Sprint(k)))
		require.NoError(t, err)
		require.EqualValues(t, 4+k, in.Index)
	}
	require.EqualValues(t, 4+n, l.Size())
}
