package offline

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/blindscore/blindscore/circuits/homomorphic/tables"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

// ErrModel: the model does not fit the plan.
var ErrModel = errors.New("offline: the model does not fit the plan")

// Plan is the public shape of a snapshot. It is immutable.
type Plan struct {
	schema [32]byte
	layout tables.Layout
	full   heint.Parameters
	params rlwe.Parameters
	out    *tables.Output
	sizes  []int // of each input in a chunk
	digest [32]byte
}

// PlanOptions are the choices of a plan.
type PlanOptions struct {
	LogN    int                 // 14 or 15
	Steps   int                 // models have at most 2^Steps possible scores
	Holders int                 // of the threshold key
	Bins    map[string][]uint16 // the public bin of each level, by feature; without an entry each level is its own bin
	Leave   []string            // features of the schema that are not encrypted
}

// NewPlan lays out the features of a schema, in its order. Errors wrap homomorphic.ErrParams or tables.ErrLayout.
func NewPlan(schema *circuits.Schema, o PlanOptions) (*Plan, error) {
	if schema == nil {
		return nil, fmt.Errorf("%w: want a schema", homomorphic.ErrParams)
	}
	for _, name := range o.Leave {
		if schema.Index(name) < 0 {
			return nil, fmt.Errorf("%w: the schema has no feature %q to leave out", homomorphic.ErrParams, name)
		}
	}
	for name := range o.Bins {
		if schema.Index(name) < 0 {
			return nil, fmt.Errorf("%w: the schema has no feature %q for bins", homomorphic.ErrParams, name)
		}
	}
	set := tables.Set{LogN: o.LogN, Steps: o.Steps, Holders: o.Holders}
	params, err := set.Parameters()
	if err != nil {
		return nil, err
	}
	p := &Plan{schema: schema.Digest(), full: params, params: params.Parameters.Parameters, layout: tables.Layout{Set: set}}
	for _, f := range schema.Features() {
		if slices.Contains(o.Leave, f.Name()) {
			continue
		}
		bins := slices.Clone(o.Bins[f.Name()])
		if bins == nil {
			for v := range f.Levels() {
				bins = append(bins, uint16(v))
			}
		}
		p.layout.Inputs = append(p.layout.Inputs, tables.Input{
			// at the top level: one rescaling of the sum, then Steps doublings of the band polynomial
			Feature: f.Name(), Form: tables.FormIndicators, Levels: f.Levels(), Bins: bins, Level: params.MaxLevel(),
		})
	}
	if err := p.layout.Check(); err != nil {
		return nil, err
	}
	if p.out, err = tables.NewOutput(set); err != nil {
		return nil, err
	}
	for i := range p.layout.Inputs {
		one := tables.Layout{Set: set, Inputs: p.layout.Inputs[i : i+1]}
		p.sizes = append(p.sizes, one.ChunkBytes(false))
	}
	p.digest = p.hash()
	return p, nil
}

// hash digests schema, set and inputs: numbers as 8 bytes, little-endian, lists and strings behind their lengths.
func (p *Plan) hash() [32]byte {
	b := append([]byte("blindscore offline plan v1\x00"), p.schema[:]...)
	num := func(v int) { b = binary.LittleEndian.AppendUint64(b, uint64(v)) }
	num(p.layout.Set.LogN)
	num(p.layout.Set.Steps)
	num(p.layout.Set.Holders)
	num(len(p.layout.Inputs))
	for i := range p.layout.Inputs {
		in := &p.layout.Inputs[i]
		num(len(in.Feature))
		b = append(b, in.Feature...)
		num(len(in.Bins))
		for _, v := range in.Bins {
			b = binary.LittleEndian.AppendUint16(b, v)
		}
	}
	return sha256.Sum256(b)
}

// Digest identifies the plan: schema, parameters, features and bins.
func (p *Plan) Digest() [32]byte { return p.digest }

// SchemaDigest is that of the schema.
func (p *Plan) SchemaDigest() [32]byte { return p.schema }

// Features are those that are encrypted, in the schema's order.
func (p *Plan) Features() []string {
	var names []string
	for i := range p.layout.Inputs {
		names = append(names, p.layout.Inputs[i].Feature)
	}
	return names
}

// Parameters are those of the threshold key.
func (p *Plan) Parameters() rlwe.Parameters { return p.params }

// Holders is the number of holders of the threshold key.
func (p *Plan) Holders() int { return p.layout.Set.Holders }

// Slots is how many companies a chunk has; Chunks how many chunks so many companies take.
func (p *Plan) Slots() int { return p.layout.Slots() }

// Chunks is how many chunks so many companies take.
func (p *Plan) Chunks(companies int) int { return p.layout.Chunks(companies) }

// ChunkBytes is the exact size of a chunk.
func (p *Plan) ChunkBytes() int {
	n := 0
	for _, size := range p.sizes {
		n += size
	}
	return n
}

// AnswerBytes is the size of a holder's answer for one chunk.
func (p *Plan) AnswerBytes() int { return 2 + p.out.BandBytes(false) + threshold.SignatureBytes }

// BandBytes is the size of a switched band of a chunk.
func (p *Plan) BandBytes() int { return p.out.BandBytes(true) }

// Circuit is a model compiled on a plan. It is safe for concurrent use, and does not print the model.
type Circuit struct {
	plan    *Plan
	circuit *tables.Circuit
	bands   int
}

// Compile compiles a model on the plan: ErrModel if it reads another schema, features that are not encrypted, points that
// differ within a bin, more scores than the plan holds, or points of the bank's own.
func (p *Plan) Compile(model *circuits.Model) (*Circuit, error) {
	switch {
	case model == nil || model.SchemaDigest() != p.schema:
		return nil, fmt.Errorf("%w: want a model on the plan's schema", ErrModel)
	case len(model.OwnFeatures()) > 0:
		return nil, fmt.Errorf("%w: want no features of the bank's own", ErrModel)
	}
	o := tables.Options{Set: &p.layout.Set, HideRange: 1 << p.layout.Set.Steps, Forms: map[string]tables.Form{}, Bins: map[string][]uint16{}}
	for _, name := range model.Features() {
		i := slices.IndexFunc(p.layout.Inputs, func(in tables.Input) bool { return in.Feature == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: feature %q is not encrypted", ErrModel, name)
		}
		o.Forms[name], o.Bins[name] = tables.FormIndicators, p.layout.Inputs[i].Bins
	}
	c, err := tables.Compile(model, o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	for _, in := range c.Layout().Inputs {
		i := slices.IndexFunc(p.layout.Inputs, func(x tables.Input) bool { return x.Feature == in.Feature })
		if x := p.layout.Inputs[i]; in.Level != x.Level || in.Levels != x.Levels || !slices.Equal(in.Bins, x.Bins) {
			return nil, fmt.Errorf("%w: feature %q is encrypted in another shape", ErrModel, in.Feature)
		}
	}
	return &Circuit{plan: p, circuit: c, bands: len(model.Bands())}, nil
}

// Bands is the number of bands of the model.
func (c *Circuit) Bands() int { return c.bands }

// Plan is the plan that the circuit is compiled on.
func (c *Circuit) Plan() *Plan { return c.plan }
