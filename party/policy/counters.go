package policy

import (
	"errors"
	"fmt"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/internal/boltfile"
)

const kind = "blindscore counters v1"

var (
	onDisk = boltfile.Errors{Corrupt: ErrCorrupt, File: ErrFile, Closed: ErrClosed}

	bucketMeta    = []byte("counters")
	bucketRecords = []byte("records") // time || task || piece -> piece of a record
	bucketTasks   = []byte("tasks")   // task -> time
	keyKind       = []byte("kind")
)

// Defaults of Options.
const (
	DefaultWindow = 366 * day
	DefaultKeep   = 30 * day
)

// Options say how long counters remember. Zero values mean the defaults.
type Options struct {
	// Window is the longest window that budgets may have, up to MaxWindow: charges within it are held in memory. A policy
	// with a longer one is refused. Where it grows from one opening of the file to the next, what was dropped before
	// stays dropped.
	Window time.Duration
	// Keep is how much longer than Window, and than the day of the quotas, a task is remembered, so that it is not charged
	// a second time: at least as long as the tax node's journal lets a task resume, up to MaxWindow. After that a task with
	// the same digest is a new one.
	Keep time.Duration
}

// Counters are what was charged, in one file, and an index of it in memory. Methods may be called by any number of goroutines;
// charges are decided one after the other, and those that are decided while others are being written share the next write.
type Counters struct {
	db   *bolt.DB
	keep uint32 // seconds that a record is kept, window or day included

	mu      sync.Mutex
	ix      *index
	pending map[[32]byte]*pending
	queue   []*pending // in the order in which they were decided
	work    sync.Cond  // the queue is not empty, or closed
	closed  bool

	failure *boltfile.Failure // damage, or a write that failed
	ended   chan struct{}     // closed when the committer ended
}

// pending is a charge that was decided and is not on disk yet.
type pending struct {
	task     [32]byte
	when     uint32
	outcomes []outcome
	pieces   []stored
	done     chan struct{} // closed when it is on disk
}

// OpenCounters opens the counters in file, or makes it with mode 0600, and reads what was charged within the window. Errors
// wrap ErrInvalid, ErrFile, ErrVersion or ErrCorrupt.
func OpenCounters(file string, o Options) (*Counters, error) {
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	for _, d := range []time.Duration{o.Window, o.Keep} {
		if d < time.Second || d > MaxWindow {
			return nil, because(ErrInvalid, "want a window and keep of %v to %v, got %v", time.Second, MaxWindow, d)
		}
	}
	db, err := onDisk.Open(file)
	if err != nil {
		return nil, err
	}
	c := &Counters{
		db: db, keep: seconds(max(o.Window, day) + o.Keep), ix: newIndex(o.Window), pending: make(map[[32]byte]*pending),
		failure: boltfile.NewFailure(), ended: make(chan struct{}),
	}
	c.work.L = &c.mu
	err = onDisk.Guard(func() error { return db.Update(prepare) })
	if err == nil {
		err = onDisk.Guard(func() error { return db.View(c.load) })
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go c.commit()
	return c, nil
}

// prepare makes the buckets of a new file, and checks that an old one is what is wanted.
func prepare(tx *bolt.Tx) error {
	if meta := tx.Bucket(bucketMeta); meta != nil {
		if got := meta.Get(keyKind); string(got) != kind {
			return because(ErrVersion, "want %q, got %.64q", kind, got)
		}
		if tx.Bucket(bucketRecords) == nil || tx.Bucket(bucketTasks) == nil {
			return because(ErrCorrupt, "no records")
		}
		return nil
	}
	if name, _ := tx.Cursor().First(); name != nil {
		return because(ErrVersion, "a bbolt file, but no counters")
	}
	meta, err := tx.CreateBucket(bucketMeta)
	if err != nil {
		return err
	}
	_, err1 := tx.CreateBucket(bucketRecords)
	_, err2 := tx.CreateBucket(bucketTasks)
	return errors.Join(err1, err2, meta.Put(keyKind, []byte(kind)))
}

// load builds the index from the records within the window, or within a day for the quotas.
func (c *Counters) load(tx *bolt.Tx) error {
	cur := tx.Bucket(bucketRecords).Cursor()
	key, _ := cur.Last()
	if key == nil {
		return nil
	}
	if len(key) != keySize {
		return because(ErrCorrupt, "a key of %d bytes", len(key))
	}
	latest := be.Uint32(key)
	from := latest - min(latest, max(c.ix.window, seconds(day)))
	j := &join{emit: func(r *record) error { return c.ix.load(r) }}
	for key, v := cur.Seek(be.AppendUint32(nil, from)); key != nil; key, v = cur.Next() {
		if err := j.add(key, v); err != nil {
			return err
		}
	}
	return j.flush()
}

// load adds a record, which is the newest so far.
func (ix *index) load(r *record) error {
	bank, err := ix.bank(r.bank)
	if err != nil {
		return err
	}
	ix.latest = max(ix.latest, r.when)
	ix.sweep(ix.latest)
	ix.days[bank].add(r.when, len(r.companies))
	for i, id := range r.companies {
		if r.outcomes[i] == charged {
			if err := ix.add(id, r.when, bank, r.bits); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close waits for the charges under way and closes the file. After damage it does not wait: bbolt may hold its own locks for
// ever then, and the file with them until the process ends.
func (c *Counters) Close() error {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.work.Signal()
	c.mu.Unlock()
	if again {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		<-c.ended
		done <- c.db.Close()
	}()
	select {
	case err := <-done:
		return err
	case <-c.failure.Seen():
	}
	if errors.Is(c.failure.Err(), ErrCorrupt) {
		return nil
	}
	return <-done // the write failed in good order: the file can be opened again
}

// view returns what read returns; see boltfile.Aside.
func view[T any](c *Counters, read func(*bolt.Tx) (T, error)) (T, error) {
	return boltfile.Aside(onDisk, c.failure, c.db.View, nil, read)
}

// fail remembers why nothing works any more.
func (c *Counters) fail(err error) {
	if !errors.Is(err, ErrCorrupt) {
		err = fmt.Errorf("%w: %w", ErrFile, err)
	}
	c.failure.Set(err)
}
