package journal

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/internal/boltfile"
)

const (
	fileVersion = 3
	maxGroup    = 256 // changes in one commit
)

var onDisk = boltfile.Errors{Corrupt: ErrCorrupt, File: ErrFile, Closed: ErrClosed}

var (
	bucketMeta  = []byte("journal")
	bucketTasks = []byte("tasks") // digest of a task -> bucket
	bucketOrder = []byte("order") // time || digest -> nothing
	keyKind     = []byte("kind")
)

// store is an open file with its committer.
type store struct {
	db      *bolt.DB
	changes chan *change
	closing chan struct{}
	closed  sync.Once
	ended   chan struct{}

	failure *boltfile.Failure // damage that was seen
}

type change struct {
	apply func(*bolt.Tx) error // refuses before it writes, or writes all
	done  chan error
}

// openStore opens or makes the journal of the given kind in file.
func openStore(file, kind string) (*store, error) {
	db, err := onDisk.Open(file)
	if err != nil {
		return nil, err
	}
	s := &store{db: db, changes: make(chan *change), closing: make(chan struct{}), ended: make(chan struct{}), failure: boltfile.NewFailure()}
	err = onDisk.Guard(func() error { return db.Update(func(tx *bolt.Tx) error { return prepare(tx, kind) }) })
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go s.commit()
	return s, nil
}

// prepare makes the buckets of a new file, and checks that an old one is what is wanted.
func prepare(tx *bolt.Tx, kind string) error {
	want := fmt.Sprintf("blindscore %s journal v%d", kind, fileVersion)
	if meta := tx.Bucket(bucketMeta); meta != nil {
		if got := meta.Get(keyKind); string(got) != want {
			return fmt.Errorf("%w: want %q, got %.64q", ErrVersion, want, got)
		}
		if tx.Bucket(bucketTasks) == nil || tx.Bucket(bucketOrder) == nil {
			return fmt.Errorf("%w: no tasks", ErrCorrupt)
		}
		return nil
	}
	if name, _ := tx.Cursor().First(); name != nil {
		return fmt.Errorf("%w: a bbolt file, but no journal", ErrVersion)
	}
	meta, err := tx.CreateBucket(bucketMeta)
	if err != nil {
		return err
	}
	_, err1 := tx.CreateBucket(bucketTasks)
	_, err2 := tx.CreateBucket(bucketOrder)
	return errors.Join(err1, err2, meta.Put(keyKind, []byte(want)))
}

// Close waits for the changes under way and closes the file. After damage it does not wait: bbolt may hold its own locks
// for ever then, and the file with them until the process ends.
func (s *store) Close() (err error) {
	s.closed.Do(func() {
		close(s.closing)
		done := make(chan error, 1)
		go func() {
			<-s.ended
			done <- s.db.Close()
		}()
		select {
		case err = <-done:
		case <-s.failure.Seen():
		}
	})
	return err
}

// update applies a change; when it returns nil the change is on disk.
func (s *store) update(apply func(*bolt.Tx) error) error {
	c := &change{apply, make(chan error, 1)}
	select {
	case s.changes <- c:
	case <-s.closing:
		return ErrClosed
	case <-s.failure.Seen():
		return s.failure.Err()
	}
	select {
	case err := <-c.done:
		return err
	case <-s.failure.Seen():
		return s.failure.Err()
	}
}

// commit writes changes until the store closes. Those that come while a commit is under way wait, and go together in the
// next one.
func (s *store) commit() {
	defer close(s.ended)
	for {
		var group []*change
		select {
		case c := <-s.changes:
			group = append(group, c)
		case <-s.closing:
			return
		}
		runtime.Gosched() // lets those that wait for a processor ask too
		for more := true; more && len(group) < maxGroup; {
			select {
			case c := <-s.changes:
				group = append(group, c)
			default:
				more = false
			}
		}
		s.write(group)
	}
}

func (s *store) write(group []*change) {
	refused := make([]error, len(group))
	err := s.failure.Err()
	if err == nil {
		err = onDisk.Guard(func() error {
			return s.db.Update(func(tx *bolt.Tx) error {
				for i, c := range group {
					if refused[i] = c.apply(tx); refused[i] != nil && !refusal(refused[i]) {
						return refused[i]
					}
				}
				return nil
			})
		})
		s.fail(err)
	}
	for i, c := range group {
		if err != nil {
			c.done <- err
		} else {
			c.done <- refused[i]
		}
	}
}

// view returns what read returns; see boltfile.Aside.
func view[T any](s *store, read func(*bolt.Tx) (T, error)) (T, error) {
	return boltfile.Aside(onDisk, s.failure, s.db.View, nil, read)
}

// fail remembers damage.
func (s *store) fail(err error) {
	if errors.Is(err, ErrCorrupt) {
		s.failure.Set(err)
	}
}
