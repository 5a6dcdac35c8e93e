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
	return update(s, func(tx *bolt.Tx) ([]Granted, error) {
		results := make([]Granted, len(good))
		for i, c := range good {
			results[i] = Granted{c.reference, c.commitment, c.err}
			if c.err != nil {
				continue
			}
			err := s.put(tx, &c, artefacts[i], now)
			if err != nil && !errors.Is(err, ErrConsent) {
				return nil, err
			}
			results[i].Err = err
		}
		return results, nil
	})
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
func (s *Store) put(tx *bolt.Tx, c *checked, artefact []byte, now time.Time) error {
	key, err := c.reference.key()
	if err != nil {
		return err
	}
	if tx.Bucket(bucketArtefacts).Get(key[:]) != nil {
		return ErrReplayed
	}
	var of company
	if err := of.decode(key[:uscc.Size], tx.Bucket(bucketCompanies).Get(key[:uscc.Size])); err != nil {
		return err
	}
	if c.consent.Revocations < of.floor || tx.Bucket(bucketRevoked).Get(key[:]) != nil {
		return ErrRevoked
	}
	if err := makeRoom(tx, key[:uscc.Size], now); err != nil {
		return err
	}
	number, err := internTerms(tx, &c.consent.Terms)
	if err != nil {
		return err
	}
	st := state{
		terms: number, start: c.consent.Start.Unix(), expiry: c.consent.Expiry.Unix(), task: c.consent.Task,
		revocations: c.consent.Revocations,
	}
	if err := tx.Bucket(bucketStates).Put(key[:], st.encode(key[:])); err != nil {
		return err
	}
	record := append(append(make([]byte, 4, 4+32+len(artefact)), c.salt.Reveal()...), artefact...)
	return tx.Bucket(bucketArtefacts).Put(key[:], seal(key[:], record))
}

// makeRoom forgets the states of a company's expired consents, which a Lookup would have to read, and refuses one more than
// MaxPerCompany. Their artefacts stay, so that none can be granted again.
func makeRoom(tx *bolt.Tx, prefix []byte, now time.Time) error {
	states := tx.Bucket(bucketStates)
	var expired [][]byte
	live := 0
	cursor := states.Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		var st state
		if err := st.decode(k, v); err != nil {
			return err
		}
		if now.Unix() >= st.expiry {
			expired = append(expired, bytes.Clone(k))
		} else {
			live++
		}
	}
	if live >= MaxPerCompany {
		return because(ErrLimit, "want at most %d consents", MaxPerCompany)
	}
	for _, k := range expired {
		if err := states.Delete(k); err != nil {
			return err
		}
	}
	return nil
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

func termsOf(tx *bolt.Tx, number uint32) (*Terms, error) {
	key := binary.BigEndian.AppendUint32(nil, number)
	b, err := unseal(key, tx.Bucket(bucketTerms).Get(key), 1)
	if err != nil {
		return nil, err
	}
	t, err := decodeTerms(b)
	if err != nil {
		return nil, because(ErrCorrupt, "terms %d: %v", number, err)
	}
	return t, nil
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
