package ledger

import (
	"bytes"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// reload rebuilds state and tree from the entries of a file, and checks everything else in it against them.
func reload(db *bolt.DB, c Config) (*engine, error) {
	state, err := NewState(c.Policy.genesis)
	if err != nil {
		return nil, err
	}
	s := &bucket{db: db}
	e := &engine{Config: c, store: s, state: state, tree: new(Tree)}
	var witnessed []byte
	err = s.guard(func() error {
		return db.View(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketLedger)
			if b == nil || !bytes.Equal(b.Get(keyFormat), c.format()) {
				return because(ErrVersion, "want a file of %s", c.Policy.name)
			}
			e.newest, witnessed = slices.Clone(b.Get(keyNewest)), slices.Clone(b.Get(keyWitnessed))
			return e.replay(tx, s)
		})
	})
	if err != nil {
		return nil, err
	}
	cp, err := c.Policy.OpenLog(e.newest)
	if err != nil {
		return nil, because(ErrCorrupt, "the newest checkpoint: %v", err)
	}
	root, err := e.tree.Root()
	if err != nil {
		return nil, err
	}
	if cp.Size != e.tree.Size() || cp.Root != root {
		return nil, because(ErrCorrupt, "%d entries are not those of the checkpoint of %d", e.tree.Size(), cp.Size)
	}
	return e, e.restore(witnessed)
}

// replay applies the entries. Their signatures were verified when they were submitted; that they are the same ones is what
// the root shows.
func (e *engine) replay(tx *bolt.Tx, s *bucket) error {
	entries, hashes := tx.Bucket(bucketEntries), tx.Bucket(bucketHashes)
	if entries == nil || hashes == nil {
		return because(ErrCorrupt, "no entries or no hashes")
	}
	tiles := tileReader{c: hashes.Cursor()}
	c := entries.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		i := e.tree.Size()
		if !bytes.Equal(k, number(i)) {
			return because(ErrCorrupt, "key %.20x in the place of entry %d", k, i)
		}
		entry, err := parseEntry(v)
		if err == nil {
			err = e.state.Apply(entry)
		}
		if err != nil {
			return because(ErrCorrupt, "entry %d: %v", i, err)
		}
		more, err := e.tree.Append(entry.LeafHash())
		if err != nil {
			return err
		}
		for _, h := range more {
			if err := tiles.expect(h); err != nil {
				return err
			}
		}
	}
	s.tail, s.tile = tiles.tail()
	return tiles.end()
}

// restore takes back a witnessed checkpoint, if it still has a quorum under the policy of today.
func (e *engine) restore(witnessed []byte) error {
	if witnessed == nil {
		return nil
	}
	cp, err := e.Policy.OpenLog(witnessed)
	if err == nil {
		err = e.ours(cp)
	}
	if err != nil {
		return because(ErrCorrupt, "the witnessed checkpoint: %v", err)
	}
	if len(cp.Witnesses) >= e.Policy.quorum {
		e.witnessed = cp
	}
	return nil
}

// tileReader compares the stored hashes, in order, with what they should be.
type tileReader struct {
	c       *bolt.Cursor
	started bool
	tile    uint64
	key     []byte
	rest    []byte // of the current value
	value   []byte
}

func (t *tileReader) next() {
	if !t.started {
		t.started = true
		t.key, t.value = t.c.First()
	} else {
		t.tile++
		t.key, t.value = t.c.Next()
	}
	t.rest = t.value
}

func (t *tileReader) expect(h Hash) error {
	if !t.started || len(t.rest) == 0 && len(t.value) == tileHashes*len(h) {
		t.next()
	}
	if !bytes.Equal(t.key, number(t.tile)) || len(t.value) > tileHashes*len(h) || !bytes.HasPrefix(t.rest, h[:]) {
		return because(ErrCorrupt, "the stored hashes from %d on are not those of the entries", t.tile*tileHashes)
	}
	t.rest = t.rest[len(h):]
	return nil
}

// tail returns the last value and its number; if it is full, the next one, which is empty.
func (t *tileReader) tail() ([]byte, uint64) {
	if len(t.value) == tileHashes*len(Hash{}) {
		return nil, t.tile + 1
	}
	return slices.Clone(t.value), t.tile
}

// end wants nothing to be left.
func (t *tileReader) end() error {
	if len(t.rest) == 0 {
		t.next()
		if t.key == nil {
			return nil
		}
	}
	return because(ErrCorrupt, "more hashes are stored than the entries have")
}
