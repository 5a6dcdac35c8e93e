package ledger

import (
	"bytes"
	"context"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// maxPutGroup bounds the Puts of one transaction.
const maxPutGroup = 512

// putting is a Put that waits to be stored.
type putting struct {
	key    [32]byte
	digest Digest
	bodies [][]byte
	err    error
	done   chan struct{}
}

// Put stores bodies, to be recorded in this order as one entry each, after what was put before. They are on disk when it
// returns nil. A key names them: to put the same bodies under the same key again does nothing, so that whoever does not know
// whether a Put went through repeats it; other bodies under a key that is there are an ErrDuplicate. The outbox forgets keys
// some time after their entries were recorded (see OutboxConfig.Keep). Other errors wrap ErrInvalid, ErrClosed, ErrCorrupt or
// ErrFile; or ctx ended, and it may still be stored.
func (o *Outbox) Put(ctx context.Context, key [32]byte, bodies ...Body) error {
	if len(bodies) == 0 || len(bodies) > MaxPut {
		return because(ErrInvalid, "%d bodies, want 1 to %d", len(bodies), MaxPut)
	}
	p := &putting{key: key, done: make(chan struct{})}
	for _, body := range bodies {
		b, err := encodeBody(body)
		if err != nil {
			return err
		}
		p.bodies = append(p.bodies, b)
	}
	p.digest = digestBodies(p.bodies)
	if o.isClosed() {
		return ErrClosed
	}
	select {
	case o.puts <- p:
	case <-o.closing:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-p.done:
		return p.err
	case <-o.ended:
		select {
		case <-p.done:
			return p.err
		default:
			return ErrClosed
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// store puts what waits into the file, all of it in one transaction.
func (o *Outbox) store() {
	defer close(o.ended)
	for {
		var group []*putting
		select {
		case p := <-o.puts:
			group = append(group, p)
		case <-o.closing:
			return
		}
		for more := true; more && len(group) < maxPutGroup; {
			select {
			case p := <-o.puts:
				group = append(group, p)
			default:
				more = false
			}
		}
		err := o.update(func(tx *bolt.Tx) error { return putAll(tx, group) })
		for _, p := range group {
			if err != nil {
				p.err = err
			}
			close(p.done)
		}
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
}

// putAll stores a group; p.err says what is wrong with one of them alone.
func putAll(tx *bolt.Tx, group []*putting) error {
	keys, queue := tx.Bucket(bucketKeys), tx.Bucket(bucketQueue)
	for _, p := range group {
		if v := keys.Get(p.key[:]); v != nil {
			r, err := decodeKey(v)
			if err != nil {
				return err
			}
			if r.digest != p.digest {
				p.err = because(ErrDuplicate, "the outbox has other bodies under key %.8x", p.key)
			}
			continue
		}
		r := keyRecord{digest: p.digest, first: queue.Sequence() + 1, count: uint64(len(p.bodies))}
		for _, b := range p.bodies {
			n, err := queue.NextSequence()
			if err != nil {
				return err
			}
			i := item{position: n, key: p.key, body: b}
			if err := queue.Put(number(n), i.encode()); err != nil {
				return err
			}
		}
		if err := keys.Put(p.key[:], r.encode()); err != nil {
			return err
		}
	}
	return nil
}

// Pending returns how many bodies are neither recorded nor refused yet.
func (o *Outbox) Pending() (n int, err error) {
	if o.isClosed() {
		return 0, ErrClosed
	}
	err = o.view(func(tx *bolt.Tx) error { n = tx.Bucket(bucketQueue).Stats().KeyN; return nil })
	return n, err
}

// Refusal is a body that the ledger will not take.
type Refusal struct {
	Key  [32]byte // under which it was put
	Body Body
	Err  error     // wraps ErrRule
	At   time.Time // when
}

// Refused returns what the ledger refused for good, in the order of Put: it stays until Forget.
func (o *Outbox) Refused() (list []Refusal, err error) {
	if o.isClosed() {
		return nil, ErrClosed
	}
	err = o.view(func(tx *bolt.Tx) error {
		return each(tx, bucketRefused, func(_, v []byte) (bool, error) {
			r, err := decodeRefused(v)
			if err == nil {
				list = append(list, *r)
			}
			return true, err
		})
	})
	return list, err
}

// Forget drops a key of which everything is recorded or refused, so that its bodies can be put again. Errors wrap ErrAbsent,
// ErrState if something of it is under way, ErrCorrupt or ErrFile.
func (o *Outbox) Forget(key [32]byte) error {
	if o.isClosed() {
		return ErrClosed
	}
	removed, busy := 0, false
	err := o.update(func(tx *bolt.Tx) error {
		r, err := find1(tx, key)
		if err != nil {
			return err
		}
		queue, sent, refused := tx.Bucket(bucketQueue), tx.Bucket(bucketSent), tx.Bucket(bucketRefused)
		for n := range r.count {
			if busy = queue.Get(number(r.first+n)) != nil; busy {
				return nil
			}
		}
		for n := range r.count {
			at := number(r.first + n)
			if sent.Get(at) != nil {
				removed++
			}
			if err := firstOf(sent.Delete(at), refused.Delete(at)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketKeys).Delete(key[:])
	})
	if err == nil && busy {
		return because(ErrState, "something under key %.8x is under way", key)
	}
	if err == nil {
		o.mu.Lock()
		o.sent -= removed
		o.mu.Unlock()
	}
	return err
}

func find1(tx *bolt.Tx, key [32]byte) (*keyRecord, error) {
	v := tx.Bucket(bucketKeys).Get(key[:])
	if v == nil {
		return nil, because(ErrAbsent, "key %.8x", key)
	}
	return decodeKey(v)
}

func firstOf(list ...error) error {
	if i := slices.IndexFunc(list, func(err error) bool { return err != nil }); i >= 0 {
		return list[i]
	}
	return nil
}

// Recorded returns what is recorded so far of what was put under a key, in its order. Errors are those of Wait.
func (o *Outbox) Recorded(key [32]byte) ([]Recorded, error) {
	list, _, err := o.recorded(key)
	return list, err
}

// recorded also tells whether that is all of it.
func (o *Outbox) recorded(key [32]byte) (list []Recorded, done bool, err error) {
	if o.isClosed() {
		return nil, false, ErrClosed
	}
	var refused error
	err = o.view(func(tx *bolt.Tx) error {
		r, err := find1(tx, key)
		if err != nil {
			return err
		}
		done = true
		for n := range r.count {
			at := number(r.first + n)
			if v := tx.Bucket(bucketSent).Get(at); v != nil {
				owner, entry, err := decodeRecorded(v)
				if err != nil || !bytes.Equal(owner[:], key[:]) {
					return because(ErrCorrupt, "entry %d of the outbox: %v", r.first+n, err)
				}
				list = append(list, *entry)
				continue
			}
			if v := tx.Bucket(bucketRefused).Get(at); v != nil {
				why, err := decodeRefused(v)
				if err != nil {
					return err
				}
				refused = why.Err
				return nil
			}
			if tx.Bucket(bucketQueue).Get(at) == nil {
				return because(ErrAbsent, "key %.8x was forgotten in part", key)
			}
			done = false
		}
		return nil
	})
	if err == nil {
		err = refused
	}
	return list, done, err
}

func timeOf(seconds uint64) time.Time { return time.Unix(int64(seconds), 0).UTC() }
