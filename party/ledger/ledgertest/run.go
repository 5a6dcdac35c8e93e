package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
)

// Run holds an implementation to the interface: open makes an empty ledger, which the suite closes.
func Run(t *testing.T, open func(t *testing.T, w *World) ledger.Ledger) {
	for name, test := range map[string]func(*testing.T, *World, ledger.Ledger){
		"Empty": empty, "Proofs": proofs, "Refusals": refusals, "Order": order, "Entries": entries, "Concurrent": concurrent,
		"Witnesses": witnesses, "OtherHistory": otherHistory, "Stream": stream, "Close": closing,
	} {
		t.Run(name, func(t *testing.T) {
			w := NewWorld(t, 3)
			l := open(t, w)
			t.Cleanup(func() { _ = l.Close() })
			test(t, w, l)
		})
	}
}

// Add appends entries and returns the proof of the last.
func Add(t testing.TB, l ledger.Ledger, list ...*ledger.Entry) *ledger.Included {
	t.Helper()
	var last *ledger.Included
	for _, e := range list {
		var err error
		last, err = ledger.Append(Context(t), l, e)
		require.NoError(t, err)
	}
	return last
}

// Context ends with the test, or after a minute.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func empty(t *testing.T, w *World, l ledger.Ledger) {
	require.Zero(t, l.Size())
	msg, err := l.Checkpoint()
	require.NoError(t, err)
	cp, err := w.Policy.OpenLog(msg)
	require.NoError(t, err)
	require.Zero(t, cp.Size)
	none, err := l.Witnessed()
	require.NoError(t, err)
	require.Nil(t, none)
	_, err = l.Inclusion(0, 0)
	require.ErrorIs(t, err, ledger.ErrHistory)
	list, err := l.Entries(0, 10)
	require.NoError(t, err)
	require.Empty(t, list)
	require.NoError(t, l.View(func(r *ledger.Records) error {
		require.True(t, r.Active(w.Regulator.Key))
		require.False(t, r.Active(w.Bank.Key))
		return nil
	}))
	seen := errors.New("seen")
	require.Equal(t, seen, l.View(func(*ledger.Records) error { return seen }))
}

func proofs(t *testing.T, w *World, l ledger.Ledger) {
	list := append(w.Setup(t), w.Score(t, "a")...)
	var roots []*ledger.Checkpoint
	for i, e := range list {
		in := Add(t, l, e)
		require.EqualValues(t, i, in.Index)
		require.NoError(t, in.Verify(w.Policy, e.Bytes(), false))
		require.ErrorIs(t, in.Verify(w.Policy, e.Bytes(), true), ledger.ErrQuorum)
		require.ErrorIs(t, in.Verify(w.Policy, list[(i+1)%len(list)].Bytes(), false), ledger.ErrHistory)
		msg, err := l.Checkpoint()
		require.NoError(t, err)
		cp, err := w.Policy.OpenLog(msg)
		require.NoError(t, err)
		require.EqualValues(t, i+1, cp.Size)
		roots = append(roots, cp)
	}
	for i, old := range roots {
		for j, cp := range roots {
			proof, err := l.Consistency(old.Size, cp.Size)
			if i > j {
				require.ErrorIs(t, err, ledger.ErrHistory)
				continue
			}
			require.NoError(t, err)
			require.NoError(t, ledger.CheckConsistency(proof, old.Size, old.Root, cp.Size, cp.Root))
			if i < j {
				require.ErrorIs(t, ledger.CheckConsistency(proof, old.Size, cp.Root, cp.Size, cp.Root), ledger.ErrHistory)
			}
			in, err := l.Inclusion(uint64(i), cp.Size)
			require.NoError(t, err)
			require.NoError(t, ledger.CheckInclusion(in, cp.Size, cp.Root, uint64(i), list[i].Bytes()))
		}
	}
	n := l.Size()
	_, err := l.Inclusion(0, n+1)
	require.ErrorIs(t, err, ledger.ErrHistory)
	_, err = l.Inclusion(n, n)
	require.ErrorIs(t, err, ledger.ErrHistory)
	_, err = l.Consistency(1, n+1)
	require.ErrorIs(t, err, ledger.ErrHistory)
}

func refusals(t *testing.T, w *World, l ledger.Ledger) {
	Add(t, l, w.Setup(t)...)
	grant := w.Tax.Seal(t, &ledger.ConsentGranted{Consents: []ledger.Commitment{C("a")}})
	bad := grant.Bytes()
	bad[len(bad)-1] ^= 1
	_, err := l.Submit(Context(t), bad)
	require.ErrorIs(t, err, ledger.ErrSignature)
	_, err = l.Submit(Context(t), bad[1:])
	require.ErrorIs(t, err, ledger.ErrInvalid)
	_, err = l.Submit(Context(t), nil)
	require.ErrorIs(t, err, ledger.ErrInvalid)

	Add(t, l, grant)
	before := l.Size()
	for want, e := range map[error]*ledger.Entry{
		ledger.ErrSequence: grant,
		ledger.ErrAuthor:   w.Actor("stranger").Seal(t, &ledger.ConsentGranted{Consents: []ledger.Commitment{C("b")}}),
		ledger.ErrRole:     w.Bank.SealAs(t, 1, &ledger.ConsentGranted{Consents: []ledger.Commitment{C("b")}}),
		ledger.ErrUnknown:  w.Tax.SealAs(t, 2, &ledger.ConsentRevoked{Consents: []ledger.Commitment{C("b")}}),
	} {
		_, err := ledger.Append(Context(t), l, e)
		require.ErrorIs(t, err, want)
		require.ErrorIs(t, err, ledger.ErrRule)
	}
	require.Equal(t, before, l.Size())
	Add(t, l, w.Tax.Seal(t, &ledger.ConsentRevoked{Consents: []ledger.Commitment{C("a")}}))
	require.NoError(t, l.View(func(r *ledger.Records) error {
		require.Equal(t, ledger.ConsentGone, r.Consent(C("a")))
		return nil
	}))
}

// order: entries take effect in the order of submission, whether or not anyone waits in between.
func order(t *testing.T, w *World, l ledger.Ledger) {
	list := w.Setup(t)
	for i := range 200 {
		list = append(list, w.Score(t, fmt.Sprint(i))...)
	}
	var pending []*ledger.Pending
	for _, e := range list {
		p, err := l.Submit(Context(t), e.Bytes())
		require.NoError(t, err)
		pending = append(pending, p)
	}
	for i, p := range pending {
		index, err := p.Index(Context(t))
		require.NoError(t, err)
		require.EqualValues(t, i, index)
	}
	in, err := pending[17].Wait(Context(t))
	require.NoError(t, err)
	require.NoError(t, in.Verify(w.Policy, list[17].Bytes(), false))
}

func entries(t *testing.T, w *World, l ledger.Ledger) {
	list := append(w.Setup(t), w.Score(t, "a")...)
	Add(t, l, list...)
	n := uint64(len(list))
	for from := range n + 2 {
		for k := range len(list) + 2 {
			got, err := l.Entries(from, k)
			require.NoError(t, err)
			want := list[min(from, n):min(from+uint64(k), n)]
			require.Len(t, got, len(want))
			for i := range got {
				require.Equal(t, want[i].Bytes(), got[i])
			}
		}
	}
	got, err := l.Entries(0, 1)
	require.NoError(t, err)
	clear(got[0]) // it is the caller's
	got, err = l.Entries(0, 1)
	require.NoError(t, err)
	require.Equal(t, list[0].Bytes(), got[0])
	_, err = l.Entries(0, ledger.MaxEntries+1)
	require.ErrorIs(t, err, ledger.ErrInvalid)
	_, err = l.Entries(0, -1)
	require.ErrorIs(t, err, ledger.ErrInvalid)
	got, err = l.Entries(1<<63, 5)
	require.NoError(t, err)
	require.Empty(t, got)
}

func concurrent(t *testing.T, w *World, l ledger.Ledger) {
	Add(t, l, w.Setup(t)...)
	const writers, each = 6, 40
	var mu sync.Mutex
	indexes := make(map[uint64]bool)
	var wg sync.WaitGroup
	for i := range writers {
		a := w.Actor(fmt.Sprintf("tax-%d", i))
		Add(t, l, w.Register(t, a, ledger.RoleTax))
		wg.Go(func() {
			for k := range each {
				e := a.Seal(t, &ledger.ConsentGranted{Consents: []ledger.Commitment{C(fmt.Sprint(i, k))}})
				in, err := ledger.Append(Context(t), l, e)
				if err == nil {
					err = in.Verify(w.Policy, e.Bytes(), false)
				}
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
				mu.Lock()
				indexes[in.Index] = true
				mu.Unlock()
			}
		})
		wg.Go(func() {
			for range each {
				err := l.View(func(r *ledger.Records) error {
					if r.Consent(C(fmt.Sprint(i, each-1))) == ledger.ConsentLive && r.Consent(C(fmt.Sprint(i, 0))) != ledger.ConsentLive {
						return errors.New("a later entry of one author without an earlier one")
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, indexes, writers*each)
}

func witnesses(t *testing.T, w *World, l ledger.Ledger) {
	Add(t, l, w.Setup(t)...)
	a, b, c := w.Witness(t, 0), w.Witness(t, 1), w.Witness(t, 2)
	_, err := ledger.Gather(l, w.Policy, a)
	require.ErrorIs(t, err, ledger.ErrQuorum)
	first, err := ledger.Gather(l, w.Policy, a, b)
	require.NoError(t, err)
	Add(t, l, w.Score(t, "a")...)
	second, err := ledger.Gather(l, w.Policy, b, c)
	require.NoError(t, err)
	Add(t, l, w.Score(t, "b")...)

	got, err := l.Witnessed()
	require.NoError(t, err)
	require.Equal(t, second, got)
	cp, err := w.Policy.Open(got)
	require.NoError(t, err)
	require.EqualValues(t, 8, cp.Size)
	require.Equal(t, []string{"witness-1", "witness-2"}, cp.Witnesses)
	require.Equal(t, Start.Add(time.Minute), cp.Witnessed, "the earlier of the two")
	require.ErrorIs(t, l.Attach(first), ledger.ErrStale)
	require.NoError(t, l.Attach(second))

	in, err := ledger.Prove(l, w.Policy, 5)
	require.NoError(t, err)
	list, err := l.Entries(5, 1)
	require.NoError(t, err)
	require.NoError(t, in.Verify(w.Policy, list[0], true))
	_, err = ledger.Prove(l, w.Policy, 8)
	require.ErrorIs(t, err, ledger.ErrHistory, "recorded, but not witnessed yet")
}

// otherHistory: a checkpoint of another history, though signed by log and witnesses, is not taken.
func otherHistory(t *testing.T, w *World, l ledger.Ledger) {
	other, err := ledger.NewMemory(w.Config)
	require.NoError(t, err)
	defer other.Close()
	Add(t, other, w.Setup(t)...)
	Add(t, other, w.Score(t, "other")...)
	msg, err := ledger.Gather(other, w.Policy, w.Witness(t, 0), w.Witness(t, 1))
	require.NoError(t, err)

	again := NewWorld(t, 3)
	Add(t, l, again.Setup(t)...)
	require.ErrorIs(t, l.Attach(msg), ledger.ErrHistory, "longer than this one")
	Add(t, l, again.Score(t, "this")...)
	require.ErrorIs(t, l.Attach(msg), ledger.ErrHistory)
}

func stream(t *testing.T, w *World, l ledger.Ledger) {
	Add(t, l, w.Setup(t)...)
	Add(t, l, w.Score(t, "a")...)
	old, err := l.Checkpoint()
	require.NoError(t, err)
	Add(t, l, w.Score(t, "b")...)
	msg, err := ledger.Gather(l, w.Policy, w.Witness(t, 0), w.Witness(t, 1))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, ledger.Export(&out, l, w.Policy, msg))
	state, err := ledger.VerifyLog(Context(t), bytes.NewReader(out.Bytes()), w.Policy, nil, old)
	require.NoError(t, err)
	require.NoError(t, l.View(func(r *ledger.Records) error {
		require.Equal(t, r.Digest(), state.Digest())
		return nil
	}))
	other, err := ledger.NewMemory(w.Config)
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, ledger.Import(Context(t), other, bytes.NewReader(out.Bytes()), w.Policy))
	require.NoError(t, other.Attach(msg), "it is the same history")
	require.ErrorIs(t, ledger.Import(Context(t), other, bytes.NewReader(out.Bytes()), w.Policy), ledger.ErrConfig)
}

func closing(t *testing.T, w *World, l ledger.Ledger) {
	list := w.Setup(t)
	p, err := l.Submit(Context(t), list[0].Bytes())
	require.NoError(t, err)
	_, err = p.Index(Context(t))
	require.NoError(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = p.Index(ended)
	require.NoError(t, err, "it is there already")
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	_, err = l.Submit(Context(t), list[1].Bytes())
	require.ErrorIs(t, err, ledger.ErrClosed)
	for name, call := range map[string]func() error{
		"View":        func() error { return l.View(func(*ledger.Records) error { return nil }) },
		"Entries":     func() error { _, err := l.Entries(0, 1); return err },
		"Checkpoint":  func() error { _, err := l.Checkpoint(); return err },
		"Inclusion":   func() error { _, err := l.Inclusion(0, 1); return err },
		"Consistency": func() error { _, err := l.Consistency(0, 1); return err },
	} {
		require.ErrorIs(t, call(), ledger.ErrClosed, name)
	}
}

// Bytes returns the encodings of entries.
func Bytes(list ...*ledger.Entry) [][]byte {
	out := make([][]byte, 0, len(list))
	for _, e := range list {
		out = append(out, e.Bytes())
	}
	return slices.Clip(out)
}
