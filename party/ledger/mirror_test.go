package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

func newMirror(t testing.TB, c ledger.MirrorConfig) *ledger.Mirror {
	t.Helper()
	m, err := ledger.NewMirror(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// sameState compares the records of a mirror with those of a ledger.
func sameState(t testing.TB, m *ledger.Mirror, l ledger.Ledger) {
	t.Helper()
	var a, b ledger.Digest
	require.NoError(t, m.View(func(r *ledger.Records) error { a = r.Digest(); return nil }))
	require.NoError(t, l.View(func(r *ledger.Records) error { b = r.Digest(); return nil }))
	require.Equal(t, b, a)
}

// TestMirror: it holds what a quorum covers, and nothing else, across restarts with a cache.
func TestMirror(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	l := memoryLedger(t, w)
	file := filepath.Join(t.TempDir(), "mirror.db")
	c := ledger.MirrorConfig{Genesis: w.Genesis, Policy: w.Policy, Source: l, File: file}
	m := newMirror(t, c)
	ctx := ledgertest.Context(t)
	a, b := w.Witness(t, 0), w.Witness(t, 1)
	fill(t, l, w.Setup(t)...)
	require.NoError(t, m.Update(ctx))
	cp, at := m.Witnessed()
	require.Zero(t, cp.Size, "nobody witnessed it")
	require.True(t, at.IsZero())

	for i := range 3 {
		var list []*ledger.Entry
		for k := range 300 {
			list = append(list, w.Score(t, fmt.Sprint(i, k))...)
		}
		fill(t, l, list...)
		msg, err := ledger.Gather(l, w.Policy, a, b)
		require.NoError(t, err)
		require.NoError(t, m.Update(ctx))
		sameState(t, m, l)
		cp, at = m.Witnessed()
		require.Equal(t, msg, cp.Note)
		require.Equal(t, cp.Witnessed, at)
		fill(t, l, w.Score(t, fmt.Sprint(i, "later"))...)
		require.NoError(t, m.Update(ctx))
		require.NoError(t, m.View(func(r *ledger.Records) error {
			require.Equal(t, cp.Size, r.Size(), "not witnessed yet")
			return nil
		}))

		require.NoError(t, m.Close())
		require.NoError(t, m.Close())
		require.ErrorIs(t, m.Update(ctx), ledger.ErrClosed)
		c.Source = &counting{Ledger: l}
		m = newMirror(t, c)
		again, _ := m.Witnessed()
		require.Equal(t, cp.Size, again.Size, "from the cache")
		require.NoError(t, m.Update(ctx))
		require.Zero(t, c.Source.(*counting).entries)
	}
	require.NoError(t, m.Close())
	var err error
	c.Policy, err = ledger.NewPolicy(w.Genesis, w.Bank.Key, 0)
	require.NoError(t, err)
	_, err = ledger.NewMirror(c)
	require.ErrorIs(t, err, ledger.ErrVersion, "of another log")
	b2, err := os.ReadFile(file)
	require.NoError(t, err)
	c.Policy = w.Policy
	rng := rand.New(rand.NewPCG(9, 10))
	for range 24 { // damage is noticed, or does not matter
		bad := append([]byte(nil), b2...)
		bad[rng.IntN(len(bad))] ^= 0x10
		c.File = filepath.Join(t.TempDir(), "bad.db")
		require.NoError(t, os.WriteFile(c.File, bad, 0o600))
		m, err := ledger.NewMirror(c)
		if err != nil {
			require.True(t, errors.Is(err, ledger.ErrCorrupt) || errors.Is(err, ledger.ErrVersion) || errors.Is(err, ledger.ErrFile), "%v", err)
			continue
		}
		require.NoError(t, m.Update(ctx))
		cp, _ := m.Witnessed()
		require.NoError(t, m.View(func(r *ledger.Records) error { require.Equal(t, cp.Size, r.Size()); return nil }))
		require.NoError(t, m.Close())
	}
}

type counting struct {
	ledger.Ledger
	entries int
}

func (c *counting) Entries(from uint64, n int) ([][]byte, error) {
	c.entries++
	return c.Ledger.Entries(from, n)
}

// TestMirrorLogAlone: with quorum 0 the newest checkpoint counts, and the time is that of fetching it.
func TestMirrorLogAlone(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	l := memoryLedger(t, w)
	fill(t, l, w.Setup(t)...)
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	m := newMirror(t, ledger.MirrorConfig{Policy: w.Policy.LogAlone(), Source: l, Now: func() time.Time { return now }})
	require.NoError(t, m.Update(ledgertest.Context(t)))
	cp, at := m.Witnessed()
	require.EqualValues(t, 4, cp.Size)
	require.Equal(t, now, at)
	sameState(t, m, l)
}

// source shows what a test wants it to show.
type source struct {
	ledger.Ledger
	witnessed func() ([]byte, error)
	list      func(from uint64, n int) ([][]byte, error)
	proof     func(old, new uint64) ([]ledger.Hash, error)
}

func (s *source) Witnessed() ([]byte, error) {
	if s.witnessed != nil {
		return s.witnessed()
	}
	return s.Ledger.Witnessed()
}

func (s *source) Entries(from uint64, n int) ([][]byte, error) {
	if s.list != nil {
		return s.list(from, n)
	}
	return s.Ledger.Entries(from, n)
}

func (s *source) Consistency(old, new uint64) ([]ledger.Hash, error) {
	if s.proof != nil {
		return s.proof(old, new)
	}
	return s.Ledger.Consistency(old, new)
}

// otherLedger makes a ledger of its own: the set-up and scores of these names, witnessed by two.
func otherLedger(t *testing.T, names ...string) (*ledgertest.World, ledger.Ledger) {
	w := ledgertest.NewWorld(t, 3)
	l := memoryLedger(t, w)
	fill(t, l, w.Setup(t)...)
	for _, name := range names {
		fill(t, l, w.Score(t, name)...)
	}
	_, err := ledger.Gather(l, w.Policy, w.Witness(t, 0), w.Witness(t, 1))
	require.NoError(t, err)
	return w, l
}

// TestMirrorForks: a mirror that has seen one history never takes another, keeps the evidence, and what it had.
func TestMirrorForks(t *testing.T) {
	for name, c := range map[string]struct {
		names []string
		fork  bool // quoted as two checkpoints of one size
	}{
		"same size": {[]string{"a", "x"}, true},
		"longer":    {[]string{"a", "x", "b"}, false},
		"shorter":   {[]string{"x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, l := otherLedger(t, "a", "b")
			_, other := otherLedger(t, c.names...)
			s := &source{Ledger: l}
			m := newMirror(t, ledger.MirrorConfig{Policy: w.Policy, Source: s})
			ctx := ledgertest.Context(t)
			require.NoError(t, m.Update(ctx))
			held, _ := m.Witnessed()
			s.Ledger = other
			err := m.Update(ctx)
			require.ErrorIs(t, err, ledger.ErrHistory)
			shown, werr := other.Witnessed()
			require.NoError(t, werr)
			var fork *ledger.ForkError
			var evidence *ledger.HistoryError
			if c.fork {
				require.ErrorAs(t, err, &fork)
				require.Equal(t, held.Note, fork.A)
				require.Equal(t, shown, fork.B)
			} else {
				require.ErrorAs(t, err, &evidence)
				require.Equal(t, held.Note, evidence.Held)
				require.Equal(t, shown, evidence.Shown)
			}
			s.Ledger = l // back to what it was: too late
			require.Equal(t, err, m.Update(ctx))
			require.Equal(t, err, m.Run(ctx))
			require.Equal(t, err, m.Err())
			sameState(t, m, l)
		})
	}
}

// TestMirrorSource: what only the source or the line does wrong takes nothing in, and does not end the mirror.
func TestMirrorSource(t *testing.T) {
	w, l := otherLedger(t, "a", "b")
	down := errors.New("down")
	for name, change := range map[string]func(*source){
		"down":       func(s *source) { s.witnessed = func() ([]byte, error) { return nil, down } },
		"no note":    func(s *source) { s.witnessed = func() ([]byte, error) { return []byte("x"), nil } },
		"unsigned":   func(s *source) { s.witnessed = l.Checkpoint },
		"no entries": func(s *source) { s.list = func(uint64, int) ([][]byte, error) { return nil, nil } },
		"too many": func(s *source) {
			s.list = func(uint64, int) ([][]byte, error) { return make([][]byte, 1000), nil }
		},
		"too large": func(s *source) {
			s.list = func(uint64, int) ([][]byte, error) { return [][]byte{make([]byte, ledger.MaxEntry+1)}, nil }
		},
		"changed": func(s *source) {
			s.list = func(from uint64, n int) ([][]byte, error) {
				list, err := l.Entries(from, n)
				list[len(list)-1][70] ^= 1
				return list, err
			}
		},
		"reordered": func(s *source) {
			s.list = func(from uint64, n int) ([][]byte, error) {
				list, err := l.Entries(from, n)
				list[0], list[1] = list[1], list[0]
				return list, err
			}
		},
		"part without proof": func(s *source) {
			s.list = func(from uint64, n int) ([][]byte, error) { return l.Entries(from, min(n, 3)) }
			s.proof = func(uint64, uint64) ([]ledger.Hash, error) { return nil, nil }
		},
		"entries down": func(s *source) { s.list = func(uint64, int) ([][]byte, error) { return nil, down } },
	} {
		s := &source{Ledger: l}
		change(s)
		m := newMirror(t, ledger.MirrorConfig{Policy: w.Policy, Source: s})
		ctx := ledgertest.Context(t)
		require.Error(t, m.Update(ctx), name)
		require.NoError(t, m.Err(), name)
		require.NoError(t, m.View(func(r *ledger.Records) error { require.Zero(t, r.Size()); return nil }))
		*s = source{Ledger: l}
		s.list = func(from uint64, n int) ([][]byte, error) { return l.Entries(from, min(n, 3)) } // in small pieces
		require.NoError(t, m.Update(ctx), name)
		sameState(t, m, l)
	}
}

// TestMirrorBadEntry: an entry that the rules or its signature refuse, under a checkpoint with a quorum, convicts the log.
func TestMirrorBadEntry(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	good := w.Setup(t)
	stranger := w.Actor("stranger").Seal(t, granted("a"))
	forged := w.Register(t, w.Actor("more"), ledger.RoleTax).Bytes()
	forged[len(forged)-1] ^= 1
	for name, bad := range map[string][]byte{"rules": stranger.Bytes(), "signature": forged, "no entry": []byte("nonsense")} {
		list := append(ledgertest.Bytes(good...), bad)
		var tree ledger.Tree
		for _, b := range list {
			_, err := tree.Append(ledger.RawLeaf(b))
			require.NoError(t, err)
		}
		root, err := tree.Root()
		require.NoError(t, err)
		msg, err := ledger.SignCheckpoint(w.Genesis, w.Config.Signer, tree.Size(), root)
		require.NoError(t, err)
		m := newMirror(t, ledger.MirrorConfig{Policy: w.Policy, Source: fixed{list, msg}})
		err = m.Update(ledgertest.Context(t))
		var evidence *ledger.HistoryError
		require.ErrorAs(t, err, &evidence, name)
		require.EqualValues(t, 4, evidence.Index)
		require.Equal(t, bad, evidence.Entry)
		require.Equal(t, msg, evidence.Shown)
		require.Equal(t, err, m.Err())
		require.NoError(t, m.View(func(r *ledger.Records) error { require.EqualValues(t, 4, r.Size()); return nil }))
	}
}

// fixed is a log that never was a ledger.
type fixed struct {
	list       [][]byte
	checkpoint []byte
}

func (f fixed) Entries(from uint64, n int) ([][]byte, error)      { return f.list[from:], nil }
func (f fixed) Consistency(uint64, uint64) ([]ledger.Hash, error) { return nil, nil }
func (f fixed) Checkpoint() ([]byte, error)                       { return f.checkpoint, nil }
func (f fixed) Witnessed() ([]byte, error)                        { return f.checkpoint, nil }

// TestMirrorRuns: readers and a running mirror side by side with a growing ledger.
func TestMirrorRuns(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	l := memoryLedger(t, w)
	m := newMirror(t, ledger.MirrorConfig{Policy: w.Policy, Source: l, Every: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := m.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	fill(t, l, w.Setup(t)...)
	for i := range 100 {
		fill(t, l, w.Score(t, fmt.Sprint(i))...)
		cp, _ := m.Witnessed()
		require.NoError(t, m.View(func(r *ledger.Records) error { require.GreaterOrEqual(t, r.Size(), cp.Size); return nil }))
	}
	require.Eventually(t, func() bool { cp, _ := m.Witnessed(); return cp.Size == l.Size() }, 10*time.Second, time.Millisecond)
	cancel()
	wg.Wait()
	sameState(t, m, l)
}
