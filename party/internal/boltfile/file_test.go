package boltfile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

var (
	errCorrupt = errors.New("corrupt")
	errFile    = errors.New("file")
	errs       = Errors{Corrupt: errCorrupt, File: errFile}
)

// sample returns a file with trees of more than one page, buckets in buckets, overflow pages and free pages.
func sample(t testing.TB) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "db")
	db, err := errs.Open(file)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket([]byte("outer"))
		require.NoError(t, err)
		for i := range 300 {
			require.NoError(t, b.Put([]byte{byte(i >> 8), byte(i)}, bytes.Repeat([]byte{byte(i)}, 10+i)))
		}
		inner, err := b.CreateBucket([]byte("inner"))
		require.NoError(t, err)
		return inner.Put([]byte("big"), make([]byte, 20000))
	}))
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("outer"))
		for i := range 100 {
			require.NoError(t, b.Delete([]byte{byte(i >> 8), byte(i)}))
		}
		return nil
	}))
	require.NoError(t, db.Close())
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return b
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "db")
	require.NoError(t, os.WriteFile(file, sample(t), 0o600))
	db, err := errs.Open(file)
	require.NoError(t, err)
	_, err = errs.Open(file)
	require.ErrorIs(t, err, errFile, "in use")
	require.NoError(t, db.Close())

	require.NoError(t, os.Chmod(file, 0o644))
	_, err = errs.Open(file)
	require.ErrorIs(t, err, errFile, "others may read it")
	_, err = errs.Open(dir)
	require.ErrorIs(t, err, errFile, "a directory")
}

func TestCreate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	require.NoError(t, os.WriteFile(file+".new", []byte("cut off"), 0o600))
	fill := func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("bucket"))
		return err
	}
	require.ErrorIs(t, errs.Create(file, func(*bolt.Tx) error { return errCorrupt }), errCorrupt)
	require.NoFileExists(t, file)
	require.NoError(t, errs.Create(file, fill))
	require.NoFileExists(t, file+".new")
	require.ErrorIs(t, errs.Create(file, fill), errFile, "there already")
	db, err := errs.Open(file)
	require.NoError(t, err)
	require.NoError(t, db.View(func(tx *bolt.Tx) error {
		require.NotNil(t, tx.Bucket([]byte("bucket")))
		return nil
	}))
	require.NoError(t, db.Close())
}

func TestInspect(t *testing.T) {
	good := sample(t)
	used, err := errs.Used(bytes.NewReader(good), uint64(len(good)))
	require.NoError(t, err)
	require.NoError(t, errs.Inspect(bytes.NewReader(good), uint64(len(good))))
	for _, n := range []uint64{0, 1, 80, 4096, used / 2, used - 1} {
		require.ErrorIs(t, errs.Inspect(bytes.NewReader(good[:n]), n), errCorrupt, "cut to %d of %d bytes", n, used)
	}
	bad := bytes.Clone(good)
	bad[20], bad[4096+20] = 1, 1 // both meta pages
	file := filepath.Join(t.TempDir(), "db")
	require.NoError(t, os.WriteFile(file, bad, 0o600))
	_, err = errs.Open(file)
	require.ErrorIs(t, err, errCorrupt)
}

func TestGuard(t *testing.T) {
	var none []byte
	require.ErrorIs(t, errs.Guard(func() error { none[len(os.Args)] = 1; return nil }), errCorrupt)
	require.Equal(t, errFile, errs.Guard(func() error { return errFile }))
}

func FuzzInspect(f *testing.F) {
	good := sample(f)
	used, err := errs.Used(bytes.NewReader(good), uint64(len(good)))
	require.NoError(f, err)
	f.Add(good[:used])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := errs.Inspect(bytes.NewReader(b), uint64(len(b))); err != nil && !errors.Is(err, errCorrupt) {
			t.Fatal(err)
		}
	})
}
