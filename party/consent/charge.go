package consent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Charge takes one or more evaluations of each consent, for one session, in one transaction: everything that Lookup checked is
// checked again inside it, so of two sessions that want the last evaluation one gets it. What it acknowledged survives a
// crash.
//
// The session is the digest of the admitted task. A session is charged once: with the same arguments but the time, a second
// call returns what the first did and charges nothing, whatever happened since (Recheck tells), so that a node that crashed
// after it can go on; with others it is
// ErrReplayed. So it is for the caller to run a session once. Charge first, then admit: a crash between the two costs a
// company an evaluation at worst and gives the bank none.
//
// Each consent has its own outcome, nil or a refusal. A consent may be named once. Other errors are those of Lookup.
func (s *Store) Charge(ctx context.Context, session [32]byte, refs []Reference, evaluations uint32, q *Question) ([]error, error) {
	if err := s.wants(q, len(refs)); err != nil {
		return nil, err
	}
	if session == [32]byte{} || evaluations < 1 || evaluations > MaxEvaluations {
		return nil, because(ErrInvalid, "want a session and 1 to %d evaluations, got %d", MaxEvaluations, evaluations)
	}
	keys, order, err := keysOf(refs)
	if err != nil {
		return nil, err
	}
	request, err := hashOf(keys, evaluations, q)
	if err != nil {
		return nil, err
	}
	return update(s, func(tx *bolt.Tx) ([]error, error) {
		if done, err := charged(tx, session, request, len(refs)); done != nil || err != nil {
			return done, err
		}
		c := charge{newJudge(tx, q), tx.Bucket(bucketStates), evaluations}
		out := make([]error, len(refs))
		for n, i := range order {
			if n%4096 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			out[i] = c.one(keys[i][:])
			if out[i] != nil && !errors.Is(out[i], ErrConsent) {
				return nil, out[i]
			}
		}
		record := append(make([]byte, 4, 4+32+len(refs)), request[:]...)
		for _, err := range out {
			record = append(record, codeOf(err))
		}
		return out, tx.Bucket(bucketCharges).Put(session[:], seal(session[:], record))
	})
}

type charge struct {
	judge  *judge
	states *bolt.Bucket
	n      uint32
}

// one charges a consent, or returns a refusal and changes nothing.
func (c *charge) one(key []byte) error {
	v := c.states.Get(key)
	if v == nil {
		return ErrNone
	}
	var st state
	if err := st.decode(key, v); err != nil {
		return err
	}
	terms, err := c.judge.on(st.terms)
	if err != nil {
		return err
	}
	if terms.err != nil {
		return terms.err
	}
	q := c.judge.question
	left, err := st.check(terms, q.Task, q.Now)
	switch {
	case err != nil:
		return err
	case left < c.n && terms.evaluations-st.used < c.n:
		return ErrExhausted
	case left < c.n:
		return ErrTooOften
	}
	st.use(terms, c.n, q.Now)
	return c.states.Put(key, st.encode(key))
}

// charged returns what an earlier Charge of the session did, or nil.
func charged(tx *bolt.Tx, session, request [32]byte, n int) ([]error, error) {
	v := tx.Bucket(bucketCharges).Get(session[:])
	if v == nil {
		return nil, nil
	}
	b, err := unseal(session[:], v, 32)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(b[:32], request[:]) {
		return nil, because(ErrReplayed, "the session was charged for something else")
	}
	codes := b[32:]
	if len(codes) != n {
		return nil, because(ErrCorrupt, "a charge of %d consents, want %d", len(codes), n)
	}
	out := make([]error, n)
	for i, code := range codes {
		if int(code) >= len(refusals) {
			return nil, because(ErrCorrupt, "a charge with outcome %d", code)
		}
		out[i] = refusals[code]
	}
	return out, nil
}

// keysOf returns the keys of references and the order of the file. A consent named twice is refused, since it would be charged
// in an order that nobody sees.
func keysOf(refs []Reference) (keys [][keySize]byte, order []int, err error) {
	keys, order = make([][keySize]byte, len(refs)), make([]int, len(refs))
	for i, r := range refs {
		if keys[i], err = r.key(); err != nil {
			return nil, nil, err
		}
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(keys[a][:], keys[b][:]) })
	for n := 1; n < len(order); n++ {
		if keys[order[n]] == keys[order[n-1]] {
			return nil, nil, because(ErrInvalid, "a consent is named twice")
		}
	}
	return keys, order, nil
}

// hashOf stands for the arguments of a charge, the time excepted.
func hashOf(keys [][keySize]byte, evaluations uint32, q *Question) ([32]byte, error) {
	b, err := encodeJSON(struct {
		Bank, TaxNode nodeJSON
		Schema        [32]byte
		Purpose       string
		Features      []string
		Output        Output
		Bits          int
		From, To      int64
		Task          [16]byte
		Evaluations   uint32
	}{
		q.Bank.toJSON(), q.TaxNode.toJSON(), q.Schema, q.Purpose, q.Features, q.Output, q.Bits,
		q.Records.From.Unix(), q.Records.To.Unix(), q.Task, evaluations,
	})
	if err != nil {
		return [32]byte{}, err
	}
	h := sha256.New()
	h.Write(le.AppendUint64(nil, uint64(len(b))))
	h.Write(b)
	for i := range keys {
		h.Write(keys[i][:])
	}
	return [32]byte(h.Sum(nil)), nil
}
