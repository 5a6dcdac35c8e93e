package vaultdemo

import (
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/examples/internal/madeup"
)

// The offline channel holds scores of steps bits after features in bins: what logN 14 leaves for three holders.
const (
	logN    = 14
	steps   = 8
	holders = 3
	needed  = 2
)

// features are the features of the demo's card that are encrypted; the others, and the bank's own two, are left out.
var features = []string{
	"sales_12m", "sales_growth", "idle_months_24m", "customers_12m", "top_customer_share_12m", "late_filings_24m", "age_months",
	"tax_credit_rating",
}

// newCard is the demo's card over features alone, its points rounded to tenths, so that fewer than 2^steps
// scores are possible.
func newCard() (*circuits.Scorecard, error) {
	card, err := madeup.Card()
	if err != nil {
		return nil, err
	}
	card.Name, card.Own = "demo SME card, coarse", nil
	card.Characteristics = slices.DeleteFunc(card.Characteristics, func(ch circuits.Characteristic) bool {
		return !slices.Contains(features, ch.Name)
	})
	for _, ch := range card.Characteristics {
		for i := range ch.Attributes {
			if ch.Attributes[i].Points, err = circuits.RoundDecimal(ch.Attributes[i].Points.Float(), 1); err != nil {
				return nil, err
			}
		}
	}
	return card, card.Validate()
}

// publicBins puts the levels of numeric features into bins between the card's cut-offs, and missing values into one of their
// own. Bins are public. Here they are the card's; in earnest they come first, from the tax authority, finer than any one
// card's, and cards join them.
func publicBins(schema *circuits.Schema, card *circuits.Scorecard) map[string][]uint16 {
	bins := make(map[string][]uint16)
	for _, ch := range card.Characteristics {
		f, ok := schema.Feature(ch.Name)
		if !ok || !f.Numeric() {
			continue
		}
		var begins []int // levels at which a bin begins, but the first
		for _, a := range ch.Attributes {
			if a.Predicate.Op == circuits.OpLessThan {
				begins = append(begins, f.Level(a.Predicate.Values[0]))
			}
		}
		begins = append(begins, f.MissingLevel())
		slices.Sort(begins)
		of := make([]uint16, f.Levels())
		for level := range of {
			for _, b := range slices.Compact(begins) {
				if level >= b {
					of[level]++
				}
			}
		}
		bins[ch.Name] = of
	}
	return bins
}

// newPlan is the public shape of the snapshot.
func newPlan(schema *circuits.Schema) (*offline.Plan, error) {
	card, err := newCard()
	if err != nil {
		return nil, err
	}
	o := offline.PlanOptions{LogN: logN, Steps: steps, Holders: holders, Bins: publicBins(schema, card)}
	for _, f := range schema.Features() {
		if !slices.Contains(features, f.Name()) {
			o.Leave = append(o.Leave, f.Name())
		}
	}
	return offline.NewPlan(schema, o)
}

// newModel is the card compiled, as the bank and the approver each do for themselves.
func newModel(schema *circuits.Schema) (*circuits.Model, error) {
	card, err := newCard()
	if err != nil {
		return nil, err
	}
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	return model, err
}
