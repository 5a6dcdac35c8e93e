package consent

import (
	"bytes"
	"context"
	"math"
	"time"

	"github.com/blindscore/blindscore/party/uscc"
)

// MaxCompanies is how many companies one Lookup, Charge or Recheck takes.
const MaxCompanies = 1 << 22

// Answer is what a store says about one company.
type Answer struct {
	Reference Reference // the consent that covers the question
	Left      uint32    // evaluations that it allows at that time, at least 1
	Err       error     // nil, or a refusal; then the rest is zero
}

// verdict is what terms say to a question, for all the consents that have them.
type verdict struct {
	err         error
	code        uint8 // of err
	evaluations uint32
	frequency   Frequency
	from, to    int64 // of a single record
}

// judge keeps verdicts for the length of a call.
type judge struct {
	terms    []*Terms
	question *Question
	task     [16]byte
	now      int64
	verdicts map[uint32]*verdict
}

func (x *index) judge(q *Question) *judge {
	return &judge{x.terms, q, q.Task, q.Now.Unix(), map[uint32]*verdict{}}
}

// on returns the verdict on terms.
func (j *judge) on(number uint32) *verdict {
	if v := j.verdicts[number]; v != nil {
		return v
	}
	t := j.terms[number]
	err := t.covers(j.question)
	v := &verdict{err, codeOf(err), t.MaxEvaluations, t.Frequency, math.MinInt64, math.MaxInt64}
	if j.question.Times != nil && !t.Range.IsZero() {
		v.from, v.to = t.Range.From.Unix(), t.Range.To.Unix()
	}
	j.verdicts[number] = v
	return v
}

// check returns a refusal and its code, or how many evaluations are left; i is the place in the question's times.
func (j *judge) check(s *slot, i int) (left uint32, code uint8, err error) {
	v := j.on(s.terms)
	left, code = s.check(v, j.task, j.now)
	var record int64
	if j.question.Times != nil {
		record = j.question.Times[i].Unix() // without a time far before all ranges: the year 1
	}
	switch {
	case v.code != 0:
		return 0, v.code, v.err
	case record < v.from || record >= v.to:
		return 0, codeRange, refusals[codeRange]
	}
	return left, code, refusals[code]
}

// Lookup answers for each company whether a consent covers the question now, from memory: no signature is verified. Of several
// consents that cover it, it names the one that expires first. Nothing is charged.
//
// A company without a consent takes nearly as long as one with a consent, whatever that says: for each, the same part of a hash
// table is searched and one consent judged, its own or another's. A company's second and further consents take longer, some
// tens of nanoseconds each (see Adversaries).
//
// Errors wrap ErrInvalid, ErrClosed or ErrCorrupt, or are the context's.
func (s *Store) Lookup(ctx context.Context, companies []uscc.ID, q *Question) ([]Answer, error) {
	if err := s.wants(q, len(companies)); err != nil {
		return nil, err
	}
	answers := make([]Answer, len(companies))
	err := s.read(func(x *index) error {
		j := x.judge(q)
		for i, id := range companies {
			if i%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if i%warmSize == 0 {
				x.warm(len(companies)-i, func(j int) uscc.ID { return companies[i+j] })
			}
			if id.IsZero() {
				return because(ErrInvalid, "a company without a code")
			}
			answers[i] = x.answer(j, i, id)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answers, nil
}

func (s *Store) wants(q *Question, companies int) error {
	if companies > MaxCompanies {
		return because(ErrInvalid, "%d companies, at most %d", companies, MaxCompanies)
	}
	if q == nil {
		return because(ErrInvalid, "no question")
	}
	if q.Times != nil && len(q.Times) != companies {
		return because(ErrInvalid, "%d times of %d records", len(q.Times), companies)
	}
	return q.validate()
}

// answer judges all consents of a company, or in vain one of another's.
func (x *index) answer(j *judge, i int, id uscc.ID) Answer {
	place, known := x.find(id)
	best, bestCode, bestExpiry := Answer{Err: ErrNone}, uint8(0), int64(0)
	for place != 0 {
		c := x.at(place)
		left, code, refused := j.check(c, i)
		switch {
		case refused == nil && (best.Err != nil || c.expiry < bestExpiry || c.expiry == bestExpiry && bytes.Compare(c.id[:], best.Reference.ID[:]) < 0):
			best, bestExpiry = Answer{Reference{id, c.id}, left, nil}, c.expiry
		case refused != nil && best.Err != nil && code > bestCode:
			best.Err, bestCode = refused, code
		}
		if place = c.next; !known {
			return Answer{Err: ErrNone}
		}
	}
	return best
}

// Recheck tells, of each consent that was charged for a session, whether it still stands: nil, ErrRevoked, ErrExpired, or
// ErrNone for one that is not known. It is for the moment before the last message leaves. Errors are those of Lookup.
func (s *Store) Recheck(ctx context.Context, refs []Reference, now time.Time) ([]error, error) {
	if len(refs) > MaxCompanies || now.IsZero() {
		return nil, because(ErrInvalid, "want a time and at most %d references, got %d", MaxCompanies, len(refs))
	}
	out, second := make([]error, len(refs)), now.Unix()
	err := s.read(func(x *index) error {
		for i, r := range refs {
			if i%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if i%warmSize == 0 {
				x.warm(len(refs)-i, func(j int) uscc.ID { return refs[i+j].Company })
			}
			if r.Company.IsZero() || r.ID == (ID{}) {
				return because(ErrInvalid, "a reference to no consent")
			}
			if place := x.locate(r); place == 0 {
				out[i] = ErrNone
			} else {
				out[i] = x.at(place).standing(second)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
