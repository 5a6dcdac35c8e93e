package pmml

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits"
)

// head is what the Scorecard element says for all characteristics.
type head struct {
	reasons  circuits.ReasonMethod
	asked    bool // useReasonCodes is written out, not defaulted
	baseline *circuits.Decimal
}

// scorecard reads the Scorecard element; MiningSchema and transformations are in the scope already.
func (s *scope) scorecard(n *node, opts Options) (*circuits.Scorecard, error) {
	err := n.only("modelName", "functionName", "algorithmName", "initialScore", "useReasonCodes", "reasonCodeAlgorithm",
		"baselineScore", "baselineMethod", "isScorable")
	if err != nil {
		return nil, err
	}
	if _, err := n.need("functionName"); err != nil {
		return nil, err
	}
	if _, err := n.choice("functionName", "regression"); err != nil {
		return nil, err
	}
	if scorable, err := n.flag("isScorable", true); err != nil || !scorable {
		return nil, cmp.Or(err, n.failf(ErrUnsupported, "isScorable: the document says that it is not to be used for scoring"))
	}
	card := &circuits.Scorecard{Version: opts.Version, Thresholds: slices.Clone(opts.Thresholds), Bands: slices.Clone(opts.Bands)}
	name, _ := n.attr("modelName")
	card.Name = cmp.Or(opts.Name, name, "scorecard")
	base, err := n.decimal("initialScore")
	if err != nil {
		return nil, err
	}
	if base != nil {
		card.Base = *base
	}
	h, err := readHead(n)
	if err != nil {
		return nil, err
	}
	characteristics, err := n.scorecardChildren()
	if err != nil {
		return nil, err
	}
	if err := characteristics.only(); err != nil {
		return nil, err
	}
	for _, c := range characteristics.children {
		if c.name != "Characteristic" {
			return nil, c.unexpected()
		}
		ch, err := s.characteristic(c, h, len(card.Characteristics)+1)
		if err != nil {
			return nil, err
		}
		card.Characteristics = append(card.Characteristics, ch)
	}
	if h.asked || slices.ContainsFunc(card.Characteristics, codes) {
		card.Reasons = h.reasons
	}
	return card, nil
}

func codes(c circuits.Characteristic) bool {
	return c.ReasonCode != "" || slices.ContainsFunc(c.Attributes, func(a circuits.Attribute) bool { return a.ReasonCode != "" })
}

func readHead(n *node) (head, error) {
	var h head
	use, err := n.flag("useReasonCodes", true)
	if err != nil {
		return h, err
	}
	_, written := n.attr("useReasonCodes")
	h.asked = written && use
	algorithm, err := n.choice("reasonCodeAlgorithm", "pointsBelow", "pointsAbove")
	if err != nil {
		return h, err
	}
	if use {
		h.reasons = circuits.PointsBelow
		if algorithm == "pointsAbove" {
			h.reasons = circuits.PointsAbove
		}
	}
	if _, err := n.choice("baselineMethod", "other", "max", "min", "mean", "neutral"); err != nil {
		return h, err
	}
	h.baseline, err = n.decimal("baselineScore")
	return h, err
}

// scorecardChildren checks the children of the Scorecard element and is its Characteristics.
func (n *node) scorecardChildren() (*node, error) {
	for _, c := range n.children {
		switch c.name {
		case "MiningSchema", "Output", "ModelStats", "ModelExplanation", "ModelVerification", "LocalTransformations", "Characteristics":
		case "Targets":
			if err := c.checkTargets(); err != nil {
				return nil, err
			}
		default:
			return nil, c.unexpected()
		}
	}
	c, err := n.one("Characteristics")
	if err == nil && c == nil {
		err = n.failf(ErrDocument, "want Characteristics, got none")
	}
	return c, err
}

// checkTargets accepts targets that leave the score as it is.
func (n *node) checkTargets() error {
	for _, c := range n.children {
		if c.name != "Target" {
			return c.unexpected()
		}
		if err := c.only("field", "optype"); err != nil {
			return c.failf(ErrUnsupported, "want a target that does not transform the score")
		}
		if len(c.children) > 0 {
			return c.failf(ErrUnsupported, "want a target without values")
		}
	}
	return nil
}

func (s *scope) characteristic(n *node, h head, number int) (circuits.Characteristic, error) {
	var ch circuits.Characteristic
	if err := n.only("name", "reasonCode", "baselineScore"); err != nil {
		return ch, err
	}
	ch.Name, _ = n.attr("name")
	ch.Name = cmp.Or(ch.Name, fmt.Sprintf("characteristic %d", number))
	ch.ReasonCode, _ = n.attr("reasonCode")
	var complexOnes []*node
	for _, c := range n.children {
		if c.name != "Attribute" {
			return ch, c.unexpected()
		}
		a, complexScore, err := s.attribute(c)
		if err != nil {
			return ch, err
		}
		ch.Attributes = append(ch.Attributes, a)
		complexOnes = append(complexOnes, complexScore)
	}
	s.guard(&ch)
	if err := s.dropUnreachable(&ch, complexOnes); err != nil {
		return ch, err
	}
	return ch, readBaseline(n, &ch, h)
}

// readBaseline wants a baseline where reason codes are ranked: the characteristic's own, else the scorecard's; and a
// code for every attribute, its own or the characteristic's.
func readBaseline(n *node, ch *circuits.Characteristic, h head) error {
	baseline, err := n.decimal("baselineScore")
	if err != nil {
		return err
	}
	if baseline == nil {
		baseline = h.baseline
	}
	if baseline != nil {
		ch.Baseline = *baseline
	}
	if h.reasons == 0 || !h.asked && !codes(*ch) {
		return nil
	}
	if baseline == nil {
		return n.failf(ErrDocument, "want a baselineScore with reason codes, here or in Scorecard")
	}
	for i := range ch.Attributes {
		if ch.ReasonCode == "" && ch.Attributes[i].ReasonCode == "" {
			return n.failf(ErrDocument, "attribute %d: want a reasonCode, here or in the characteristic", i+1)
		}
	}
	return nil
}

// attribute reads one attribute, and its ComplexPartialScore if it has one: that takes precedence over partialScore.
func (s *scope) attribute(n *node) (a circuits.Attribute, complexScore *node, err error) {
	if err := n.only("partialScore", "reasonCode"); err != nil {
		return a, nil, err
	}
	a.ReasonCode, _ = n.attr("reasonCode")
	if complexScore, err = n.one("ComplexPartialScore"); err != nil {
		return a, nil, err
	}
	var predicate *node
	for _, c := range n.children {
		switch {
		case c == complexScore:
		case !slices.Contains(predicateNames, c.name):
			return a, nil, c.unexpected()
		case predicate != nil:
			return a, nil, c.failf(ErrDocument, "want one predicate, got a second one")
		default:
			predicate = c
		}
	}
	if predicate == nil {
		return a, nil, n.failf(ErrDocument, "want a predicate, got none")
	}
	points, err := n.decimal("partialScore")
	if err != nil {
		return a, nil, err
	}
	if points == nil && complexScore == nil {
		return a, nil, n.failf(ErrDocument, "want a partialScore, got none")
	}
	if points != nil {
		a.Points = *points
	}
	if a.Predicate, err = s.predicate(predicate, 0, false); err != nil {
		return a, nil, err
	}
	return a, complexScore, nil
}

// guard keeps the attributes of a characteristic, the last "else" included, from matching values of its field that
// make the result invalid.
func (s *scope) guard(ch *circuits.Characteristic) {
	var guards []circuits.Predicate
	for _, name := range ch.Features() {
		guards = append(guards, s.named[name].treat.guards...)
	}
	if len(guards) == 0 {
		return
	}
	for i := range ch.Attributes {
		ch.Attributes[i].Predicate = allOf(append(slices.Clone(guards), ch.Attributes[i].Predicate)...)
	}
}

// flag reads a boolean attribute.
func (n *node) flag(name string, def bool) (bool, error) {
	switch v, ok := n.attr(name); {
	case !ok:
		return def, nil
	case v == "true" || v == "1":
		return true, nil
	case v == "false" || v == "0":
		return false, nil
	default:
		return false, n.failf(ErrDocument, "%s: want true or false, got %s", name, short(v))
	}
}

// decimal reads a number exactly; nil if there is none.
func (n *node) decimal(name string) (*circuits.Decimal, error) {
	text, ok := n.attr(name)
	if !ok {
		return nil, nil
	}
	d, err := circuits.ParseDecimal(text)
	if err != nil {
		return nil, n.fail(fmt.Errorf("%w: %s: %w", ErrDocument, name, err))
	}
	return &d, nil
}
