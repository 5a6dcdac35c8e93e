package circuits

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// Schema is the data dictionary that bank and tax node share: the features, in order, each with its public grid.
// It is immutable; ParseSchema and NewSchema make it. Everything in it is public.
type Schema struct {
	name, version string
	features      []*Feature
	index         map[string]int
	canonical     []byte
	digest        [32]byte
}

// NewSchema checks the features and makes a schema. Errors wrap ErrSchema and name the feature and the field.
func NewSchema(name, version string, features ...FeatureSpec) (*Schema, error) {
	if err := checkName("name", name); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if err := checkName("version", version); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if len(features) == 0 || len(features) > MaxFeatures {
		return nil, fmt.Errorf("%w: features: want 1 to %d, got %d", ErrSchema, MaxFeatures, len(features))
	}
	s := &Schema{name: name, version: version, index: make(map[string]int, len(features))}
	for i, spec := range features {
		f, err := newFeature(spec)
		if err != nil {
			return nil, fmt.Errorf("%w: features[%d] %s: %w", ErrSchema, i, quoteShort(spec.Name), err)
		}
		if first, twice := s.index[spec.Name]; twice {
			return nil, fmt.Errorf("%w: features[%d] %s: name: also the name of features[%d]", ErrSchema, i, quoteShort(spec.Name), first)
		}
		s.index[spec.Name] = i
		s.features = append(s.features, f)
	}
	s.canonical = encodeSchema(s)
	s.digest = sha256.Sum256(s.canonical)
	return s, nil
}

// Name is the schema's name.
func (s *Schema) Name() string { return s.name }

// Version is the schema's own version.
func (s *Schema) Version() string { return s.version }

// Digest is the SHA-256 of the canonical encoding.
func (s *Schema) Digest() [32]byte { return s.digest }

// Canonical is the canonical encoding (a copy); see the package documentation.
func (s *Schema) Canonical() []byte { return slices.Clone(s.canonical) }

// Features are the features in order (a copy of the list; features are immutable).
func (s *Schema) Features() []*Feature { return slices.Clone(s.features) }

// Len is the number of features.
func (s *Schema) Len() int { return len(s.features) }

// At is feature i; i must be in 0..Len()-1.
func (s *Schema) At(i int) *Feature { return s.features[i] }

// Feature finds a feature by name.
func (s *Schema) Feature(name string) (*Feature, bool) {
	i, ok := s.index[name]
	if !ok {
		return nil, false
	}
	return s.features[i], true
}

// Index is the position of a feature, or -1.
func (s *Schema) Index(name string) int {
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// Levels quantises one company's raw values: the level of every feature, in schema order. A feature that is not in
// the map is missing.
func (s *Schema) Levels(values map[string]Value) []uint16 {
	levels := make([]uint16, len(s.features))
	for i, f := range s.features {
		levels[i] = uint16(f.Level(values[f.Name()]))
	}
	return levels
}

// Normal is every value as its feature's grid sees it (see Feature.Normal); other values are kept as they are.
func (s *Schema) Normal(values map[string]Value) map[string]Value {
	normal := make(map[string]Value, len(values))
	for name, v := range values {
		if f, ok := s.Feature(name); ok {
			v = f.Normal(v)
		}
		normal[name] = v
	}
	return normal
}
