package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/blindscore/blindscore/circuits/homomorphic/tables"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

var all = func() (out []int) {
	for i := range companies {
		out = append(out, i)
	}
	return out
}()

// The bands of all companies equal the plain evaluator's; of those that are not admitted there is nothing, in the outcome
// or behind it.
func TestEndToEnd(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, companies, w.snapshot.Companies())
	require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), w.snapshot.Time())
	if !raceEnabled {
		b, task := w.ask(t, all...)
		out, err := w.platform.Serve(context.Background(), b, w.offices())
		require.NoError(t, err)
		w.check(t, task, out, all...)
	}
	w.admitted = []int{3, 4, 17, 49}
	b, task := w.ask(t, 2, 3, 4, 5, 17, 30)
	out, err := w.platform.Serve(context.Background(), b, w.offices())
	require.NoError(t, err)
	w.check(t, task, out, 3, 4, 17)
	o, err := readOutcome(w.plan, out)
	require.NoError(t, err)
	valid := 0 // of 47 uniform residues among 65,537, of which as many as there are bands look like one
	for _, p := range all {
		_, err := w.receiver.Open(o.bands[0], []int{p}, len(w.model.Bands()))
		if slices.Contains([]int{3, 4, 17}, p) {
			require.NoError(t, err)
		} else if err == nil {
			valid++
		} else {
			require.ErrorIs(t, err, tables.ErrBand)
		}
	}
	require.Less(t, valid, 4)
	require.Contains(t, fmt.Sprintf("%+v", w.bank), "secret")
}

// The company at a position is who the tax authority says, by a salt of that position.
func TestCommitments(t *testing.T) {
	slow(t)
	w := newWorld(t)
	salts, err := RestoreSalts(w.salts)
	require.NoError(t, err)
	require.True(t, w.snapshot.Opens(7, salts.Of(7), code(7)))
	require.False(t, w.snapshot.Opens(7, salts.Of(7), code(8)))
	require.False(t, w.snapshot.Opens(7, salts.Of(8), code(7)))
	require.False(t, w.snapshot.Opens(-1, salts.Of(7), code(7)))
	require.False(t, w.snapshot.Opens(companies, salts.Of(7), code(7)))
	require.Contains(t, fmt.Sprintf("%x", salts), "secret")
}

// A snapshot that the tax node did not sign, and a chunk that is not in it, are found by everybody.
func TestTamperedSnapshot(t *testing.T) {
	slow(t)
	w := newWorld(t)
	good := w.snapshot.Bytes()
	for _, at := range []int{0, len(snapshotLabel), len(snapshotLabel) + 40, len(good) / 2, len(good) - 70, len(good) - 1} {
		bad := slices.Clone(good)
		bad[at] ^= 1
		_, err := ReadSnapshot(w.plan, w.keys, public(1), bad)
		require.Error(t, err, "byte %d", at)
		require.True(t, errors.Is(err, ErrSnapshot) || errors.Is(err, ErrEncoding))
	}
	_, err := ReadSnapshot(w.plan, w.keys, public(2), good)
	require.ErrorIs(t, err, ErrSnapshot)

	b, _ := w.ask(t, all...)
	job := w.job(t, b, all...)
	chunk := slices.Clone(w.chunks[0])
	chunk[len(chunk)/2] ^= 1
	require.NoError(t, w.dir.Put(0, chunk))
	_, err = w.holders[0].Answer(context.Background(), job.Request([]int{1, 2}))
	require.ErrorIs(t, err, ErrSnapshot)
	_, err = w.platform.Serve(context.Background(), b, w.offices())
	require.ErrorIs(t, err, ErrSnapshot)
	require.NoError(t, w.dir.Put(0, append(chunk, 0)))
	_, err = w.holders[0].Answer(context.Background(), job.Request([]int{1, 2}))
	require.ErrorIs(t, err, ErrSnapshot)
}

// No holder evaluates a model without an approval for this bank, or another copy than the approved one.
func TestAnotherModel(t *testing.T) {
	slow(t)
	w := newWorld(t)
	b, _ := w.ask(t, 1, 2)
	job := w.job(t, b, 1, 2)
	good := w.approval[w.digest]
	w.approval[w.digest] = nil
	_, err := w.holders[0].Admit(b)
	require.ErrorIs(t, err, ErrRefused)
	_, err = w.holders[0].Answer(context.Background(), job.Request([]int{1, 2}))
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorContains(t, err, "approval")
	_, err = w.platform.Serve(context.Background(), b, w.offices())
	require.ErrorIs(t, err, ErrUnanswered)
	require.ErrorIs(t, err, ErrRefused)
	w.approval[w.digest] = good

	stranger, err := NewBankReader(w.plan, w.receiver, public(5), signer(5))
	require.NoError(t, err)
	other, _, err := stranger.Ask(w.snapshot, w.digest, []int{1}, "", time.Now())
	require.NoError(t, err)
	_, err = w.holders[1].Admit(other)
	require.ErrorIs(t, err, ErrRefused, "the approval is for another bank")

	w.salt[0] ^= 1 // the copy at hand does not open the digest
	t.Cleanup(func() { w.salt[0] ^= 1 })
	_, err = w.holders[0].Answer(context.Background(), job.Request([]int{1, 2}))
	require.ErrorIs(t, err, ErrRefused)
	_, err = w.platform.Start(context.Background(), b, []int{1})
	require.ErrorIs(t, err, ErrRefused)
}

// A holder switches its own result and nothing else: neither another ciphertext nor a feature as it was encrypted.
func TestAnotherCiphertext(t *testing.T) {
	slow(t)
	w := newWorld(t)
	b, _ := w.ask(t, 1, 2)
	q := w.job(t, b, 1, 2).request([]int{1, 2})
	raw := sha256.Sum256(append([]byte("blindscore offline result v1\x00"), w.chunks[0][:w.plan.AnswerBytes()-66]...))
	for name, digest := range map[string][32]byte{"another ciphertext": {1}, "a raw feature": raw} {
		bad := *q
		bad.results = [][32]byte{digest}
		_, err := w.holders[0].Answer(context.Background(), bad.encode())
		require.ErrorIs(t, err, ErrResult, name)
	}
	_, err := w.holders[0].Answer(context.Background(), q.encode())
	require.NoError(t, err, "what was refused has used nothing up")
}

// A platform that shows a company that is not admitted, or not in the task, is refused; so are a task of another snapshot,
// an old snapshot, and a request to others.
func TestNotAdmitted(t *testing.T) {
	slow(t)
	w := newWorld(t)
	b, _ := w.ask(t, 1, 2, 3)
	job := w.job(t, b, 1, 2)
	w.admitted = []int{1}
	_, err := w.holders[0].Answer(context.Background(), job.Request([]int{1, 2}))
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorContains(t, err, "not admitted")
	w.admitted = nil
	_, err = w.holders[0].Admit(b)
	require.ErrorIs(t, err, ErrRefused)
	w.admitted = []int{1, 2, 3, 4}
	q := job.request([]int{1, 2})
	q.show = []int{1, 4}
	_, err = w.holders[0].Answer(context.Background(), q.encode())
	require.ErrorIs(t, err, ErrEncoding, "4 is not in the task")
	_, err = w.holders[2].Answer(context.Background(), job.Request([]int{1, 2}))
	require.ErrorIs(t, err, ErrRefused)

	c := w.config(t, 1)
	c.Register, c.MaxAge = w.holders[0].c.Register, time.Hour
	for _, age := range []time.Duration{2 * time.Hour, -time.Hour} { // dated ahead, it would be young for too long
		c.Now = func() time.Time { return w.snapshot.Time().Add(age) }
		h, err := NewHolder(c)
		require.NoError(t, err)
		_, err = h.Admit(b)
		require.ErrorIs(t, err, ErrRefused)
	}

	elsewhere := *w.snapshot
	elsewhere.digest[0] ^= 1
	other, _, err := w.bank.Ask(&elsewhere, w.digest, []int{1}, "", time.Now())
	require.NoError(t, err)
	_, err = w.holders[0].Admit(other)
	require.ErrorIs(t, err, ErrRefused)
	_, err = w.platform.Start(context.Background(), other, []int{1})
	require.ErrorIs(t, err, ErrRefused)
	c.Models = nil
	_, err = NewHolder(c)
	require.ErrorIs(t, err, ErrConfig)
}

// office wraps a holder that does not answer as it should.
type office struct {
	*Holder
	answer func([]byte, error) ([]byte, error)
}

func (o office) Answer(ctx context.Context, request []byte) ([]byte, error) {
	return o.answer(o.Holder.Answer(ctx, request))
}

// A holder that is missing, even after another has answered, and one whose answer is damaged are done without; the first
// answers for another subset, under noise and pads of that subset.
func TestMissingHolder(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and minutes under the race detector")
	}
	slow(t)
	gone := errors.New("no route")
	for name, answer := range map[string]func([]byte, error) ([]byte, error){
		"missing":   func([]byte, error) ([]byte, error) { return nil, gone },
		"misshapen": func(b []byte, err error) ([]byte, error) { return b[:len(b)-1], err },
		"unsigned": func(b []byte, err error) ([]byte, error) {
			b[len(b)-1] ^= 1
			return b, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, task := w.ask(t, all...)
			offices := w.offices()
			offices[1] = office{w.holders[1], answer}
			out, err := w.platform.Serve(context.Background(), b, offices)
			require.NoError(t, err)
			w.check(t, task, out, all...)
		})
	}
	w := newWorld(t)
	b, _ := w.ask(t, 1)
	job := w.job(t, b, 1)
	one, err := w.holders[0].Answer(context.Background(), job.Request([]int{1, 2}))
	require.NoError(t, err)
	_, err = job.Combine([]int{1, 2}, [][]byte{one, nil})
	require.ErrorIs(t, err, threshold.ErrMissing)
	require.Equal(t, []int{2}, threshold.Named(err))
	require.ErrorContains(t, err, "regulator")
	_, err = job.Combine([]int{1, 2}, [][]byte{one, one})
	require.ErrorIs(t, err, threshold.ErrLie)
	require.Equal(t, []int{2}, threshold.Named(err))
	_, err = w.platform.Serve(context.Background(), b, []Office{w.holders[0]})
	require.ErrorIs(t, err, ErrUnanswered)
	lost := office{w.holders[1], func([]byte, error) ([]byte, error) { return nil, gone }}
	_, err = w.platform.Serve(context.Background(), b, []Office{lost, w.holders[2]})
	require.ErrorIs(t, err, ErrUnanswered)
	require.ErrorIs(t, err, gone)
}

// A request is answered once, a task for one content; and the file remembers across a restart.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	b, task := w.ask(t, 1, 2)
	job := w.job(t, b, 1, 2)
	request := job.Request([]int{1, 3})
	_, err := w.holders[0].Answer(context.Background(), request)
	require.NoError(t, err)
	_, err = w.holders[0].Answer(context.Background(), request)
	require.ErrorIs(t, err, ErrUsed)
	_, err = w.holders[0].Answer(context.Background(), w.job(t, b, 1).Request([]int{1, 2}))
	require.ErrorIs(t, err, ErrUsed, "another content")

	// of many at a time one is answered
	var answered atomic.Int32
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if _, err := w.holders[1].Answer(context.Background(), job.Request([]int{1, 2})); err == nil {
				answered.Add(1)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, answered.Load())

	require.NoError(t, w.holders[0].c.Register.(*File).Close())
	register, err := OpenRegister(w.files[0])
	require.NoError(t, err)
	defer register.Close()
	c := w.config(t, 1)
	c.Register = register
	h, err := NewHolder(c)
	require.NoError(t, err)
	_, err = h.Answer(context.Background(), request)
	require.ErrorIs(t, err, ErrUsed, "after a restart")
	three, err := w.holders[2].Answer(context.Background(), request)
	require.NoError(t, err)
	_, err = job.Combine([]int{1, 3}, [][]byte{three, three})
	require.Equal(t, []int{1}, threshold.Named(err))
	_, err = w.bank.Read(task, 4, nil)
	require.ErrorIs(t, err, ErrEncoding)
}

// The register counts requests, and knows damage.
func TestRegister(t *testing.T) {
	task, content := [32]byte{1}, [32]byte{2}
	var record []byte
	for i := range MaxAttempts {
		next, err := claim(record, content, [32]byte{3, byte(i)})
		require.NoError(t, err)
		_, err = claim(next, content, [32]byte{3, byte(i)})
		require.ErrorIs(t, err, ErrUsed)
		_, err = claim(next, task, [32]byte{4})
		require.ErrorIs(t, err, ErrUsed)
		record = next
	}
	_, err := claim(record, content, [32]byte{5})
	require.ErrorIs(t, err, ErrUsed)
	_, err = claim(record[:40], content, [32]byte{5})
	require.ErrorIs(t, err, ErrRegister)
	_, err = OpenRegister(t.TempDir())
	require.ErrorIs(t, err, ErrRegister)
}

// What the tax node is given wrong is not signed.
func TestWriteRefuses(t *testing.T) {
	slow(t)
	w := newWorld(t)
	put := func(int, []byte) error { return nil }
	failing := errors.New("disk full")
	write := func(k *kept, put func(int, []byte) error) error {
		_, _, err := Write(w.plan, w.keys, public(1), signer(1), time.Now(), k.register(), put)
		return err
	}
	require.ErrorIs(t, write(&kept{}, put), ErrConfig)
	require.ErrorIs(t, write(&kept{rows: [][]uint16{{1}}}, put), homomorphic.ErrRange)
	require.ErrorIs(t, write(w.kept, func(int, []byte) error { return failing }), failing)
	twice := func(yield func(Company, error) bool) {
		for range 2 {
			if !yield(Company{"a", w.rows[0]}, nil) {
				return
			}
		}
	}
	_, _, err := Write(w.plan, w.keys, public(1), signer(1), time.Now(), twice, put)
	require.ErrorIs(t, err, ErrConfig)
	_, _, err = Write(w.plan, w.keys, public(2), signer(1), time.Now(), w.kept.register(), put)
	require.ErrorIs(t, err, ErrSnapshot, "signed by another")
	require.False(t, bytes.Contains(w.kept.snapshot, []byte(code(1))), "no code in clear")
}

// isOf tells whether an error wraps one of some.
func isOf(err error, of ...error) bool {
	return slices.ContainsFunc(of, func(e error) bool { return errors.Is(err, e) })
}
