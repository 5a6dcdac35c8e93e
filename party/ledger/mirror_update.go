package ledger

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"
)

// Update takes one look at the source and follows it. Errors wrap ErrHistory (with the evidence as *HistoryError or
// *ForkError if it ended the mirror, see Err), ErrQuorum, ErrSignature or ErrInvalid for what is no checkpoint of the policy,
// ErrStale if the source is behind, ErrClosed, or are those of the source, or ctx ended.
func (m *Mirror) Update(ctx context.Context) error {
	select {
	case _, open := <-m.step:
		if !open {
			return ErrClosed
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { m.step <- struct{}{} }()
	if err := m.Err(); err != nil {
		return err
	}
	fetched := m.Now()
	cp, err := m.fetch()
	if err != nil || cp == nil {
		return err
	}
	if err := m.follow(cp); err != nil {
		return err
	}
	if err := m.pull(ctx); err != nil {
		return err
	}
	m.hold(fetched)
	return nil
}

// fetch gets the newest checkpoint that the policy accepts; nil if there is none yet.
func (m *Mirror) fetch() (*Checkpoint, error) {
	get := m.Source.Witnessed
	if m.Policy.quorum == 0 {
		get = m.Source.Checkpoint
	}
	msg, err := get()
	switch {
	case err != nil:
		return nil, err
	case msg != nil:
		return m.Policy.Open(msg)
	case m.goal != nil:
		return nil, because(ErrStale, "the source has no witnessed checkpoint, the mirror one of %d", m.goal.Size)
	}
	return nil, nil
}

// follow makes cp the goal if it is proved to continue the history, or is the same with later co-signatures.
func (m *Mirror) follow(cp *Checkpoint) error {
	g := m.goal
	switch {
	case g == nil || bytes.Equal(g.Note, cp.Note):
		m.goal = cp
		return nil
	case cp.Size == g.Size && cp.Root != g.Root:
		return m.fail(&ForkError{A: g.Note, B: cp.Note})
	case cp.Size == g.Size:
		if !cp.Witnessed.Before(g.Witnessed) {
			m.goal = cp
		}
		return nil
	}
	first, second := g, cp
	if cp.Size < g.Size {
		first, second = cp, g
	}
	proof, err := m.Source.Consistency(first.Size, second.Size)
	if err == nil {
		err = CheckConsistency(proof, first.Size, first.Root, second.Size, second.Root)
	}
	switch {
	case errors.Is(err, ErrHistory):
		return m.fail(&HistoryError{Held: g.Note, Shown: cp.Note, Reason: err})
	case err != nil:
		return err
	case cp.Size < g.Size: // of the same history: the source has all of it, and lacks a newer quorum only
		return because(ErrStale, "the source shows a checkpoint of %d, the mirror has one of %d", cp.Size, g.Size)
	}
	m.goal = cp
	return nil
}

// pulled is a run of entries that the goal covers.
type pulled struct {
	raw   [][]byte
	tree  Tree   // after them
	proof []Hash // that this tree begins the goal's
	err   error
}

// pull fetches what is missing up to the goal, the next run while the one before is verified and applied.
func (m *Mirror) pull(ctx context.Context) error {
	if m.tree.Size() == m.goal.Size {
		return matches(&m.tree, m.goal)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan *pulled)
	go func() {
		defer close(next)
		for tree := m.tree; tree.Size() < m.goal.Size; {
			p := m.run(tree)
			select {
			case next <- p:
			case <-ctx.Done():
				return
			}
			if p.err != nil {
				return
			}
			tree = p.tree
		}
	}()
	// The goroutine reads tree and goal: they change only after it took its copy or ended.
	var err error
	for p := range next {
		switch {
		case err != nil: // the last one, on its way when ctx ended
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case p.err != nil:
			err = p.err
		default:
			err = m.take(p)
		}
		if err != nil {
			cancel()
		}
	}
	if err == nil && m.tree.Size() < m.goal.Size {
		err = context.Cause(ctx)
	}
	return err
}

// run fetches the entries after a tree and has the source prove that the goal covers them. Nothing is applied yet.
func (m *Mirror) run(tree Tree) *pulled {
	p := &pulled{tree: tree}
	n := int(min(MaxEntries, m.goal.Size-tree.Size()))
	if p.raw, p.err = m.Source.Entries(tree.Size(), n); p.err != nil {
		return p
	}
	if len(p.raw) == 0 || len(p.raw) > n {
		p.err = because(ErrHistory, "the source gave %d entries from %d on, want 1 to %d", len(p.raw), tree.Size(), n)
		return p
	}
	for _, b := range p.raw {
		if len(b) > MaxEntry {
			p.err = because(ErrInvalid, "entry of %d bytes, at most %d", len(b), MaxEntry)
			return p
		}
		if p.err = add(&p.tree, b); p.err != nil {
			return p
		}
	}
	root, err := p.tree.Root()
	if err != nil {
		p.err = err
		return p
	}
	if p.tree.Size() < m.goal.Size {
		if p.proof, p.err = m.Source.Consistency(p.tree.Size(), m.goal.Size); p.err != nil {
			return p
		}
	}
	p.err = CheckConsistency(p.proof, p.tree.Size(), root, m.goal.Size, m.goal.Root)
	return p
}

// take verifies the signatures of a run, on all processors, and applies it.
func (m *Mirror) take(p *pulled) error {
	first := m.tree.Size()
	entries, bad := openAll(m.Policy.id, p.raw)
	m.mu.Lock()
	for i, e := range entries {
		if err := m.state.Apply(e); err != nil {
			entries, bad = entries[:i], err
			break
		}
	}
	m.mu.Unlock()
	if bad != nil {
		i := len(entries)
		return m.fail(&HistoryError{Shown: m.goal.Note, Index: first + uint64(i), Entry: slices.Clone(p.raw[i]), Reason: bad})
	}
	m.tree = p.tree
	if err := m.cache.add(first, p, m.goal); err != nil {
		// The records go on without it: a full disk must not keep a node from seeing revocations.
		m.Logger.Error("mirror of the ledger: no cache from now on", "ledger", m.Policy.name, "file", m.File, "error", err)
		_ = m.cache.close()
		m.cache = nil
	}
	return nil
}

// hold says that everything up to the goal is applied.
func (m *Mirror) hold(fetched time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held, m.at = m.goal, m.goal.Witnessed
	if m.Policy.quorum == 0 {
		m.at = fetched
	}
}

func (c *Checkpoint) clone() Checkpoint {
	return Checkpoint{c.Size, c.Root, slices.Clone(c.Note), slices.Clone(c.Witnesses), c.Witnessed}
}
