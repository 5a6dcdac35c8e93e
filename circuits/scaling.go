package circuits

import (
	"fmt"
	"math"
)

// Scaling maps log-odds to points: BasePoints at odds of BaseOdds, and PDO points more for every doubling of the odds.
// The odds are of the event that the logistic model predicts. For a model of default on a card where more points are
// safer, PDO is negative: each doubling of the odds of default takes points away.
//
//	score = Offset + Factor * ln(odds)   Factor = PDO / ln 2   Offset = BasePoints - Factor * ln(BaseOdds)
type Scaling struct {
	BasePoints, BaseOdds, PDO float64
}

// Validate wants finite numbers, positive odds and a PDO that is not zero.
func (s Scaling) Validate() error {
	if !finite(s.BasePoints) || !finite(s.BaseOdds) || s.BaseOdds <= 0 || !finite(s.PDO) || s.PDO == 0 {
		return fmt.Errorf("%w: scaling: want finite base points, positive base odds and a PDO other than 0, got %v, %v, %v",
			ErrCard, s.BasePoints, s.BaseOdds, s.PDO)
	}
	return nil
}

// Factor is the number of points per unit of log-odds.
func (s Scaling) Factor() float64 { return s.PDO / math.Ln2 }

// Offset is the score at even odds.
func (s Scaling) Offset() float64 { return s.BasePoints - s.Factor()*math.Log(s.BaseOdds) }

// Score is the score at the given log-odds.
func (s Scaling) Score(logOdds float64) float64 { return s.Offset() + s.Factor()*logOdds }

// LogOdds is the log-odds at a score.
func (s Scaling) LogOdds(score float64) float64 { return (score - s.Offset()) / s.Factor() }

// Odds are the odds at a score.
func (s Scaling) Odds(score float64) float64 { return math.Exp(s.LogOdds(score)) }

// Probability is the probability at a score.
func (s Scaling) Probability(score float64) float64 { return Logistic(s.LogOdds(score)) }

// Base is the initial score of a logistic model with this intercept, rounded.
func (s Scaling) Base(intercept float64, places int) (Decimal, error) {
	return RoundDecimal(s.Score(intercept), places)
}

// Points are the partial score of an attribute with this weight of evidence (or value) under this coefficient, rounded.
// The intercept is in Base.
func (s Scaling) Points(coefficient, woe float64, places int) (Decimal, error) {
	return RoundDecimal(s.Factor()*coefficient*woe, places)
}

// SharedPoints are the partial score where each of n characteristics carries an equal share of the intercept and of
// the offset, and the card has no initial score.
func (s Scaling) SharedPoints(coefficient, woe, intercept float64, n, places int) (Decimal, error) {
	if n < 1 {
		return Decimal{}, fmt.Errorf("%w: want 1 characteristic or more to share the intercept, got %d", ErrCard, n)
	}
	return RoundDecimal(s.Factor()*coefficient*woe+s.Score(intercept)/float64(n), places)
}

// Logistic is 1 / (1 + exp(-x)).
func Logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Logit is ln(p / (1-p)), the inverse of Logistic.
func Logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }
