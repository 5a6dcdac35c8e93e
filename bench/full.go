package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
)

// FullEngines are the engines on values in full precision, which want a batch of
// NewFullCase. They are not on a par with Engines: a grid there, none here.
func FullEngines() []Engine {
	return []Engine{
		{Name: "linear", Stage: score.EngineLinear, Form: score.OneTable},
		{Name: "linear-two-tables", Stage: score.EngineLinear, Form: score.TwoTables},
		{Name: "probability", Stage: score.EngineProbability, Form: score.OneTable},
	}
}

// Full reports whether the engine is on values in full precision.
func (e Engine) Full() bool {
	return e.Stage == score.EngineLinear || e.Stage == score.EngineProbability
}

// The resolutions of FullEngines: bits of a score, and of a probability.
const (
	FullScoreBits = 10
	FullUnitBits  = 8
)

// full is a made-up logistic model on values in full precision, and companies.
type full struct {
	schema  *circuits.Schema
	linear  *circuits.Linear
	integer *circuits.IntegerModel
	circuit *probability.Circuit
	records []map[string]circuits.Value
	columns map[score.EngineKind][][]int64
}

// NewFullCase makes a batch of n companies and a logistic model of so many
// features, numbers in fen of up to 10^8 and no missing ones.
func NewFullCase(features, n int) (*Case, error) {
	if features < 1 || features > 32 || n < 0 {
		return nil, fmt.Errorf("bench: no batch of %d companies with %d features", n, features)
	}
	rng := rand.New(rand.NewPCG(uint64(features), 3))
	f := &full{linear: &circuits.Linear{Name: "bench", Version: "1"}}
	var specs []circuits.FeatureSpec
	const most = 1e6
	for i := range features {
		name := fmt.Sprintf("f%02d", i)
		specs = append(specs, circuits.FeatureSpec{
			Name: name, Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential, FoldMissing: true,
			Range: &circuits.Range{Min: 0, Max: most}, Cuts: circuits.Before(most / 2),
		})
		sign := float64(1 - 2*(i%2))
		f.linear.Terms = append(f.linear.Terms, circuits.LinearTerm{Feature: name, Coefficient: sign * (0.5 + rng.Float64()) * 6 / most / float64(features)})
	}
	for b := range Bands {
		f.linear.Bands = append(f.linear.Bands, fmt.Sprintf("band %d", b))
		if b > 0 {
			f.linear.Probabilities = append(f.linear.Probabilities, 1/(1+math.Exp(2-float64(b)/2)))
		}
	}
	var err error
	if f.schema, err = circuits.NewSchema("bench", "1", specs...); err != nil {
		return nil, err
	}
	units := map[string]float64{}
	for _, s := range specs {
		units[s.Name] = 0.01
	}
	if f.integer, _, err = f.linear.Integer(f.schema, units); err != nil {
		return nil, err
	}
	if f.circuit, err = probability.Compile(f.linear, f.schema, probability.Options{OutputBits: FullUnitBits}); err != nil {
		return nil, err
	}
	for range n {
		record := make(map[string]circuits.Value, features)
		for _, s := range specs {
			record[s.Name] = circuits.Number(math.Floor(rng.Float64()*most*100) / 100)
		}
		f.records = append(f.records, record)
	}
	return &Case{Schema: f.schema, full: f}, f.lay()
}

// lay makes the columns of both engines.
func (f *full) lay() error {
	l := f.circuit.Layout()
	f.columns = map[score.EngineKind][][]int64{
		score.EngineLinear: make([][]int64, f.integer.Columns().Len()), score.EngineProbability: make([][]int64, l.Columns()),
	}
	for _, record := range f.records {
		x, err := l.Integers(record)
		if err != nil {
			return err
		}
		for engine, values := range map[score.EngineKind][]int64{score.EngineLinear: f.integer.Values(record), score.EngineProbability: x} {
			for c, v := range values {
				f.columns[engine][c] = append(f.columns[engine][c], v)
			}
		}
	}
	return nil
}

// params are the parameters of the model on this engine, for no companies yet.
func (f *full) params(e Engine, output score.OutputKind) (score.Params, error) {
	none := fmt.Errorf("bench: engine %q does not take this model and output", e.Name)
	if output != score.OutputBand {
		return score.Params{}, none
	}
	if e.Stage == score.EngineProbability {
		p := score.ProbabilityParams(f.circuit, output, len(f.linear.Probabilities))
		p.OT.K, p.Superblock = Field, 1
		return p, nil
	}
	widen := 0
	if e.Form == score.TwoTables {
		widen = 1
	}
	p, err := score.LinearParams(f.integer, output, FullScoreBits, widen)
	p.OT.K, p.Superblock = Field, 1
	if err != nil || e.Form == score.OneTable {
		return p, err
	}
	two, ok := p.WithTwoTablesLinear(f.integer)
	if !ok {
		return p, none
	}
	return two, nil
}

// check holds the band of a company against the plain evaluator: it is right
// unless the score, or the probability, is closer to a threshold than the engine's
// resolution.
func (f *full) check(p score.Params, i, band int) bool {
	if p.Engine == score.EngineLinear {
		s, err := f.integer.Score(f.integer.Values(f.records[i]))
		unit := p.Linear.Unit()
		return err == nil && f.integer.Band(s-unit) <= band && band <= f.integer.Band(s+unit)
	}
	z := f.linear.Intercept
	for _, t := range f.linear.Terms {
		x, _ := f.records[i][t.Feature].Number()
		z += t.Coefficient * x
	}
	bound, at := f.circuit.Report().Bound, 1/(1+math.Exp(-z))
	low, high := 0, 0
	for _, cut := range f.linear.Probabilities {
		if cut <= at-bound {
			low++
		}
		if cut <= at+bound {
			high++
		}
	}
	return low <= band && band <= high
}

// sendWeights is sendTable for EngineLinear.
func (b *Bank) sendWeights(ctx context.Context) error {
	p, err := b.c.Params(b.e, score.OutputBand, 0)
	if err != nil {
		return err
	}
	seed, err := mpc.NewSeed()
	if err != nil {
		return err
	}
	var table *linear.Table
	if b.weights, table, err = linear.Generate(*p.Linear, b.c.full.integer.Weights(), linear.Joint(joint()), seed.PRG()); err != nil {
		return err
	}
	data, err := table.Encode()
	if err != nil {
		return err
	}
	if err := b.conn.Send(ctx, labelTable, data); err != nil {
		return err
	}
	_, err = b.conn.Recv(ctx, labelTable, 0)
	return err
}

// recvWeights is recvTable for EngineLinear.
func (t *Tax) recvWeights(ctx context.Context) error {
	p, err := t.c.Params(t.e, score.OutputBand, 0)
	if err != nil {
		return err
	}
	data, err := t.conn.Recv(ctx, labelTable, p.Linear.TableBytes())
	if err != nil {
		return err
	}
	table, err := linear.ReadTable(*p.Linear, linear.Joint(joint()), data)
	if err != nil {
		return err
	}
	digest, err := table.Digest()
	if err != nil {
		return err
	}
	if t.weights, err = table.Certify(digest); err != nil {
		return err
	}
	return t.conn.Send(ctx, labelTable, nil)
}
