package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
)

// Approved is the model that a bank was allowed to use, as the regulator who approved it has it.
type Approved struct {
	Model *circuits.Model
	Salt  [32]byte // of its commitment
	// Of the encrypted table, for tasks of the lattice engine: the regulator's nonce, and the bank's seed.
	Nonce [32]byte
	Seed  mpc.Seed
	// Other forms of the model, for tasks in full precision: the encrypted weights, which the regulator made again from its
	// nonce and the bank's seed, and the circuit.
	Linear      *party.LinearTable
	Probability *party.ProbabilityModel
}

// engines are those that run the form which a commitment is to; none if it is to none of the forms.
func (a *Approved) engines(commitment [32]byte) []partypb.Engine {
	switch {
	case a.Model != nil && a.Model.Commit(a.Salt) == commitment:
		return []partypb.Engine{partypb.Engine_ENGINE_TRANSFER, partypb.Engine_ENGINE_LATTICE}
	case a.Linear != nil && a.Linear.Model().Commit(a.Salt) == commitment:
		return []partypb.Engine{partypb.Engine_ENGINE_LINEAR}
	case a.Probability != nil && a.Probability.Commit(a.Salt) == commitment:
		return []partypb.Engine{partypb.Engine_ENGINE_PROBABILITY}
	}
	return nil
}

// BankReplay re-executes the bank's side of a task.
type BankReplay struct {
	Case     *Case // from the bank's dossier
	Approved *Approved
	Roots    Roots // of every connection of the case
	// Sample says which superblocks are replayed; nil means all.
	Sample func(block int) bool
}

// Run replays. What the bank did wrong is in the verdict; errors are about what the caller passed (ErrInput), about what
// cannot be blamed on the bank (ErrEvidence), or those of the context and of reading.
//
// An honest bank is cleared. A bank that ran with any other table, threshold, own point or random value in a superblock
// that is replayed is found there: the transcript that both sides signed fixes every byte that it sent.
func (r *BankReplay) Run(ctx context.Context) (*Verdict, error) {
	c, v := r.Case, &Verdict{Party: mpc.RoleBank}
	if c.Dossier.Role != mpc.RoleBank {
		return nil, inputError("the dossier is not the bank's")
	}
	switch engines := r.Approved.engines([32]byte(c.Task.GetModelDigest())); {
	case len(engines) == 0:
		v.add(KindModel, "the task names a model that is not the approved one")
		return v, nil
	case !slices.Contains(engines, c.Task.GetEngine()):
		// Whatever it ran there was not the model that it named.
		v.add(KindModel, "the task names a model that its engine does not run")
		return v, nil
	}
	own, ok, err := r.own(v)
	if err != nil || !ok {
		return v, err
	}
	c.whole(v)
	for _, s := range c.Sessions {
		if err := r.session(ctx, s, own, v); err != nil {
			return nil, fmt.Errorf("attempt %d: %w", s.Terms.Attempt, err)
		}
	}
	return v, nil
}

// own returns the bank's own points of the admitted companies, as it committed to them.
func (r *BankReplay) own(v *Verdict) (own []int64, ok bool, err error) {
	c := r.Case
	if r.Approved.Model == nil || len(r.Approved.Model.OwnFeatures()) == 0 {
		return nil, true, nil
	}
	part, err := evidence.ParseBankPart(c.Dossier.Private, int(c.Task.GetCompanies()))
	if err != nil || len(part.Own) != int(c.Task.GetCompanies()) || !bytes.Equal(part.OwnCommitment(), c.Task.GetOwnCommitment()) {
		v.add(KindOwn, "the own points handed over are not those of the task")
		return nil, false, nil
	}
	for i, at := 0, c.Admitted.GetAdmitted(); i < len(part.Own); i++ {
		if at[i/8]>>(i%8)&1 == 1 {
			own = append(own, part.Own[i])
		}
	}
	return own, true, nil
}

// session replays the superblocks of one attempt.
func (r *BankReplay) session(ctx context.Context, s *Session, own []int64, v *Verdict) error {
	blocks := sampled(append(slices.Clone(s.Whole), s.Unanswered...), r.Sample)
	if len(blocks) == 0 {
		return nil
	}
	root, ok := r.Roots[[32]byte(s.Start.GetGround().GetLink())]
	if !ok {
		return inputError("the seed of its connection was not opened")
	}
	link, seed, ok, err := r.Case.ground(s, mpc.RoleBank, root, v)
	if err != nil || !ok {
		return err
	}
	b := replay.Bank{Link: link, Model: r.Approved.Model, Own: own}
	if b.Session, err = terms(s, &link, mpc.RoleBank, seed); err != nil {
		return err
	}
	if s.Terms.Params.Engine == score.EngineLattice {
		joint := lattice.JointFromNonce(r.Approved.Nonce)
		if joint != lattice.Joint(r.Case.Task.GetTableJoint()) {
			v.add(KindModel, "the encrypted table is not under the regulator's nonce")
			return nil
		}
		if b.Key, err = score.RestoreModelKey(s.Terms.Params, r.Approved.Model, joint, r.Approved.Seed); err != nil {
			return inputError("the key of the encrypted table: %w", err)
		}
	}
	if ok, err := r.precise(s, &b, v); !ok {
		return err
	}
	return inGroups(ctx, r.Case, s, blocks, func(ctx context.Context, group []int, load replay.Load) error {
		found, err := b.Replay(ctx, group, load)
		if err != nil {
			return replayError(err)
		}
		v.Replayed += len(group)
		v.deviations(s.Terms.Attempt, found)
		return nil
	})
}

// sampled lists the superblocks that are to be replayed, ascending.
func sampled(blocks []int, sample func(int) bool) (list []int) {
	for _, b := range blocks {
		if sample == nil || sample(b) {
			list = append(list, b)
		}
	}
	slices.Sort(list)
	return list
}

// groupSize is how many superblocks' flights are held in memory at once.
const groupSize = 8

// inGroups reads the flights of a few superblocks at a time, with payloads, and has them replayed.
func inGroups(ctx context.Context, c *Case, s *Session, blocks []int, run func(ctx context.Context, group []int, load replay.Load) error) error {
	for group := range slices.Chunk(blocks, groupSize) {
		file, closer, err := c.Dossier.OpenSession(s.Terms.Attempt)
		if err != nil {
			return err
		}
		list, err := flights(file, func(block int) bool { return slices.Contains(group, block) })
		if err := errors.Join(err, closer.Close()); err != nil {
			return err
		}
		load := func(_ context.Context, block int) ([]mpc.Flight, error) {
			from, to := s.Terms.Params.Span(block)
			sizes, err := s.Terms.Params.Sizes(to - from)
			if err == nil && len(list[block]) == len(sizes)-1 {
				return answered(list[block], sizes), nil
			}
			return list[block], err
		}
		if err := run(ctx, group, load); err != nil {
			return err
		}
	}
	return nil
}

// replayError tells a record that cannot be replayed from a mistake of the caller.
func replayError(err error) error {
	switch {
	case errors.Is(err, replay.ErrRecord):
		return evidenceError("%w", err)
	case errors.Is(err, mpc.ErrParams):
		return inputError("%w", err)
	}
	return err
}
