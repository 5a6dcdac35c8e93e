package audit

import (
	"context"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
)

// TaxReplay re-executes the tax node's side of a task, on the tax authority's premises and by its own auditors: the seeds
// that it needs would show the levels to whoever has the bank's view too.
type TaxReplay struct {
	Case  *Case // from the tax node's dossier, with what the node alone knows
	Roots Roots // the node's own seeds, of every connection of the case
	// Table is the encrypted table of a task of the lattice engine, Weights that of one of the linear engine.
	Table   *lattice.Certified
	Weights *linear.Certified
	// Sample says which superblocks are replayed; nil means all.
	Sample func(block int) bool
	// Truth, if set, returns the levels that the authority's records had for companies of the task (by position), feature
	// by feature, when it was admitted: a node that looked up something else is found.
	Truth func(ctx context.Context, positions []int) ([][]uint16, error)
	// TruthColumns is Truth for tasks in full precision: the columns that records.ColumnSource gives. Only the one that the task
	// does not need is ErrInput: it would be compared with nothing.
	TruthColumns func(ctx context.Context, positions []int) ([][]int64, error)
}

// Run replays; see BankReplay.Run for what verdict and errors mean.
//
// An honest tax node is cleared. One that evaluated other levels than it had committed to, or returned other bits than it
// opened, is found in every superblock that is replayed.
func (r *TaxReplay) Run(ctx context.Context) (*Verdict, error) {
	c, v := r.Case, &Verdict{Party: mpc.RoleTax}
	if c.Dossier.Role != mpc.RoleTax {
		return nil, inputError("the dossier is not the tax node's")
	}
	part, err := evidence.ParseTaxPart(c.Dossier.Private, int(c.Admitted.GetAdmittedCount()))
	if err != nil || !c.holds(part) {
		v.add(KindRecords, "the levels handed over do not parse")
		return v, nil
	}
	size := int(c.Task.GetParameters().GetSuperblock())
	if evidence.RecordsCommitment(part.Leaves(size)) != [32]byte(c.Admitted.GetRecordsCommitment()) {
		v.add(KindRecords, "the levels handed over are not those of the admission")
		return v, nil
	}
	if precise := len(part.Columns) > 0; precise && r.Truth != nil && r.TruthColumns == nil || !precise && r.TruthColumns != nil && r.Truth == nil {
		return nil, inputError("the records handed over are not of the kind that the task evaluates")
	}
	where := c.whole(v)
	for _, s := range c.Sessions {
		if err := r.session(ctx, s, part, where, v); err != nil {
			return nil, fmt.Errorf("attempt %d: %w", s.Terms.Attempt, err)
		}
	}
	return v, nil
}

// session replays the superblocks of one attempt.
func (r *TaxReplay) session(ctx context.Context, s *Session, part *evidence.TaxPart, where map[int]*Session, v *Verdict) error {
	// What was recorded and evaluated again never left: see Case.Repeated.
	blocks := sampled(s.Whole, func(block int) bool { return where[block] == s && (r.Sample == nil || r.Sample(block)) })
	if len(blocks) == 0 {
		return nil
	}
	if err := r.truth(ctx, s, part, blocks, v); err != nil {
		return err
	}
	if err := r.truthColumns(ctx, s, part, blocks, v); err != nil {
		return err
	}
	root, ok := r.Roots[[32]byte(s.Reply.GetGround().GetLink())]
	if !ok {
		return inputError("the seed of its connection was not opened")
	}
	link, seed, ok, err := r.Case.ground(s, mpc.RoleTax, root, v)
	if err != nil || !ok {
		return err
	}
	t := replay.Tax{Link: link, Table: r.Table, LinearTable: r.Weights, Withhold: r.Case.withheld()}
	if t.Session, err = terms(s, &link, mpc.RoleTax, seed); err != nil {
		return err
	}
	switch engine := s.Terms.Params.Engine; {
	case engine == score.EngineLattice && r.Table == nil, engine == score.EngineLinear && r.Weights == nil:
		return inputError("the encrypted table is needed")
	}
	t.Input = func(_ context.Context, from, to int) ([][]uint16, error) { return span(part.Levels, from, to), nil }
	t.Columns = func(_ context.Context, from, to int) ([][]int64, error) { return span(part.Columns, from, to), nil }
	return inGroups(ctx, r.Case, s, blocks, func(ctx context.Context, group []int, load replay.Load) error {
		found, err := t.Replay(ctx, group, load)
		if err != nil {
			return replayError(err)
		}
		v.Replayed += len(group)
		v.deviations(s.Terms.Attempt, found)
		return nil
	})
}

// truth compares the levels of the sampled superblocks with those of the authority's records.
func (r *TaxReplay) truth(ctx context.Context, s *Session, part *evidence.TaxPart, blocks []int, v *Verdict) error {
	if r.Truth == nil || len(part.Columns) > 0 {
		return nil
	}
	positions := admittedPositions(r.Case.Admitted)
	for _, block := range blocks {
		from, to := s.Terms.Params.Span(block)
		want, err := r.Truth(ctx, positions[from:to])
		if err != nil {
			return err
		}
		have := part.Block(block, s.Terms.Params.Superblock)
		if len(want) != len(have) {
			return inputError("records of %d features, want %d", len(want), len(have))
		}
		for f := range have {
			if !slices.Equal(want[f], have[f]) {
				v.Violations = append(v.Violations, Violation{
					Kind: KindRecords, Attempt: s.Terms.Attempt, Block: block,
					Detail: fmt.Sprintf("the levels of feature %q are not those of the records", r.Case.Task.GetFeatures()[f]),
				})
				break
			}
		}
	}
	return nil
}

// withheld says which companies the tax node kept back, as it signed, or, of a batch that was cut off, as it says.
func (c *Case) withheld() score.Withhold {
	size, set := int(c.Task.GetParameters().GetSuperblock()), c.Dossier.Withheld
	if c.Outcome != nil {
		set = c.Outcome.GetWithheld()
	}
	return func(_ context.Context, block, n int) (inside []int, _ error) {
		for i := range n {
			if set.Has(block*size + i) {
				inside = append(inside, i)
			}
		}
		return inside, nil
	}
}

func admittedPositions(a *partypb.AdmissionBody) []int {
	positions := make([]int, 0, a.GetAdmittedCount())
	for i := range int(a.GetCompanies()) {
		if partypb.Bitmap(a.GetAdmitted()).Has(i) {
			positions = append(positions, i)
		}
	}
	return positions
}
