package circuits

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// MaxSchemaBytes bounds a schema file.
const MaxSchemaBytes = 4 << 20

// schemaFormat is the version of the file format, the field "blindscore_schema".
const schemaFormat = 1

type schemaFile struct {
	Format   int               `json:"blindscore_schema"`
	Name     string            `json:"name"`
	Version  string            `json:"version"`
	Features []json.RawMessage `json:"features"`
}

type featureFile struct {
	Name        string        `json:"name"`
	Kind        string        `json:"kind"`
	Unit        string        `json:"unit,omitempty"`
	Description string        `json:"description,omitempty"`
	Sensitivity string        `json:"sensitivity"`
	Integer     bool          `json:"integer,omitempty"`
	Range       *rangeFile    `json:"range,omitempty"`
	EndLevels   bool          `json:"end_levels,omitempty"`
	Cuts        []cutFile     `json:"cuts,omitempty"`
	Categories  []string      `json:"categories,omitempty"`
	Specials    []specialFile `json:"specials,omitempty"`
	FoldMissing bool          `json:"fold_missing,omitempty"`
}

type rangeFile struct {
	Min *float64 `json:"min"`
	Max *float64 `json:"max"`
}

type specialFile struct {
	Name  string `json:"name"`
	Value scalar `json:"value"`
}

// cutFile is a number, or {"after": number}.
type cutFile struct{ Cut }

func (c *cutFile) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		var after struct {
			After *float64 `json:"after"`
		}
		if err := decodeJSON(data, &after); err != nil {
			return fmt.Errorf("cuts: %w", err)
		}
		if after.After == nil {
			return fmt.Errorf("cuts: want a number or {\"after\": number}")
		}
		c.Cut = Cut{At: *after.After, After: true}
		return nil
	}
	return json.Unmarshal(data, &c.At)
}

func (c cutFile) MarshalJSON() ([]byte, error) {
	if c.After {
		return json.Marshal(map[string]float64{"after": c.At})
	}
	return json.Marshal(c.At)
}

var (
	kindNames        = []string{"", "continuous", "ordinal", "categorical"}
	sensitivityNames = []string{"", "public", "internal", "confidential", "restricted"}
)

// String is the kind's name in files.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// String is the sensitivity's name in files.
func (s Sensitivity) String() string {
	if s == 0 || int(s) >= len(sensitivityNames) {
		return fmt.Sprintf("Sensitivity(%d)", uint8(s))
	}
	return sensitivityNames[s]
}

// enumOf finds a name in its list; index 0 is the invalid zero value.
func enumOf(field string, names []string, name string) (uint8, error) {
	if i := slices.Index(names, name); i > 0 {
		return uint8(i), nil
	}
	return 0, fmt.Errorf("%s: want one of %v, got %s", field, names[1:], quoteShort(name))
}

// ParseSchema reads a schema file: strict JSON of bounded size, without unknown or repeated fields. Errors wrap
// ErrSchema and name the feature and the field.
func ParseSchema(data []byte) (*Schema, error) {
	var file schemaFile
	err := checkJSON(data, MaxSchemaBytes)
	if err == nil {
		err = decodeJSON(data, &file)
	}
	if err == nil && file.Format != schemaFormat {
		err = fmt.Errorf("blindscore_schema: want format %d, got %d", schemaFormat, file.Format)
	}
	if err == nil && len(file.Features) > MaxFeatures {
		err = fmt.Errorf("features: want 1 to %d, got %d", MaxFeatures, len(file.Features))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	specs := make([]FeatureSpec, len(file.Features))
	for i, raw := range file.Features {
		if specs[i], err = parseFeature(raw); err != nil {
			return nil, fmt.Errorf("%w: features[%d] %s: %w", ErrSchema, i, quoteShort(nameOf(raw)), err)
		}
	}
	return NewSchema(file.Name, file.Version, specs...)
}

func parseFeature(raw []byte) (FeatureSpec, error) {
	var w featureFile
	if err := decodeJSON(raw, &w); err != nil {
		return FeatureSpec{}, err
	}
	kind, err := enumOf("kind", kindNames, w.Kind)
	if err != nil {
		return FeatureSpec{}, err
	}
	sensitivity, err := enumOf("sensitivity", sensitivityNames, w.Sensitivity)
	if err != nil {
		return FeatureSpec{}, err
	}
	spec := FeatureSpec{
		Name: w.Name, Kind: Kind(kind), Unit: w.Unit, Description: w.Description, Sensitivity: Sensitivity(sensitivity),
		Integer: w.Integer, EndLevels: w.EndLevels, Categories: w.Categories, FoldMissing: w.FoldMissing,
	}
	if w.Range != nil {
		if w.Range.Min == nil || w.Range.Max == nil {
			return FeatureSpec{}, fmt.Errorf("range: want min and max")
		}
		spec.Range = &Range{*w.Range.Min, *w.Range.Max}
	}
	for _, c := range w.Cuts {
		spec.Cuts = append(spec.Cuts, c.Cut)
	}
	for _, s := range w.Specials {
		spec.Specials = append(spec.Specials, Special{s.Name, s.Value.Value})
	}
	return spec, nil
}

// Encode writes the schema file: deterministic, one feature a line; ParseSchema reads it back as the same schema.
// It fails with ErrLimit if the file would exceed MaxSchemaBytes.
func (s *Schema) Encode() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"blindscore_schema\":%d,\"name\":", schemaFormat)
	err := writeJSON(&b, s.name)
	b.WriteString(",\"version\":")
	if err == nil {
		err = writeJSON(&b, s.version)
	}
	b.WriteString(",\"features\":[")
	for i, f := range s.features {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		if err == nil {
			err = writeJSON(&b, f.file())
		}
	}
	b.WriteString("\n]}\n")
	if err == nil && b.Len() > MaxSchemaBytes {
		err = fmt.Errorf("%w: want a schema file of at most %d bytes, got %d", ErrLimit, MaxSchemaBytes, b.Len())
	}
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// file is the feature as the file has it.
func (f *Feature) file() featureFile {
	s := &f.spec
	w := featureFile{
		Name: s.Name, Kind: s.Kind.String(), Unit: s.Unit, Description: s.Description, Sensitivity: s.Sensitivity.String(),
		Integer: s.Integer, EndLevels: s.EndLevels, Categories: s.Categories, FoldMissing: s.FoldMissing,
	}
	if s.Range != nil {
		w.Range = &rangeFile{&s.Range.Min, &s.Range.Max}
	}
	for _, c := range s.Cuts {
		w.Cuts = append(w.Cuts, cutFile{c})
	}
	for _, sp := range s.Specials {
		w.Specials = append(w.Specials, specialFile{sp.Name, scalar{sp.Value}})
	}
	return w
}
