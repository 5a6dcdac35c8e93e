package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
)

// The file has three buckets: "ledger" with what it is and its checkpoints, "entries" with index -> entry, and "hashes" with
// the hashes of the tree in the order of tlog.StoredHashIndex, tileHashes of them in a value.
const tileHashes = 256

var (
	bucketLedger  = []byte("ledger")
	bucketEntries = []byte("entries")
	bucketHashes  = []byte("hashes")
	keyNewest     = []byte("checkpoint")
	keyWitnessed  = []byte("witnessed")
)

// CreateFile makes an empty ledger in a file that is not there yet, and opens it. Errors wrap ErrConfig or ErrFile.
func CreateFile(file string, c Config) (Ledger, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	first, err := (&engine{Config: c, tree: new(Tree)}).sign()
	if err != nil {
		return nil, err
	}
	err = onDisk.Create(file, func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket(bucketLedger)
		if err != nil {
			return err
		}
		_, err1 := tx.CreateBucket(bucketEntries)
		_, err2 := tx.CreateBucket(bucketHashes)
		return errors.Join(err1, err2, b.Put(keyFormat, c.format()), b.Put(keyNewest, first))
	})
	if err != nil {
		return nil, err
	}
	return OpenFile(file, c)
}

// format says which ledger a file holds: that of one genesis, under one key.
func (c Config) format() []byte {
	return fmt.Appendf(nil, "blindscore ledger v1\n%s %x", c.Policy.name, c.Policy.log.key)
}

// OpenFile opens a ledger that CreateFile made. It reads everything: it applies all entries, recomputes all hashes and
// compares them with those in the file, and the root with the newest checkpoint. Errors wrap ErrConfig, ErrFile, ErrVersion or
// ErrCorrupt.
func OpenFile(file string, c Config) (Ledger, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	db, err := onDisk.Open(file)
	if err != nil {
		return nil, err
	}
	e, err := reload(db, c)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return e.start(), nil
}

// bucket is the storage in a file.
type bucket struct {
	db     *bolt.DB
	tail   []byte // the last hashes, too few yet for a value of their own
	tile   uint64 // number of that value
	broken atomic.Pointer[error]
}

// guard calls fn unless the file was found damaged before: bbolt may hold its own locks then, and would wait for ever.
func (s *bucket) guard(fn func() error) error {
	if err := s.broken.Load(); err != nil {
		return *err
	}
	err := onDisk.Guard(fn)
	if errors.Is(err, ErrCorrupt) {
		s.broken.CompareAndSwap(nil, &err)
	}
	return err
}

func (s *bucket) write(first uint64, entries [][]byte, hashes []Hash, checkpoint []byte) error {
	tail, tile := slices.Clone(s.tail), s.tile
	err := s.guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			list, tiles := tx.Bucket(bucketEntries), tx.Bucket(bucketHashes)
			list.FillPercent, tiles.FillPercent = 0.95, 0.95 // keys only grow
			for i, b := range entries {
				if err := list.Put(number(first+uint64(i)), b); err != nil {
					return err
				}
			}
			for i, h := range hashes {
				tail = append(tail, h[:]...)
				full := len(tail) == tileHashes*len(h)
				if !full && i < len(hashes)-1 {
					continue
				}
				if err := tiles.Put(number(tile), slices.Clone(tail)); err != nil {
					return err
				}
				if full {
					tail, tile = tail[:0], tile+1
				}
			}
			return tx.Bucket(bucketLedger).Put(keyNewest, checkpoint)
		})
	})
	if err != nil {
		return diskError(err)
	}
	s.tail, s.tile = tail, tile
	return nil
}

func (s *bucket) attach(checkpoint []byte) error {
	return diskError(s.guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketLedger).Put(keyWitnessed, checkpoint) })
	}))
}

// diskError gives an error of bbolt or of the system its type.
func diskError(err error) error {
	if err == nil || errors.Is(err, ErrCorrupt) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrFile, err)
}

func (s *bucket) entries(from uint64, n int) ([][]byte, error) {
	list := make([][]byte, 0, n)
	err := s.guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			c := tx.Bucket(bucketEntries).Cursor()
			k, v := c.Seek(number(from))
			for i := range uint64(n) {
				if !bytes.Equal(k, number(from+i)) {
					return because(ErrCorrupt, "no entry %d", from+i)
				}
				list = append(list, slices.Clone(v))
				k, v = c.Next()
			}
			return nil
		})
	})
	if err != nil {
		return nil, diskError(err)
	}
	return list, nil
}

// ReadHashes implements tlog.HashReader.
func (s *bucket) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	err := s.guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketHashes)
			for i, index := range indexes {
				tile, at := b.Get(number(uint64(index/tileHashes))), int(index%tileHashes)*len(Hash{})
				if index < 0 || len(tile) < at+len(Hash{}) {
					return because(ErrCorrupt, "no hash %d", index)
				}
				out[i] = Hash(tile[at:])
			}
			return nil
		})
	})
	if err != nil {
		return nil, diskError(err)
	}
	return out, nil
}

func (s *bucket) close() error {
	if s.broken.Load() != nil {
		go func() { _ = s.db.Close() }() // it may wait for ever
		return nil
	}
	return s.db.Close()
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
