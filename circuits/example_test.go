package circuits_test

import (
	"fmt"

	"github.com/blindscore/blindscore/circuits"
)

func Example() {
	schema, err := circuits.ParseSchema([]byte(`{"blindscore_schema": 1, "name": "tax", "version": "1", "features": [
		{"name": "sales", "kind": "continuous", "unit": "CNY 10,000", "sensitivity": "confidential", "cuts": [50, 200]},
		{"name": "months_without_invoices", "kind": "ordinal", "sensitivity": "confidential", "integer": true,
		 "range": {"min": 0, "max": 12}, "cuts": [1, 4]}
	]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	card, err := circuits.ParseScorecard([]byte(`{"blindscore_scorecard": 1, "name": "loan", "base": 500,
		"thresholds": [520, 560], "bands": ["decline", "review", "accept"],
		"characteristics": [
			{"name": "size", "attributes": [
				{"when": {"op": "lessThan", "feature": "sales", "value": 50}, "points": 10.5},
				{"when": {"op": "lessThan", "feature": "sales", "value": 200}, "points": 25},
				{"when": {"op": "isMissing", "feature": "sales"}, "points": -20},
				{"when": {"op": "true"}, "points": 40}]},
			{"name": "activity", "attributes": [
				{"when": {"op": "equal", "feature": "months_without_invoices", "value": 0}, "points": 30},
				{"when": {"op": "lessOrEqual", "feature": "months_without_invoices", "value": 3}, "points": 12},
				{"when": {"op": "true"}, "points": 0}]}
		]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _, err = circuits.Compile(card, schema, circuits.CompileOptions{})
	fmt.Println(err) // zero months are not told apart by the grid from fewer

	card.Characteristics[1].Attributes[0].Predicate = circuits.Less("months_without_invoices", 1)
	model, report, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("units per point:", report.Scale, "cut-offs on the grid:", len(report.OnGrid), "bits:", model.ScoreBits())

	levels := schema.Levels(map[string]circuits.Value{
		"sales": circuits.Number(120), "months_without_invoices": circuits.Number(3),
	})
	score := model.Score(levels, 0)
	fmt.Println(model.Points(score), model.Bands()[model.Band(score)])
	// Output:
	// circuits: cut-off is not on the grid: characteristic "activity": months_without_invoices equal 0
	// units per point: 10 cut-offs on the grid: 4 bits: 10
	// 537 review
}
