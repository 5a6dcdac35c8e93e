package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	bolt "go.etcd.io/bbolt"
)

const (
	outboxWindow = 256 // entries under way at once
	minPause     = 50 * time.Millisecond
	maxPause     = 30 * time.Second
)

// Run sends what is in the outbox, in the order of Put, and goes on until ctx ends, which it returns. Only one runs at a time.
//
// A failure that may pass (no connection, an author who is not registered yet or is suspended) is logged and tried again, ever
// more slowly. What the rules refuse goes to Refused and holds up nobody; but an entry that refers to what is not on the
// ledger, such as the receipt for a task that the other side has not recorded yet, or to a party that is suspended, is tried
// again until the outbox's patience with it ends; those after it overtake it meanwhile.
//
// Errors that end it wrap ErrClosed (the ledger's too), ErrConfig (another ledger, a signing function of another key, a second
// Run), ErrCorrupt or ErrFile.
func (o *Outbox) Run(ctx context.Context, l Ledger) error {
	if !o.running.TryLock() {
		return because(ErrConfig, "the outbox runs already, or is closed")
	}
	defer o.running.Unlock()
	if o.isClosed() {
		return ErrClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-o.closing:
			cancel(ErrClosed)
		case <-stop:
		}
	}()
	for pause := minPause; ; {
		worked, err := o.sendSome(ctx, l)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if worked {
			pause = minPause
			if err == nil {
				continue
			}
		}
		wait, idle := o.nextDeferred(), err == nil
		if !idle {
			for _, final := range []error{ErrClosed, ErrConfig, ErrCorrupt, ErrFile} {
				if errors.Is(err, final) {
					return err
				}
			}
			o.Logger.WarnContext(ctx, "outbox of the ledger: nothing sent for now", "author", o.Author, "pause", pause, "error", err)
			wait, pause = pause/2+rand.N(pause), min(2*pause, maxPause)
		}
		o.rest(ctx, wait, idle)
	}
}

// rest waits, or until something is put if the outbox is idle.
func (o *Outbox) rest(ctx context.Context, wait time.Duration, idle bool) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	wake := o.wake
	if !idle {
		wake = nil
	}
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}

// nextDeferred returns how long it is until a deferred entry is due.
func (o *Outbox) nextDeferred() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	wait := maxPause
	for _, d := range o.deferred {
		wait = min(wait, time.Until(d.next))
	}
	return max(wait, minPause)
}

// sendSome sends what is sealed already, or else seals and sends what comes next. It reports whether
// anything came of it.
func (o *Outbox) sendSome(ctx context.Context, l Ledger) (bool, error) {
	flight, err := o.underWay()
	if err != nil {
		return false, err
	}
	if len(flight) == 0 {
		if flight, err = o.sealNext(l); err != nil || len(flight) == 0 {
			return false, err
		}
	}
	list := submitAll(ctx, l, flight)
	if ctx.Err() != nil { // some may be recorded: they are sealed, and asked for again
		return true, context.Cause(ctx)
	}
	return o.settle(l, list)
}

// underWay returns what was sealed and not settled, in the order of sequence numbers.
func (o *Outbox) underWay() (flight []*item, err error) {
	err = o.view(func(tx *bolt.Tx) error {
		queue := tx.Bucket(bucketQueue)
		return each(tx, bucketSealed, func(k, v []byte) (bool, error) {
			i, err := decodeItem(k, queue.Get(k), v)
			flight = append(flight, i)
			return true, err
		})
	})
	return flight, err
}

// sealNext seals the next bodies and stores what it sealed.
func (o *Outbox) sealNext(l Ledger) ([]*item, error) {
	list, err := o.due()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var next, size uint64
	err = l.View(func(r *Records) error {
		if r.id != o.id {
			return because(ErrConfig, "an outbox for another ledger")
		}
		if p, known := r.Party(o.Author); known && p.Suspended {
			return because(ErrSuspended, "%s", p.Name)
		}
		size = r.size
		next, err = r.Next(o.Author)
		return err
	})
	if err != nil {
		return nil, err
	}
	for n, i := range list {
		body, err := decodeBody(i.body)
		if err != nil {
			return nil, because(ErrCorrupt, "body %d of the outbox: %v", i.position, err)
		}
		e, err := Seal(o.Genesis, o.Author, o.Sign, next+uint64(n), o.Now(), body)
		if err != nil {
			return nil, err
		}
		if _, err := open(o.id, e.raw); err != nil {
			return nil, because(ErrConfig, "the signing function is not that of %v", o.Author)
		}
		i.from, i.raw = size, e.raw
	}
	return list, o.update(func(tx *bolt.Tx) error {
		sealed := tx.Bucket(bucketSealed)
		for _, i := range list {
			if err := sealed.Put(number(i.position), i.encodeSealed()); err != nil {
				return err
			}
		}
		return nil
	})
}

// due returns the next bodies of the queue, without those that are deferred.
func (o *Outbox) due() (list []*item, err error) {
	now := time.Now()
	err = o.view(func(tx *bolt.Tx) error {
		return each(tx, bucketQueue, func(k, v []byte) (bool, error) {
			i, err := decodeItem(k, v, nil)
			if err != nil {
				return false, err
			}
			o.mu.Lock()
			d := o.deferred[i.position]
			o.mu.Unlock()
			if d == nil || !d.next.After(now) {
				list = append(list, i)
			}
			return len(list) < outboxWindow, nil
		})
	})
	return list, err
}

// outcome is what became of an item: recorded, or err.
type outcome struct {
	*item
	recorded *Recorded
	err      error
	verdict  verdict
}

// submitAll submits a flight in order and waits for each. What follows a failed submission was not submitted.
func submitAll(ctx context.Context, l Ledger, flight []*item) []*outcome {
	list, pending := make([]*outcome, len(flight)), make([]*Pending, len(flight))
	var failed error
	for n, i := range flight {
		list[n] = &outcome{item: i}
		if failed == nil {
			pending[n], failed = l.Submit(ctx, i.raw)
		}
		list[n].err = failed
	}
	for n, o := range list {
		if o.err != nil {
			continue
		}
		in, err := pending[n].Wait(ctx)
		if o.err = err; err == nil {
			o.recorded = &Recorded{*in, o.raw}
		}
	}
	return list
}
