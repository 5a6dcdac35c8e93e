package consent

import (
	"bytes"
	"context"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/uscc"
)

// Revoke verifies a signed revocation and makes it so: once it returned, no Lookup, Charge or Recheck that starts lets a
// consent pass that it ended. It returns the commitments of those consents, ascending, for the ledger. Revocations may arrive
// in any order, before the consents that they end, and again, which changes nothing and returns none.
//
// A revocation that is signed is never refused, since a consent would live on; the exception is ErrLimit, for a company
// that took back MaxSingle consents one by one before they were granted: it can revoke all. Other errors are those of
// VerifyRevocation and of the store; an error that leaves it open whether the consents ended calls for another try.
func (s *Store) Revoke(ctx context.Context, signed []byte) ([]ledger.Commitment, error) {
	r, err := VerifyRevocation(ctx, signed, s.keys)
	if err != nil {
		return nil, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	done, err := update(s, func(tx *bolt.Tx) (*ended, error) { return revoke(tx, r) })
	if err != nil {
		return nil, err
	}
	s.change(func(x *index) {
		for _, id := range done.ids {
			if place := x.locate(Reference{r.Company, id}); place != 0 {
				x.at(place).revoked = true
			}
		}
	})
	return done.commitments, nil
}

// ended is what a revocation ended.
type ended struct {
	ids         []ID
	commitments []ledger.Commitment
}

func revoke(tx *bolt.Tx, r *Revocation) (*ended, error) {
	prefix, err := r.Company.MarshalBinary()
	if err != nil {
		return nil, because(ErrInvalid, "%v", err)
	}
	var of company
	companies := tx.Bucket(bucketCompanies)
	if err := of.decode(prefix, companies.Get(prefix)); err != nil {
		return nil, err
	}
	of.last = max(of.last, r.Sequence)
	if r.Consent == (ID{}) {
		of.floor = max(of.floor, r.Sequence)
	} else if err := bury(tx, Reference{r.Company, r.Consent}, &of); err != nil {
		return nil, err
	}
	if err := companies.Put(prefix, of.encode(prefix)); err != nil {
		return nil, err
	}
	return endStates(tx, r, prefix)
}

// bury remembers that a consent which was not granted yet is revoked.
func bury(tx *bolt.Tx, ref Reference, of *company) error {
	key, err := ref.key()
	if err != nil {
		return err
	}
	revoked := tx.Bucket(bucketRevoked)
	if tx.Bucket(bucketArtefacts).Get(key[:]) != nil || revoked.Get(key[:]) != nil {
		return nil
	}
	if of.single >= MaxSingle {
		return because(ErrLimit, "want at most %d revocations of consents that were not granted", MaxSingle)
	}
	of.single++
	return revoked.Put(key[:], []byte{1})
}

// endStates marks what r ends, and returns the commitments of it.
func endStates(tx *bolt.Tx, r *Revocation, prefix []byte) (*ended, error) {
	states := tx.Bucket(bucketStates)
	type live struct {
		key []byte
		state
	}
	var all []live
	cursor := states.Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		e := live{key: bytes.Clone(k)}
		if err := e.decode(k, v); err != nil {
			return nil, err
		}
		one := r.Consent == ID(k[uscc.Size:])
		if !e.revoked && (one || r.Consent == (ID{}) && uint64(e.revocations) < r.Sequence) {
			all = append(all, e)
		}
	}
	done := new(ended)
	for _, e := range all {
		id := ID(e.key[uscc.Size:])
		ev, err := evidence(tx, Reference{r.Company, id})
		if err != nil {
			return nil, err
		}
		e.revoked = true
		if err := states.Put(e.key, e.encode(e.key)); err != nil {
			return nil, err
		}
		done.ids, done.commitments = append(done.ids, id), append(done.commitments, ev.Commitment)
	}
	return done, owe(tx, ledger.KindConsentRevoked, done.commitments)
}

// LastRevocation returns the greatest sequence of a revocation that arrived from the company, 0 for none: its next consent
// must count at least so many, its next revocation must be above.
func (s *Store) LastRevocation(id uscc.ID) (uint64, error) {
	return view(s, func(tx *bolt.Tx) (uint64, error) {
		key, err := id.MarshalBinary()
		if err != nil {
			return 0, because(ErrInvalid, "%v", err)
		}
		var of company
		err = of.decode(key, tx.Bucket(bucketCompanies).Get(key))
		return of.last, err
	})
}
