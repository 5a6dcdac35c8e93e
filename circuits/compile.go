package circuits

import (
	"fmt"
	"math"
	"slices"
)

// CompileOptions say how a scorecard may be bent to fit. The zero value bends nothing.
type CompileOptions struct {
	// Snap moves cut-offs that are not on the grid to the nearest boundary, and reports each.
	Snap bool
	// Default gives points to values that no attribute matches. Without it such a level is an error (ErrNoMatch),
	// because a table has no hole; with it the tables score what the card itself calls invalid.
	Default *Decimal
	// Round rounds points and base to Places decimal places, halves away from zero, and reports the change.
	Round  bool
	Places int
}

// Compile turns a scorecard into tables over the schema's grid. Every characteristic must read one feature of the
// schema, or the bank's own features alone, or none (a constant). The report is returned also with an error, as far
// as it got, when the card itself is valid.
//
// Points become whole units exactly: a unit is 10^-places of a point for the most places that points and base have.
// A threshold t becomes the smallest whole number of units at or above t, which cuts whole scores exactly as t does.
//
// Errors wrap ErrCard, ErrUnsupported, ErrOffGrid, ErrNoMatch or ErrLimit, and name the characteristic.
func Compile(card *Scorecard, s *Schema, opts CompileOptions) (*Model, *Alignment, error) {
	if card == nil || s == nil {
		return nil, nil, fmt.Errorf("%w: want a scorecard and a schema, got nil", ErrCard)
	}
	if err := card.Validate(); err != nil {
		return nil, nil, err
	}
	c := &compiler{card: card, schema: s, opts: opts, report: &Alignment{}, own: make(map[string]bool)}
	model, err := c.compile()
	return model, c.report, err
}

type compiler struct {
	card   *Scorecard
	schema *Schema
	opts   CompileOptions
	report *Alignment
	own    map[string]bool
}

func (c *compiler) compile() (*Model, error) {
	for i, f := range c.card.Own {
		if c.schema.Index(f.Name) >= 0 {
			return nil, fmt.Errorf("%w: own[%d]: feature %s is also in the schema", ErrCard, i, quoteShort(f.Name))
		}
		c.own[f.Name] = true
	}
	if err := c.scale(); err != nil {
		return nil, err
	}
	var parts []part
	for i := range c.card.Characteristics {
		ch := &c.card.Characteristics[i]
		p, err := c.part(ch)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	if !c.opts.Snap {
		if err := c.report.offGrid(); err != nil {
			return nil, err
		}
	}
	return c.assemble(parts)
}

// source is the schema feature that a characteristic reads, or nil if it reads own features or none.
func (c *compiler) source(ch *Characteristic) (*Feature, error) {
	var theirs, ours []string
	for _, name := range ch.Features() {
		switch {
		case c.own[name]:
			ours = append(ours, name)
		case c.schema.Index(name) >= 0:
			theirs = append(theirs, name)
		default:
			return nil, fmt.Errorf("%w: characteristic %s: feature %s is neither in the schema nor one of the card's own",
				ErrCard, quoteShort(ch.Name), quoteShort(name))
		}
	}
	if len(theirs) > 1 || len(theirs) == 1 && len(ours) > 0 {
		return nil, fmt.Errorf("%w: characteristic %s reads the features %q: want one feature of the schema, or own features alone",
			ErrUnsupported, quoteShort(ch.Name), slices.Concat(theirs, ours))
	}
	if len(theirs) == 0 {
		return nil, nil
	}
	f, _ := c.schema.Feature(theirs[0])
	return f, nil
}

// part compiles one characteristic.
func (c *compiler) part(ch *Characteristic) (part, error) {
	f, err := c.source(ch)
	if err != nil {
		return part{}, err
	}
	p := part{name: ch.Name, baseline: ch.Baseline, feature: -1, schemaIndex: -1}
	for i := range ch.Attributes {
		a := &ch.Attributes[i]
		units, ok := a.Points.round(c.report.Places)
		if !ok {
			return part{}, fmt.Errorf("%w: characteristic %s: attributes[%d]: points", ErrLimit, quoteShort(ch.Name), i)
		}
		code := a.ReasonCode
		if code == "" {
			code = ch.ReasonCode
		}
		p.rows = append(p.rows, row{units: units, code: code, when: clonePredicate(&a.Predicate)})
	}
	if c.opts.Default != nil {
		units, ok := c.opts.Default.round(c.report.Places)
		if m, fits := magnitude(*c.opts.Default, c.report.Places); !ok || !fits || m >= maxUnits {
			return part{}, fmt.Errorf("%w: the default points do not fit", ErrLimit)
		}
		p.fallback = &row{units: units, code: ch.ReasonCode}
	}
	if f == nil {
		p.constant = len(ch.Features()) == 0
		return p, nil
	}
	p.schemaIndex = c.schema.Index(f.Name())
	p.level, err = c.match(ch, f)
	return p, err
}

// match finds the attribute of every level, -1 for the default.
func (c *compiler) match(ch *Characteristic, f *Feature) ([]int16, error) {
	a := &aligner{f, ch.Name, c.report, make(map[CutOff]bool), make(map[Cut]bool)}
	aligned := Characteristic{Name: ch.Name, Attributes: slices.Clone(ch.Attributes)}
	for i := range aligned.Attributes {
		var err error
		if aligned.Attributes[i].Predicate, err = a.predicate(&ch.Attributes[i].Predicate); err != nil {
			return nil, err
		}
	}
	level, reached := make([]int16, f.Levels()), make([]bool, len(ch.Attributes))
	for l := range level {
		rule := ch // special values and missing are told exactly
		if l < f.plain() {
			rule = &aligned
		}
		at, err := c.first(rule, f, l, f.sample(l))
		if err != nil {
			return nil, err
		}
		if at >= 0 {
			reached[at] = true
		}
		level[l] = int16(at)
	}
	if f.spec.FoldMissing {
		c.fold(ch, f, int(level[f.MissingLevel()]))
	}
	for i, r := range reached {
		if !r {
			c.report.Unreached = append(c.report.Unreached, AttributeRef{ch.Name, i})
		}
	}
	return level, nil
}

// first is the first attribute that matches the sample of a level, or -1 for the default.
func (c *compiler) first(rule *Characteristic, f *Feature, level int, sample Value) (int, error) {
	at, err := rule.match(func(string) Value { return sample })
	if err == nil {
		return at, nil
	}
	ref := LevelRef{rule.Name, f.Name(), level, f.LevelName(level)}
	if c.opts.Default == nil {
		return 0, fmt.Errorf("%w: feature %s: level %d %s; want an attribute for it, or a default", err,
			quoteShort(ref.Feature), level, quoteShort(ref.Name))
	}
	c.report.Defaulted = append(c.report.Defaulted, ref)
	return -1, nil
}

// fold reports where missing shares a level with values that have other points. at is the level's attribute.
func (c *compiler) fold(ch *Characteristic, f *Feature, at int) {
	points := func(at int) *Decimal {
		if at < 0 {
			return c.opts.Default
		}
		return &ch.Attributes[at].Points
	}
	missing, err := ch.match(func(string) Value { return Missing() })
	if err != nil {
		missing = -1
	}
	if p, q := points(missing), points(at); p == nil || q == nil || p.Compare(*q) != 0 {
		l := f.MissingLevel()
		c.report.Folded = append(c.report.Folded, LevelRef{ch.Name, f.Name(), l, f.LevelName(l)})
	}
}

// sample is a value of the level, for cut-offs that lie on the grid: then any value of the level will do. An interval
// without its special values may be empty; its sample is never used by a company then.
func (f *Feature) sample(level int) Value {
	special := level - (f.Levels() - len(f.spec.Specials))
	switch {
	case special >= 0:
		return f.spec.Specials[special].Value
	case level >= f.plain():
		return Missing()
	case !f.Numeric() && level < len(f.spec.Categories):
		return Text(f.spec.Categories[level])
	case !f.Numeric():
		return Text("\x00other") // no schema and no scorecard can name an unprintable text
	case level == 0:
		return Number(math.Inf(-1))
	}
	x := f.keys[level-1]
	for range f.spec.Specials {
		if _, taken := f.special[Number(x)]; !taken {
			break
		}
		x = Cut{At: x, After: true}.key(f.spec.Integer) // the next value
	}
	if level < len(f.keys) && x >= f.keys[level] {
		x = f.keys[level-1]
	}
	return Number(x)
}

func clonePredicate(p *Predicate) Predicate {
	q := *p
	q.Values = slices.Clone(p.Values)
	q.Of = make([]Predicate, len(p.Of))
	for i := range p.Of {
		q.Of[i] = clonePredicate(&p.Of[i])
	}
	return q
}
