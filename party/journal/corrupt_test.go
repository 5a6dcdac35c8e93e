package journal

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

// sample returns the bytes of a journal with trees of more than one page, big records and free pages.
func sample(t testing.TB) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tax.db")
	j, err := OpenTax(file)
	require.NoError(t, err)
	for i := range 3 {
		id := TaskID{byte(i)}
		require.NoError(t, j.PutTask(id, record(1, 100+1000*i)))
		_, err := j.NextAttempt(id, 0)
		require.NoError(t, err)
		require.NoError(t, j.update(func(tx *bolt.Tx) error {
			b, err := inside(tx, id, bucketAnswers)
			if err != nil {
				return err
			}
			for block := range 200 {
				a := answer(block, 1)
				if err := b.Put(be32(uint32(block)), encode(be32(uint32(block)), be64(1), be32(a.Companies), a.Payload, a.Signature, a.Digest[:])); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	require.NoError(t, j.PutReceipt(TaskID{1}, signed(5), signed(1), signed(2)))
	require.NoError(t, j.Close())
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return b
}

// use opens a journal and reads and writes all over it. It must not panic or crash; every error must be typed.
func use(t testing.TB, content []byte) (opened error) {
	file := filepath.Join(t.TempDir(), "tax.db")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	j, err := OpenTax(file)
	if err != nil {
		require.True(t, errors.Is(err, ErrCorrupt) || errors.Is(err, ErrVersion), "%v", err)
		return err
	}
	defer j.Close()
	typed := func(err error) {
		if err != nil && !errors.Is(err, ErrCorrupt) && !refusal(err) {
			t.Fatalf("error without a type: %v", err)
		}
	}
	for id, err := range j.Tasks() {
		typed(err)
		_, err = j.Task(id)
		typed(err)
		_, err = j.Evaluations(id)
		typed(err)
		_, err = j.Answered(id, 300)
		typed(err)
		_, _, err = j.Receipt(id)
		typed(err)
		_, err = j.NextAttempt(id, 0)
		typed(err)
		typed(j.PutAnswer(id, answer(1000, 1)))
	}
	return nil
}

func TestDamagedFiles(t *testing.T) {
	good := sample(t)
	require.NoError(t, use(t, good))
	require.NoError(t, onDisk.Inspect(bytes.NewReader(good), uint64(len(good))))

	pages := usedBytes(t, good)
	for _, n := range []int{1, 15, 80, 4095, 4096, 8192, 12288, pages / 2, pages - 4096, pages - 1} {
		require.ErrorIs(t, use(t, good[:n]), ErrCorrupt, "cut to %d of %d bytes", n, pages)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	random := make([]byte, 64<<10)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	require.ErrorIs(t, use(t, random), ErrCorrupt)
	require.ErrorIs(t, use(t, []byte("not a journal")), ErrCorrupt)
	require.ErrorIs(t, use(t, make([]byte, 64<<10)), ErrCorrupt)

	refused := 0
	rounds := 400
	if testing.Short() {
		rounds = 60
	}
	for range rounds {
		bad := bytes.Clone(good[:pages])
		page := rng.IntN(pages / 4096)
		switch rng.IntN(4) {
		case 0: // a byte of a page header or of the first elements
			bad[page*4096+rng.IntN(64)] ^= byte(1 + rng.IntN(255))
		case 1: // a byte anywhere
			bad[rng.IntN(pages)] ^= byte(1 + rng.IntN(255))
		case 2: // a page of garbage
			for i := range 4096 {
				bad[page*4096+i] = byte(rng.Uint32())
			}
		case 3: // one page in the place of another
			copy(bad[page*4096:][:4096], good[rng.IntN(pages/4096)*4096:][:4096])
		}
		if use(t, bad) != nil {
			refused++
		}
	}
	require.Greater(t, refused, rounds/4)
}

// usedBytes returns how much of the file bbolt uses.
func usedBytes(t testing.TB, b []byte) int {
	n, err := onDisk.Used(bytes.NewReader(b), uint64(len(b)))
	require.NoError(t, err)
	return int(n)
}

// TestTornMeta: of the two meta pages the older takes over when the last write to the newer was cut off.
func TestTornMeta(t *testing.T) {
	good := sample(t)
	for page := range 2 {
		bad := bytes.Clone(good)
		bad[page*4096+40] ^= 1
		err := use(t, bad)
		require.True(t, err == nil || errors.Is(err, ErrCorrupt), "%v", err)
	}
	bad := bytes.Clone(good)
	bad[40] ^= 1
	bad[4096+40] ^= 1
	require.ErrorIs(t, use(t, bad), ErrCorrupt)
}

// TestChecksums: a record that changed, or stands in another's place, is not returned.
func TestChecksums(t *testing.T) {
	key := []byte("key")
	r := encode(key, []byte("one"), nil, []byte("three"))
	f, err := decode(key, r, 3)
	require.NoError(t, err)
	require.Equal(t, [][]byte{[]byte("one"), {}, []byte("three")}, f)
	for i := range r {
		bad := bytes.Clone(r)
		bad[i] ^= 0x10
		_, err := decode(key, bad, 3)
		require.ErrorIs(t, err, ErrCorrupt)
	}
	for _, n := range []int{2, 4} {
		_, err = decode(key, r, n)
		require.ErrorIs(t, err, ErrCorrupt)
	}
	_, err = decode([]byte("kez"), r, 3)
	require.ErrorIs(t, err, ErrCorrupt)
}

// TestDamageWhileOpen: a file that is cut off under a running node gives an error, not a crash, and nothing is written
// afterwards.
func TestDamageWhileOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tax.db")
	require.NoError(t, os.WriteFile(file, sample(t), 0o600))
	j, err := OpenTax(file)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(file, 0))
	_, err = j.Task(TaskID{2})
	require.ErrorIs(t, err, ErrCorrupt)
	require.ErrorIs(t, j.PutAnswer(TaskID{2}, answer(900, 1)), ErrCorrupt)
	require.NoError(t, j.Close())
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("key"), encode([]byte("key"), []byte("a"), []byte("b")))
	f.Fuzz(func(t *testing.T, key, b []byte) {
		if len(b) >= 4 {
			le.PutUint32(b, checksum(key, b)) // so that what lies behind the checksum is reached
		}
		fields, err := decode(key, b, 2)
		if err == nil && !bytes.Equal(encode(key, fields...), b) {
			t.Fatal("does not round-trip")
		}
	})
}
