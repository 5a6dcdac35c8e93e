package consent

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/internal/boltfile"
	"github.com/blindscore/blindscore/party/transport"
)

const fileVersion = 2 // 1 kept the counts in the states

var onDisk = boltfile.Errors{Corrupt: ErrCorrupt, File: ErrFile, Closed: ErrClosed}

var (
	bucketMeta      = []byte("consents")
	bucketStates    = []byte("states")    // company || id -> state
	bucketArtefacts = []byte("artefacts") // company || id -> salt, artefact
	bucketCompanies = []byte("companies") // company -> revocations of it
	bucketRevoked   = []byte("revoked")   // company || id, of consents that are not here
	bucketTerms     = []byte("terms")     // number -> terms
	bucketNumbers   = []byte("numbers")   // hash of terms -> number
	bucketSessions  = []byte("sessions")  // these three: see chargelog.go
	bucketCharges   = []byte("charges")
	bucketCounts    = []byte("counts")
	bucketEntries   = []byte("entries") // that the ledger is owed

	keyKind = []byte("kind")

	buckets = [][]byte{
		bucketStates, bucketArtefacts, bucketCompanies, bucketRevoked, bucketTerms, bucketNumbers, bucketSessions, bucketCharges, bucketCounts,
		bucketEntries,
	}
)

// Store is the consents that were granted to one tax node, with their counts, in one file. Its methods may be called by any
// number of goroutines; what they acknowledged is on disk.
type Store struct {
	db   *bolt.DB
	node Node
	keys Keys

	// Whoever changes something holds writing from its check until the change is on disk and in the index; guard is for
	// readers of the index, against the short moment in which it changes.
	writing  sync.Mutex
	guard    sync.RWMutex
	index    *index
	unfolded int // consents charged since the last fold
	recent   recent

	closed  atomic.Bool
	closing sync.Once
	failure *boltfile.Failure // damage, or a disk that failed
}

// OpenStore opens the store in file, or makes it. It belongs to the tax node and asks keys when something is granted or
// revoked. Errors wrap ErrInvalid, ErrFile, ErrVersion or ErrCorrupt.
func OpenStore(file string, node Node, keys Keys) (*Store, error) {
	if err := wantNode("node", node, transport.RoleTax); err != nil {
		return nil, because(ErrInvalid, "%v", err)
	}
	if keys == nil {
		return nil, because(ErrInvalid, "no register of keys")
	}
	db, err := onDisk.Open(file)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, node: node, keys: keys, failure: boltfile.NewFailure()}
	err = onDisk.Guard(func() error { return db.Update(s.prepare) })
	if err == nil {
		err = onDisk.Guard(func() error {
			return db.View(func(tx *bolt.Tx) (err error) {
				s.index, s.unfolded, err = load(tx)
				return err
			})
		})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// prepare makes the buckets of a new file, and checks that an old one is what is wanted.
func (s *Store) prepare(tx *bolt.Tx) error {
	want := fmt.Sprintf("blindscore consents v%d of %v %v", fileVersion, s.node.Name, s.node.Pin)
	if meta := tx.Bucket(bucketMeta); meta != nil {
		if got := meta.Get(keyKind); string(got) != want {
			return because(ErrVersion, "want %q, got %.300q", want, got)
		}
		for _, name := range buckets {
			if tx.Bucket(name) == nil {
				return because(ErrCorrupt, "no bucket %q", name)
			}
		}
		return nil
	}
	if name, _ := tx.Cursor().First(); name != nil {
		return because(ErrVersion, "a bbolt file, but no store of consents")
	}
	meta, err := tx.CreateBucket(bucketMeta)
	if err != nil {
		return err
	}
	for _, name := range buckets {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return meta.Put(keyKind, []byte(want))
}

// Node returns the tax node whose store it is.
func (s *Store) Node() Node { return s.node }

// Close closes the file. After damage it does not wait: bbolt may hold its own locks for ever then, and the file with them
// until the process ends.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		s.closed.Store(true)
		done := make(chan error, 1)
		go func() { done <- s.db.Close() }()
		select {
		case err = <-done:
		case <-s.failure.Seen():
		}
	})
	return err
}

// update runs change in a transaction that writes; when it returns nil the change is on disk. An error after change was
// content leaves it open whether it is, so that the index may be behind the file: the store then serves no more.
func update[T any](s *Store, change func(*bolt.Tx) (T, error)) (T, error) {
	return run(s, func(do func(*bolt.Tx) error) error {
		content := false
		err := s.db.Update(func(tx *bolt.Tx) error {
			err := do(tx)
			content = err == nil
			return err
		})
		if err != nil && content {
			return fmt.Errorf("%w: %w: %w", ErrFile, errUnsettled, err)
		}
		return err
	}, change)
}

// errUnsettled marks a change that may be on disk or not.
var errUnsettled = errors.New("the disk failed: open it again")

// view runs read in a transaction that reads.
func view[T any](s *Store, read func(*bolt.Tx) (T, error)) (T, error) {
	return run(s, s.db.View, read)
}

// read calls fn with the index, which does not change meanwhile.
func (s *Store) read(fn func(*index) error) error {
	s.guard.RLock()
	defer s.guard.RUnlock()
	if s.closed.Load() {
		return ErrClosed
	}
	if err := s.failure.Err(); err != nil {
		return err
	}
	return fn(s.index)
}

// change changes the index, after the file.
func (s *Store) change(fn func(*index)) {
	s.guard.Lock()
	defer s.guard.Unlock()
	fn(s.index)
}

// run runs do in a transaction; see boltfile.Aside.
func run[T any](s *Store, transaction func(func(*bolt.Tx) error) error, do func(*bolt.Tx) (T, error)) (T, error) {
	lasting := func(err error) bool { return errors.Is(err, ErrCorrupt) || errors.Is(err, errUnsettled) }
	return boltfile.Aside(onDisk, s.failure, transaction, lasting, do)
}
