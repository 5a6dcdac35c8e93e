package party

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
)

// signedFlight is the transcript hash that a peer signed.
type signedFlight struct {
	digest    mpc.Digest
	signature []byte
}

// lastSigned has, for every superblock that is under way, what the peer signed
// last.
type lastSigned struct {
	mu      sync.Mutex
	flights map[int]signedFlight
}

func (l *lastSigned) put(f mpc.Flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flights[f.Block] = signedFlight{f.Digest, slices.Clone(f.Signature)}
}

// take returns it for a superblock that ends.
func (l *lastSigned) take(block int) signedFlight {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flights[block]
	delete(l.flights, block)
	return f
}

// withheld has, for every superblock whose last flight is being made, the
// companies that it does not release.
type withheld struct {
	mu     sync.Mutex
	blocks map[int]partypb.Bitmap
}

func (w *withheld) put(block int, set partypb.Bitmap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocks[block] = set
}

func (w *withheld) take(block int) partypb.Bitmap {
	w.mu.Lock()
	defer w.mu.Unlock()
	set := w.blocks[block]
	delete(w.blocks, block)
	return set
}

// withhold asks, right before a superblock's last flight, whose consent or whose
// bank's standing has ended since the admission.
func (s *serving) withhold(a *agreed, w *withheld) func(ctx context.Context, block, n int) ([]int, error) {
	size := int(a.task.GetParameters().GetSuperblock())
	return func(ctx context.Context, block, n int) ([]int, error) {
		from := block * size
		positions := make([]int, n)
		for i := range positions {
			positions[i] = from + i
		}
		ended, err := s.n.cfg.Admission.Withdrawn(ctx, a.digest, positions)
		if err != nil {
			return nil, internal(err)
		}
		set := partypb.NewBitmap(n)
		inside := make([]int, 0, len(ended))
		for _, p := range ended {
			if p < from || p >= from+n {
				return nil, fmt.Errorf("%w: company %d is withdrawn from a superblock of %d to %d", ErrInternal, p, from, from+n-1)
			}
			set.Set(p - from)
			inside = append(inside, p-from)
		}
		w.put(block, set)
		return inside, nil
	}
}

// withheldSoFar returns which of the admitted companies the stored answers of a
// task keep back.
func withheldSoFar(j *journal.Tax, task journal.TaskID, admitted, superblock int) (partypb.Bitmap, error) {
	set := partypb.NewBitmap(admitted)
	for x, err := range j.Answers(task) {
		if err != nil {
			return nil, err
		}
		for i := range int(x.Companies) {
			if x.Withheld.Has(i) {
				set.Set(x.Block*superblock + i)
			}
		}
	}
	return set, nil
}

// outcome tells the bank what was withheld in all attempts at a task. Its words
// follow from the stored answers, so that it is the same each time.
func (s *serving) outcome(ctx context.Context, a *agreed) (*partypb.Signed, int, error) {
	set, err := withheldSoFar(s.n.cfg.Journal, a.digest, a.count, int(a.task.GetParameters().GetSuperblock()))
	if err != nil {
		return nil, 0, internal(err)
	}
	signed, err := partypb.SignBody(s.n.cfg.Identity.Sign, &partypb.OutcomeBody{
		TaskDigest: a.digest[:], Admitted: uint64(a.count), Withheld: set, WithheldCount: uint64(set.Count()),
	})
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return signed, set.Count(), s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Outcome{Outcome: &partypb.Outcome{Outcome: signed}}})
}

// outcome takes in what the tax node withheld.
func (r *run) outcome(ctx context.Context) error {
	c, err := r.l.w.get(ctx)
	if err != nil {
		return err
	}
	signed := c.GetOutcome().GetOutcome()
	if signed == nil {
		return unexpected("an outcome", c)
	}
	body := new(partypb.OutcomeBody)
	if err := partypb.OpenBody(r.l.w.peer.Key, signed, body); err != nil {
		return err
	}
	if !bytes.Equal(body.GetTaskDigest(), r.a.digest[:]) || body.GetAdmitted() != uint64(r.a.count) {
		return fmt.Errorf("%w: the outcome is of another task", ErrPeer)
	}
	r.withheld, r.signedOutcome = body.GetWithheld(), signed
	return nil
}
