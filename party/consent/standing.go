package consent

import (
	"bytes"
	"context"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Charged is what became of a session.
type Charged struct {
	Memo     []byte
	Outcomes []error // as Charge returned them
}

// Charged returns what the charge of a session did, if there was one.
func (s *Store) Charged(session [32]byte) (c *Charged, found bool, err error) {
	p, err := view(s, func(tx *bolt.Tx) (*charge, error) { return find(tx, session) })
	if p == nil || err != nil {
		return nil, false, err
	}
	return &Charged{p.memo, p.outcomes}, true, nil
}

// Standing is Recheck for a session that was charged, named by its digest: it tells of some of its consents whether they still
// stand. Places count those that were charged, refused ones left out, from 0. A consent that was forgotten since is ErrExpired.
// The memo of the charge comes with it. Errors are those of Lookup; ErrNone if the session was not charged.
func (s *Store) Standing(ctx context.Context, session [32]byte, places []int, now time.Time) (memo []byte, out []error, err error) {
	if len(places) > MaxCompanies || now.IsZero() {
		return nil, nil, because(ErrInvalid, "want a time and at most %d places, got %d", MaxCompanies, len(places))
	}
	p, err := s.remembered(session)
	if err != nil {
		return nil, nil, err
	}
	charged := p.numbers
	out, second := make([]error, len(places)), now.Unix()
	err = s.read(func(x *index) error {
		for n, i := range places {
			if n%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if i < 0 || i >= len(charged) {
				return because(ErrInvalid, "place %d of %d", i, len(charged))
			}
			out[n] = x.numbered(charged[i]).standing(second)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return bytes.Clone(p.memo), out, nil
}

// recent holds the sessions that Standing was asked about, since it is asked about each many times: once a superblock.
type recent struct {
	mu       sync.Mutex
	sessions map[[32]byte]*running
	consents int // in all of them
}

// running is what Standing needs of a session. It does not change.
type running struct {
	memo    []byte
	numbers []uint32 // of the consents charged
}

const maxRecent = 2 * MaxCompanies // consents; 32 MB

// remembered returns a session from memory, or from the file; ErrNone if it was not charged.
func (s *Store) remembered(session [32]byte) (*running, error) {
	c := &s.recent
	c.mu.Lock()
	r := c.sessions[session]
	c.mu.Unlock()
	if r != nil {
		return r, nil
	}
	p, err := view(s, func(tx *bolt.Tx) (*charge, error) { return find(tx, session) })
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, ErrNone
	}
	r = &running{memo: p.memo}
	for i, number := range p.numbers {
		if p.outcomes[i] == nil {
			r.numbers = append(r.numbers, number)
		}
	}
	size := len(r.numbers) + 64 // an empty one takes something as well
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sessions == nil || c.consents+size > maxRecent {
		c.sessions, c.consents = make(map[[32]byte]*running), 0
	}
	if c.sessions[session] == nil {
		c.sessions[session], c.consents = r, c.consents+size
	}
	return r, nil
}

// standing returns what ended a consent, if anything did; nil is one that was forgotten.
func (c *slot) standing(now int64) error {
	switch {
	case c == nil:
		return ErrExpired
	case c.revoked:
		return ErrRevoked
	case now >= c.expiry:
		return ErrExpired
	}
	return nil
}
