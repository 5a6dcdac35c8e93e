package consent

import (
	"context"
	"crypto/sha256"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/uscc"
)

// Charge takes one or more evaluations of each consent, for one session, in one transaction: everything that Lookup checked is
// checked again inside it, so of two sessions that want the last evaluation one gets it. What it acknowledged survives a
// crash.
//
// The session is the digest of the admitted task. A session is charged once: with the same arguments but the time, a second
// call returns what the first did and charges nothing, whatever happened since (Recheck tells), so that a node that crashed
// after it can go on; with others it is ErrReplayed. So it is for the caller to run a session once. Charge first, then admit: a
// crash between the two costs a company an evaluation at worst and gives the bank none.
//
// Each consent has its own outcome, nil or a refusal. A consent may be named once. The zero Reference may be named as often
// as wanted and gives ErrNone: it stands for a company that has none, so that a charge for it writes the same bytes and does
// like work. Other errors are those of Lookup, and ErrFile if the disk failed: whether the charge is there is open then, the
// store serves no more, and a call with the same arguments after it was opened again settles it.
func (s *Store) Charge(ctx context.Context, session [32]byte, refs []Reference, evaluations uint32, q *Question) ([]error, error) {
	return s.ChargeWith(ctx, session, refs, evaluations, q, nil)
}

// MaxMemo bounds what ChargeWith keeps, in bytes.
const MaxMemo = 1024

// ChargeWith is Charge that keeps a memo with the session, of at most MaxMemo bytes, for Charged and Standing to return. The
// memo of the first call stays.
func (s *Store) ChargeWith(ctx context.Context, session [32]byte, refs []Reference, evaluations uint32, q *Question, memo []byte) ([]error, error) {
	if err := s.wants(q, len(refs)); err != nil {
		return nil, err
	}
	if len(memo) > MaxMemo {
		return nil, because(ErrInvalid, "a memo of %d bytes, want at most %d", len(memo), MaxMemo)
	}
	if session == [32]byte{} || evaluations < 1 || evaluations > MaxEvaluations {
		return nil, because(ErrInvalid, "want a session and 1 to %d evaluations, got %d", MaxEvaluations, evaluations)
	}
	request, err := hashOf(refs, evaluations, q)
	if err != nil {
		return nil, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	p, err := update(s, func(tx *bolt.Tx) (*charge, error) {
		if done, err := recall(tx, session, request, len(refs)); done != nil || err != nil {
			return done, err
		}
		p, err := s.index.prepare(ctx, refs, evaluations, q)
		if err != nil {
			return nil, err
		}
		p.session, p.request, p.memo = session, request, memo
		if s.unfolded >= foldAt {
			if err := fold(tx, s.index); err != nil {
				return nil, err
			}
			p.folded = true
		}
		return p, p.write(tx)
	})
	if err != nil {
		return nil, err
	}
	s.change(func(x *index) {
		for i, place := range p.places {
			if p.outcomes[i] == nil {
				c := x.at(place)
				c.use(x.terms[c.terms].Frequency.Per, p.evaluations, p.now)
			}
		}
	})
	if p.folded {
		s.unfolded = 0
	}
	s.unfolded += len(p.places)
	return p.outcomes, nil
}

// charge is what a Charge found, before it is counted.
type charge struct {
	session, request [32]byte
	memo             []byte
	now              int64
	evaluations      uint32
	places           []uint32 // none if it was found in the file
	numbers          []uint32
	outcomes         []error
	folded           bool
}

// prepare checks each consent and changes nothing. Every reference is searched and judged, those that are refused as well.
func (x *index) prepare(ctx context.Context, refs []Reference, evaluations uint32, q *Question) (*charge, error) {
	p := &charge{
		now: q.Now.Unix(), evaluations: evaluations,
		places: make([]uint32, len(refs)), numbers: make([]uint32, len(refs)), outcomes: make([]error, len(refs)),
	}
	j, named := x.judge(q), make([]uint64, x.taken/64+1)
	missing := map[Reference]bool{}
	for i, r := range refs {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if i%warmSize == 0 {
			x.warm(len(refs)-i, func(j int) uscc.ID { return refs[i+j].Company })
		}
		place := x.locate(r)
		twice := named[place/64]>>(place%64)&1 == 1
		if place == 0 {
			p.outcomes[i] = ErrNone
			if twice = missing[r]; r != (Reference{}) {
				missing[r] = true
			}
		} else {
			p.places[i], p.numbers[i], p.outcomes[i] = place, x.at(place).number, j.allow(x.at(place), i, evaluations)
		}
		if twice {
			return nil, because(ErrInvalid, "a consent is named twice")
		}
		named[place/64] |= 1 << (place % 64)
	}
	return p, nil
}

// allow returns a refusal unless n evaluations are left.
func (j *judge) allow(s *slot, i int, n uint32) error {
	left, _, err := j.check(s, i)
	switch {
	case err != nil:
		return err
	case left < n && j.on(s.terms).evaluations-s.used < n:
		return ErrExhausted
	case left < n:
		return ErrTooOften
	}
	return nil
}

// hashOf stands for the arguments of a charge, the time excepted.
func hashOf(refs []Reference, evaluations uint32, q *Question) ([32]byte, error) {
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
	buffer := make([]byte, 0, 4096)
	for _, r := range refs {
		var k [keySize]byte
		if r != (Reference{}) {
			if k, err = r.key(); err != nil {
				return [32]byte{}, err
			}
		}
		if buffer = append(buffer, k[:]...); len(buffer) > 4096-keySize {
			h.Write(buffer)
			buffer = buffer[:0]
		}
	}
	h.Write(buffer)
	return [32]byte(h.Sum(nil)), nil
}
