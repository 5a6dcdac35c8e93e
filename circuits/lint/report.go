package lint

import (
	"encoding/json"
	"fmt"
)

// reportFormat is the version of the report, the field "blindscore_lint".
const reportFormat = 1

// Report is what one output of a model tells about a company. It quotes scores and thresholds: it is as secret as the
// card, and belongs to the bank and to who approves its models. Scores and points are in units, Scale of them to a
// point. Every number is the worst over the own points that Own spans; doc.go has the definitions.
type Report struct {
	Format      int             `json:"blindscore_lint"`
	Model       string          `json:"model"`
	Version     string          `json:"version,omitempty"`
	Output      Output          `json:"output"`
	Clamp       *Clamp          `json:"clamp,omitempty"`
	Scale       int64           `json:"scale"`
	Low         int64           `json:"low"`  // the least score without own points
	High        int64           `json:"high"` // the greatest
	Own         OwnSpan         `json:"own"`
	K           int             `json:"k"`
	Bits        int             `json:"bits"`        // that the policy charges
	NeededBits  int             `json:"needed_bits"` // that tell the reachable outputs apart
	Levels      Count           `json:"level_combinations"`
	Bins        Count           `json:"bin_combinations"`
	Severity    Severity        `json:"severity"` // of the worst finding; info if there is none
	Summary     Summary         `json:"summary"`
	UniqueShare float64         `json:"unique_share"` // of level combinations: the score tells every bin
	Unique      bool            `json:"unique"`       // no two bin combinations have the same score
	Chain       []string        `json:"superincreasing"`
	Outputs     []OutputReport  `json:"outputs"` // of a band output all bands, of a score output all reachable scores
	Features    []FeatureReport `json:"features"`
	Findings    []Finding       `json:"findings"` // worst first
	Remedies    []Remedy        `json:"remedies"`
}

// OwnSpan says over which own points of the bank the worst was taken.
type OwnSpan struct {
	Low    int64 `json:"low"` // Model.OwnRange
	High   int64 `json:"high"`
	Values int   `json:"values"` // how many were told apart: those that put a threshold into the range
}

// Summary is the whole in a few numbers, to be compared before and after a remedy.
type Summary struct {
	Outputs      int      `json:"outputs"`                 // reachable for one and the same own points
	Log2         float64  `json:"log2"`                    // of Outputs
	Shannon      float64  `json:"shannon"`                 // bits, every level as likely as any other of its feature
	ShannonPrior *float64 `json:"shannon_prior,omitempty"` // bits, under Policy.Prior
	SmallestBins Count    `json:"smallest_bins"`           // least number of bin combinations of an output
	Smallest     Count    `json:"smallest_levels"`         // least number of level combinations of an output
	Pinned       int      `json:"pinned"`                  // outputs of fewer than K bin combinations
	PinnedShare  float64  `json:"pinned_share"`            // share of level combinations with such an output
}

// OutputReport is one output: a band, or a score (or all scores at an end of the clamp).
type OutputReport struct {
	Band int    `json:"band"` // -1 for scores
	Name string `json:"name,omitempty"`
	Low  *int64 `json:"low,omitempty"`  // least score with this output, own points included for a band
	High *int64 `json:"high,omitempty"` // greatest; nil where there is no end
	// Reachable for some own points. All below is about own points for which it is.
	Reachable bool `json:"reachable"`
	// Bins and Levels are the smallest preimage in combinations of bins and of levels, BinsOwn and LevelsOwn own points
	// for which they occur.
	Bins      Count `json:"bins"`
	BinsOwn   int64 `json:"bins_own"`
	Levels    Count `json:"levels"`
	LevelsOwn int64 `json:"levels_own"`
	// Scores is the least number of different scores that it stands for.
	Scores int `json:"scores"`
	// Share is the greatest share of level combinations, Prior the greatest probability under Policy.Prior.
	Share float64  `json:"share"`
	Prior *float64 `json:"prior,omitempty"`
	// CompatibleBins has, for each of Report.Features, how few of its bins this output leaves possible.
	CompatibleBins []int `json:"compatible_bins"`
	// threshold below the band: no own points put reachable scores both under it and between it and the next.
	unused bool
}

// FeatureReport is what outputs tell of one feature: of all characteristics that read it, together.
type FeatureReport struct {
	Name   string  `json:"name"`
	Levels int     `json:"levels"`
	Bins   int     `json:"bins"`  // groups of levels with equal points
	Width  int64   `json:"width"` // greatest less least points
	Share  float64 `json:"share"` // Width over the score range
	Step   int64   `json:"step"`  // least difference of two bins; 0 for one bin
	// MinBins is the least number of bins that an output leaves possible: 1 if one pins the bin down.
	MinBins int `json:"min_bins"`
	// PinnedShare is the share of level combinations whose output leaves one bin of two or more.
	PinnedShare float64 `json:"pinned_share"`
	// Idle: no change of this feature ever changes the output, whatever the others are.
	Idle bool `json:"idle"`
}

// JSON writes the report out, indented.
func (r *Report) JSON() ([]byte, error) {
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("lint: %w", err)
	}
	return append(out, '\n'), nil
}

// Passed reports whether nothing critical was found.
func (r *Report) Passed() bool { return r.Severity < Critical }
