package remote

import (
	"context"
	"slices"
	"sync"

	"github.com/blindscore/blindscore/party/ledger"
)

// Submit implements ledger.Ledger. What the Pending returns was verified: the log signed a checkpoint in whose tree the entry
// is. If its error wraps ErrInterrupted the entry may still be recorded; the same bytes may be submitted again.
func (c *Client) Submit(ctx context.Context, entry []byte) (*ledger.Pending, error) {
	if _, err := ledger.Open(c.id, entry); err != nil {
		return nil, err
	}
	entry = slices.Clone(entry)
	if c.isClosed() {
		return nil, ledger.ErrClosed
	}
	select {
	case c.window <- struct{}{}:
	case <-c.closing:
		return nil, ledger.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	free := sync.OnceFunc(func() { <-c.window })
	s, err := c.session(ctx)
	if err != nil {
		free()
		return nil, err
	}
	var proof *ledger.Included
	p, settle := ledger.NewPending(func(uint64) (*ledger.Included, error) { return clone(proof), nil })
	err = s.start(labelSubmit, entry, func(body []byte, err error) {
		defer free()
		if err == nil {
			if proof, err = c.included(body, entry); err != nil {
				defer c.blame(err)
			}
		}
		if err != nil {
			settle(0, err)
			return
		}
		settle(proof.Index, nil)
	})
	if err != nil {
		free()
		return nil, err
	}
	return p, nil
}

// included verifies the answer to a submission.
func (c *Client) included(body, entry []byte) (*ledger.Included, error) {
	in, err := decodeIncluded(body)
	if err != nil {
		return nil, err
	}
	cp, err := c.open(in.Checkpoint)
	if err != nil {
		return nil, err
	}
	if err := ledger.CheckInclusion(in.Proof, cp.Size, cp.Root, in.Index, entry); err != nil {
		return nil, because(ErrPeer, "its proof of an entry: %v", err)
	}
	return in, nil
}

func clone(in *ledger.Included) *ledger.Included {
	return &ledger.Included{Index: in.Index, Proof: slices.Clone(in.Proof), Checkpoint: slices.Clone(in.Checkpoint)}
}

// View implements ledger.Ledger.
func (c *Client) View(fn func(*ledger.Records) error) error {
	if c.isClosed() {
		return ledger.ErrClosed
	}
	if err := c.mirror.Update(c.ctx); err != nil {
		return err
	}
	return c.mirror.View(fn)
}

// Size implements ledger.Ledger.
func (c *Client) Size() uint64 {
	_, _ = c.Checkpoint()
	return c.size.Load()
}

// Entries implements ledger.Ledger. The entries are as the server gives them; a ledger.Mirror verifies them.
func (c *Client) Entries(from uint64, n int) ([][]byte, error) {
	if c.isClosed() {
		return nil, ledger.ErrClosed
	}
	if n < 0 || n > ledger.MaxEntries {
		return nil, because(ledger.ErrInvalid, "%d entries, at most %d at once", n, ledger.MaxEntries)
	}
	var list [][]byte
	for more := true; more && len(list) < n; {
		body, err := c.ask(labelEntries, encodeRange(from+uint64(len(list)), n-len(list)))
		if err != nil {
			return nil, err
		}
		var part [][]byte
		if part, more, err = decodeList(body, n-len(list)); err != nil {
			return nil, c.blame(err)
		}
		list = append(list, part...)
	}
	return list, nil
}

// Inclusion implements ledger.Ledger.
func (c *Client) Inclusion(index, size uint64) ([]ledger.Hash, error) {
	return c.proof(labelInclusion, index, size)
}

// Consistency implements ledger.Ledger.
func (c *Client) Consistency(old, new uint64) ([]ledger.Hash, error) {
	return c.proof(labelConsistency, old, new)
}

func (c *Client) proof(l label, a, b uint64) ([]ledger.Hash, error) {
	body, err := c.ask(l, encodePair(a, b))
	if err != nil {
		return nil, err
	}
	list, err := decodeProof(body)
	if err != nil {
		return nil, c.blame(err)
	}
	return list, nil
}

// Checkpoint implements ledger.Ledger.
func (c *Client) Checkpoint() ([]byte, error) { return c.checkpoint(labelCheckpoint) }

// Candidate returns the checkpoint that the server has witnesses sign now; see Cosign.
func (c *Client) Candidate() ([]byte, error) { return c.checkpoint(labelCandidate) }

func (c *Client) checkpoint(l label) ([]byte, error) {
	msg, err := c.ask(l, nil)
	if err != nil {
		return nil, err
	}
	if _, err := c.open(msg); err != nil {
		return nil, c.blame(err)
	}
	return slices.Clone(msg), nil
}

// Witnessed implements ledger.Ledger; what it returns has the quorum of the client's policy.
func (c *Client) Witnessed() ([]byte, error) {
	msg, err := c.ask(labelWitnessed, nil)
	if err != nil || len(msg) == 0 {
		return nil, err
	}
	if _, err := c.cfg.Policy.Open(msg); err != nil {
		return nil, c.blame(because(ErrPeer, "its witnessed checkpoint: %v", err))
	}
	return slices.Clone(msg), nil
}

// Attach implements ledger.Ledger.
func (c *Client) Attach(checkpoint []byte) error {
	if _, err := c.cfg.Policy.Open(checkpoint); err != nil {
		return err
	}
	_, err := c.ask(labelAttach, checkpoint)
	return err
}

// Cosign hands in the candidate with one or more co-signatures in lines of their own. The server merges those of independent
// witnesses, and attaches the checkpoint once there is a quorum; see ledger.Collector.Add for the errors.
func (c *Client) Cosign(checkpoint []byte) error {
	if len(checkpoint) > ledger.MaxCheckpoint {
		return because(ledger.ErrInvalid, "checkpoint of %d bytes, at most %d", len(checkpoint), ledger.MaxCheckpoint)
	}
	_, err := c.ask(labelCosign, checkpoint)
	return err
}
