package consent

import (
	"bytes"
	"context"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/uscc"
)

// Usage is what a session was charged, as it is handed to an auditor.
type Usage struct {
	When  time.Time // that the charge was decided at
	Count int       // of consents that were put up for it, refused ones included

	store     *Store
	charge    *charge
	companies []uscc.ID
	question  *Question
}

// Usage returns what a session was charged: companies are those of its task, in the order of the references of the charge, and
// q is what was asked of them (its times and Records have no meaning). found is false if the session was not charged. Errors
// wrap ErrInvalid, or are those of the store.
func (s *Store) Usage(session [32]byte, companies []uscc.ID, q *Question) (u *Usage, found bool, err error) {
	if err := q.validate(); err != nil {
		return nil, false, err
	}
	p, err := view(s, func(tx *bolt.Tx) (*charge, error) { return find(tx, session) })
	if p == nil || err != nil {
		return nil, false, err
	}
	if len(companies) != len(p.outcomes) {
		return nil, false, because(ErrInvalid, "%d companies of a charge of %d", len(companies), len(p.outcomes))
	}
	asked := *q
	asked.Times, asked.Now = []time.Time{}, time.Unix(p.now, 0).UTC()
	return &Usage{asked.Now, len(companies), s, p, companies, &asked}, true, nil
}

// Evidence returns, for each company from place from on and before place to, what opens the commitment of the consent that was
// charged; nil where none was charged. A consent that expired, and made room for another, is found by what it says: it is one
// of the company's that the store no longer answers with, and that covers what was asked. Errors wrap ErrInvalid or
// ErrNone, or are those of the store or the context.
func (u *Usage) Evidence(ctx context.Context, from, to int) ([]*Evidence, error) {
	if from < 0 || to < from || to > u.Count {
		return nil, because(ErrInvalid, "places %d to %d of %d", from, to, u.Count)
	}
	refs := make([]Reference, to-from)
	err := u.store.read(func(x *index) error {
		for i := range refs {
			if c := x.numbered(u.charge.numbers[from+i]); c != nil && u.charge.outcomes[from+i] == nil {
				refs[i] = Reference{c.company, c.id}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return view(u.store, func(tx *bolt.Tx) (list []*Evidence, err error) {
		list = make([]*Evidence, len(refs))
		for i := range list {
			if u.charge.outcomes[from+i] != nil {
				continue
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if refs[i] == (Reference{}) {
				if refs[i], err = u.forgotten(tx, u.companies[from+i]); err != nil {
					return nil, err
				}
			}
			if refs[i].Company != u.companies[from+i] {
				return nil, because(ErrInvalid, "company %d is not the one that was charged", from+i)
			}
			if list[i], err = evidence(tx, refs[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	})
}

// forgotten finds the artefact of a consent that the index dropped.
func (u *Usage) forgotten(tx *bolt.Tx, id uscc.ID) (Reference, error) {
	prefix, err := id.MarshalBinary()
	if err != nil {
		return Reference{}, because(ErrInvalid, "%v", err)
	}
	states, cursor := tx.Bucket(bucketStates), tx.Bucket(bucketArtefacts).Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		if len(k) != keySize || states.Get(k) != nil {
			continue
		}
		b, err := unseal(k, v, 32)
		if err != nil {
			return Reference{}, err
		}
		_, c, err := parse(b[32:])
		if err != nil {
			return Reference{}, because(ErrCorrupt, "an artefact that was granted does not parse")
		}
		bound := c.Task == [16]byte{} || c.Task == u.question.Task
		if bound && c.Terms.covers(u.question) == nil && c.inTime(u.question.Now) == nil {
			return Reference{id, c.ID}, nil
		}
	}
	return Reference{}, because(ErrNone, "the store no longer has a consent that was charged")
}

// Length returns how long a unit is, zero for one that is none.
func (u Unit) Length() time.Duration {
	if !u.valid() {
		return 0
	}
	return time.Duration(seconds[u]) * time.Second
}
