package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/internal/boltfile"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

// fill submits entries all at once.
func fill(t testing.TB, l ledger.Ledger, list ...*ledger.Entry) {
	t.Helper()
	var last *ledger.Pending
	for _, e := range list {
		var err error
		last, err = l.Submit(ledgertest.Context(t), e.Bytes())
		require.NoError(t, err)
	}
	_, err := last.Index(ledgertest.Context(t))
	require.NoError(t, err)
}

// sampleSize is how many entries sample makes; the last group of them has 1 to 4.
const sampleSize = 4 + 50*4 + 4

// sample returns the bytes of a ledger with a witnessed checkpoint, and trees of more than one page.
func sample(t testing.TB, w *ledgertest.World) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.CreateFile(file, w.Config)
	require.NoError(t, err)
	fill(t, l, w.Setup(t)...)
	for i := range 50 {
		fill(t, l, w.Score(t, fmt.Sprint(i))...)
	}
	_, err = ledger.Gather(l, w.Policy, w.Witness(t, 0), w.Witness(t, 1))
	require.NoError(t, err)
	fill(t, l, w.Score(t, "last")...)
	require.NoError(t, l.Close())
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return b
}

// TestReopen: whatever the number of entries, what was there is there again, and goes on.
func TestReopen(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	file := filepath.Join(t.TempDir(), "ledger.db")
	_, err := ledger.OpenFile(file, w.Config)
	require.ErrorIs(t, err, ledger.ErrFile, "it must be made on purpose")
	l, err := ledger.CreateFile(file, w.Config)
	require.NoError(t, err)
	_, err = ledger.OpenFile(file, w.Config)
	require.ErrorIs(t, err, ledger.ErrFile, "in use")
	witnesses := []ledger.Cosigner{w.Witness(t, 0), w.Witness(t, 1)}
	list, total := w.Setup(t), 0
	for i := range 12 {
		fill(t, l, list...)
		total += len(list)
		list = nil
		for k := range 1 + 7*i { // across the bounds of stored values
			list = append(list, w.Score(t, fmt.Sprint(i, k))...)
		}
		msg, err := ledger.Gather(l, w.Policy, witnesses...)
		require.NoError(t, err)
		var before ledger.Digest
		require.NoError(t, l.View(func(r *ledger.Records) error { before = r.Digest(); return nil }))
		newest := checkpoint(t, l)
		require.NoError(t, l.Close())

		l, err = ledger.OpenFile(file, w.Config)
		require.NoError(t, err)
		require.EqualValues(t, total, l.Size())
		require.Equal(t, newest, checkpoint(t, l))
		got, err := l.Witnessed()
		require.NoError(t, err)
		require.Equal(t, msg, got)
		require.NoError(t, l.View(func(r *ledger.Records) error { require.Equal(t, before, r.Digest()); return nil }))
	}
	require.NoError(t, l.Close())

	_, err = ledger.CreateFile(file, w.Config)
	require.ErrorIs(t, err, ledger.ErrFile, "there already")
	other := ledgertest.NewWorld(t, 3).Config
	g := *w.Genesis
	g.Origin = "other.example"
	other.Policy, err = ledger.NewPolicy(&g, w.Operator.Key, 0)
	require.NoError(t, err)
	other.Signer, err = ledger.LogSigner(&g, w.Operator.Key, w.Operator.Sign)
	require.NoError(t, err)
	_, err = ledger.OpenFile(file, other)
	require.ErrorIs(t, err, ledger.ErrVersion)
}

// use opens a ledger and reads and writes all over it. It must not panic or crash; every error must be typed.
func use(t testing.TB, w *ledgertest.World, content []byte) (opened error) {
	file := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	l, err := ledger.OpenFile(file, w.Config)
	if err != nil {
		require.True(t, errors.Is(err, ledger.ErrCorrupt) || errors.Is(err, ledger.ErrVersion), "%v", err)
		return err
	}
	defer l.Close()
	want := func(err error) {
		if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
			t.Fatalf("error without a type: %v", err)
		}
	}
	// A damaged page of the newest transaction cannot be told from a write that a crash cut off: the one before it counts.
	n := l.Size()
	require.GreaterOrEqual(t, n, uint64(sampleSize-4))
	for i := range n {
		_, err := l.Entries(i, 1)
		want(err)
		_, err = l.Inclusion(i, n)
		want(err)
	}
	if n < sampleSize {
		return nil
	}
	before := w.Tax.Last
	_, err = ledger.Append(ledgertest.Context(t), l, w.Tax.Seal(t, granted("after")))
	want(err)
	w.Tax.Last = before
	return nil
}

func TestDamagedFiles(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	good := sample(t, w)
	require.NoError(t, use(t, w, good))
	for _, n := range []int{1, 80, 4096, 8192, 40960} {
		require.ErrorIs(t, use(t, w, good[:n]), ledger.ErrCorrupt, "cut to %d", n)
	}
	require.ErrorIs(t, use(t, w, []byte("no ledger")), ledger.ErrCorrupt)
	require.ErrorIs(t, use(t, w, make([]byte, 1<<16)), ledger.ErrCorrupt)
	require.ErrorIs(t, use(t, w, nil), ledger.ErrVersion)

	rounds := 300
	if testing.Short() {
		rounds = 40
	}
	onDisk := boltfile.Errors{Corrupt: ledger.ErrCorrupt, File: ledger.ErrFile}
	used, err := onDisk.Used(bytes.NewReader(good), uint64(len(good)))
	require.NoError(t, err)
	pages := int(used / 4096) // the rest of the file means nothing
	rng, refused := rand.New(rand.NewPCG(3, 4)), 0
	for range rounds {
		bad := bytes.Clone(good)
		page := rng.IntN(pages) * 4096
		switch rng.IntN(4) {
		case 0:
			bad[page+rng.IntN(64)] ^= byte(1 + rng.IntN(255))
		case 1:
			bad[rng.IntN(pages*4096)] ^= byte(1 + rng.IntN(255))
		case 2:
			for i := range 4096 {
				bad[page+i] = byte(rng.Uint32())
			}
		case 3:
			copy(bad[page:page+4096], good[rng.IntN(pages)*4096:])
		}
		if use(t, w, bad) != nil {
			refused++
		}
	}
	require.Greater(t, refused, rounds/8, "many pages are of old versions, but not so many")
}

// TestTampered: what passes the checks of the file's structure is held against the tree and the checkpoint.
func TestTampered(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	good := sample(t, w)
	key := func(i byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, i} }
	flip := func(b *bolt.Bucket, key []byte, at int) error {
		v := bytes.Clone(b.Get(key))
		v[at] ^= 1
		return b.Put(key, v)
	}
	for name, change := range map[string]func(l, entries, hashes *bolt.Bucket) error{
		"entry changed":      func(_, e, _ *bolt.Bucket) error { return flip(e, key(9), 60) },
		"signature changed":  func(_, e, _ *bolt.Bucket) error { return flip(e, key(9), len(e.Get(key(9)))-1) },
		"entry dropped":      func(_, e, _ *bolt.Bucket) error { return e.Delete(key(9)) },
		"last entry dropped": func(_, e, _ *bolt.Bucket) error { k, _ := e.Cursor().Last(); return e.Delete(k) },
		"entry added":        func(_, e, _ *bolt.Bucket) error { return e.Put(key(255), e.Get(key(9))) },
		"entries swapped": func(_, e, _ *bolt.Bucket) error {
			a, b := bytes.Clone(e.Get(key(8))), bytes.Clone(e.Get(key(9)))
			return errors.Join(e.Put(key(8), b), e.Put(key(9), a))
		},
		"hash changed":       func(_, _, h *bolt.Bucket) error { return flip(h, key(0), 1000) },
		"hash value dropped": func(_, _, h *bolt.Bucket) error { return h.Delete(key(0)) },
		"hash added": func(_, _, h *bolt.Bucket) error {
			return h.Put(key(1), append(bytes.Clone(h.Get(key(1))), make([]byte, 32)...))
		},
		"hash cut":     func(_, _, h *bolt.Bucket) error { v := h.Get(key(1)); return h.Put(key(1), v[:len(v)-1]) },
		"hashes added": func(_, _, h *bolt.Bucket) error { return h.Put(key(2), make([]byte, 32)) },
		"checkpoint":   func(l, _, _ *bolt.Bucket) error { return flip(l, []byte("checkpoint"), 100) },
		"checkpoint put back": func(l, _, _ *bolt.Bucket) error {
			return l.Put([]byte("checkpoint"), l.Get([]byte("witnessed")))
		},
		"no checkpoint": func(l, _, _ *bolt.Bucket) error { return l.Delete([]byte("checkpoint")) },
		"witnessed":     func(l, _, _ *bolt.Bucket) error { return flip(l, []byte("witnessed"), 100) },
	} {
		file := filepath.Join(t.TempDir(), "ledger.db")
		require.NoError(t, os.WriteFile(file, good, 0o600))
		db, err := bolt.Open(file, 0o600, nil)
		require.NoError(t, err)
		require.NoError(t, db.Update(func(tx *bolt.Tx) error {
			return change(tx.Bucket([]byte("ledger")), tx.Bucket([]byte("entries")), tx.Bucket([]byte("hashes")))
		}))
		require.NoError(t, db.Close())
		_, err = ledger.OpenFile(file, w.Config)
		require.ErrorIs(t, err, ledger.ErrCorrupt, name)
	}
}

// TestDamageWhileOpen: a file that is cut off under a running node gives an error, not a crash, and nothing is written
// afterwards.
func TestDamageWhileOpen(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	file := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, os.WriteFile(file, sample(t, w), 0o600))
	l, err := ledger.OpenFile(file, w.Config)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(file, 0))
	_, err = l.Entries(0, 100)
	require.ErrorIs(t, err, ledger.ErrCorrupt)
	_, err = ledger.Append(ledgertest.Context(t), l, w.Tax.Seal(t, granted("x")))
	require.ErrorIs(t, err, ledger.ErrCorrupt)
	require.NoError(t, l.Close())
}
