package audit

import (
	"context"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
)

// Tasks on values in full precision have columns in place of levels, and forms of the model of their own.

// outputOf is what a consent calls the output of a task: a probability is a score.
func outputOf(task *partypb.Task) consent.Output {
	if task.GetOutput() == partypb.OutputKind_OUTPUT_KIND_PROBABILITY {
		return consent.OutputScore
	}
	return consent.Output(task.GetOutput())
}

// precise fills in what a bank's side is replayed from in full precision; nothing for the engines on a grid.
func (r *BankReplay) precise(s *Session, b *replay.Bank, v *Verdict) (ok bool, err error) {
	a, task := r.Approved, r.Case.Task
	in := score.BankInputs{}
	switch s.Terms.Params.Engine {
	case score.EngineLinear:
		if a.Linear == nil {
			return false, inputError("the encrypted weights are needed")
		}
		if a.Linear.Digest() != [32]byte(task.GetTableDigest()) {
			v.add(KindModel, "the encrypted weights are not those under the regulator's nonce")
			return false, nil
		}
		in = a.Linear.Inputs()
	case score.EngineProbability:
		if a.Probability == nil {
			return false, inputError("the circuit is needed")
		}
		in = a.Probability.Inputs(s.Terms.Params.Output)
	}
	b.Integer, b.LinearKey, b.Circuit, b.Cuts = in.Integer, in.LinearKey, in.Circuit, in.Cuts
	return true, nil
}

// holds tells whether a part has what the task evaluates: levels of every feature, or every column.
func (c *Case) holds(part *evidence.TaxPart) bool {
	switch c.Task.GetEngine() {
	case partypb.Engine_ENGINE_LINEAR, partypb.Engine_ENGINE_PROBABILITY:
	default:
		return len(part.Columns) == 0 && len(part.Levels) == len(c.Task.GetFeatures())
	}
	for _, s := range c.Sessions {
		if len(part.Columns) != s.Terms.Params.Columns() {
			return false
		}
	}
	return len(part.Levels) == 0
}

// truthColumns is truth for columns.
func (r *TaxReplay) truthColumns(ctx context.Context, s *Session, part *evidence.TaxPart, blocks []int, v *Verdict) error {
	if r.TruthColumns == nil || len(part.Columns) == 0 {
		return nil
	}
	positions := admittedPositions(r.Case.Admitted)
	for _, block := range blocks {
		from, to := s.Terms.Params.Span(block)
		want, err := r.TruthColumns(ctx, positions[from:to])
		if err != nil {
			return err
		}
		have := part.BlockColumns(block, s.Terms.Params.Superblock)
		if len(want) != len(have) {
			return inputError("records of %d columns, want %d", len(want), len(have))
		}
		for i := range have {
			if !slices.Equal(want[i], have[i]) {
				v.Violations = append(v.Violations, Violation{
					Kind: KindRecords, Attempt: s.Terms.Attempt, Block: block,
					Detail: fmt.Sprintf("column %d is not that of the records", i),
				})
				break
			}
		}
	}
	return nil
}

// span cuts the companies [from, to) out of columns.
func span[T any](columns [][]T, from, to int) [][]T {
	x := make([][]T, len(columns))
	for f := range x {
		x[f] = columns[f][from:to]
	}
	return x
}
