package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/partypb"
)

func signed(b byte) *partypb.Signed {
	return &partypb.Signed{Body: bytes.Repeat([]byte{b}, 50), Signature: bytes.Repeat([]byte{b}, 64)}
}

func record(peer byte, companies int) *Record {
	return &Record{
		Task: signed(1), Admission: signed(2),
		Companies: bytes.Repeat([]byte{'c'}, 18*companies), Admitted: partypb.NewBitmap(companies),
		Peer: [32]byte{peer}, Created: time.Date(2024, 5, 6, 7, 8, 9, 10, time.UTC),
	}
}

func answer(block int, attempt uint64) *StoredAnswer {
	a := &StoredAnswer{Attempt: attempt, Companies: uint32(max(block, 0)%100 + 1)}
	a.Block, a.Payload = block, bytes.Repeat([]byte{byte(block), byte(attempt)}, 40)
	a.Signature, a.Digest = bytes.Repeat([]byte{byte(block + 1)}, 64), mpc.Digest{byte(block), 9}
	a.Before, a.BankSignature = mpc.Digest{byte(block), 8}, bytes.Repeat([]byte{byte(block + 2)}, 64)
	a.Withheld = partypb.NewBitmap(int(a.Companies))
	a.Withheld.Set(max(block, 0) % int(a.Companies))
	return a
}

func tax(t testing.TB, file string) *Tax {
	t.Helper()
	j, err := OpenTax(file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func bank(t testing.TB, file string) *Bank {
	t.Helper()
	j, err := OpenBank(file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func TestTaxRemembers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tax.db")
	j := tax(t, file)
	id, r := TaskID{1}, record(7, 1000)
	require.NoError(t, j.PutTask(id, r))
	require.ErrorIs(t, j.PutTask(id, r), ErrExists)
	for want := range uint64(3) {
		got, err := j.NextAttempt(id, 0)
		require.NoError(t, err)
		require.Equal(t, want+1, got)
	}
	got, err := j.NextAttempt(id, 10)
	require.NoError(t, err)
	require.EqualValues(t, 10, got)
	for _, block := range []int{5, 0, 65535} {
		require.NoError(t, j.PutAnswer(id, answer(block, 10)))
	}
	require.ErrorIs(t, j.PutAnswer(id, answer(5, 10)), ErrExists, "even the same")
	require.ErrorIs(t, j.PutAnswer(id, answer(6, 11)), ErrInvalid, "an attempt that nobody was given")
	require.NoError(t, j.PutReceipt(id, signed(5), signed(3), signed(4)))
	require.ErrorIs(t, j.PutReceipt(id, signed(5), signed(3), signed(5)), ErrExists)

	require.NoError(t, j.Close())
	require.NoError(t, j.Close())
	require.ErrorIs(t, j.PutAnswer(id, answer(7, 10)), ErrClosed)
	_, err = j.Task(id)
	require.ErrorIs(t, err, ErrClosed)

	j = tax(t, file)
	back, err := j.Task(id)
	require.NoError(t, err)
	require.Equal(t, r.Companies, back.Companies)
	require.Equal(t, r.Created, back.Created)
	require.Equal(t, r.Peer, back.Peer)
	require.Equal(t, r.Admission.Body, back.Admission.Body)
	require.Equal(t, r.Task.Signature, back.Task.Signature)
	got, err = j.NextAttempt(id, 3)
	require.NoError(t, err)
	require.EqualValues(t, 11, got)
	var blocks []int
	for a, err := range j.Answers(id) {
		require.NoError(t, err)
		require.Equal(t, answer(a.Block, 10), a)
		blocks = append(blocks, a.Block)
	}
	require.Equal(t, []int{0, 5, 65535}, blocks)
	set, err := j.Answered(id, 65536)
	require.NoError(t, err)
	require.Equal(t, 3, set.Count())
	require.True(t, set.Has(5))
	_, err = j.Answered(id, 6)
	require.ErrorIs(t, err, ErrInvalid)
	n, err := j.Evaluations(id)
	require.NoError(t, err)
	require.EqualValues(t, 1+6+36, n)
	b, x, err := j.Receipt(id)
	require.NoError(t, err)
	require.Equal(t, signed(3).Body, b.Body)
	require.Equal(t, signed(4).Signature, x.Signature)
}

func TestUnknownTask(t *testing.T) {
	j := tax(t, filepath.Join(t.TempDir(), "tax.db"))
	_, err := j.Task(TaskID{9})
	require.ErrorIs(t, err, ErrUnknown)
	_, err = j.NextAttempt(TaskID{9}, 0)
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorIs(t, j.PutAnswer(TaskID{9}, answer(0, 1)), ErrUnknown)
	_, err = j.Evaluations(TaskID{9})
	require.ErrorIs(t, err, ErrUnknown)
	_, _, err = j.Receipt(TaskID{9})
	require.ErrorIs(t, err, ErrUnknown)
	require.NoError(t, j.PutTask(TaskID{9}, record(1, 0)))
	_, _, err = j.Receipt(TaskID{9})
	require.ErrorIs(t, err, ErrUnknown)
}

func TestInvalidRecords(t *testing.T) {
	dir := t.TempDir()
	j, k := tax(t, filepath.Join(dir, "tax.db")), bank(t, filepath.Join(dir, "bank.db"))
	for name, change := range map[string]func(*Record){
		"task": func(r *Record) { r.Task = nil }, "admission": func(r *Record) { r.Admission = &partypb.Signed{} },
		"companies": func(r *Record) { r.Companies = r.Companies[1:] }, "bitmap": func(r *Record) { r.Admitted = r.Admitted[1:] },
		"peer": func(r *Record) { r.Peer = [32]byte{} }, "time": func(r *Record) { r.Created = time.Time{} },
		"private": func(r *Record) { r.Private = make([]byte, maxRecord+1) },
	} {
		r := record(1, 10)
		change(r)
		require.ErrorIs(t, k.PutTask(TaskID{1}, r), ErrInvalid, name)
		require.ErrorIs(t, j.PutTask(TaskID{1}, r), ErrInvalid, name)
	}
	require.NoError(t, j.PutTask(TaskID{1}, record(1, 10)))
	_, err := j.NextAttempt(TaskID{1}, 1<<32+1)
	require.ErrorIs(t, err, ErrInvalid)
	for _, a := range []*StoredAnswer{answer(-1, 1), answer(65536, 1), answer(0, 0)} {
		require.ErrorIs(t, j.PutAnswer(TaskID{1}, a), ErrInvalid)
	}
	a := answer(0, 1)
	a.Signature = nil
	require.ErrorIs(t, j.PutAnswer(TaskID{1}, a), ErrInvalid)
	require.ErrorIs(t, j.PutReceipt(TaskID{1}, signed(5), signed(1), nil), ErrInvalid)
	a = answer(5, 1)
	a.BankSignature = nil
	require.ErrorIs(t, j.PutAnswer(TaskID{1}, a), ErrInvalid)
	a = answer(8, 1)
	a.Withheld = nil
	require.ErrorIs(t, j.PutAnswer(TaskID{1}, a), ErrInvalid)
	proposed := record(1, 10)
	proposed.Admission, proposed.Admitted = nil, nil
	require.ErrorIs(t, j.PutTask(TaskID{2}, proposed), ErrInvalid)
}

func TestBankFindsItsBatchAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bank.db")
	j := bank(t, file)
	r := record(7, 1000)
	r.Private = []byte("own part")
	for i := range 3 {
		r.Created = r.Created.Add(-time.Second) // the last is the oldest
		require.NoError(t, j.PutTask(TaskID{byte(i)}, r))
	}
	other := record(8, 1)
	require.NoError(t, j.PutTask(TaskID{8}, other))

	id := TaskID{1}
	seed, err := mpc.NewSeed()
	require.NoError(t, err)
	require.NoError(t, j.PutAttempt(id, 2, seed))
	require.ErrorIs(t, j.PutAttempt(id, 2, seed), ErrExists)
	require.NoError(t, j.PutAttempt(id, 300, seed.Derive("other")))
	require.NoError(t, j.PutChain(id, 2, 5, mpc.Digest{1}))
	require.ErrorIs(t, j.PutChain(id, 2, 5, mpc.Digest{2}), ErrExists)
	require.NoError(t, j.PutChain(id, 300, 5, mpc.Digest{3}))
	require.NoError(t, j.PutResult(id, &Result{Block: 5, Attempt: 2, Values: []byte("values"), Digest: mpc.Digest{4}}))
	require.ErrorIs(t, j.PutResult(id, &Result{Block: 5, Attempt: 300}), ErrExists)
	require.NoError(t, j.Close())

	j = bank(t, file)
	list := func(peer byte) (ids []TaskID) {
		for id, err := range j.Unfinished([32]byte{peer}) {
			require.NoError(t, err)
			ids = append(ids, id)
			_, err := j.Task(id) // other calls may be made meanwhile
			require.NoError(t, err)
		}
		return ids
	}
	require.Equal(t, []TaskID{{2}, {1}, {0}}, list(7))
	require.Equal(t, []TaskID{{8}}, list(8))
	require.Empty(t, list(9))
	got, err := j.Seed(id, 2)
	require.NoError(t, err)
	require.Equal(t, seed.Reveal(), got.Reveal())
	last, err := j.LastAttempt(id)
	require.NoError(t, err)
	require.EqualValues(t, 300, last)
	d, err := j.Chain(id, 300, 5)
	require.NoError(t, err)
	require.Equal(t, mpc.Digest{3}, d)
	_, err = j.Chain(id, 300, 6)
	require.ErrorIs(t, err, ErrUnknown)
	set, err := j.Finished(id, 8)
	require.NoError(t, err)
	require.Equal(t, partypb.Bitmap{0x20}, set)
	for r, err := range j.Results(id) {
		require.NoError(t, err)
		require.Equal(t, &Result{Block: 5, Attempt: 2, Values: []byte("values"), Digest: mpc.Digest{4}}, r)
	}

	require.NoError(t, j.Complete(id, signed(5), signed(3), signed(4)))
	require.ErrorIs(t, j.Complete(id, signed(5), signed(3), signed(4)), ErrExists)
	outcome, err := j.Outcome(id)
	require.NoError(t, err)
	require.Equal(t, signed(5).Body, outcome.Body)
	require.ErrorIs(t, j.Forget(id), ErrExists)
	_, err = j.Seed(id, 2)
	require.ErrorIs(t, err, ErrUnknown)
	_, err = j.Chain(id, 2, 5)
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorIs(t, j.PutAttempt(id, 301, seed), ErrUnknown)
	require.Equal(t, []TaskID{{2}, {0}}, list(7))
	set, err = j.Finished(id, 8)
	require.NoError(t, err)
	require.Equal(t, 1, set.Count())
}

// TestGroupCommit: of many changes at once each gets its own answer, whatever the others in its commit do.
func TestGroupCommit(t *testing.T) {
	j := tax(t, filepath.Join(t.TempDir(), "tax.db"))
	id := TaskID{1}
	require.NoError(t, j.PutTask(id, record(1, 10)))
	_, err := j.NextAttempt(id, 0)
	require.NoError(t, err)
	const writers, blocks = 16, 40
	var wg sync.WaitGroup
	var mu sync.Mutex
	stored, attempts := make(map[int]int), make(map[uint64]bool)
	for w := range writers {
		wg.Go(func() {
			for block := range blocks { // all want the same superblocks
				err := j.PutAnswer(id, answer(block, 1))
				n, err2 := j.NextAttempt(id, 0)
				unknown := j.PutAnswer(TaskID{byte(w), 9}, answer(block, 1))
				mu.Lock()
				if err == nil {
					stored[block]++
				} else if !refusal(err) {
					t.Error(err)
				}
				if err2 != nil || attempts[n] {
					t.Errorf("attempt %d again, or %v", n, err2)
				}
				attempts[n] = true
				if !refusal(unknown) {
					t.Error(unknown)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, stored, blocks)
	for block, n := range stored {
		require.Equal(t, 1, n, "superblock %d was stored once", block)
	}
	require.Len(t, attempts, writers*blocks)
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "tax.db")
	j := tax(t, file)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = OpenTax(file)
	require.ErrorIs(t, err, ErrFile, "open already")
	require.NoError(t, j.Close())
	_, err = OpenBank(file)
	require.ErrorIs(t, err, ErrVersion)
	require.NoError(t, os.Chmod(file, 0o640))
	_, err = OpenTax(file)
	require.ErrorIs(t, err, ErrFile)
	_, err = OpenTax(dir)
	require.ErrorIs(t, err, ErrFile)
	_, err = OpenTax(filepath.Join(dir, "absent", "tax.db"))
	require.ErrorIs(t, err, ErrFile)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	require.NoError(t, tax(t, filepath.Join(dir, "empty")).Close())
}

func BenchmarkPutAnswer(b *testing.B) {
	for _, writers := range []int{1, 4, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			j := tax(b, filepath.Join(b.TempDir(), "tax.db"))
			id, blocks := TaskID{}, make(chan int)
			b.ResetTimer()
			go func() {
				for i := range b.N {
					blocks <- i
				}
				close(blocks)
			}()
			for i := range (b.N + 65535) / 65536 {
				require.NoError(b, j.PutTask(TaskID{byte(i >> 8), byte(i)}, record(1, 0)))
				_, err := j.NextAttempt(TaskID{byte(i >> 8), byte(i)}, 0)
				require.NoError(b, err)
			}
			payload := make([]byte, 32768*3/8)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for i := range blocks {
						a := answer(i%65536, 1)
						a.Payload = payload
						at := id
						at[0], at[1] = byte(i>>24), byte(i>>16)
						if err := j.PutAnswer(at, a); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
			b.ReportMetric(b.Elapsed().Seconds()*1e6*float64(writers)/float64(b.N), "us-latency")
		})
	}
}

// What a superblock costs on disk does not grow with the number of companies: the record is written once.
func TestRecordIsWrittenOnce(t *testing.T) {
	j := bank(t, filepath.Join(t.TempDir(), "bank.db"))
	id, r := TaskID{1}, record(7, 500_000)
	require.NoError(t, j.PutTask(id, r))
	size := func() int64 {
		n, err := view(j.store, func(tx *bolt.Tx) (int64, error) { return tx.Size(), nil })
		require.NoError(t, err)
		return n
	}
	before := size()
	for n := range 20 {
		require.NoError(t, j.PutAttempt(id, uint64(n+1), mpc.Seed{}))
		require.NoError(t, j.PutChain(id, 1, n, mpc.Digest{}))
		require.NoError(t, j.PutResult(id, &Result{Block: n, Attempt: 1}))
	}
	require.Less(t, size()-before, int64(len(r.Companies)), "a second copy takes other pages")
	again, err := j.Task(id)
	require.NoError(t, err)
	require.Equal(t, r.Companies, again.Companies)
}
