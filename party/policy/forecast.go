package policy

import (
	"time"

	"github.com/blindscore/blindscore/party/uscc"
)

// Forecast is what Charge would do.
type Forecast struct {
	Denials  []error       // of the task as a whole, each a *Denial, in the order in which the reasons are declared
	Admitted int           // companies; counted whatever is denied, if the bank is listed
	Refused  map[error]int // companies by reason: ErrBudget, ErrStaleRecord
}

// WouldAdmit is a dry run of Check and Charge, which charges nothing: the bank, bits and time are those of the question.
// Errors are those of Charge, where nothing was denied.
func (c *Counters) WouldAdmit(p *Policy, q Question, companies []uscc.ID, times []time.Time) (*Forecast, error) {
	f := &Forecast{Denials: p.Explain(q), Refused: make(map[error]int)}
	ch := Charge{Task: [32]byte{1}, Bank: q.Bank, Now: q.Now, Bits: q.Bits, Companies: companies, Times: times, Policy: p}
	err := ch.validate(c.ix.window)
	if q.Companies != len(companies) {
		err = because(ErrInvalid, "a question of %d companies, with %d", q.Companies, len(companies))
	}
	r := p.rulesOf(q.Bank)
	switch {
	case err != nil && len(f.Denials) > 0, err == nil && r == nil:
		return f, nil
	case err != nil:
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch err := c.failure.Err(); {
	case err != nil:
		return nil, err
	case c.closed:
		return nil, ErrClosed
	}
	j, err := newJudge(c.ix, &ch, r)
	if err != nil {
		return nil, err
	}
	if err := j.quota(r, len(companies)); err != nil {
		f.Denials = append(f.Denials, err)
	}
	out := j.all(&ch)
	j.undo(&ch, out)
	for _, o := range out {
		if o == charged {
			f.Admitted++
		} else {
			f.Refused[outcomeErrors[o&3]]++
		}
	}
	return f, nil
}
