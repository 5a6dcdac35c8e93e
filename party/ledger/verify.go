package ledger

import (
	"cmp"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// VerifyLog checks a whole ledger offline, from a stream that Export wrote (or whoever wants to pass for it): every entry is
// signed by its author, for this ledger, and accepted by the rules in this order; together they have exactly the size and the
// root of the checkpoint, which the policy accepts; and each of the earlier checkpoints, which others have kept, is of the same
// history. It returns the state that the entries add up to. If checkpoint is nil, the one in the stream is taken.
//
// It runs on all processors, holds the state and a few hundred entries in memory, and takes one Ed25519 verification an
// entry.
//
// Errors wrap ErrVersion, ErrCorrupt, ErrInvalid or ErrSignature for what the stream holds, ErrRule for an entry that the ledger
// should have refused, ErrQuorum, and ErrHistory for entries that were dropped, reordered, changed or added. An earlier
// checkpoint that the history does not pass through is a fork if the log signed both: a *ForkError quotes them.
func VerifyLog(ctx context.Context, stream io.Reader, p *Policy, checkpoint []byte, earlier ...[]byte) (*State, error) {
	s, err := NewStreamReader(stream)
	if err != nil {
		return nil, err
	}
	if !s.genesis.equal(p.genesis) {
		return nil, because(ErrHistory, "the stream is of another ledger")
	}
	v := &verifier{}
	if v.state, err = NewState(p.genesis); err != nil {
		return nil, err
	}
	for _, msg := range earlier {
		cp, err := p.OpenLog(msg)
		if err != nil {
			return nil, err
		}
		v.milestones = append(v.milestones, cp)
	}
	if checkpoint != nil {
		if v.goal, err = p.Open(checkpoint); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(v.milestones, func(a, b *Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	if err := v.entries(ctx, s); err != nil {
		return nil, err
	}
	if v.goal == nil {
		if v.goal, err = p.Open(s.checkpoint); err != nil {
			return nil, err
		}
	}
	if err := matches(&v.tree, v.goal); err != nil {
		return nil, err
	}
	return v.state, v.past()
}

type verifier struct {
	state      *State
	tree       Tree
	goal       *Checkpoint
	milestones []*Checkpoint // by size; those passed are dropped
	roots      []milestone
}

type milestone struct {
	cp   *Checkpoint
	root Hash
}

// verifyBatch is how many entries a processor verifies at once.
const verifyBatch = 128

type batch struct {
	raw     [][]byte
	entries []*Entry
	err     error
	done    chan struct{}
}

// entries reads batches, has them verified side by side, and applies them in order.
func (v *verifier) entries(ctx context.Context, s *StreamReader) error {
	if err := v.mark(); err != nil {
		return err
	}
	id, workers := v.state.id, runtime.GOMAXPROCS(0)
	var under []*batch
	for end := false; !end || len(under) > 0; {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if !end && len(under) < workers+1 {
			b := &batch{done: make(chan struct{})}
			for len(b.raw) < verifyBatch {
				raw, err := s.Next()
				if errors.Is(err, io.EOF) {
					end = true
					break
				}
				if err != nil {
					return err
				}
				b.raw = append(b.raw, raw)
			}
			go b.open(id)
			under = append(under, b)
			continue
		}
		if err := v.take(under[0]); err != nil {
			return err
		}
		under = under[1:]
	}
	return nil
}

func (b *batch) open(id Digest) {
	defer close(b.done)
	for _, raw := range b.raw {
		e, err := open(id, raw) // it is the reader's no longer
		if err != nil {
			b.err = err
			return
		}
		b.entries = append(b.entries, e)
	}
}

func (v *verifier) take(b *batch) error {
	<-b.done
	for _, e := range b.entries {
		if v.goal != nil && v.tree.size >= v.goal.Size {
			return because(ErrHistory, "more entries than the %d of the checkpoint", v.goal.Size)
		}
		if err := v.state.Apply(e); err != nil {
			return because(err, "entry %d of the log", v.tree.size)
		}
		if _, err := v.tree.Append(e.LeafHash()); err != nil {
			return err
		}
		if err := v.mark(); err != nil {
			return err
		}
	}
	if b.err != nil {
		return because(b.err, "entry %d of the log", v.tree.size)
	}
	return nil
}

// mark notes the root where there is a milestone. Whether that is a fork is judged at the end, when it is known that the
// history is the log's own and not the making of whoever wrote the stream.
func (v *verifier) mark() error {
	for len(v.milestones) > 0 && v.milestones[0].Size == v.tree.size {
		root, err := v.tree.Root()
		if err != nil {
			return err
		}
		v.roots = append(v.roots, milestone{v.milestones[0], root})
		v.milestones = v.milestones[1:]
	}
	return nil
}

// past compares the milestones with the history, which is that of v.goal.
func (v *verifier) past() error {
	for _, m := range v.roots {
		if m.root != m.cp.Root {
			return &ForkError{A: m.cp.Note, B: v.goal.Note}
		}
	}
	if len(v.milestones) > 0 {
		return because(ErrHistory, "a checkpoint of %d entries is held by others: the stream ends with %d", v.milestones[0].Size, v.tree.size)
	}
	return nil
}

// add takes an entry into a tree.
func add(t *Tree, entry []byte) error {
	_, err := t.Append(tlog.RecordHash(entry))
	return err
}

// matches checks that a tree is that of a checkpoint.
func matches(t *Tree, cp *Checkpoint) error {
	root, err := t.Root()
	if err != nil {
		return err
	}
	if t.Size() != cp.Size || root != cp.Root {
		return because(ErrHistory, "%d entries, not those of the checkpoint of %d", t.Size(), cp.Size)
	}
	return nil
}
