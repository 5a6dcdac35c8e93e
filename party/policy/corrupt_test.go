package policy

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/uscc"
)

// content returns the bytes of a file with records of one and of many pieces.
func content(t testing.TB) []byte {
	t.Helper()
	p := simple(t, "[{bits: 4, window: 1h}]", "{}")
	file := fileOf(t)
	c := open(t, file, Options{})
	for n, count := range []int{1, 9000, 3, 50} {
		charge(t, c, chargeOf(t, p, n, 2, 0, count))
	}
	require.NoError(t, c.Close())
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return b
}

// useFile opens the file and reads and writes all over it. It must not panic or crash; every error must be typed.
func useFile(t testing.TB, content []byte) error {
	file := filepath.Join(t.TempDir(), "counters.db")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	c, err := OpenCounters(file, Options{})
	if err == nil {
		defer c.Close()
		for n := range 6 {
			_, err1 := c.Charge(ctx, chargeOf(t, simple(t, "[{bits: 4, window: 1h}]", "{}"), n, 2, 0, []int{1, 9000, 3, 50, 1, 1}[n]))
			err = errors.Join(err, err1)
		}
		for _, err1 := range c.Tasks(time.Time{}) {
			err = errors.Join(err, err1)
		}
	}
	if err != nil {
		require.True(t, errors.Is(err, ErrCorrupt) || errors.Is(err, ErrVersion) || errors.Is(err, ErrReplayed), "%v", err)
	}
	return err
}

func TestDamagedFiles(t *testing.T) {
	good := content(t)
	require.NoError(t, useFile(t, good))
	used, err := onDisk.Used(bytes.NewReader(good), uint64(len(good)))
	require.NoError(t, err)
	for _, n := range []int{1, 15, 80, 4095, 4096, 8192, int(used) / 2, int(used) - 1} {
		require.ErrorIs(t, useFile(t, good[:n]), ErrCorrupt, "cut to %d of %d bytes", n, used)
	}
	require.ErrorIs(t, useFile(t, make([]byte, 64<<10)), ErrCorrupt)
	rng := rand.New(rand.NewPCG(3, 4))
	rounds, refused := 60, 0
	if testing.Short() {
		rounds = 20
	}
	for range rounds {
		bad := bytes.Clone(good)
		page := rng.IntN(int(used) / 4096)
		if rng.IntN(2) == 0 {
			bad[page*4096+rng.IntN(64)] ^= byte(1 + rng.IntN(255))
		} else {
			copy(bad[page*4096:][:4096], good[rng.IntN(int(used)/4096)*4096:][:4096])
		}
		refused += b2i(useFile(t, bad) != nil)
	}
	require.Greater(t, refused, rounds/4)
}

// TestDamagedRecords: what bbolt cannot see, the checksums and the decoder do.
func TestDamagedRecords(t *testing.T) {
	good := content(t)
	first := func(tx *bolt.Tx) (k, v []byte) { // of the many pieces, the first
		task := taskOf(1)
		k, v = tx.Bucket(bucketRecords).Cursor().Seek(append(be.AppendUint32(nil, uint32(noon.Unix())), task[:]...))
		return bytes.Clone(k), bytes.Clone(v)
	}
	for name, tc := range map[string]struct {
		damage func(tx *bolt.Tx) error
		want   error
	}{
		"a bit": {func(tx *bolt.Tx) error {
			k, v := first(tx)
			v[100] ^= 1
			return tx.Bucket(bucketRecords).Put(k, v)
		}, ErrCorrupt},
		"no first piece": {func(tx *bolt.Tx) error {
			k, _ := first(tx)
			return tx.Bucket(bucketRecords).Delete(k)
		}, ErrCorrupt},
		"no last piece": {func(tx *bolt.Tx) error {
			k, _ := first(tx)
			k[len(k)-1] = 2
			return tx.Bucket(bucketRecords).Delete(k)
		}, ErrCorrupt},
		"a moved piece": {func(tx *bolt.Tx) error {
			k, v := first(tx)
			k[len(k)-1] = 1
			return tx.Bucket(bucketRecords).Put(k, v)
		}, ErrCorrupt},
		"a short key": {func(tx *bolt.Tx) error {
			return tx.Bucket(bucketRecords).Put(bytes.Repeat([]byte{0xff}, 7), []byte("value"))
		}, ErrCorrupt},
		"an empty value": {func(tx *bolt.Tx) error {
			return tx.Bucket(bucketRecords).Put(bytes.Repeat([]byte{0xff}, keySize), nil)
		}, ErrCorrupt},
		"no record": {func(tx *bolt.Tx) error {
			k, _ := first(tx)
			for piece := range byte(3) {
				k[len(k)-1] = piece
				if err := tx.Bucket(bucketRecords).Delete(k); err != nil {
					return err
				}
			}
			return nil
		}, ErrCorrupt},
		"a task's time": {func(tx *bolt.Tx) error {
			task := taskOf(1)
			return tx.Bucket(bucketTasks).Put(task[:], seal(task[:], be.AppendUint32(nil, 7)))
		}, ErrCorrupt},
		"no tasks": {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketTasks) }, ErrCorrupt},
		"version":  {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyKind, []byte("other")) }, ErrVersion},
		"kind":     {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketMeta) }, ErrVersion},
	} {
		file := fileOf(t)
		require.NoError(t, os.WriteFile(file, good, 0o600))
		db, err := bolt.Open(file, 0o600, nil)
		require.NoError(t, err)
		require.NoError(t, db.Update(tc.damage), name)
		require.NoError(t, db.Close())
		bad, err := os.ReadFile(file)
		require.NoError(t, err)
		require.ErrorIs(t, useFile(t, bad), tc.want, name)
	}
}

// TestDamageWhileOpen: a file that is cut off under a running node gives an error, not a crash, and admits nothing after.
func TestDamageWhileOpen(t *testing.T) {
	file := fileOf(t)
	require.NoError(t, os.WriteFile(file, content(t), 0o600))
	c := open(t, file, Options{})
	require.NoError(t, os.Truncate(file, 0))
	p := simple(t, "[{bits: 4, window: 1h}]", "{}")
	for n := range 3 {
		_, err := c.Charge(ctx, chargeOf(t, p, 10+n, 1, 0, 1))
		require.ErrorIs(t, err, ErrCorrupt)
	}
	_, err := c.WouldAdmit(p, Question{Bank: bankOf(t, "first"), Now: noon, Bits: 1, Companies: 1}, companiesOf(0, 1), nil)
	require.ErrorIs(t, err, ErrCorrupt)
	require.NoError(t, c.Close())
}

// TestFailedWrite: after a write that failed nothing is admitted, until the file is opened anew and tells what is on it.
func TestFailedWrite(t *testing.T) {
	file := fileOf(t)
	c := open(t, file, Options{})
	p := simple(t, "[{bits: 4, window: 1h}]", "{}")
	charge(t, c, chargeOf(t, p, 1, 2, 0, 1))
	c.mu.Lock()
	c.queue = append(c.queue, &pending{pieces: []stored{{nil, nil}}, done: make(chan struct{})}) // bbolt takes no empty key
	c.mu.Unlock()
	_, err := c.Charge(ctx, chargeOf(t, p, 2, 2, 0, 1))
	require.ErrorIs(t, err, ErrFile)
	_, err = c.Charge(ctx, chargeOf(t, p, 3, 2, 0, 1))
	require.ErrorIs(t, err, ErrFile)
	require.NoError(t, c.Close())
	c = open(t, file, Options{})
	require.Equal(t, []int{2}, bitsOf(c.Usage(uscc.Synthetic(0))))
	require.NoError(t, charge(t, c, chargeOf(t, p, 2, 2, 0, 1))[0])
}

func TestOpenRefuses(t *testing.T) {
	file := fileOf(t)
	for _, o := range []Options{{Window: -1}, {Window: time.Millisecond}, {Window: MaxWindow + 1}, {Keep: -1}, {Keep: MaxWindow + 1}} {
		_, err := OpenCounters(file, o)
		require.ErrorIs(t, err, ErrInvalid)
	}
	c := open(t, file, Options{})
	_, err := OpenCounters(file, Options{})
	require.ErrorIs(t, err, ErrFile, "in use")
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	require.NoError(t, os.Chmod(file, 0o644))
	_, err = OpenCounters(file, Options{})
	require.ErrorIs(t, err, ErrFile, "others can read it")
}

func FuzzDecode(f *testing.F) {
	prefix := make([]byte, prefixSize)
	for _, n := range []int{0, 1, 4, 5, 9} {
		r := &record{bank: bankOf(f, "first"), bits: 3, companies: companiesOf(7, n), outcomes: make([]outcome, n)}
		for i := range r.outcomes {
			r.outcomes[i] = outcome(i % 4)
		}
		pieces, err := r.encode()
		require.NoError(f, err)
		f.Add(prefix, pieces[0].value[4:])
	}
	f.Add(prefix, []byte{1, 1, 0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, prefix, b []byte) {
		r, err := decode(prefix, b)
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
			return
		}
		require.Equal(t, prefix, r.prefix())
		pieces, err := r.encode()
		require.NoError(t, err)
		var again []byte
		j := &join{emit: func(got *record) error { require.Equal(t, r, got); return nil }}
		for _, p := range pieces {
			again = append(again, p.value[4:]...)
			require.NoError(t, j.add(p.key, p.value))
		}
		require.True(t, slices.Equal(again, b), "one record, two encodings")
		require.NoError(t, j.flush())
	})
}
