package score

import (
	"fmt"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lookup"
	"github.com/blindscore/blindscore/mpc/ot"
)

// Limits of a batch.
const (
	MaxFeatures  = 256
	MaxCompanies = 1 << 26
	MaxScoreBits = lookup.MaxPlaneBits
	MinScoreBits = lookup.MinPlaneBits

	// Bounds of WindowBits; both tables of TwoTables have at least 64 entries.
	MinWindowBits = lookup.MinPlaneBits - 1
	MaxWindowBits = 12

	// flightBudget is what the flights of one superblock together should not
	// exceed by much: with a window of 3 it keeps a session below 100 MiB.
	flightBudget  = 8 << 20
	maxSuperblock = 16384
	minSuperblock = 16
)

// Params is what both sides know and agree on before a batch. It holds no
// secret. Everything that travels has a size that follows from it.
//
// The engines by table have Levels, the others Linear or Layout: the checked
// parameters of their rooms, which are public and immutable.
type Params struct {
	Engine EngineKind
	Levels []int // levels of each feature's grid, 1 to 4,096
	// Linear are the columns and the range of EngineLinear; its ScoreBits are m.
	Linear *linear.Params
	// Layout are the columns of EngineProbability; its OutputBits are m.
	Layout *probability.Layout
	// ScoreBits is m: the score without the bank's own points takes less than
	// 2^m values. MinScoreBits to MaxScoreBits.
	ScoreBits  int
	Output     OutputKind
	OutputBits int // b, what each company pays; ScoreBits for OutputScore and OutputProbability
	Form       Form
	// WindowBits is l of TwoTables: no two thresholds may be closer than
	// 2^(l-g) points; 5 to 12. Zero for OneTable.
	WindowBits int
	Companies  int
	Superblock int // companies a superblock; see DefaultSuperblock
	OT         ot.Params
}

// Validate reports the first thing that is out of its range, as ErrParams.
func (p Params) Validate() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: %s", mpc.ErrParams, fmt.Sprintf(format, a...))
	}
	switch {
	case p.ScoreBits < MinScoreBits || p.ScoreBits > MaxScoreBits:
		return bad("a score of %d bits, want %d to %d", p.ScoreBits, MinScoreBits, MaxScoreBits)
	case p.Output != OutputBand && p.Output != OutputScore && p.Output != OutputProbability:
		return bad("%v", p.Output)
	case p.Form != OneTable && p.Form != TwoTables:
		return bad("%v", p.Form)
	case p.Form == OneTable && p.WindowBits != 0, p.Form == TwoTables && (p.WindowBits < MinWindowBits || p.WindowBits > MaxWindowBits):
		return bad("windows of %d bits for %v", p.WindowBits, p.Form)
	case p.Form == TwoTables && p.Output != OutputBand:
		return bad("two tables give bands only")
	case p.OutputBits < 1 || p.OutputBits > lookup.MaxWidth:
		return bad("an output of %d bits, want 1 to %d", p.OutputBits, lookup.MaxWidth)
	case p.Output != OutputBand && p.OutputBits != p.ScoreBits:
		return bad("an output of %d bits for a %v of %d", p.OutputBits, p.Output, p.ScoreBits)
	case p.Output != OutputBand && (p.Output == OutputProbability) != (p.Engine == EngineProbability):
		return bad("engine %v does not give the %v", p.Engine, p.Output)
	case p.Companies < 0 || p.Companies > MaxCompanies:
		return bad("%d companies, want 0 to %d", p.Companies, MaxCompanies)
	case p.Superblock < 1 || p.Superblock > ot.MaxN:
		return bad("superblocks of %d companies, want 1 to %d", p.Superblock, ot.MaxN)
	}
	if err := p.validateFeatures(); err != nil {
		return err
	}
	if err := p.OT.Validate(); err != nil {
		return err
	}
	plan, err := newPlan(p)
	if err != nil {
		return err
	}
	if err := plan.shape(p.Superblock).Validate(); err != nil {
		return err
	}
	total := 0
	for _, size := range plan.sizes(min(p.Superblock, max(p.Companies, 1))) {
		total += size
	}
	if total > maxFlights {
		return bad("the flights of a superblock would take %d bytes, the limit is %d: use smaller superblocks", total, maxFlights)
	}
	return nil
}

// validateFeatures checks what the engine's features are like.
func (p Params) validateFeatures() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: %s", mpc.ErrParams, fmt.Sprintf(format, a...))
	}
	byTable := p.Engine == EngineOT || p.Engine == EngineLattice
	switch {
	case !byTable && p.Engine != EngineLinear && p.Engine != EngineProbability:
		return bad("%v", p.Engine)
	case byTable != (p.Levels != nil), (p.Engine == EngineLinear) != (p.Linear != nil), (p.Engine == EngineProbability) != (p.Layout != nil):
		return bad("features of another engine than %v", p.Engine)
	case p.Engine == EngineLinear && p.Linear.ScoreBits() != p.ScoreBits:
		return bad("a score of %d bits for an engine of %d", p.ScoreBits, p.Linear.ScoreBits())
	case p.Engine == EngineProbability && p.Layout.Spec().OutputBits != p.ScoreBits:
		return bad("a probability of %d bits for a layout of %d", p.ScoreBits, p.Layout.Spec().OutputBits)
	case p.Engine == EngineProbability && p.Superblock > p.Layout.Companies():
		return bad("superblocks of %d companies, want 1 to %d", p.Superblock, p.Layout.Companies())
	case byTable && (len(p.Levels) < 1 || len(p.Levels) > MaxFeatures):
		return bad("%d features, want 1 to %d", len(p.Levels), MaxFeatures)
	}
	for f, l := range p.Levels {
		if l < 1 || l > lookup.MaxLevels {
			return bad("feature %d has %d levels, want 1 to %d", f, l, lookup.MaxLevels)
		}
	}
	return nil
}

// guardBits is g: the engine's shares are of 2^g times the score, plus a noise
// below 2^g.
func (p Params) guardBits() int {
	if p.Engine == EngineOT {
		return 0
	}
	return 1
}

// indexBits is m + g, the bits of an index of stage 2.
func (p Params) indexBits() int { return p.ScoreBits + p.guardBits() }

// maxFlights bounds the flights of one superblock together, whatever the peer
// proposes: the largest models at the smallest superblocks.
const maxFlights = 40 << 20

// Superblocks returns how many superblocks the batch has.
func (p Params) Superblocks() int { return (p.Companies + p.Superblock - 1) / p.Superblock }

// Span returns the companies [from, to) of a superblock.
func (p Params) Span(block int) (from, to int) {
	from = block * p.Superblock
	return from, min(from+p.Superblock, p.Companies)
}

// DefaultSuperblock returns the largest power of two for which one superblock
// stays within the memory budget. A superblock of EngineProbability costs the same
// for one company as for all that it has room for, so that it may take all that
// Validate allows.
func (p Params) DefaultSuperblock() int {
	w, budget := maxSuperblock, flightBudget
	if p.Engine == EngineProbability && p.Layout != nil {
		w, budget = min(w, p.Layout.Companies()), maxFlights
	}
	for w > minSuperblock {
		p.Superblock = w
		if plan, err := newPlan(p); err == nil {
			total := 0
			for _, s := range plan.sizes(w) {
				total += s
			}
			if total <= budget {
				break
			}
		}
		w /= 2
	}
	return w
}

// Sizes returns the payload bytes of each flight of a superblock of n
// companies, first to last; odd flights are the tax node's.
func (p Params) Sizes(n int) ([]int, error) {
	plan, err := newPlan(p)
	if err != nil {
		return nil, err
	}
	return plan.sizes(n), nil
}
