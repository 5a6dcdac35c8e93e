package ledger

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// settle stores what became of a flight, and tells whether anything did. What may pass stays sealed; then it returns why.
func (o *Outbox) settle(l Ledger, list []*outcome) (bool, error) {
	passing := o.judge(l, list)
	pruned := 0
	err := o.update(func(tx *bolt.Tx) (err error) {
		for _, x := range list {
			if err := o.write(tx, x); err != nil {
				return err
			}
		}
		pruned, err = o.prune(tx, list)
		return err
	})
	if err != nil {
		return false, err
	}
	o.remember(list, pruned)
	o.announce()
	return slices.ContainsFunc(list, func(x *outcome) bool { return x.verdict != keepSealed }), passing
}

// verdict is what becomes of an item. The zero value keeps it as it is: sealed, to be submitted again.
type verdict uint8

const (
	keepSealed verdict = iota
	isRecorded
	sealAnew // not recorded, and never will be with this sequence number
	deferIt  // sealed anew, later
	refuseIt // for good
)

// judge decides about each of a flight. It returns the first failure that may pass.
func (o *Outbox) judge(l Ledger, list []*outcome) error {
	var passing error
	for _, x := range list {
		switch {
		case x.err == nil:
			x.verdict = isRecorded
		case passing == nil && !errors.Is(x.err, ErrRule):
			passing = x.err
		}
	}
	if passing != nil {
		return passing // what became of the rest is not certain: submit it again
	}
	if err := o.lookUp(l, list); err != nil {
		return err
	}
	err := l.View(func(r *Records) error {
		switch p, known := r.Party(o.Author); {
		case !known:
			return because(ErrAuthor, "%v", o.Author)
		case p.Suspended:
			return because(ErrSuspended, "%s", p.Name)
		}
		return nil
	})
	for _, x := range list {
		switch {
		case x.err == nil:
			x.verdict = isRecorded
		case err != nil: // the author is barred: that may pass
			passing = err
		case errors.Is(x.err, ErrSequence), errors.Is(x.err, ErrAuthor):
			x.verdict = sealAnew
		case errors.Is(x.err, ErrUnknown), errors.Is(x.err, ErrSuspended):
			if x.since == 0 {
				x.since = uint64(max(o.Now().Unix(), 1))
			}
			x.verdict = refuseIt
			if o.Now().Sub(timeOf(x.since)) < o.Patience {
				x.verdict = deferIt
			}
		default:
			x.verdict = refuseIt
		}
	}
	return passing
}

// lookUp looks among the recorded entries for those that the ledger calls out of sequence, by their bytes; and for those that
// it calls duplicates, by their author and body, in case an older copy of the outbox recorded them.
func (o *Outbox) lookUp(l Ledger, list []*outcome) error {
	sealed, said := make(map[string]*outcome), make(map[string]*outcome)
	from := uint64(MaxSize)
	for _, x := range list {
		switch {
		case errors.Is(x.err, ErrSequence):
			sealed[string(x.raw)] = x
			from = min(from, x.from)
		case errors.Is(x.err, ErrDuplicate):
			said[string(x.body)] = x
			from = 0
		}
	}
	if len(sealed)+len(said) == 0 {
		return nil
	}
	for size := l.Size(); from < size; {
		entries, err := l.Entries(from, MaxEntries)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return because(ErrStale, "no entries from %d on, of %d", from, size)
		}
		for n, b := range entries {
			author, body := authorAndBody(b)
			if !bytes.Equal(author, o.Author[:]) {
				continue
			}
			x := sealed[string(b)]
			if x == nil {
				x = said[string(body)]
			}
			if x == nil || x.err == nil {
				continue
			}
			if x.recorded, err = o.proof(l, from+uint64(n), b); err != nil {
				return err
			}
			x.err = nil
		}
		from += uint64(len(entries))
	}
	return nil
}

// authorAndBody reads them off an entry, the body with its kind in front, as encodeBody writes it.
func authorAndBody(b []byte) (author, body []byte) {
	const head = 1 + 1 + 32 + 8 + 8
	if len(b) < head+signatureSize {
		return nil, nil
	}
	return b[2:34], append(b[1:2:2], b[head:len(b)-signatureSize]...)
}

// proof gets the proof of an entry that was found.
func (o *Outbox) proof(l Ledger, index uint64, entry []byte) (*Recorded, error) {
	msg, err := l.Checkpoint()
	if err != nil {
		return nil, err
	}
	name, err := o.Genesis.LogName()
	if err != nil {
		return nil, err
	}
	text, _, _ := strings.Cut(string(msg), "\n\n")
	size, root, err := parseCheckpoint(name, text+"\n")
	if err != nil {
		return nil, err
	}
	if o.Policy != nil {
		if _, err := o.Policy.OpenLog(msg); err != nil {
			return nil, err
		}
	}
	r := &Recorded{Included{Index: index, Checkpoint: msg}, entry}
	if r.Proof, err = l.Inclusion(index, size); err != nil {
		return nil, err
	}
	return r, CheckInclusion(r.Proof, size, root, index, entry)
}

// write stores one outcome.
func (o *Outbox) write(tx *bolt.Tx, x *outcome) error {
	at := number(x.position)
	queue, sealed := tx.Bucket(bucketQueue), tx.Bucket(bucketSealed)
	switch x.verdict {
	case isRecorded:
		return firstOf(tx.Bucket(bucketSent).Put(at, x.recorded.encode(x.key)), queue.Delete(at), sealed.Delete(at))
	case sealAnew:
		return sealed.Delete(at)
	case deferIt:
		return firstOf(queue.Put(at, x.encode()), sealed.Delete(at))
	case refuseIt:
		return firstOf(tx.Bucket(bucketRefused).Put(at, encodeRefused(x.item, o.Now().Unix(), x.err)), queue.Delete(at), sealed.Delete(at))
	}
	return nil
}

// prune forgets the oldest recorded entries, and keys with nothing left.
func (o *Outbox) prune(tx *bolt.Tx, list []*outcome) (n int, err error) {
	o.mu.Lock()
	excess := o.sent - o.Keep
	o.mu.Unlock()
	for _, x := range list {
		if x.verdict == isRecorded {
			excess++
		}
	}
	sent, keys := tx.Bucket(bucketSent), tx.Bucket(bucketKeys)
	for ; n < excess; n++ {
		k, v := sent.Cursor().First()
		if k == nil {
			return n, nil
		}
		key, _, err := decodeRecorded(v)
		if err != nil {
			return n, err
		}
		at := bytes.Clone(k)
		if err := sent.Delete(at); err != nil {
			return n, err
		}
		r, err := find1(tx, key)
		if errors.Is(err, ErrAbsent) {
			continue
		}
		if err != nil {
			return n, err
		}
		if bytes.Equal(at, number(r.first+r.count-1)) {
			if err := keys.Delete(key[:]); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// remember keeps in memory what a flight changed, once it is on disk.
func (o *Outbox) remember(list []*outcome, pruned int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent -= pruned
	for _, x := range list {
		if x.verdict == isRecorded {
			o.sent++
		}
		if x.verdict != deferIt {
			delete(o.deferred, x.position)
			continue
		}
		d := o.deferred[x.position]
		if d == nil {
			d = &deferral{pause: minPause}
			o.deferred[x.position] = d
		}
		d.next = time.Now().Add(d.pause)
		d.pause = min(2*d.pause, maxPause)
	}
}
