package ledger

import (
	"context"
	"slices"
	"sync"
)

// Ledger is an append-only log with its state: the embedded one (OpenFile, NewMemory), or one among organisations. All
// methods are for concurrent use, and what they return is the caller's.
type Ledger interface {
	// Submit hands in an entry to be recorded. It verifies encoding and signature before it returns (ErrInvalid,
	// ErrSignature); whether the rules accept it is for the Pending to tell, in the order of submission. It waits while too many
	// are under way, until ctx ends.
	Submit(ctx context.Context, entry []byte) (*Pending, error)

	// View calls fn with the records; fn neither keeps them nor waits for an entry of this ledger.
	View(fn func(*Records) error) error

	// Size returns how many entries are recorded.
	Size() uint64

	// Entries returns the encodings of up to n entries (at most 1,024), from index from on; fewer at the end.
	Entries(from uint64, n int) ([][]byte, error)

	// Inclusion proves an entry to be in the tree of the given size; Consistency, that one tree begins another. Errors wrap
	// ErrHistory where there is no such tree. See CheckInclusion and CheckConsistency.
	Inclusion(index, size uint64) ([]Hash, error)
	Consistency(old, new uint64) ([]Hash, error)

	// Checkpoint returns the newest checkpoint, signed by the log.
	Checkpoint() ([]byte, error)

	// Witnessed returns the newest checkpoint that a quorum has signed, or nil.
	Witnessed() ([]byte, error)

	// Attach stores a checkpoint with its quorum; see Gather. Errors wrap ErrInvalid, ErrSignature or ErrQuorum, ErrHistory for
	// one of another history, ErrStale if there is a later one (of more entries, or witnessed later).
	Attach(checkpoint []byte) error

	// Close waits for what is being recorded. Errors of later calls are ErrClosed.
	Close() error
}

// MaxEntries bounds what one call of Ledger.Entries returns.
const MaxEntries = 1024

// Included is the proof that an entry is recorded.
type Included struct {
	Index      uint64
	Proof      []Hash
	Checkpoint []byte // signed by the log; the entry is in its tree
}

// Verify checks the proof for an entry, by the word of the log alone or, if witnessed, with the policy's quorum. Errors wrap
// ErrInvalid, ErrSignature, ErrQuorum or ErrHistory.
func (i *Included) Verify(p *Policy, entry []byte, witnessed bool) error {
	open := p.OpenLog
	if witnessed {
		open = p.Open
	}
	cp, err := open(i.Checkpoint)
	if err != nil {
		return err
	}
	return CheckInclusion(i.Proof, cp.Size, cp.Root, i.Index, entry)
}

// Prove returns the proof of an entry in the newest witnessed checkpoint. Errors wrap ErrHistory where there is none yet.
func Prove(l Ledger, p *Policy, index uint64) (*Included, error) {
	msg, err := l.Witnessed()
	if err != nil {
		return nil, err
	}
	if msg == nil {
		return nil, because(ErrHistory, "no witnessed checkpoint yet")
	}
	cp, err := p.Open(msg)
	if err != nil {
		return nil, err
	}
	proof, err := l.Inclusion(index, cp.Size)
	if err != nil {
		return nil, err
	}
	return &Included{index, proof, msg}, nil
}

// Pending is an entry that was submitted: a future.
type Pending struct {
	done  chan struct{}
	prove func(index uint64) (*Included, error)
	index uint64
	err   error
}

// NewPending is for those who implement Ledger: it returns a Pending, and what settles it, once, with the index of the entry or
// an error. prove is called when somebody asks for the proof.
func NewPending(prove func(index uint64) (*Included, error)) (p *Pending, settle func(index uint64, err error)) {
	p = &Pending{done: make(chan struct{}), prove: prove}
	var once sync.Once
	return p, func(index uint64, err error) {
		once.Do(func() {
			p.index, p.err = index, err
			close(p.done)
		})
	}
}

// Index waits until the entry is recorded for good and returns its index. Errors wrap ErrRule where the rules refuse it,
// ErrClosed or ErrCorrupt; or ctx ended, and the entry may still be recorded.
func (p *Pending) Index(ctx context.Context) (uint64, error) {
	select {
	case <-p.done:
		return p.index, p.err
	default:
	}
	select {
	case <-p.done:
		return p.index, p.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// Wait is Index with a proof.
func (p *Pending) Wait(ctx context.Context) (*Included, error) {
	index, err := p.Index(ctx)
	if err != nil {
		return nil, err
	}
	return p.prove(index)
}

// Append submits an entry and waits for its proof.
func Append(ctx context.Context, l Ledger, e *Entry) (*Included, error) {
	p, err := l.Submit(ctx, e.raw)
	if err != nil {
		return nil, err
	}
	return p.Wait(ctx)
}

// checkRange is shared by implementations of Entries.
func checkRange(from uint64, n int, size uint64) (int, error) {
	if n < 0 || n > MaxEntries {
		return 0, because(ErrInvalid, "%d entries, at most %d at once", n, MaxEntries)
	}
	if from >= size {
		return 0, nil
	}
	return int(min(uint64(n), size-from)), nil
}

func cloneAll(list [][]byte) [][]byte {
	out := make([][]byte, len(list))
	for i, b := range list {
		out[i] = slices.Clone(b)
	}
	return out
}
