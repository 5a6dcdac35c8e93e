package party

import (
	"fmt"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/records"
)

// shape is what a task's features are to its engine: levels of a grid, or columns
// of integers.
type shape struct {
	levels []int
	linear *linear.Params
	layout *probability.Layout
}

// columnSpec is what says, beside the features, which columns EngineLinear has.
type columnSpec interface {
	GetUnits() []float64
	GetRangeBits() uint32
	GetScoreBits() uint32
}

// shapeOf reads a task's shape against the schema that both sides hold. Errors
// wrap ErrTask.
func shapeOf(schema *circuits.Schema, t *partypb.Task) (shape, error) {
	var s shape
	switch t.GetEngine() {
	case partypb.Engine_ENGINE_LINEAR:
		p, _, err := linearShape(schema, t.GetFeatures(), t.GetParameters())
		return shape{linear: p}, err
	case partypb.Engine_ENGINE_PROBABILITY:
		l, err := layoutOf(schema, t)
		return shape{layout: l}, err
	}
	for _, name := range t.GetFeatures() {
		f, ok := schema.Feature(name)
		if !ok {
			return s, fmt.Errorf("%w: the schema has no feature %q", ErrTask, name)
		}
		s.levels = append(s.levels, f.Levels())
	}
	return s, nil
}

// linearShape returns parameters and columns of EngineLinear.
func linearShape(schema *circuits.Schema, features []string, spec columnSpec) (*linear.Params, *circuits.Columns, error) {
	units := spec.GetUnits()
	if len(units) != len(features) {
		return nil, nil, fmt.Errorf("%w: %d units for %d features", ErrTask, len(units), len(features))
	}
	named := make([]circuits.IntegerFeature, len(features))
	for i, name := range features {
		named[i] = circuits.IntegerFeature{Name: name, Unit: units[i]}
	}
	columns, err := circuits.NewColumns(schema, named)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	c := linear.Config{RangeBits: int(spec.GetRangeBits()), ShareBits: int(spec.GetScoreBits())}
	for _, most := range columns.Most() {
		c.Features = append(c.Features, linear.Interval{Max: most})
	}
	p, err := linear.NewParams(c)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	return &p, columns, nil
}

// layoutOf returns the columns of EngineProbability. They are for any company, so
// also for one with missing values.
func layoutOf(schema *circuits.Schema, t *partypb.Task) (*probability.Layout, error) {
	l, err := probability.NewLayout(schema, probability.LayoutSpec{
		Set: probability.Set(t.GetParameters().GetParameterSet()), OutputBits: int(t.GetParameters().GetScoreBits()), Features: t.GetFeatures(),
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	return l, nil
}

// encodingOf is how a company's values become the columns of a task; false for
// the engines on a grid.
func encodingOf(schema *circuits.Schema, t *partypb.Task) (e records.Encoding, ok bool, err error) {
	switch t.GetEngine() {
	case partypb.Engine_ENGINE_LINEAR:
		_, columns, err := linearShape(schema, t.GetFeatures(), t.GetParameters())
		if err != nil {
			return e, true, err
		}
		return records.Encoding{Columns: columns.Len(), Encode: columns.Values}, true, nil
	case partypb.Engine_ENGINE_PROBABILITY:
		l, err := layoutOf(schema, t)
		if err != nil {
			return e, true, err
		}
		return records.Encoding{Columns: l.Columns(), Encode: func(values map[string]circuits.Value) []int64 {
			x, err := l.Integers(values)
			if err != nil { // not with this layout, which has a column for everything
				return make([]int64, l.Columns())
			}
			return x
		}}, true, nil
	}
	return e, false, nil
}

// EncodingOf is how a task in full precision makes columns of a company's values,
// for who compares them with the records later. ErrTask for any other task.
func EncodingOf(schema *circuits.Schema, t *partypb.Task) (records.Encoding, error) {
	e, precise, err := encodingOf(schema, t)
	if err == nil && !precise {
		err = fmt.Errorf("%w: engine %v has levels", ErrTask, t.GetEngine())
	}
	return e, err
}

// The engines and outputs by their names on the wire.
var (
	engineNames = map[score.EngineKind]partypb.Engine{
		score.EngineOT:          partypb.Engine_ENGINE_TRANSFER,
		score.EngineLattice:     partypb.Engine_ENGINE_LATTICE,
		score.EngineLinear:      partypb.Engine_ENGINE_LINEAR,
		score.EngineProbability: partypb.Engine_ENGINE_PROBABILITY,
	}
	outputNames = map[score.OutputKind]partypb.OutputKind{
		score.OutputBand:        partypb.OutputKind_OUTPUT_KIND_BAND,
		score.OutputScore:       partypb.OutputKind_OUTPUT_KIND_SCORE,
		score.OutputProbability: partypb.OutputKind_OUTPUT_KIND_PROBABILITY,
	}
)

// named finds what has a name on the wire; zero if nothing has.
func named[K, V comparable](names map[K]V, name V) (found K) {
	for k, v := range names {
		if v == name {
			found = k
		}
	}
	return found
}
