package score

import (
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lookup"
	"github.com/blindscore/blindscore/mpc/ot"
)

// EngineKind names the protocol of stage 1.
type EngineKind uint8

// EngineOT shares the score by 1-out-of-L oblivious transfer, one for each
// company and feature, in three flights; it needs nothing but the link.
// EngineLattice adds encrypted entries of a table that the bank made once and an
// approver certified, in one flight, at a fraction of the bytes and time.
const (
	EngineOT EngineKind = iota + 1
	EngineLattice
)

func (e EngineKind) String() string {
	switch e {
	case EngineOT:
		return "ot"
	case EngineLattice:
		return "lattice"
	}
	return fmt.Sprintf("unknown engine (%d)", uint8(e))
}

// Form is how stage 2 looks the output up.
type Form uint8

// OneTable takes one look-up of 2^(m+g) entries; it works for every model and
// output. TwoTables takes two small ones and two flights more, for bands whose
// thresholds are far enough apart (see WindowBits).
const (
	OneTable Form = iota + 1
	TwoTables
)

func (f Form) String() string {
	switch f {
	case OneTable:
		return "one table"
	case TwoTables:
		return "two tables"
	}
	return fmt.Sprintf("unknown form (%d)", uint8(f))
}

// OutputKind is what the bank learns of a company.
type OutputKind uint8

// The bank learns the number of thresholds that the score reaches, or the
// score itself.
const (
	OutputBand OutputKind = iota + 1
	OutputScore
)

func (k OutputKind) String() string {
	switch k {
	case OutputBand:
		return "band"
	case OutputScore:
		return "score"
	}
	return fmt.Sprintf("unknown output (%d)", uint8(k))
}

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
type Params struct {
	Engine EngineKind
	Levels []int // levels of each feature's grid, 1 to 4,096
	// ScoreBits is m: the score without the bank's own points takes less than
	// 2^m values. MinScoreBits to MaxScoreBits.
	ScoreBits  int
	Output     OutputKind
	OutputBits int // b, what each company pays; ScoreBits for OutputScore
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
	case p.Engine != EngineOT && p.Engine != EngineLattice:
		return bad("%v", p.Engine)
	case len(p.Levels) < 1 || len(p.Levels) > MaxFeatures:
		return bad("%d features, want 1 to %d", len(p.Levels), MaxFeatures)
	case p.ScoreBits < MinScoreBits || p.ScoreBits > MaxScoreBits:
		return bad("a score of %d bits, want %d to %d", p.ScoreBits, MinScoreBits, MaxScoreBits)
	case p.Output != OutputBand && p.Output != OutputScore:
		return bad("%v", p.Output)
	case p.Form != OneTable && p.Form != TwoTables:
		return bad("%v", p.Form)
	case p.Form == OneTable && p.WindowBits != 0, p.Form == TwoTables && (p.WindowBits < MinWindowBits || p.WindowBits > MaxWindowBits):
		return bad("windows of %d bits for %v", p.WindowBits, p.Form)
	case p.Form == TwoTables && p.Output != OutputBand:
		return bad("two tables give bands only")
	case p.OutputBits < 1 || p.OutputBits > lookup.MaxWidth:
		return bad("an output of %d bits, want 1 to %d", p.OutputBits, lookup.MaxWidth)
	case p.Output == OutputScore && p.OutputBits != p.ScoreBits:
		return bad("a score output of %d bits for a score of %d", p.OutputBits, p.ScoreBits)
	case p.Companies < 0 || p.Companies > MaxCompanies:
		return bad("%d companies, want 0 to %d", p.Companies, MaxCompanies)
	case p.Superblock < 1 || p.Superblock > ot.MaxN:
		return bad("superblocks of %d companies, want 1 to %d", p.Superblock, ot.MaxN)
	}
	for f, l := range p.Levels {
		if l < 1 || l > lookup.MaxLevels {
			return bad("feature %d has %d levels, want 1 to %d", f, l, lookup.MaxLevels)
		}
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

// guardBits is g: the engine's shares are of 2^g times the score, plus a noise
// below 2^g.
func (p Params) guardBits() int {
	if p.Engine == EngineLattice {
		return 1
	}
	return 0
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
// stays within the memory budget.
func (p Params) DefaultSuperblock() int {
	w := maxSuperblock
	for w > minSuperblock {
		p.Superblock = w
		if plan, err := newPlan(p); err == nil {
			total := 0
			for _, s := range plan.sizes(w) {
				total += s
			}
			if total <= flightBudget {
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
