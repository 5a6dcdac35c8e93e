package ledger

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"time"
)

// DefaultHold is how long a Collector waits for a quorum before it proposes a later checkpoint.
const DefaultHold = 5 * time.Second

// Collector brings together witnesses that come one by one, each in its own time, where Gather asks them all at once. It
// proposes one checkpoint until a quorum has signed it, or until its time is over, since a quorum must sign the same one and
// the log does not stand still; and it attaches what a quorum signed. For concurrent use.
type Collector struct {
	log    Ledger
	policy *Policy
	hold   time.Duration

	mu       sync.Mutex
	proposal *Checkpoint       // nil before the first
	since    time.Time         // when it was proposed
	attached bool              // a quorum signed it
	lines    map[string][]byte // by name of the witness
}

// NewCollector makes a collector. A hold of zero means DefaultHold. Errors wrap ErrConfig.
func NewCollector(l Ledger, p *Policy, hold time.Duration) (*Collector, error) {
	if l == nil || p == nil || hold < 0 {
		return nil, because(ErrConfig, "want a ledger, a policy and no negative time")
	}
	if hold == 0 {
		hold = DefaultHold
	}
	return &Collector{log: l, policy: p, hold: hold}, nil
}

// Candidate returns the checkpoint to sign, with the log's signature. Where nothing new was recorded it stays the same, to be
// signed again and again: that keeps its time fresh.
func (c *Collector) Candidate() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proposal != nil && !c.attached && time.Since(c.since) < c.hold {
		return bytes.Clone(c.proposal.Note), nil
	}
	msg, err := c.log.Checkpoint()
	if err != nil {
		return nil, err
	}
	cp, err := c.policy.OpenLog(msg)
	if err != nil {
		return nil, err
	}
	if c.proposal == nil || cp.Size != c.proposal.Size {
		c.proposal, c.attached, c.lines = cp, false, make(map[string][]byte)
		c.since = time.Now()
	}
	return bytes.Clone(c.proposal.Note), nil
}

// Add takes in the candidate with one or more co-signatures, and attaches it to the ledger once there is a quorum. Errors wrap
// ErrInvalid or ErrSignature, ErrQuorum if there is no co-signature of a witness of the policy, a *StaleError if another
// checkpoint is the candidate by now, or are those of Ledger.Attach.
func (c *Collector) Add(msg []byte) error {
	cp, err := c.policy.OpenLog(msg)
	if err != nil {
		return err
	}
	if len(cp.Witnesses) == 0 {
		return because(ErrQuorum, "no co-signature of a known witness")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch p := c.proposal; {
	case p == nil:
		return &StaleError{}
	case cp.Size == p.Size && cp.Root != p.Root:
		return &ForkError{A: bytes.Clone(p.Note), B: cp.Note}
	case cp.Size != p.Size:
		return &StaleError{p.Size}
	}
	_, signatures, _ := strings.Cut(string(msg), "\n\n")
	for line := range strings.Lines(signatures) {
		one, err := c.policy.OpenLog(append(bytes.Clone(c.proposal.Note), line...))
		if err == nil && len(one.Witnesses) == 1 {
			c.lines[one.Witnesses[0]] = []byte(line)
		}
	}
	all := bytes.Clone(c.proposal.Note)
	for _, w := range c.policy.witnesses {
		all = append(all, c.lines[w.Name()]...)
	}
	if _, err := c.policy.Open(all); err != nil {
		if errors.Is(err, ErrQuorum) {
			return nil // not yet
		}
		return err
	}
	if err := c.log.Attach(all); err != nil && !errors.Is(err, ErrStale) {
		return err
	}
	c.attached = true
	return nil
}
