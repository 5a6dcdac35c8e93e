package consent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/uscc"
)

// Bounds of a store.
const (
	MaxGrants     = 1 << 16 // artefacts of one Grant
	MaxPerCompany = 64      // consents of one company that have not expired
	MaxSingle     = 1024    // consents that a company takes back one by one before they were granted
)

// Granted is what became of an artefact.
type Granted struct {
	Reference  Reference
	Commitment ledger.Commitment // for the ledger; its salt is kept in the store
	Err        error             // a refusal, or ErrKeys; nil if it was granted
}

// Grant verifies artefacts, on all processors, and stores those that are good, in one transaction. A consent that is not yet
// valid is stored too. Each artefact has its own outcome; the error is that of the whole: ErrInvalid, ErrClosed,
// ErrCorrupt, or that of the context or the disk, and then nothing was granted.
func (s *Store) Grant(ctx context.Context, now time.Time, artefacts ...[]byte) ([]Granted, error) {
	if len(artefacts) > MaxGrants || now.IsZero() {
		return nil, because(ErrInvalid, "want a time and at most %d artefacts, got %d", MaxGrants, len(artefacts))
	}
	good := s.verifyAll(ctx, now, artefacts)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type outcome struct {
		results []Granted
		stored  []stored
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	o, err := update(s, func(tx *bolt.Tx) (o outcome, err error) {
		o.results = make([]Granted, len(good))
		for i, c := range good {
			o.results[i] = Granted{c.reference, c.commitment, c.err}
			if c.err != nil {
				continue
			}
			st, err := s.put(tx, &c, artefacts[i], now)
			switch {
			case err == nil:
				o.stored = append(o.stored, st)
			case !errors.Is(err, ErrConsent):
				return o, err
			}
			o.results[i].Err = err
		}
		var granted []ledger.Commitment
		for _, g := range o.results {
			if g.Err == nil {
				granted = append(granted, g.Commitment)
			}
		}
		return o, owe(tx, ledger.KindConsentGranted, granted)
	})
	if err != nil {
		return nil, err
	}
	s.change(func(x *index) {
		for _, st := range o.stored {
			st.into(x)
		}
	})
	return o.results, nil
}

// stored is a consent in the file that the index lacks yet.
type stored struct {
	slot    slot
	terms   *Terms
	expired []ID // of its company, forgotten to make room
}

func (st *stored) into(x *index) {
	if int(st.slot.terms) == len(x.terms) {
		x.terms = append(x.terms, st.terms)
	}
	x.add(st.slot)
	for _, id := range st.expired {
		x.remove(Reference{st.slot.company, id})
	}
}

// checked is an artefact after its verification.
type checked struct {
	consent    *Consent
	reference  Reference
	salt       ledger.Salt
	commitment ledger.Commitment
	err        error
}

func (s *Store) verifyAll(ctx context.Context, now time.Time, artefacts [][]byte) []checked {
	out := make([]checked, len(artefacts))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(artefacts)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(artefacts) && ctx.Err() == nil; i = next.Add(1) - 1 {
				out[i] = s.verifyOne(ctx, now, artefacts[i])
			}
		})
	}
	wg.Wait()
	return out
}

func (s *Store) verifyOne(ctx context.Context, now time.Time, artefact []byte) (c checked) {
	if c.consent, c.err = open(ctx, artefact, s.keys); c.err != nil {
		return c
	}
	c.reference = Reference{c.consent.Company, c.consent.ID}
	switch err := c.consent.inTime(now); {
	case c.consent.Terms.TaxNode != s.node:
		c.err = because(ErrWrongTaxNode, "want %v", s.node.Name)
	case err != nil && !errors.Is(err, ErrNotYetValid):
		c.err = err
	default:
		if c.salt, c.err = ledger.NewSalt(); c.err == nil {
			c.commitment, c.err = Commit(c.salt, c.consent.Company, artefact)
		}
	}
	return c
}

// put stores a consent whose artefact was verified, or returns a refusal and changes nothing that matters.
func (s *Store) put(tx *bolt.Tx, c *checked, artefact []byte, now time.Time) (st stored, err error) {
	key, err := c.reference.key()
	if err != nil {
		return st, err
	}
	if tx.Bucket(bucketArtefacts).Get(key[:]) != nil {
		return st, ErrReplayed
	}
	var of company
	if err := of.decode(key[:uscc.Size], tx.Bucket(bucketCompanies).Get(key[:uscc.Size])); err != nil {
		return st, err
	}
	if c.consent.Revocations < of.floor || tx.Bucket(bucketRevoked).Get(key[:]) != nil {
		return st, ErrRevoked
	}
	if st.expired, err = makeRoom(tx, key[:uscc.Size], now); err != nil {
		return st, err
	}
	st.terms = &c.consent.Terms
	st.slot = slot{id: c.consent.ID, company: c.consent.Company, state: state{
		start: c.consent.Start.Unix(), expiry: c.consent.Expiry.Unix(), task: c.consent.Task,
		revocations: uint32(c.consent.Revocations),
	}}
	if err := putState(tx, key[:], &st.slot.state, st.terms); err != nil {
		return st, err
	}
	record := append(append(make([]byte, 4, 4+32+len(artefact)), c.salt.Reveal()...), artefact...)
	return st, tx.Bucket(bucketArtefacts).Put(key[:], seal(key[:], record))
}

// putState numbers a consent and its terms and stores what matters of it.
func putState(tx *bolt.Tx, key []byte, st *state, terms *Terms) (err error) {
	if st.terms, err = internTerms(tx, terms); err != nil {
		return err
	}
	states := tx.Bucket(bucketStates)
	number, err := states.NextSequence()
	if err != nil {
		return err
	}
	if number > math.MaxUint32 {
		return because(ErrInvalid, "the store has all the consents that it can hold")
	}
	st.number = uint32(number)
	return states.Put(key, st.encode(key))
}

// makeRoom forgets the states of a company's expired consents, which a Lookup would have to read, and refuses one more than
// MaxPerCompany. Their artefacts stay, so that none can be granted again.
func makeRoom(tx *bolt.Tx, prefix []byte, now time.Time) ([]ID, error) {
	states := tx.Bucket(bucketStates)
	var expired []ID
	live := 0
	cursor := states.Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		var st state
		if err := st.decode(k, v); err != nil {
			return nil, err
		}
		if now.Unix() >= st.expiry {
			expired = append(expired, ID(k[uscc.Size:]))
		} else {
			live++
		}
	}
	if live >= MaxPerCompany {
		return nil, because(ErrLimit, "want at most %d consents", MaxPerCompany)
	}
	for _, id := range expired {
		if err := states.Delete(append(bytes.Clone(prefix), id[:]...)); err != nil {
			return nil, err
		}
	}
	return expired, nil
}

// internTerms returns the number of terms, which most companies share with others.
func internTerms(tx *bolt.Tx, t *Terms) (uint32, error) {
	text, err := encodeJSON(t.toJSON())
	if err != nil {
		return 0, err
	}
	hash := sha256.Sum256(text)
	numbers, all := tx.Bucket(bucketNumbers), tx.Bucket(bucketTerms)
	if v := numbers.Get(hash[:]); v != nil {
		b, err := unseal(hash[:], v, 4)
		if err != nil {
			return 0, err
		}
		return binary.BigEndian.Uint32(b), nil
	}
	next, err := all.NextSequence()
	if err != nil {
		return 0, err
	}
	if next > math.MaxUint32 {
		return 0, because(ErrInvalid, "the store has all the terms that it can hold")
	}
	key := binary.BigEndian.AppendUint32(nil, uint32(next))
	if err := all.Put(key, seal(key, append(make([]byte, 4), text...))); err != nil {
		return 0, err
	}
	return uint32(next), numbers.Put(hash[:], seal(hash[:], append(make([]byte, 4), key...)))
}

// Evidence is what opens a consent's commitment on the ledger, for an auditor or the company itself.
type Evidence struct {
	Artefact   []byte
	Salt       ledger.Salt
	Commitment ledger.Commitment
}

// Evidence returns the artefact of a consent with the salt of its commitment, also of one that expired or was revoked.
// ErrNone if it was not granted.
func (s *Store) Evidence(r Reference) (*Evidence, error) {
	return view(s, func(tx *bolt.Tx) (*Evidence, error) { return evidence(tx, r) })
}

func evidence(tx *bolt.Tx, r Reference) (*Evidence, error) {
	key, err := r.key()
	if err != nil {
		return nil, err
	}
	v := tx.Bucket(bucketArtefacts).Get(key[:])
	if v == nil {
		return nil, ErrNone
	}
	b, err := unseal(key[:], v, 32)
	if err != nil {
		return nil, err
	}
	e := &Evidence{Artefact: bytes.Clone(b[32:])}
	if e.Salt, err = ledger.RestoreSalt(b[:32]); err == nil {
		e.Commitment, err = Commit(e.Salt, r.Company, e.Artefact)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return e, nil
}
