package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Reader is the part of a Ledger that a Mirror follows.
type Reader interface {
	Entries(from uint64, n int) ([][]byte, error)
	Consistency(old, new uint64) ([]Hash, error)
	Checkpoint() ([]byte, error)
	Witnessed() ([]byte, error)
}

// DefaultEvery is how often a Mirror asks its source, and how long it waits after a failure, where it is told nothing.
const DefaultEvery = time.Second

// MirrorConfig is what a mirror needs.
type MirrorConfig struct {
	Genesis *Genesis // if set, it must be that of the policy
	Policy  *Policy  // whom to believe; with quorum 0 it is the log alone, and its newest checkpoint counts
	Source  Reader   // a Ledger, here or behind a connection; it is not trusted

	File   string           // if set, a cache of the entries, made where there is none: then a restart pulls only what is new
	Every  time.Duration    // between two looks at the source; zero means DefaultEvery
	Now    func() time.Time // nil for time.Now
	Logger *slog.Logger     // told of failures that pass, and of evidence; nil for none
}

// Mirror is a verified copy of a ledger's state, in memory of the state and of the tree's edge. It trusts neither the source
// nor the operator of the log: an entry counts once it is proved to be in the tree of a checkpoint that the policy accepts (its
// quorum included), is signed by its author and is accepted by the rules; and a checkpoint counts only if it is proved to
// continue the last one.
//
// A mirror never goes back. Two signed checkpoints that are not of one history, or an entry under a checkpoint that the rules
// refuse, end it for good: Update, Run and Err return a *HistoryError or a *ForkError with the evidence from then on, and View
// shows the records as they were. What may be the fault of the source or of the line is an error of one Update only.
//
// All methods are for concurrent use.
type Mirror struct {
	MirrorConfig
	step  chan struct{} // holds one token: whoever takes it updates
	cache *mirrorCache  // nil for none; with step
	tree  Tree          // of what was applied; with step
	goal  *Checkpoint   // the newest that was proved to continue the history; nil for none; with step

	mu     sync.RWMutex
	state  *State
	held   *Checkpoint // the newest whose entries are all applied
	at     time.Time   // of held
	failed error       // evidence: no more updates
}

// HistoryError is an ErrHistory with its evidence: checkpoints signed by the log. If Entry is nil, nobody could show that one
// of Held and Shown continues the other; otherwise it is entry Index of the log, and Shown covers it.
type HistoryError struct {
	Held, Shown []byte
	Index       uint64
	Entry       []byte
	Reason      error
}

func (e *HistoryError) Error() string {
	if e.Entry != nil {
		return fmt.Sprintf("%v: it covers entry %d: %v", ErrHistory, e.Index, e.Reason)
	}
	return fmt.Sprintf("%v: %v", ErrHistory, e.Reason)
}

// Unwrap returns ErrHistory and the reason.
func (e *HistoryError) Unwrap() []error { return []error{ErrHistory, e.Reason} }

// NewMirror makes a mirror of an empty ledger, or of what its cache holds; it asks the source nothing yet. Errors wrap
// ErrConfig, or for the cache ErrFile, ErrVersion, ErrCorrupt (then it may be removed: it is pulled anew) or what the policy
// says to its checkpoint.
func NewMirror(c MirrorConfig) (*Mirror, error) {
	if c.Policy == nil || c.Source == nil || c.Every < 0 {
		return nil, because(ErrConfig, "want a policy, a source and no negative time")
	}
	if c.Genesis != nil && !c.Genesis.equal(c.Policy.genesis) {
		return nil, because(ErrConfig, "genesis and policy are of different ledgers")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Every = cmp.Or(c.Every, DefaultEvery)
	state, err := NewState(c.Policy.genesis)
	if err != nil {
		return nil, err
	}
	root, err := new(Tree).Root()
	if err != nil {
		return nil, err
	}
	m := &Mirror{MirrorConfig: c, step: make(chan struct{}, 1), state: state, held: &Checkpoint{Root: root}}
	if c.File != "" {
		if err := m.load(); err != nil {
			return nil, err
		}
	}
	m.step <- struct{}{}
	return m, nil
}

// View calls fn with the records; fn does not keep them. They are at least those of Witnessed, and may hold more while the
// mirror catches up: nothing but what a checkpoint of the policy covers.
func (m *Mirror) View(fn func(*Records) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return fn(&m.state.Records)
}

// Witnessed returns the newest checkpoint of which all entries are in the records, and the time at which a quorum still took
// it for the newest (with quorum 0: at which the mirror fetched it). Before the first it is one of size 0 without a Note, and
// the zero time.
func (m *Mirror) Witnessed() (Checkpoint, time.Time) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.held.clone(), m.at
}

// Err returns the evidence that ended the mirror, or nil.
func (m *Mirror) Err() error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.failed
}

// Run updates the mirror until ctx ends, which it returns, or until there is evidence against the log. Other failures it logs,
// and tries again.
func (m *Mirror) Run(ctx context.Context) error {
	tick := time.NewTicker(m.Every)
	defer tick.Stop()
	for {
		err := m.Update(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case m.Err() != nil:
			return m.Err()
		case errors.Is(err, ErrClosed):
			return err
		case err != nil:
			m.Logger.WarnContext(ctx, "mirror of the ledger: no update", "ledger", m.Policy.name, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Close waits for an update under way and closes the cache. Later updates fail with ErrClosed; View goes on.
func (m *Mirror) Close() error {
	if _, open := <-m.step; !open {
		return nil
	}
	close(m.step)
	return m.cache.close()
}

// fail ends the mirror.
func (m *Mirror) fail(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed == nil {
		m.failed = err
		m.Logger.Error("mirror of the ledger: evidence against the log; no more updates", "ledger", m.Policy.name, "error", err)
	}
	return m.failed
}
