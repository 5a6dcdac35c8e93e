package circuits

import (
	"fmt"
	"io"
	"log/slog"
)

// Scorecard is a points scorecard on raw values, as PMML defines it: score = Base + the partial scores of all
// characteristics. It is a literal: readers fill it in, Validate checks it, Compile turns it into tables.
// It is the bank's secret: it does not print, and it is written out by Encode alone.
type Scorecard struct {
	Name, Version string
	// Base is the initial score.
	Base            Decimal
	Characteristics []Characteristic
	// Own declares the features that the bank itself holds. All others must be in the schema.
	Own []OwnFeature
	// Thresholds, strictly ascending, cut the score into bands: band = number of thresholds <= score.
	// Bands names them, lowest score first: one more than there are thresholds. Both may be empty.
	Thresholds []Decimal
	Bands      []string
	// Reasons is how reason codes are ranked; zero for a card without reason codes.
	Reasons ReasonMethod
}

// OwnFeature is a feature that the bank itself holds; its points are added in the clear, at home.
type OwnFeature struct {
	Name string
	Kind Kind
}

// Characteristic gives points for one feature (a bank's own characteristics may read several own features).
type Characteristic struct {
	Name string
	// ReasonCode holds for all attributes that have none of their own; may be empty.
	ReasonCode string
	// Baseline is what the partial score is compared with to rank reason codes.
	Baseline Decimal
	// Attributes in order; the first whose predicate is true gives the points.
	Attributes []Attribute
}

// Attribute is one row of a characteristic.
type Attribute struct {
	Predicate  Predicate
	Points     Decimal // the partial score
	ReasonCode string  // may be empty
}

// ReasonMethod is how reason codes are ranked: by the largest difference first, ties in order of the card.
// The zero ReasonMethod means that the card has no reason codes.
type ReasonMethod uint8

const (
	// PointsAbove ranks by partial score - baseline.
	PointsAbove ReasonMethod = iota + 1
	// PointsBelow ranks by baseline - partial score.
	PointsBelow
)

// Features are the features that the characteristic reads, each once, in order of appearance.
func (c *Characteristic) Features() []string {
	var names []string
	seen := make(map[string]bool)
	for i := range c.Attributes {
		// The only error is the depth bound, which keeps an unchecked card from recursing without end.
		_ = c.Attributes[i].Predicate.walk(0, func(p *Predicate, depth int) error {
			if depth >= MaxPredicateDepth {
				return ErrLimit
			}
			if p.Feature != "" && !seen[p.Feature] {
				seen[p.Feature] = true
				names = append(names, p.Feature)
			}
			return nil
		})
	}
	return names
}

// Validate checks everything that does not depend on a schema. Errors wrap ErrCard (ErrLimit where points are too
// large) and name the characteristic and the field.
func (c *Scorecard) Validate() error {
	if err := c.checkHead(); err != nil {
		return fmt.Errorf("%w: %w", ErrCard, err)
	}
	categorical := make(map[string]bool)
	for _, f := range c.Own {
		categorical[f.Name] = f.Kind == KindCategorical
	}
	nodes, names := 0, make(map[string]bool)
	for i := range c.Characteristics {
		ch := &c.Characteristics[i]
		err := ch.check(&nodes, categorical)
		if err == nil && c.Reasons != 0 {
			err = ch.checkBaseline(c.Reasons)
		}
		if err != nil {
			return fmt.Errorf("%w: characteristics[%d] %s: %w", ErrCard, i, quoteShort(ch.Name), err)
		}
		if names[ch.Name] {
			return fmt.Errorf("%w: characteristics[%d] %s: name: already taken", ErrCard, i, quoteShort(ch.Name))
		}
		names[ch.Name] = true
	}
	_, err := c.unit()
	return err
}

func (c *Scorecard) checkHead() error {
	if err := checkName("name", c.Name); err != nil {
		return err
	}
	if err := checkText("version", c.Version, MaxNameBytes); err != nil {
		return err
	}
	if n := len(c.Characteristics); n == 0 || n > MaxCharacteristics {
		return fmt.Errorf("characteristics: want 1 to %d, got %d", MaxCharacteristics, n)
	}
	if c.Reasons > PointsBelow {
		return fmt.Errorf("reasons: want pointsAbove, pointsBelow or none, got %d", c.Reasons)
	}
	if len(c.Own) > MaxFeatures {
		return fmt.Errorf("own: want at most %d features, got %d", MaxFeatures, len(c.Own))
	}
	own := make(map[string]bool)
	for i, f := range c.Own {
		if err := checkName(fmt.Sprintf("own[%d].name", i), f.Name); err != nil {
			return err
		}
		if f.Kind < KindContinuous || f.Kind > KindCategorical {
			return fmt.Errorf("own[%d].kind: want continuous, ordinal or categorical, got %d", i, f.Kind)
		}
		if own[f.Name] {
			return fmt.Errorf("own[%d].name: %s is already taken", i, quoteShort(f.Name))
		}
		own[f.Name] = true
	}
	return c.checkBands()
}

func (c *Scorecard) checkBands() error {
	if len(c.Thresholds) > MaxThresholds {
		return fmt.Errorf("thresholds: want at most %d, got %d", MaxThresholds, len(c.Thresholds))
	}
	bands := len(c.Thresholds) + 1
	if len(c.Bands) != bands && (len(c.Bands) > 0 || len(c.Thresholds) > 0) {
		return fmt.Errorf("bands: want %d names for %d thresholds, got %d", bands, len(c.Thresholds), len(c.Bands))
	}
	seen := make(map[string]bool)
	for i, b := range c.Bands {
		if err := checkName(fmt.Sprintf("bands[%d]", i), b); err != nil {
			return err
		}
		if seen[b] {
			return fmt.Errorf("bands[%d]: %s is already taken", i, quoteShort(b))
		}
		seen[b] = true
	}
	for i := 1; i < len(c.Thresholds); i++ {
		if c.Thresholds[i-1].Compare(c.Thresholds[i]) >= 0 {
			return fmt.Errorf("thresholds[%d]: want ascending thresholds, got %s after %s", i, c.Thresholds[i], c.Thresholds[i-1])
		}
	}
	return nil
}

// check adds the nodes of the characteristic's predicates to the count; categorical are own features without order.
func (ch *Characteristic) check(nodes *int, categorical map[string]bool) error {
	if err := checkName("name", ch.Name); err != nil {
		return err
	}
	if err := checkText("reason_code", ch.ReasonCode, MaxNameBytes); err != nil {
		return err
	}
	if n := len(ch.Attributes); n == 0 || n > MaxAttributes {
		return fmt.Errorf("attributes: want 1 to %d, got %d", MaxAttributes, n)
	}
	for i := range ch.Attributes {
		a := &ch.Attributes[i]
		err := checkText("reason_code", a.ReasonCode, MaxNameBytes)
		if err == nil {
			err = a.Predicate.walk(0, func(p *Predicate, depth int) error {
				if *nodes += 1 + len(p.Values); *nodes > MaxPredicateNodes {
					return fmt.Errorf("want at most %d predicates and constants in a scorecard", MaxPredicateNodes)
				}
				if p.Op.ordering() && categorical[p.Feature] {
					return fmt.Errorf("%s: own feature %s is categorical and has no order", p.Op, quoteShort(p.Feature))
				}
				return p.check(depth)
			})
		}
		if err != nil {
			return fmt.Errorf("attributes[%d]: %w", i, err)
		}
	}
	return nil
}

// checkBaseline wants differences from the baseline that fit a Decimal.
func (ch *Characteristic) checkBaseline(method ReasonMethod) error {
	for i := range ch.Attributes {
		if _, err := method.difference(ch.Baseline, ch.Attributes[i].Points); err != nil {
			return fmt.Errorf("baseline: attributes[%d]: %w", i, err)
		}
	}
	return nil
}

// Format prints the card's name and size, never its content.
func (c *Scorecard) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.redacted()) }

// LogValue logs the card's name and size, never its content.
func (c *Scorecard) LogValue() slog.Value { return slog.StringValue(c.redacted()) }

// MarshalJSON refuses; Encode writes the card where that is meant.
func (c *Scorecard) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("%w: a scorecard (call Encode)", ErrSecret)
}

func (c *Scorecard) redacted() string {
	if c == nil {
		return "Scorecard(nil)"
	}
	return fmt.Sprintf("Scorecard(%s, %d characteristics)", quoteShort(c.Name), len(c.Characteristics))
}
