package policy

import (
	"time"

	"github.com/blindscore/blindscore/party/transport"
)

// Question is what a bank asks of all companies of a task: the part of the decision that needs no company.
type Question struct {
	Bank       transport.Name // as in its certificate
	Purpose    string         // code
	Schema     [32]byte       // digest
	Features   []string       // in any order; at least one
	Output     Output
	Bits       int // a company
	Engine     Engine
	Companies  int
	Now        time.Time
	Checkpoint time.Time // of the ledger's last witnessed checkpoint; zero if there is none
}

// Check returns nil if the policy admits the question, or the first *Denial of those that Explain gives. Budgets, quotas and
// the freshness of records are for Counters, what is under way for Sessions.
func (p *Policy) Check(q Question) error {
	if denials := p.Explain(q); len(denials) > 0 {
		return denials[0]
	}
	return nil
}

// Explain is a dry run of Check: all denials, each a *Denial, in the order in which the reasons are declared; nil if the
// question is admitted. Of a bank that is not listed it cannot tell what else would be denied to it.
func (p *Policy) Explain(q Question) []error {
	var d denials
	d.when(p.Stopped(), ErrStopped, "%v admits nothing", p)
	if p == nil || !p.ready {
		return d
	}
	r := p.rulesOf(q.Bank)
	if r == nil {
		d.when(true, ErrBank, "%v", q.Bank)
	} else {
		r.explain(&d, &q, p.budgets)
	}
	d.when(!young(q.Now, q.Checkpoint, p.checkpointAge), ErrStaleLedger, "want at most %v before %s, got %s",
		p.checkpointAge, written(q.Now), written(q.Checkpoint))
	return d
}

// explain adds the denials that are the bank's own.
func (r *rules) explain(d *denials, q *Question, shared []Budget) {
	d.when(q.Now.IsZero() || !r.inTime(q.Now), ErrWindow, "want %s to %s, got %s", written(r.from), written(r.until), written(q.Now))
	d.when(!r.purposes[q.Purpose], ErrPurpose, "%.64q", q.Purpose)
	d.when(!r.schemas[q.Schema], ErrSchema, "%x", q.Schema)
	d.when(len(q.Features) == 0, ErrFeature, "none asked for")
	if !r.allFeatures {
		for _, f := range q.Features {
			if !r.features[f] { // the first says enough: a bank may ask for many
				d.when(true, ErrFeature, "%.128q", f)
				break
			}
		}
	}
	most := 0
	if q.Output >= 1 && int(q.Output) < len(r.outputs) {
		most = r.outputs[q.Output]
	}
	d.when(most == 0, ErrOutput, "%v", q.Output)
	if most > 0 {
		for _, b := range shared {
			most = min(most, b.Bits)
		}
		for _, b := range r.budgets {
			most = min(most, b.Bits)
		}
		d.when(q.Bits < 1 || q.Bits > most, ErrBits, "want 1 to %d, got %d", most, q.Bits)
	}
	known := q.Engine >= 1 && int(q.Engine) < len(r.engines)
	d.when(!known || !r.engines[q.Engine], ErrEngine, "%v", q.Engine)
	d.when(q.Companies < 0 || q.Companies > r.taskCompanies, ErrSize, "want at most %d, got %d", r.taskCompanies, q.Companies)
}

// inTime tells whether the bank's period covers a time.
func (r *rules) inTime(now time.Time) bool {
	return !now.Before(r.from) && (r.until.IsZero() || now.Before(r.until))
}

// young tells whether a time lies at most age back, whatever it is for age 0. One that is not known, or lies further in the
// future than clocks differ, is not.
func young(now, then time.Time, age time.Duration) bool {
	if age == 0 {
		return true
	}
	return !then.IsZero() && !then.Before(now.Add(-age)) && !then.After(now.Add(MaxSkew))
}

type denials []error

func (d *denials) when(bad bool, reason error, format string, args ...any) {
	if bad {
		*d = append(*d, deny(reason, format, args...))
	}
}

// written is a time in a message.
func written(t time.Time) string {
	if t.IsZero() {
		return "no time"
	}
	return t.UTC().Format(time.RFC3339)
}
