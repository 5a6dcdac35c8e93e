package vault

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

const companies = 50

// kept is what outlives the tax node: bytes and files. No test sees the register itself but to compare.
type kept struct {
	schema         *circuits.Schema
	model          *circuits.Model
	salt           [32]byte
	plan           *offline.Plan
	group          *threshold.Group
	keys, snapshot []byte
	shares         [][]byte
	salts          []byte
	said           []byte // in key generation
	chunks         [][]byte
	rows           [][]uint16 // for comparison
}

// identity is a made-up Ed25519 key: 1 the tax node, 2 the bank, 3 the regulator, 11 and on the holders.
func identity(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(append(make([]byte, 31), n)) }

func public(n byte) []byte { return identity(n).Public().(ed25519.PublicKey) }

func signer(n byte) func([32]byte) ([]byte, error) {
	return func(d [32]byte) ([]byte, error) { return ed25519.Sign(identity(n), d[:]), nil }
}

func code(i int) string { return fmt.Sprintf("company %d", i) }

var theKept = sync.OnceValues(makeKept)

// makeKept runs key generation among three holders of whom two switch, and then the tax node, to its end.
func makeKept() (*kept, error) {
	rng := rand.New(rand.NewPCG(8, 8))
	c, err := circuitstest.Random(rng, circuitstest.Shape{Features: 3, Unread: 1, MinLevels: 2, MaxLevels: 4, Bands: 4, ScoreBits: 4})
	if err != nil {
		return nil, err
	}
	k := &kept{schema: c.Schema, model: c.Model, salt: [32]byte{9}}
	if k.plan, err = offline.NewPlan(c.Schema, offline.PlanOptions{LogN: 14, Steps: 4, Holders: 3}); err != nil {
		return nil, err
	}
	for range companies {
		row := make([]uint16, c.Schema.Len())
		for i := range row {
			row[i] = uint16(rng.IntN(c.Schema.At(i).Levels()))
		}
		k.rows = append(k.rows, row)
	}
	if err := k.makeKeys(); err != nil {
		return nil, err
	}
	return k, k.write()
}

// makeKeys runs key generation among three holders, and keeps bytes.
func (k *kept) makeKeys() (err error) {
	config := threshold.Config{
		Parameters: k.plan.Parameters(), Threshold: 2, Context: k.plan.Digest(),
		Verify: func(key []byte, d [32]byte, sig []byte) bool { return ed25519.Verify(key, d[:], sig) },
	}
	for i := range 3 {
		config.Holders = append(config.Holders, threshold.Holder{Name: []string{"platform", "regulator", "second office"}[i], Key: public(byte(11 + i))})
	}
	if k.group, err = threshold.NewGroup(config); err != nil {
		return err
	}
	k.shares = nil
	var sides []*threshold.KeyGen
	for i := range 3 {
		root, err := threshold.NewRoot()
		if err != nil {
			return err
		}
		side, err := k.group.NewKeyGen(i+1, root, signer(byte(11+i)))
		if err != nil {
			return err
		}
		sides = append(sides, side)
	}
	if err := threshold.Run(sides); err != nil {
		return err
	}
	var keys *threshold.PublicKeys
	for _, s := range sides {
		var share *threshold.Share
		var said *threshold.Transcript
		if keys, share, said, err = s.Result(); err != nil {
			return err
		}
		k.said = said.Append(nil)
		b, err := share.Reveal()
		if err != nil {
			return err
		}
		k.shares = append(k.shares, b)
	}
	k.keys, err = keys.Append(nil)
	return err
}

// write runs the tax node to its end.
func (k *kept) write() error {
	keys, err := k.group.ReadPublicKeys(k.keys)
	if err != nil {
		return err
	}
	k.chunks = nil
	s, salts, err := Write(k.plan, keys, public(1), signer(1), time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), k.register(), func(i int, b []byte) error {
		k.chunks = append(k.chunks, b)
		return nil
	})
	if err != nil {
		return err
	}
	k.snapshot, k.salts = s.Bytes(), salts.Reveal()
	return nil
}

func (k *kept) register() iter.Seq2[Company, error] {
	return func(yield func(Company, error) bool) {
		for i, row := range k.rows {
			if !yield(Company{code(i), row}, nil) {
				return
			}
		}
	}
}

// want is the plain evaluator's band.
func (k *kept) want(t *testing.T, position int) int {
	levels, err := k.model.Select(k.rows[position])
	require.NoError(t, err)
	return k.model.Band(k.model.Score(levels, 0))
}

// world is platform, holders and bank, made from bytes: the tax node is gone.
type world struct {
	*kept
	keys     *threshold.PublicKeys
	snapshot *Snapshot
	digest   [32]byte // of the model
	receiver *offline.Receiver
	bank     *BankReader
	platform *Platform
	holders  []*Holder
	files    []string
	dir      Dir
	admitted []int
	approval map[[32]byte][]byte // the regulator's signatures, by model
}

func newWorld(t testing.TB) *world {
	k, err := theKept()
	require.NoError(t, err)
	return k.world(t)
}

// world starts everybody but the tax node from what is kept.
func (k *kept) world(t testing.TB) *world {
	var err error
	w := &world{kept: k, digest: k.model.Commit(k.salt), dir: Dir(t.TempDir()), approval: map[[32]byte][]byte{}}
	w.keys, err = k.group.ReadPublicKeys(k.keys)
	require.NoError(t, err)
	for i, b := range k.chunks {
		require.NoError(t, w.dir.Put(i, b))
	}
	w.snapshot, err = ReadSnapshot(k.plan, w.keys, public(1), k.snapshot)
	require.NoError(t, err)
	for i := range k.rows {
		w.admitted = append(w.admitted, i)
	}
	w.approval[w.digest] = ed25519.Sign(identity(3), approved(w.digest, public(2)))
	w.receiver, err = k.plan.NewReceiver()
	require.NoError(t, err)
	w.bank, err = NewBankReader(k.plan, w.receiver, public(2), signer(2))
	require.NoError(t, err)
	w.platform, err = NewPlatform(k.plan, w.keys, w.snapshot, w.dir.Source(k.plan.ChunkBytes()), w.models)
	require.NoError(t, err)
	for i := range 3 {
		w.files = append(w.files, filepath.Join(t.TempDir(), "used"))
		register, err := OpenRegister(w.files[i])
		require.NoError(t, err)
		t.Cleanup(func() { _ = register.Close() })
		c := w.config(t, i+1)
		c.Register = register
		h, err := NewHolder(c)
		require.NoError(t, err)
		w.holders = append(w.holders, h)
	}
	return w
}

func (w *world) config(t testing.TB, point int) HolderConfig {
	share, err := w.keys.RestoreShare(point, w.shares[point-1])
	require.NoError(t, err)
	return HolderConfig{
		Plan: w.plan, Keys: w.keys, Share: share, Sign: signer(byte(10 + point)), Snapshot: w.snapshot,
		Chunks: w.dir.Source(w.plan.ChunkBytes()), Models: w.models,
		Approved: func(model [32]byte, bank []byte) error {
			if !ed25519.Verify(public(3), approved(model, bank), w.approval[model]) {
				return errors.New("no approval of the regulator")
			}
			return nil
		},
		Admitted: func(task *Task) ([]int, error) {
			return slices.DeleteFunc(task.Positions, func(p int) bool { return !slices.Contains(w.admitted, p) }), nil
		},
	}
}

// approved is what the regulator signs.
func approved(model [32]byte, bank []byte) []byte {
	return append(append([]byte("approved"), model[:]...), bank...)
}

func (w *world) models(digest [32]byte) (*circuits.Model, [32]byte, error) {
	if digest != w.digest {
		return nil, [32]byte{}, errors.New("unknown")
	}
	return w.model, w.salt, nil
}

func (w *world) offices() []Office { return []Office{w.holders[0], w.holders[1], w.holders[2]} }

func (w *world) ask(t testing.TB, positions ...int) ([]byte, *Task) {
	b, task, err := w.bank.Ask(w.snapshot, w.digest, positions, "credit decision", time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC))
	require.NoError(t, err)
	return b, task
}

// job evaluates a task and shows positions of it.
func (w *world) job(t testing.TB, task []byte, show ...int) *Job {
	j, err := w.platform.Start(context.Background(), task, show)
	require.NoError(t, err)
	return j
}

// check compares an outcome with the plain evaluator.
func (w *world) check(t *testing.T, task *Task, out []byte, positions ...int) {
	got, err := w.bank.Read(task, len(w.model.Bands()), out)
	require.NoError(t, err)
	require.Len(t, got, len(positions))
	for i, p := range positions {
		require.Equal(t, Band{p, w.want(t, p)}, got[i])
	}
}

// slow skips a test of one goroutine under the race detector, where an evaluation takes seconds.
func slow(t *testing.T) {
	if raceEnabled {
		t.Skip("too slow under the race detector, and nothing runs at a time")
	}
}
