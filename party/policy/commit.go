package policy

import (
	"bytes"

	bolt "go.etcd.io/bbolt"
)

const maxPruned = 256 // pieces that one commit drops, or the one record that has more

// commit writes what is in the queue until the counters close. Charges that are decided while others are being written wait,
// and go together in the next write.
func (c *Counters) commit() {
	defer close(c.ended)
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.closed {
			c.work.Wait()
		}
		group := c.queue
		c.queue = nil
		c.mu.Unlock()
		if len(group) == 0 {
			return
		}
		err := onDisk.Guard(func() error {
			return c.db.Update(func(tx *bolt.Tx) error { return c.write(tx, group) })
		})
		if err != nil {
			// What was decided since builds on what may not be on disk: only opening the file anew tells.
			c.fail(err)
			return
		}
		c.mu.Lock()
		for _, p := range group {
			delete(c.pending, p.task)
			close(p.done)
		}
		c.mu.Unlock()
	}
}

// write puts records, and drops some of those that are past remembering.
func (c *Counters) write(tx *bolt.Tx, group []*pending) error {
	records, tasks := tx.Bucket(bucketRecords), tx.Bucket(bucketTasks)
	var latest uint32
	for _, p := range group {
		for _, piece := range p.pieces {
			if err := records.Put(piece.key, piece.value); err != nil {
				return err
			}
		}
		task := p.task[:]
		if err := tasks.Put(task, seal(task, be.AppendUint32(nil, p.when))); err != nil {
			return err
		}
		latest = p.when
	}
	return c.prune(tx, latest)
}

// prune drops whole records, the oldest first.
func (c *Counters) prune(tx *bolt.Tx, latest uint32) error {
	records, tasks := tx.Bucket(bucketRecords), tx.Bucket(bucketTasks)
	var keys [][]byte
	var prefix []byte
	cur := records.Cursor()
	for key, _ := cur.First(); key != nil; key, _ = cur.Next() {
		if len(key) != keySize {
			return because(ErrCorrupt, "a key of %d bytes", len(key))
		}
		when := be.Uint32(key)
		if when > latest || latest-when < c.keep {
			break
		}
		if !bytes.Equal(key[:prefixSize], prefix) {
			if len(keys) >= maxPruned {
				break
			}
			prefix = bytes.Clone(key[:prefixSize])
			// A task that was charged anew since has a younger record, of which its entry speaks.
			if v := tasks.Get(prefix[4:]); v != nil {
				at, err := unseal(prefix[4:], v)
				if err != nil {
					return err
				}
				if bytes.Equal(at, prefix[:4]) {
					if err := tasks.Delete(prefix[4:]); err != nil {
						return err
					}
				}
			}
		}
		keys = append(keys, bytes.Clone(key))
	}
	for _, key := range keys {
		if err := records.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// find returns the record of a task, nil if there is none.
func find(tx *bolt.Tx, task [32]byte) (*record, error) {
	v := tx.Bucket(bucketTasks).Get(task[:])
	if v == nil {
		return nil, nil
	}
	when, err := unseal(task[:], v)
	if err != nil {
		return nil, err
	}
	if len(when) != 4 {
		return nil, because(ErrCorrupt, "a task with a time of %d bytes", len(when))
	}
	prefix := append(bytes.Clone(when), task[:]...)
	found, _, err := readRecord(tx.Bucket(bucketRecords).Cursor(), prefix)
	if err == nil && (found == nil || found.task != task || found.when != be.Uint32(when)) {
		err = because(ErrCorrupt, "a task without its record")
	}
	return found, err
}

// readRecord returns the first record from a key on, nil if there is none, and the key after it, nil if there is none.
func readRecord(cur *bolt.Cursor, from []byte) (found *record, next []byte, err error) {
	j := &join{emit: func(r *record) error { found = r; return nil }}
	for key, v := cur.Seek(from); key != nil; key, v = cur.Next() {
		if j.pieces > 0 && !bytes.HasPrefix(key, j.prefix) {
			next = bytes.Clone(key)
			break
		}
		if err := j.add(key, v); err != nil {
			return nil, nil, err
		}
	}
	return found, next, j.flush()
}
