package democmd

import (
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/uscc"
)

// engineLinear and engineProbability are the engines that see values in full precision, as the flag names them.
const (
	engineLinear      = "linear"
	engineProbability = "probability"
)

// preciseTerm is a feature of the made-up logistic model of default. Its range is public: it stands in the schema.
type preciseTerm struct {
	feature              string
	low, high            float64
	coefficient, missing float64 // the bank's secret, in log-odds
}

// preciseTerms are invented: signs as one would expect them, sizes so that most of the made-up companies are below 20 %.
var preciseTerms = []preciseTerm{
	{"sales_growth", -1, 1.5, -1.2, 0.1},
	{"purchase_ratio_12m", 0, 2, 1.0, 1.0},
	{"void_ratio_12m", 0, 0.25, 6, 0.6},
	{"idle_months_24m", 0, 12, 0.10, 0.3},
	{"top_customer_share_12m", 0, 1, 0.9, 0.4},
	{"late_filings_24m", 0, 12, 0.14, 0.4},
}

// probabilityBits is how many bits of a probability the bank learns.
const probabilityBits = 8

// preciseSchema is the made-up schema with ranges for the features of the model: values in full precision need them.
func preciseSchema() (*circuits.Schema, error) {
	base, err := madeup.Schema()
	if err != nil {
		return nil, err
	}
	var specs []circuits.FeatureSpec
	for _, f := range base.Features() {
		spec := f.Spec()
		at := slices.IndexFunc(preciseTerms, func(t preciseTerm) bool { return t.feature == spec.Name })
		if at >= 0 {
			r := &circuits.Range{Min: preciseTerms[at].low, Max: preciseTerms[at].high}
			spec.Range = r
			spec.Cuts = slices.DeleteFunc(spec.Cuts, func(c circuits.Cut) bool { return c.At <= r.Min || c.At >= r.Max })
		}
		specs = append(specs, spec)
	}
	return circuits.NewSchema("made-up-taxpayers-ranges", "1", specs...)
}

// preciseModel is the bank's secret: a logistic regression of default, whose probabilities are cut into six bands.
func preciseModel() *circuits.Linear {
	m := &circuits.Linear{
		Name: "made-up-default", Version: "1", Intercept: -3.6, Places: 2,
		Scaling:       &circuits.Scaling{BasePoints: 600, BaseOdds: 0.05, PDO: -40},
		Probabilities: []float64{0.04, 0.07, 0.12, 0.2, 0.35},
		Bands:         []string{"E", "D", "C", "B", "A", "AA"},
	}
	for _, t := range preciseTerms {
		m.Terms = append(m.Terms, circuits.LinearTerm{Feature: t.feature, Coefficient: t.coefficient, Missing: t.missing})
	}
	return m
}

// probabilityOf is the plain evaluator of preciseModel, in floating point on raw values.
func probabilityOf(schema *circuits.Schema, m *circuits.Linear, values map[string]circuits.Value) (float64, error) {
	z := m.Intercept
	for _, t := range m.Terms {
		f, known := schema.Feature(t.Feature)
		if !known {
			return 0, fmt.Errorf("%w: the schema has no feature %q", errMismatch, t.Feature)
		}
		r, _ := f.Range()
		if x, ok := values[t.Feature].Number(); ok {
			z += t.Coefficient * min(max(x, r.Min), r.Max)
		} else {
			z += t.Missing
		}
	}
	return circuits.Logistic(z), nil
}

// bandOf is the band of a probability of default, counted from the worst.
func bandOf(m *circuits.Linear, p float64) int {
	reached := 0
	for _, cut := range m.Probabilities {
		if cut <= p {
			reached++
		}
	}
	return len(m.Probabilities) - reached
}

// preciseForms are the model as the two engines run it, over what the demo works with.
type preciseForms struct {
	schema  *circuits.Schema
	model   *circuits.Linear
	grid    *circuits.Model // the same on the schema's grid: what a lint can count
	integer *circuits.IntegerModel
	circuit *party.ProbabilityModel
	silent  uscc.ID // the company that never consented; zero where there are too few
}

func newPreciseForms() (*preciseForms, error) {
	f := &preciseForms{model: preciseModel()}
	var err error
	if f.schema, err = preciseSchema(); err != nil {
		return nil, err
	}
	card, _, err := f.model.Card(f.schema)
	if err != nil {
		return nil, err
	}
	if f.grid, _, err = circuits.Compile(card, f.schema, circuits.CompileOptions{}); err != nil {
		return nil, err
	}
	if f.integer, _, err = f.model.Integer(f.schema, nil); err != nil {
		return nil, err
	}
	f.circuit, err = party.NewProbabilityModel(f.model, f.schema, probabilityBits)
	return f, err
}

// features are those of the model, in the order of the schema.
func (f *preciseForms) features() []string { return f.grid.Features() }
