package madeup

import "github.com/blindscore/blindscore/circuits"

// attribute is one row of a characteristic: up to a cut-off, so many hundredths of a point.
type attribute struct {
	below  float64
	points int64
}

// numeric is a characteristic of the card: attributes in ascending order, then the points of all above, then of missing.
type numeric struct {
	feature, reason string
	rows            []attribute
	above, missing  int64
}

// Card is the bank's scorecard. A point is one unit of log-odds of repaying, kept to two decimals: 4.6 is odds of 100 to
// 1. Six bands; reason codes name what took most points away; two features are the bank's own.
func Card() (*circuits.Scorecard, error) {
	card := &circuits.Scorecard{
		Name: "demo SME card", Version: "2026-1", Reasons: circuits.PointsBelow,
		Own: []circuits.OwnFeature{
			{Name: "years_with_bank", Kind: circuits.KindContinuous},
			{Name: "line_utilisation", Kind: circuits.KindContinuous},
		},
		Bands: []string{"E", "D", "C", "B", "A", "AA"},
	}
	var err error
	if card.Base, err = circuits.NewDecimal(185, 2); err != nil {
		return nil, err
	}
	for _, hundredths := range []int64{-50, 125, 275, 425, 560} {
		t, err := circuits.NewDecimal(hundredths, 2)
		if err != nil {
			return nil, err
		}
		card.Thresholds = append(card.Thresholds, t)
	}
	for _, n := range numerics {
		ch, err := n.characteristic()
		if err != nil {
			return nil, err
		}
		card.Characteristics = append(card.Characteristics, ch)
	}
	rating, err := ratingCharacteristic()
	if err != nil {
		return nil, err
	}
	card.Characteristics = append(card.Characteristics, rating)
	return card, card.Validate()
}

// Amounts are in fen: 1e8 is a million yuan.
var numerics = []numeric{
	{"sales_12m", "SIZE", []attribute{{5e7, -62}, {2e8, -21}, {5e8, 8}, {2e9, 34}, {1e10, 57}}, 71, -80},
	{"sales_growth", "GROWTH", []attribute{{-0.4, -95}, {-0.15, -48}, {0, -12}, {0.1, 22}, {0.3, 51}}, 37, -25},
	{"vat_burden_12m", "VAT", []attribute{{0, -44}, {0.01, -13}, {0.03, 19}, {0.06, 41}}, 28, -30},
	{"purchase_ratio_12m", "MARGIN", []attribute{{0.3, -17}, {0.6, 33}, {0.8, 24}, {0.95, -9}}, -55, -30},
	{"void_ratio_12m", "VOIDS", []attribute{{0.01, 42}, {0.03, 25}, {0.06, -6}, {0.12, -39}}, -88, -20},
	{"red_letter_ratio_12m", "REDLETTERS", []attribute{{0.005, 31}, {0.02, 12}, {0.06, -22}}, -67, -20},
	{"idle_months_24m", "IDLE", []attribute{{1, 49}, {3, 16}, {6, -31}, {12, -77}}, -123, -90},
	{"customers_12m", "CUSTOMERS", []attribute{{3, -46}, {8, -11}, {20, 18}, {60, 36}}, 44, -50},
	{"top_customer_share_12m", "DEPENDENCE", []attribute{{0.1, 33}, {0.24, 15}, {0.5, -14}}, -52, -30},
	{"late_filings_24m", "FILINGS", []attribute{{1, 47}, {2, 9}, {4, -38}, {8, -81}}, -134, -60},
	{"age_months", "AGE", []attribute{{12, -73}, {36, -29}, {72, 7}, {144, 30}}, 46, -40},
	{"years_with_bank", "RELATION", []attribute{{1, -18}, {3, 11}, {8, 34}}, 52, 0},
	{"line_utilisation", "UTILISATION", []attribute{{0.05, 12}, {0.5, 38}, {0.8, -5}}, -64, 0},
}

func (n numeric) characteristic() (circuits.Characteristic, error) {
	ch := circuits.Characteristic{Name: n.feature, ReasonCode: n.reason}
	add := func(p circuits.Predicate, hundredths int64) error {
		points, err := circuits.NewDecimal(hundredths, 2)
		ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: p, Points: points})
		return err
	}
	if err := add(circuits.IsMissing(n.feature), n.missing); err != nil {
		return ch, err
	}
	for _, r := range n.rows {
		if err := add(circuits.Less(n.feature, r.below), r.points); err != nil {
			return ch, err
		}
	}
	return ch, add(circuits.True(), n.above)
}

func ratingCharacteristic() (circuits.Characteristic, error) {
	const feature = "tax_credit_rating"
	ch := circuits.Characteristic{Name: feature, ReasonCode: "RATING"}
	for _, r := range []struct {
		rating string
		points int64
	}{{"A", 68}, {"B", 24}, {"M", -4}, {"C", -59}, {"D", -141}} {
		points, err := circuits.NewDecimal(r.points, 2)
		if err != nil {
			return ch, err
		}
		ch.Attributes = append(ch.Attributes, circuits.Attribute{
			Predicate: circuits.Equal(feature, circuits.Text(r.rating)), Points: points,
		})
	}
	points, err := circuits.NewDecimal(-35, 2)
	ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: circuits.True(), Points: points})
	return ch, err
}
