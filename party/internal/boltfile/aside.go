package boltfile

import (
	"errors"
	"sync"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Failure is the first error after which a file serves no more. The zero value is not usable; see NewFailure.
type Failure struct {
	once sync.Once
	err  error // set before seen is closed
	seen chan struct{}
}

// NewFailure returns a Failure that has not happened.
func NewFailure() *Failure { return &Failure{seen: make(chan struct{})} }

// Seen is closed once there is a failure.
func (f *Failure) Seen() <-chan struct{} { return f.seen }

// Err returns the failure, or nil.
func (f *Failure) Err() error {
	select {
	case <-f.seen:
		return f.err
	default:
		return nil
	}
}

// Set remembers err, unless there was one before.
func (f *Failure) Set(err error) {
	f.once.Do(func() {
		f.err = err
		close(f.seen)
	})
}

// Aside runs do in a transaction (db.View or db.Update, perhaps with something around it), in a goroutine of its own, so that
// the caller does not wait for a lock of bbolt's that damage left behind: after a failure it returns that, and the goroutine
// stays behind. So do hands out what it found only by returning it. Errors for which lasting holds are a failure; if it is
// nil, those of damage are.
func Aside[T any](e Errors, f *Failure, transaction func(func(*bolt.Tx) error) error, lasting func(error) bool, do func(*bolt.Tx) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	if err := f.Err(); err != nil {
		return none, err
	}
	if lasting == nil {
		lasting = func(err error) bool { return errors.Is(err, e.Corrupt) }
	}
	done := make(chan outcome, 1)
	go func() {
		var value T
		err := e.Guard(func() error {
			return transaction(func(tx *bolt.Tx) (err error) {
				value, err = do(tx)
				return err
			})
		})
		if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
			err = e.Closed
		}
		if err != nil && lasting(err) {
			f.Set(err)
		}
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return none, o.err
		}
		return o.value, nil
	case <-f.Seen():
		return none, f.Err()
	}
}
