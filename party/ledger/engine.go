package ledger

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	maxGroup = 512  // entries in one commit
	maxQueue = 2048 // submitted and not yet taken up
)

// Config is what an embedded ledger needs.
type Config struct {
	Policy *Policy     // which ledger it is, the key of its log, and whose co-signatures Attach wants
	Signer note.Signer // of its checkpoints, from LogSigner with the policy's key
}

func (c Config) check() error {
	if c.Policy == nil || c.Signer == nil {
		return because(ErrConfig, "want a policy and a signer")
	}
	if c.Signer.Name() != c.Policy.name || c.Signer.KeyHash() != c.Policy.log.KeyHash() {
		return because(ErrConfig, "the signer is not that of the policy's log")
	}
	return nil
}

// storage holds what an engine records. All of write is on disk when it returns nil, or nothing of it is.
type storage interface {
	tlog.HashReader
	write(first uint64, entries [][]byte, hashes []Hash, checkpoint []byte) error
	entries(from uint64, n int) ([][]byte, error)
	attach(checkpoint []byte) error
	close() error
}

// engine is the embedded ledger: one goroutine takes what was submitted, in order, and commits it group by group.
type engine struct {
	Config
	store storage
	id    Digest

	queue   chan *submission
	closing chan struct{}
	closed  sync.Once
	ended   chan struct{}

	// The lock is held while a group is written, so that nobody sees what may yet be lost.
	mu        sync.RWMutex
	state     *State
	tree      *Tree
	newest    []byte
	witnessed *Checkpoint // nil before the first
	failed    error       // then the state may be ahead of the disk: nothing more is answered
}

type submission struct {
	entry  *Entry
	settle func(uint64, error)
}

// start begins with what the storage holds: state and tree agree with newest.
func (e *engine) start() *engine {
	e.id = e.state.id
	e.queue = make(chan *submission, maxQueue)
	e.closing, e.ended = make(chan struct{}), make(chan struct{})
	go e.run()
	return e
}

// sign makes the checkpoint of the tree as it is.
func (e *engine) sign() ([]byte, error) {
	root, err := e.tree.Root()
	if err != nil {
		return nil, err
	}
	return SignCheckpoint(e.Policy.genesis, e.Signer, e.tree.Size(), root)
}

// Submit implements Ledger.
func (e *engine) Submit(ctx context.Context, entry []byte) (*Pending, error) {
	opened, err := Open(e.id, entry)
	if err != nil {
		return nil, err
	}
	s := &submission{entry: opened}
	var p *Pending
	p, s.settle = NewPending(e.prove)
	select {
	case <-e.closing:
		return nil, ErrClosed
	default:
	}
	select {
	case e.queue <- s:
		select {
		case <-e.ended: // it may have come too late to be seen
			s.settle(0, ErrClosed)
		default:
		}
		return p, nil
	case <-e.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (e *engine) run() {
	defer close(e.ended)
	defer e.drain()
	for {
		var group []*submission
		select {
		case s := <-e.queue:
			group = append(group, s)
		case <-e.closing:
			return
		}
		for more := true; more && len(group) < maxGroup; {
			select {
			case s := <-e.queue:
				group = append(group, s)
			default:
				more = false
			}
		}
		e.commit(group)
	}
}

// drain settles what nobody will take up.
func (e *engine) drain() {
	for {
		select {
		case s := <-e.queue:
			s.settle(0, ErrClosed)
		default:
			return
		}
	}
}

func (e *engine) commit(group []*submission) {
	refused := make([]error, len(group))
	e.mu.Lock()
	first := e.tree.Size()
	err := e.failed
	if err == nil {
		if err = e.record(group, refused); err != nil {
			e.fail(err)
			err = e.failed
		}
	}
	e.mu.Unlock()
	for i, s := range group {
		switch {
		case err != nil:
			s.settle(0, err)
		case refused[i] != nil:
			s.settle(0, refused[i])
		default:
			s.settle(first, nil)
			first++
		}
	}
}

// record applies a group and writes it. Only refusals by the rules leave the state as it was.
func (e *engine) record(group []*submission, refused []error) error {
	var entries [][]byte
	var hashes []Hash
	first := e.tree.Size()
	for i, s := range group {
		if refused[i] = e.state.Apply(s.entry); refused[i] != nil {
			continue
		}
		more, err := e.tree.Append(s.entry.LeafHash())
		if err != nil {
			return err
		}
		entries, hashes = append(entries, s.entry.raw), append(hashes, more...)
	}
	if len(entries) == 0 {
		return nil
	}
	checkpoint, err := e.sign()
	if err != nil {
		return err
	}
	if err := e.store.write(first, entries, hashes, checkpoint); err != nil {
		return err
	}
	e.newest = checkpoint
	return nil
}

// fail remembers why the engine stopped; the lock is held.
func (e *engine) fail(err error) {
	if e.failed == nil {
		e.failed = err
	}
}

// reading calls fn with the lock held for reading, unless the engine has stopped.
func (e *engine) reading(fn func() error) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.failed != nil {
		return e.failed
	}
	return fn()
}

// View implements Ledger.
func (e *engine) View(fn func(*Records) error) error {
	return e.reading(func() error { return fn(&e.state.Records) })
}

// Size implements Ledger.
func (e *engine) Size() uint64 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.tree.Size()
}

// Entries implements Ledger.
func (e *engine) Entries(from uint64, n int) (list [][]byte, err error) {
	err = e.reading(func() error {
		n, err := checkRange(from, n, e.tree.Size())
		if err != nil || n == 0 {
			return err
		}
		list, err = e.store.entries(from, n)
		return err
	})
	return list, err
}

// Inclusion implements Ledger.
func (e *engine) Inclusion(index, size uint64) (proof []Hash, err error) {
	err = e.reading(func() error {
		if size > e.tree.Size() {
			return because(ErrHistory, "no tree of %d: there are %d entries", size, e.tree.Size())
		}
		proof, err = proveInclusion(index, size, e.store)
		return err
	})
	return proof, err
}

// Consistency implements Ledger.
func (e *engine) Consistency(old, new uint64) (proof []Hash, err error) {
	err = e.reading(func() error {
		if new > e.tree.Size() {
			return because(ErrHistory, "no tree of %d: there are %d entries", new, e.tree.Size())
		}
		proof, err = proveConsistency(old, new, e.store)
		return err
	})
	return proof, err
}

// prove shows an entry in the newest checkpoint.
func (e *engine) prove(index uint64) (*Included, error) {
	var p *Included
	err := e.reading(func() error {
		proof, err := proveInclusion(index, e.tree.Size(), e.store)
		p = &Included{index, proof, slices.Clone(e.newest)}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Checkpoint implements Ledger.
func (e *engine) Checkpoint() (msg []byte, err error) {
	err = e.reading(func() error { msg = slices.Clone(e.newest); return nil })
	return msg, err
}

// Witnessed implements Ledger.
func (e *engine) Witnessed() (msg []byte, err error) {
	err = e.reading(func() error {
		if e.witnessed != nil {
			msg = slices.Clone(e.witnessed.Note)
		}
		return nil
	})
	return msg, err
}

// Attach implements Ledger.
func (e *engine) Attach(msg []byte) error {
	cp, err := e.Policy.Open(msg)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed != nil {
		return e.failed
	}
	if err := e.ours(cp); err != nil {
		return err
	}
	if w := e.witnessed; w != nil && (cp.Size < w.Size || cp.Size == w.Size && cp.Witnessed.Before(w.Witnessed)) {
		return because(ErrStale, "a checkpoint of %d at %v, there is one of %d at %v", cp.Size, cp.Witnessed, w.Size, w.Witnessed)
	}
	if err := e.store.attach(cp.Note); err != nil {
		if errors.Is(err, ErrCorrupt) {
			e.fail(err)
		}
		return err
	}
	e.witnessed = cp
	return nil
}

// ours checks that a checkpoint is of this history.
func (e *engine) ours(cp *Checkpoint) error {
	if cp.Size > e.tree.Size() {
		return because(ErrHistory, "a checkpoint of %d, there are %d entries", cp.Size, e.tree.Size())
	}
	root, err := tlog.TreeHash(int64(cp.Size), e.store)
	if err != nil {
		return err
	}
	if root != cp.Root {
		return because(ErrHistory, "the checkpoint of %d is of another history", cp.Size)
	}
	return nil
}

// Close implements Ledger.
func (e *engine) Close() (err error) {
	e.closed.Do(func() {
		close(e.closing)
		<-e.ended
		e.drain()
		e.mu.Lock()
		defer e.mu.Unlock()
		e.fail(ErrClosed)
		err = e.store.close()
	})
	return err
}
