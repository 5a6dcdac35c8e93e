package lint_test

import (
	"context"
	"fmt"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/lint"
)

// A card with points of 1, 4 and 16 tells all three features in one score. Giving out two bands in its place tells
// one bit, though still which card it is.
func Example() {
	card := &circuits.Scorecard{Name: "code", Version: "1", Thresholds: []circuits.Decimal{circuits.Int(32)}, Bands: []string{"low", "high"}}
	var features []circuits.FeatureSpec
	for i, name := range []string{"sales", "growth", "void_ratio"} {
		features = append(features, circuits.FeatureSpec{
			Name: name, Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
			Cuts: circuits.Before(10, 20, 30), FoldMissing: true,
		})
		ch := circuits.Characteristic{Name: name}
		for level, below := range []float64{10, 20, 30} {
			p := circuits.Any(circuits.Less(name, below), circuits.IsMissing(name))
			ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: p, Points: circuits.Int(int64(level << (2 * i)))})
		}
		ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: circuits.True(), Points: circuits.Int(3 << (2 * i))})
		card.Characteristics = append(card.Characteristics, ch)
	}
	schema, err := circuits.NewSchema("example", "1", features...)
	if err != nil {
		fmt.Println(err)
		return
	}
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := lint.Check(context.Background(), model, lint.Policy{Output: lint.OutputScore})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("passed:", report.Passed())
	for _, f := range report.Findings[:3] {
		fmt.Println(f.Severity, f.Code, f.Text)
	}
	for _, r := range report.Remedies {
		fmt.Println(r.Kind, "leaves", r.After.Criticals, "critical findings and", r.After.Summary.Log2, "bits")
	}
	// Output:
	// passed: false
	// critical unique-scores no two of 64 bin combinations have the same score: a score is a code for all 3 features
	// critical superincreasing points of 3 of 3 features are superincreasing (as 5^i are): "sales", "growth", "void_ratio"
	// critical pinned-output 64 scores stand for fewer than 5 bin combinations each; 100 % of level combinations have one
	// use-bands leaves 2 critical findings and 1 bits
}
