package consent

import (
	"bytes"
	"context"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

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
	evaluations uint32
	frequency   Frequency
}

// judge keeps verdicts for the length of a call.
type judge struct {
	tx       *bolt.Tx
	question *Question
	verdicts map[uint32]*verdict
}

func newJudge(tx *bolt.Tx, q *Question) *judge { return &judge{tx, q, map[uint32]*verdict{}} }

// on returns the verdict on terms. A judge without a question says nothing against any.
func (j *judge) on(number uint32) (*verdict, error) {
	if v := j.verdicts[number]; v != nil {
		return v, nil
	}
	t, err := termsOf(j.tx, number)
	if err != nil {
		return nil, err
	}
	v := &verdict{evaluations: t.MaxEvaluations, frequency: t.Frequency}
	if j.question != nil {
		v.err = t.covers(j.question)
	}
	j.verdicts[number] = v
	return v, nil
}

// Lookup answers for each company whether a consent covers the question now, from what is stored: no signature is verified.
// Of several consents that cover it, it names the one that expires first. Nothing is charged.
//
// How long it takes depends on the companies; who answers a bank must not let it see that.
//
// Errors wrap ErrInvalid, ErrClosed or ErrCorrupt, or are the context's.
func (s *Store) Lookup(ctx context.Context, companies []uscc.ID, q *Question) ([]Answer, error) {
	if err := s.wants(q, len(companies)); err != nil {
		return nil, err
	}
	return view(s, func(tx *bolt.Tx) ([]Answer, error) {
		answers := make([]Answer, len(companies))
		j, cursor := newJudge(tx, q), tx.Bucket(bucketStates).Cursor()
		for n, i := range inOrder(companies) {
			if n%4096 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			a, err := j.answer(cursor, companies[i])
			if err != nil {
				return nil, err
			}
			answers[i] = a
		}
		return answers, nil
	})
}

func (s *Store) wants(q *Question, companies int) error {
	if companies > MaxCompanies {
		return because(ErrInvalid, "%d companies, at most %d", companies, MaxCompanies)
	}
	if q == nil {
		return because(ErrInvalid, "no question")
	}
	return q.validate()
}

// inOrder returns the positions of companies in the order of the file, so that its pages are read one after another.
func inOrder(companies []uscc.ID) []int {
	order := make([]int, len(companies))
	for i := range order {
		order[i] = i
	}
	if !slices.IsSortedFunc(companies, uscc.ID.Compare) {
		slices.SortFunc(order, func(a, b int) int { return companies[a].Compare(companies[b]) })
	}
	return order
}

// answer reads all consents of a company.
func (j *judge) answer(cursor *bolt.Cursor, id uscc.ID) (Answer, error) {
	if id.IsZero() {
		return Answer{}, because(ErrInvalid, "a company without a code")
	}
	var prefix [uscc.Size]byte
	if _, err := id.AppendBinary(prefix[:0]); err != nil {
		return Answer{}, err
	}
	best := Answer{Err: ErrNone}
	var expiry int64
	for k, v := cursor.Seek(prefix[:]); bytes.HasPrefix(k, prefix[:]); k, v = cursor.Next() {
		var st state
		if err := st.decode(k, v); err != nil {
			return Answer{}, err
		}
		terms, err := j.on(st.terms)
		if err != nil {
			return Answer{}, err
		}
		left, refused := uint32(0), terms.err
		if refused == nil {
			left, refused = st.check(terms, j.question.Task, j.question.Now)
		}
		switch {
		case refused == nil && (best.Err != nil || st.expiry < expiry):
			best, expiry = Answer{Reference{id, ID(k[uscc.Size:])}, left, nil}, st.expiry
		case refused != nil && best.Err != nil && codeOf(refused) > codeOf(best.Err):
			best.Err = refused
		}
	}
	return best, nil
}

// Recheck tells, of each consent that was charged for a session, whether it still stands: nil, ErrRevoked, ErrExpired, or
// ErrNone for one that is not known. It is for the moment before the last message leaves. Errors are those of Lookup.
func (s *Store) Recheck(ctx context.Context, refs []Reference, now time.Time) ([]error, error) {
	if len(refs) > MaxCompanies || now.IsZero() {
		return nil, because(ErrInvalid, "want a time and at most %d references, got %d", MaxCompanies, len(refs))
	}
	return view(s, func(tx *bolt.Tx) ([]error, error) {
		states := tx.Bucket(bucketStates)
		out := make([]error, len(refs))
		for i, r := range refs {
			if i%4096 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			key, err := r.key()
			if err != nil {
				return nil, err
			}
			v := states.Get(key[:])
			if v == nil {
				out[i] = ErrNone
				continue
			}
			var st state
			if err := st.decode(key[:], v); err != nil {
				return nil, err
			}
			switch {
			case st.revoked:
				out[i] = ErrRevoked
			case now.Unix() >= st.expiry:
				out[i] = ErrExpired
			}
		}
		return out, nil
	})
}
