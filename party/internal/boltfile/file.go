// Package boltfile opens the files of go.etcd.io/bbolt that a node keeps, so that a damaged one gives an error.
//
// bbolt maps its file and follows the numbers in it without a check: a page number past the end, or a length past its page,
// crashes the process in a way that no recover catches. So [Errors.Open] reads the file first, page by page, and refuses it
// unless every number that bbolt would follow stays inside; then it has bbolt check its own structure. What can still go
// wrong later, such as a file that is cut off while it is open, is caught by [Errors.Guard].
//
// The adversary is a bad disk or whoever can write to the file. Not covered here: damage inside values, for which the
// packages above keep checksums or hashes.
package boltfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

const lockTimeout = 200 * time.Millisecond

// Errors are the sentinels of the package whose file it is; what this package returns wraps one of them.
type Errors struct {
	Corrupt error // the file is damaged
	File    error // it cannot be opened: in use by another process, readable by others, not a file
	Closed  error // it was closed; for Aside
}

// Open opens the file, or makes it with mode 0600. It is locked against other processes until it is closed.
func (e Errors) Open(file string) (*bolt.DB, error) {
	if err := e.inspectFile(file); err != nil {
		return nil, err
	}
	_, err := os.Stat(file)
	fresh := errors.Is(err, os.ErrNotExist)
	var db *bolt.DB
	err = e.Guard(func() (err error) {
		db, err = bolt.Open(file, 0o600, &bolt.Options{Timeout: lockTimeout, FreelistType: bolt.FreelistMapType, NoStatistics: true})
		return err
	})
	if err != nil {
		if errors.Is(err, e.Corrupt) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", e.File, err)
	}
	if fresh {
		err = e.syncDir(filepath.Dir(file))
	}
	if err == nil {
		err = e.Guard(func() error { return db.View(e.checkStructure) })
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Create makes a file that is not there yet, with what fill puts into it: all of it or no file at all, whenever the process or
// the machine stops. What a try that was cut off left behind is overwritten.
func (e Errors) Create(file string, fill func(*bolt.Tx) error) error {
	if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s is there already, or hidden: %v", e.File, file, err)
	}
	draft := file + ".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %w", e.File, err)
	}
	db, err := e.Open(draft)
	if err != nil {
		return err
	}
	err = e.Guard(func() error { return db.Update(fill) })
	if err = errors.Join(err, db.Close()); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	if err := os.Rename(draft, file); err != nil {
		return fmt.Errorf("%w: %w", e.File, err)
	}
	return e.syncDir(filepath.Dir(file))
}

// Guard runs fn; a panic, or an access to memory that the file no longer backs, becomes an error that wraps e.Corrupt.
func (e Errors) Guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", e.Corrupt, r)
		}
	}()
	return fn()
}

// checkStructure has bbolt check its trees and its list of free pages.
func (e Errors) checkStructure(tx *bolt.Tx) error {
	var first error
	for err := range tx.Check() { // to its end: it is written by a goroutine
		if first == nil {
			first = fmt.Errorf("%w: %w", e.Corrupt, err)
		}
	}
	return first
}

// inspectFile checks the file before bbolt sees it. A file that is not there or empty is one to be.
func (e Errors) inspectFile(file string) error {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", e.File, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", e.File, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a regular file", e.File, file)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%w: %s: others than the owner have access (mode %#o), want 0600", e.File, file, info.Mode().Perm())
	}
	if err := lock(f); err != nil {
		return fmt.Errorf("%w: %s is in use: %w", e.File, file, err)
	}
	if info, err = f.Stat(); err != nil { // again, now that nobody else writes
		return fmt.Errorf("%w: %w", e.File, err)
	}
	if info.Size() == 0 {
		return nil
	}
	return e.Inspect(f, uint64(info.Size()))
}

// syncDir makes a new file's name durable.
func (e Errors) syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", e.File, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && runtime.GOOS != "windows" {
		return fmt.Errorf("%w: %w", e.File, err)
	}
	return nil
}
