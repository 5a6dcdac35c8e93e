package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// The cache of a mirror has two buckets: "mirror" with what it is, the goal (a checkpoint) and the proof that the tree of all
// stored entries begins the goal's; and "runs" with index -> run of entries, each with its length (4, big-endian) in front.
// Each run is one transaction with goal and proof, so that what is stored is covered whenever the process stops. On load
// signatures are not verified again: the mirror did before it stored, and that it is the same is what the quorum's root shows.
var (
	bucketMirror = []byte("mirror")
	bucketRuns   = []byte("runs")
	keyGoal      = []byte("goal")
	keyProof     = []byte("proof")
)

type mirrorCache struct{ db *bolt.DB }

// format says which ledger a cache is of.
func (m *Mirror) format() []byte {
	return fmt.Appendf(nil, "blindscore ledger mirror v1\n%s %x", m.Policy.name, m.Policy.log.key)
}

// load opens the cache, or makes it, and takes in what it holds.
func (m *Mirror) load() error {
	if _, err := os.Stat(m.File); errors.Is(err, os.ErrNotExist) {
		err := onDisk.Create(m.File, func(tx *bolt.Tx) error {
			b, err := tx.CreateBucket(bucketMirror)
			if err != nil {
				return err
			}
			_, err = tx.CreateBucket(bucketRuns)
			return errors.Join(err, b.Put(keyFormat, m.format()))
		})
		if err != nil {
			return err
		}
	}
	db, err := onDisk.Open(m.File)
	if err != nil {
		return err
	}
	if err := onDisk.Guard(func() error { return db.View(m.restore) }); err != nil {
		return errors.Join(err, db.Close())
	}
	m.cache = &mirrorCache{db}
	return nil
}

func (m *Mirror) restore(tx *bolt.Tx) error {
	b, runs := tx.Bucket(bucketMirror), tx.Bucket(bucketRuns)
	if b == nil || runs == nil || !bytes.Equal(b.Get(keyFormat), m.format()) {
		return because(ErrVersion, "want a cache of a mirror of %s", m.Policy.name)
	}
	c := runs.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if !bytes.Equal(k, number(m.tree.Size())) {
			return because(ErrCorrupt, "key %.20x in the place of entry %d", k, m.tree.Size())
		}
		if err := m.replay(v); err != nil {
			return because(ErrCorrupt, "entry %d: %v", m.tree.Size(), err)
		}
	}
	if m.tree.Size() == 0 {
		return nil
	}
	goal, err := m.Policy.Open(b.Get(keyGoal))
	if errors.Is(err, ErrInvalid) {
		return because(ErrCorrupt, "its checkpoint: %v", err)
	}
	if err != nil {
		return err
	}
	proof, err := splitHashes(b.Get(keyProof))
	if err != nil {
		return err
	}
	root, err := m.tree.Root()
	if err != nil {
		return err
	}
	if err := CheckConsistency(proof, m.tree.Size(), root, goal.Size, goal.Root); err != nil {
		return because(ErrCorrupt, "its entries: %v", err)
	}
	m.goal = goal
	if goal.Size == m.tree.Size() {
		m.held, m.at = goal, goal.Witnessed
	}
	return nil
}

// replay applies the entries of a stored run, in the map of the file, which they do not outlive.
func (m *Mirror) replay(run []byte) error {
	for len(run) > 0 {
		if len(run) < 4 || uint64(len(run)-4) < uint64(binary.BigEndian.Uint32(run)) {
			return errors.New("the run is cut off")
		}
		n := int(binary.BigEndian.Uint32(run))
		e, err := parseEntry(run[4 : 4+n])
		if err == nil {
			err = m.state.Apply(e)
		}
		if err == nil {
			err = add(&m.tree, e.raw)
		}
		if err != nil {
			return err
		}
		run = run[4+n:]
	}
	return nil
}

// add stores a run. All of it is on disk when it returns nil.
func (c *mirrorCache) add(first uint64, p *pulled, goal *Checkpoint) error {
	if c == nil {
		return nil
	}
	var run []byte
	for _, b := range p.raw {
		run = append(binary.BigEndian.AppendUint32(run, uint32(len(b))), b...)
	}
	err := onDisk.Guard(func() error {
		return c.db.Update(func(tx *bolt.Tx) error {
			b, runs := tx.Bucket(bucketMirror), tx.Bucket(bucketRuns)
			runs.FillPercent = 0.95 // keys only grow
			return errors.Join(runs.Put(number(first), run), b.Put(keyGoal, goal.Note), b.Put(keyProof, joinHashes(p.proof)))
		})
	})
	return diskError(err)
}

func (c *mirrorCache) close() error {
	if c == nil {
		return nil
	}
	return diskError(onDisk.Guard(c.db.Close))
}

func joinHashes(list []Hash) []byte {
	out := make([]byte, 0, len(list)*len(Hash{}))
	for _, h := range list {
		out = append(out, h[:]...)
	}
	return out
}

func splitHashes(b []byte) ([]Hash, error) {
	const size = len(Hash{})
	if len(b)%size != 0 || len(b) > math.MaxUint8*size {
		return nil, because(ErrCorrupt, "a proof of %d bytes", len(b))
	}
	var list []Hash
	for h := range slices.Chunk(b, size) {
		list = append(list, Hash(h))
	}
	return list, nil
}
