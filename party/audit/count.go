package audit

import (
	"cmp"
	"slices"
	"time"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/policy"
)

// margin is what a window of a budget is shortened by, so that tasks which were decided side by side, and recorded the other
// way round, do not accuse anybody.
func margin(window time.Duration) time.Duration { return min(5*time.Minute, window/8) }

// use is an evaluation with its task.
type use struct {
	*Evaluation
	file  *taskFile
	order int
}

// count holds evaluations against each other: the number and frequency that consents allow, and budgets, over all tasks, banks and
// models. The one that came last by the ledger is the one too many. What was withheld does not count.
func (v *verification) count() {
	n := 0
	for _, f := range v.files {
		n += len(f.evaluations)
	}
	uses := make([]use, 0, n)
	for i, f := range v.files {
		for k := range f.evaluations {
			if e := &f.evaluations[k]; e.Status != StatusWithheld {
				uses = append(uses, use{e, f, i})
			}
		}
	}
	slices.SortFunc(uses, func(a, b use) int {
		return cmp.Or(a.Company.Compare(b.Company), cmp.Compare(a.order, b.order), cmp.Compare(a.Position, b.Position))
	})
	for len(uses) > 0 {
		last := 1
		for last < len(uses) && uses[last].Company == uses[0].Company {
			last++
		}
		v.company(uses[:last])
		uses = uses[last:]
	}
	for _, f := range v.files {
		v.gather(f)
	}
}

// company counts the evaluations of one company, in order.
func (v *verification) company(uses []use) {
	type window struct {
		id consent.ID
		n  int64
	}
	total, inWindow := make(map[consent.ID]uint32), make(map[window]uint32)
	nodes := make(map[ledger.Key][]use)
	for _, u := range uses {
		nodes[u.file.tax.Key] = append(nodes[u.file.tax.Key], u)
		if u.frequency.Times == 0 { // no consent was read
			continue
		}
		if total[u.Consent]++; total[u.Consent] > u.evaluations {
			u.violates(KindExhausted, whyExhausted)
		}
		if u.file.counted.Sub(u.file.when) > 5*time.Minute {
			continue // decided while the clock was set back, when windows stay those of before
		}
		w := window{u.Consent, (u.file.when.Unix() - u.start) / int64(u.frequency.Per.Length()/time.Second)}
		if inWindow[w]++; inWindow[w] > u.frequency.Times {
			u.violates(KindExhausted, whyTooOften)
		}
	}
	for node, list := range nodes {
		if p := v.Policies[node]; p != nil {
			for _, b := range p.Budgets() {
				spend(list, b)
			}
		}
	}
}

// spend holds the evaluations of a company at one tax node, whose time goes forward, against a budget.
func spend(list []use, b policy.Budget) {
	sum, first, window := 0, 0, b.Window-margin(b.Window)
	for _, u := range list {
		for u.file.counted.Sub(list[first].file.counted) >= window {
			sum -= list[first].Bits
			first++
		}
		if sum += u.Bits; sum > b.Bits {
			u.violates(KindBudget, whyBudget)
		}
	}
}

// gather turns the violations of a task's evaluations into accusations of its tax node, which signed the admission: one for each
// kind.
func (v *verification) gather(f *taskFile) {
	at := make(map[Kind]*Accusation)
	var kinds []Kind
	for i := range f.evaluations {
		e := &f.evaluations[i]
		if e.Status != StatusViolation {
			continue
		}
		a := at[e.Kind]
		if a == nil {
			a = &Accusation{Party: f.tax, Kind: e.Kind, Task: f.digest, Detail: e.Why, quotes: f.quotes}
			at[e.Kind], kinds = a, append(kinds, e.Kind)
		}
		if a.Count++; len(a.Positions) < MaxPositions {
			a.Positions = append(a.Positions, e.Position)
		}
	}
	for _, k := range kinds {
		v.report.Accusations = append(v.report.Accusations, *at[k])
	}
}
