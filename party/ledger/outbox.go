package ledger

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Bounds of an outbox.
const (
	MaxPut          = 256            // bodies in one Put
	DefaultKeep     = 1 << 16        // entries that are remembered after they were recorded
	DefaultPatience = 24 * time.Hour // with an entry that refers to what is not on the ledger yet
)

// ErrAbsent: the outbox has nothing under this key, or has forgotten it.
var ErrAbsent = errors.New("ledger: not in the outbox")

// OutboxConfig is what an outbox needs.
type OutboxConfig struct {
	File    string // made where there is none
	Genesis *Genesis
	Author  Key
	Sign    func(msg []byte) []byte // Ed25519 by Author
	Now     func() time.Time        // of entries; nil for time.Now

	Policy   *Policy       // if set, proofs that are looked up are held against its log before they are stored
	Keep     int           // recorded entries that are remembered; zero means DefaultKeep
	Patience time.Duration // see Run; zero means DefaultPatience
	Logger   *slog.Logger  // nil for none
}

// Outbox is a durable queue of what one author has to say on a ledger, in a file of its own: Put returns once it is on disk,
// and Run records each body exactly once, whenever the process stops. An author's entries are numbered, so an author has one
// outbox that runs.
//
// What makes it exactly once: an entry is sealed, with the author's next sequence number, and its bytes are stored before they
// are submitted. After a crash or a lost line the identical bytes are submitted again, and the ledger takes them once at most:
// it either records them or says ErrSequence, and then the outbox looks for these very bytes among the recorded entries. Only
// when the ledger has refused them for good is a body sealed anew.
//
// The ledger is trusted no further than its proofs: whoever runs it can refuse an entry, and so put off or hold up what the
// author says; that shows in Pending and Refused. All methods are for concurrent use.
type Outbox struct {
	OutboxConfig
	id Digest
	db *bolt.DB

	puts    chan *putting
	closing chan struct{}
	once    sync.Once
	ended   chan struct{} // when the goroutine that stores ended
	running sync.Mutex    // held by Run
	wake    chan struct{} // something was put

	mu       sync.Mutex
	changed  chan struct{} // closed, and replaced, when something was settled
	deferred map[uint64]*deferral
	sent     int // entries remembered
}

// deferral is an entry that is tried again later.
type deferral struct {
	next  time.Time
	pause time.Duration
}

// OpenOutbox opens an outbox, or makes it. Errors wrap ErrConfig, ErrFile, ErrCorrupt, or ErrVersion for the file of another
// author or ledger.
func OpenOutbox(c OutboxConfig) (*Outbox, error) {
	if c.Sign == nil || c.Author == (Key{}) || c.Keep < 0 || c.Patience < 0 {
		return nil, because(ErrConfig, "want an author, a signing function and no negative bounds")
	}
	id, err := c.Genesis.ID()
	if err != nil {
		return nil, because(ErrConfig, "%v", err)
	}
	if c.Policy != nil && c.Policy.id != id {
		return nil, because(ErrConfig, "genesis and policy are of different ledgers")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Keep, c.Patience = cmp.Or(c.Keep, DefaultKeep), cmp.Or(c.Patience, DefaultPatience)
	o := &Outbox{
		OutboxConfig: c, id: id,
		puts: make(chan *putting, maxPutGroup), closing: make(chan struct{}), ended: make(chan struct{}),
		wake: make(chan struct{}, 1), changed: make(chan struct{}), deferred: make(map[uint64]*deferral),
	}
	if o.db, err = onDisk.Open(c.File); err != nil {
		return nil, err
	}
	if err := o.prepare(); err != nil {
		return nil, errors.Join(err, o.db.Close())
	}
	go o.store()
	return o, nil
}

// format says whose outbox a file is.
func (o *Outbox) format() []byte {
	b := append([]byte("blindscore ledger outbox v1\n"), o.id[:]...)
	return append(b, o.Author[:]...)
}

// prepare makes the buckets of a new file, and checks the kind of an old one.
func (o *Outbox) prepare() error {
	return o.update(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketOutbox); b != nil {
			if !bytes.Equal(b.Get(keyFormat), o.format()) {
				return because(ErrVersion, "not the outbox of this author for this ledger")
			}
			for _, name := range outboxBuckets {
				if tx.Bucket(name) == nil {
					return because(ErrCorrupt, "no bucket %q", name)
				}
			}
			o.sent = tx.Bucket(bucketSent).Stats().KeyN
			return nil
		}
		if k, _ := tx.Cursor().First(); k != nil {
			return because(ErrVersion, "not an outbox")
		}
		for _, name := range outboxBuckets {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketOutbox).Put(keyFormat, o.format())
	})
}

// update and view run fn in a transaction. Errors that have no type yet are the disk's.
func (o *Outbox) update(fn func(*bolt.Tx) error) error {
	return typed(onDisk.Guard(func() error { return o.db.Update(fn) }))
}

func (o *Outbox) view(fn func(*bolt.Tx) error) error {
	return typed(onDisk.Guard(func() error { return o.db.View(fn) }))
}

func typed(err error) error {
	for _, sentinel := range []error{ErrCorrupt, ErrFile, ErrVersion, ErrClosed, ErrAbsent} {
		if errors.Is(err, sentinel) {
			return err
		}
	}
	return diskError(err)
}

// Close ends Run, waits for what is being stored, and closes the file. Errors of later calls are ErrClosed.
func (o *Outbox) Close() (err error) {
	o.once.Do(func() {
		close(o.closing)
		<-o.ended
		o.running.Lock()              // until Run ended; nobody takes it again
		err = diskError(o.db.Close()) // waits for transactions
	})
	return err
}

// isClosed tells whether Close was called: bbolt has errors of its own then.
func (o *Outbox) isClosed() bool {
	select {
	case <-o.closing:
		return true
	default:
		return false
	}
}

// announce wakes those who wait for something to be settled.
func (o *Outbox) announce() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
}

// Wait waits until everything under a key is recorded and returns the proof of its last entry. If a body of it was refused, it
// returns that error. Other errors wrap ErrAbsent, ErrClosed, ErrCorrupt or ErrFile; or ctx ended.
func (o *Outbox) Wait(ctx context.Context, key [32]byte) (*Included, error) {
	for {
		o.mu.Lock()
		changed := o.changed
		o.mu.Unlock()
		list, done, err := o.recorded(key)
		if err != nil {
			return nil, err
		}
		if done {
			return &list[len(list)-1].Included, nil
		}
		select {
		case <-changed:
		case <-o.closing:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
