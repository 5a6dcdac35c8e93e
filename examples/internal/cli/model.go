package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/pmml"
	"github.com/blindscore/blindscore/circuits/toad"
)

// Model are the flags that say which scorecard is meant and how it may be bent to fit the schema.
type Model struct {
	model, format, schema string
	name, version         string
	thresholds, bands     []string
	own                   []string
	base, unmatched       string
	snap                  bool
	round                 int
	fallback              string
}

// Add adds the flags.
func (f *Model) Add(set *pflag.FlagSet) {
	set.StringVar(&f.model, "model", "", "scorecard file (required)")
	set.StringVar(&f.schema, "schema", "", "schema file (JSON) that the tax node publishes (required)")
	set.StringVar(&f.format, "format", "auto", "of the scorecard: blindscore, pmml, toad, or auto (by extension and content)")
	set.BoolVar(&f.snap, "snap", false, "move cut-offs that are not on the schema's grid to the nearest boundary")
	set.IntVar(&f.round, "round", -1, "round points to this many decimal places (default: keep them)")
	set.StringVar(&f.fallback, "default", "", "points for values that no attribute matches (default: such a card is refused)")
	set.StringSliceVar(&f.thresholds, "thresholds", nil, "pmml and toad: ascending scores that cut the bands, 400,500,…")
	set.StringSliceVar(&f.bands, "bands", nil, "pmml and toad: names of the bands, lowest score first, one more than thresholds")
	set.StringSliceVar(&f.own, "own", nil, "pmml and toad: features that the bank itself holds")
	set.StringVar(&f.name, "name", "", "pmml and toad: name of the scorecard (default: the document's, or the file's)")
	set.StringVar(&f.version, "model-version", "", "pmml and toad: version of the scorecard")
	set.StringVar(&f.base, "base", "0", "toad: base points, added to those in the file")
	set.StringVar(&f.unmatched, "unmatched", "invalid", "toad: points for values that no bin has: min, max or invalid")
}

// Load reads scorecard and schema and compiles them. The alignment is returned also with an error, where there is one.
func (f *Model) Load() (*circuits.Scorecard, *circuits.Model, *circuits.Alignment, error) {
	schema, err := Schema(f.schema)
	if err != nil {
		return nil, nil, nil, err
	}
	card, err := f.card()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", f.model, err)
	}
	opts, err := f.Options()
	if err != nil {
		return nil, nil, nil, err
	}
	model, alignment, err := circuits.Compile(card, schema, opts)
	if err != nil {
		err = fmt.Errorf("%s on schema %s: %w", f.model, f.schema, err)
	}
	return card, model, alignment, err
}

// Options are what the flags say of how the card is bent.
func (f *Model) Options() (circuits.CompileOptions, error) {
	opts := circuits.CompileOptions{Snap: f.snap, Round: f.round >= 0, Places: max(f.round, 0)}
	if f.fallback != "" {
		points, err := circuits.ParseDecimal(f.fallback)
		if err != nil {
			return opts, fmt.Errorf("%w: --default: %w", ErrUsage, err)
		}
		opts.Default = &points
	}
	return opts, nil
}

// SchemaFile is the schema file that the flags name.
func (f *Model) SchemaFile() string { return f.schema }

// card reads the scorecard in its format.
func (f *Model) card() (*circuits.Scorecard, error) {
	text, err := ReadFile(f.model, circuits.MaxScorecardBytes)
	if err != nil {
		return nil, err
	}
	format, err := f.detect(text)
	if err != nil {
		return nil, err
	}
	if format == "blindscore" {
		return circuits.ParseScorecard(text)
	}
	thresholds, err := decimals(f.thresholds)
	if err != nil {
		return nil, fmt.Errorf("%w: --thresholds: %w", ErrUsage, err)
	}
	if format == "pmml" {
		doc, err := pmml.Read(bytes.NewReader(text), pmml.Options{
			Name: f.name, Version: f.version, Own: f.own, Thresholds: thresholds, Bands: f.bands,
		})
		if err != nil {
			return nil, err
		}
		return doc.Card, nil
	}
	base, err := circuits.ParseDecimal(f.base)
	if err != nil {
		return nil, fmt.Errorf("%w: --base: %w", ErrUsage, err)
	}
	unmatched, known := map[string]toad.Unmatched{
		"invalid": toad.UnmatchedInvalid, "min": toad.UnmatchedMin, "max": toad.UnmatchedMax,
	}[f.unmatched]
	if !known {
		return nil, fmt.Errorf("%w: --unmatched: want min, max or invalid, got %q", ErrUsage, f.unmatched)
	}
	name := f.name
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(f.model), filepath.Ext(f.model))
	}
	return toad.Read(bytes.NewReader(text), toad.Options{
		Name: name, Version: f.version, Base: base, Thresholds: thresholds, Bands: f.bands, Own: f.own, Unmatched: unmatched,
	})
}

// detect names the format of a file.
func (f *Model) detect(text []byte) (string, error) {
	switch f.format {
	case "blindscore", "pmml", "toad":
		return f.format, nil
	case "auto":
	default:
		return "", fmt.Errorf("%w: --format: want blindscore, pmml, toad or auto, got %q", ErrUsage, f.format)
	}
	switch strings.ToLower(filepath.Ext(f.model)) {
	case ".pmml", ".xml":
		return "pmml", nil
	case ".json":
		var ours struct {
			Format json.RawMessage `json:"blindscore_scorecard"`
		}
		if json.Unmarshal(text, &ours) == nil && ours.Format != nil {
			return "blindscore", nil
		}
		return "toad", nil
	}
	return "", fmt.Errorf("%w: the extension says no format: give --format", ErrUsage)
}

func decimals(texts []string) ([]circuits.Decimal, error) {
	ds := make([]circuits.Decimal, len(texts))
	for i, t := range texts {
		var err error
		if ds[i], err = circuits.ParseDecimal(strings.TrimSpace(t)); err != nil {
			return nil, err
		}
	}
	return ds, nil
}
