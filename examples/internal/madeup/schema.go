package madeup

import "github.com/blindscore/blindscore/circuits"

// Mapping is the tax authority's mapping file for the table that WriteDatabase makes.
const Mapping = `version: 1
source: sqlite
from: taxpayers
company: company
rows: one
features:
  sales_12m: sales_12m
  sales_growth: CAST(sales_12m AS REAL) / NULLIF(sales_prev_12m, 0) - 1
  vat_burden_12m: CAST(vat_12m AS REAL) / NULLIF(sales_12m, 0)
  purchase_ratio_12m: CAST(purchases_12m AS REAL) / NULLIF(sales_12m, 0)
  void_ratio_12m: CAST(voided_12m AS REAL) / NULLIF(invoices_12m + voided_12m, 0)
  red_letter_ratio_12m: CAST(red_letter_12m AS REAL) / NULLIF(invoices_12m, 0)
  idle_months_24m: idle_months_24m
  customers_12m: customers_12m
  top_customer_share_12m: CAST(top_customer_12m AS REAL) / NULLIF(sales_12m, 0)
  late_filings_24m: late_filings_24m
  age_months: age_months
  tax_credit_rating: tax_credit_rating
`

// Schema is the data dictionary: twelve features of a taxpayer, nine of them on grids of about 256 levels.
func Schema() (*circuits.Schema, error) {
	number := func(name, unit, text string, cuts []circuits.Cut) circuits.FeatureSpec {
		return circuits.FeatureSpec{
			Name: name, Kind: circuits.KindContinuous, Unit: unit, Description: text,
			Sensitivity: circuits.SensitivityConfidential, Cuts: cuts,
		}
	}
	count := func(name, unit, text string, cuts []circuits.Cut) circuits.FeatureSpec {
		f := number(name, unit, text, cuts)
		f.Integer = true
		return f
	}
	return circuits.NewSchema("made-up-taxpayers", "1",
		count("sales_12m", "CNY fen", "net sales of the last 12 months", money(1e6, 254)),
		number("sales_growth", "ratio", "over the 12 months before, minus 1; missing without sales then", steps(-100, 153, 100)),
		number("vat_burden_12m", "ratio", "VAT paid over sales", steps(-100, 153, 1000)),
		number("purchase_ratio_12m", "ratio", "purchases over sales", steps(1, 254, 100)),
		number("void_ratio_12m", "ratio", "voided invoices among all issued", steps(1, 254, 1000)),
		number("red_letter_ratio_12m", "ratio", "red-letter invoices among the valid ones", steps(1, 254, 1000)),
		count("idle_months_24m", "months", "months without sales", steps(1, 24, 1)),
		count("customers_12m", "companies", "buyers invoiced", counts()),
		number("top_customer_share_12m", "ratio", "the largest buyer's part of sales", steps(1, 250, 250)),
		count("late_filings_24m", "filings", "tax returns filed late", steps(1, 24, 1)),
		count("age_months", "months", "since registration", steps(1, 254, 1)),
		circuits.FeatureSpec{
			Name: "tax_credit_rating", Kind: circuits.KindCategorical, Description: "of the tax authority",
			Sensitivity: circuits.SensitivityInternal, Categories: []string{"A", "B", "M", "C", "D"},
		},
	)
}

// steps are the cuts from/per, (from+1)/per, ..., to/per.
func steps(from, to int, per float64) []circuits.Cut {
	var at []float64
	for i := from; i <= to; i++ {
		at = append(at, float64(i)/per)
	}
	return circuits.Before(at...)
}

// money is n round amounts from first on, 45 to a decade: 1.00, 1.05, ..., 2.0, 2.2, ..., 5.0, 5.5, ...
func money(first float64, n int) []circuits.Cut {
	var at []float64
	for decade := first; ; decade *= 10 {
		for hundredths := 100.0; hundredths < 1000; {
			if len(at) == n {
				return circuits.Before(at...)
			}
			at = append(at, decade/100*hundredths)
			switch {
			case hundredths < 200:
				hundredths += 5
			case hundredths < 500:
				hundredths += 20
			default:
				hundredths += 50
			}
		}
	}
}

// counts are fine for small numbers and coarse for large ones: 1, 2, ..., 100, 110, ..., 1000, 1100, ..., 7000.
func counts() []circuits.Cut {
	var at []float64
	for x := 1; x <= 7000; {
		at = append(at, float64(x))
		switch {
		case x < 100:
			x++
		case x < 1000:
			x += 10
		default:
			x += 100
		}
	}
	return circuits.Before(at...)
}
