package party

import (
	"fmt"
	"strings"

	"github.com/blindscore/blindscore/mpc/score"
)

// Explanation says on which engine a batch would run, what the others would cost,
// and why they are not it.
type Explanation struct {
	Engines []EngineChoice // the one that would run first, if any would
}

// EngineChoice is one engine that holds the bank's model.
type EngineChoice struct {
	Engine score.EngineKind
	Form   score.Form // of stage 2
	Cost   score.Cost // zero where Err is set
	Chosen bool
	Err    error // why it does not run
}

// Explain says what Score would choose for a request, without sending anything.
func (l *Link) Explain(req Request) (*Explanation, error) {
	own, err := req.check(l)
	if err != nil {
		return nil, err
	}
	e := &Explanation{}
	chosen := false
	for _, c := range l.b.candidates() {
		x := EngineChoice{Engine: c.engine}
		var p score.Params
		if p, x.Err = l.paramsFor(c.form, c.engine, req, own); x.Err == nil {
			x.Form = p.Form
			x.Cost, x.Err = p.Cost()
		}
		if x.Chosen = x.Err == nil && !chosen; x.Chosen {
			chosen = true
			e.Engines = append([]EngineChoice{x}, e.Engines...)
			continue
		}
		e.Engines = append(e.Engines, x)
	}
	return e, nil
}

// String is a line for each engine.
func (e *Explanation) String() string {
	var b strings.Builder
	for i, c := range e.Engines {
		switch {
		case c.Err != nil:
			fmt.Fprintf(&b, "%v: no: %v\n", c.Engine, c.Err)
		case c.Chosen:
			fmt.Fprintf(&b, "%v, %v: chosen: %v\n", c.Engine, c.Form, c.Cost)
		default:
			fmt.Fprintf(&b, "%v, %v: not chosen, as %s: %v\n", c.Engine, c.Form, e.why(i), c.Cost)
		}
	}
	return b.String()
}

// why says what the chosen engine has over engine i, by the order of preference.
func (e *Explanation) why(i int) string {
	best, other := e.Engines[0], e.Engines[i]
	switch {
	case best.Cost.Bounded != other.Cost.Bounded:
		return "its bound of bits does not hold against a bank that deviates"
	case best.Cost.FullPrecision != other.Cost.FullPrecision:
		return "it sees values on a grid only"
	}
	return "it takes more bytes and time"
}
