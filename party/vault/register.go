package vault

import (
	"bytes"
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/internal/boltfile"
)

// MaxAttempts is how many requests (subsets of holders) one task is answered for.
const MaxAttempts = 8

// Register is a holder's durable memory of what it has switched. A task is switched for one content only; another subset of
// holders for the same content is another request, up to MaxAttempts; a request is answered once.
type Register interface {
	// Claim records a request before it is answered, durably: ErrUsed if the request is known, the task is known with another
	// content, or has had MaxAttempts.
	Claim(task, content, request [32]byte) error
}

// File is a Register in a file, safe for concurrent use.
type File struct{ db *bolt.DB }

var (
	onDisk = boltfile.Errors{Corrupt: ErrRegister, File: ErrRegister}
	bucket = []byte("blindscore vault used v1")
)

// OpenRegister opens the file, or makes it. It is locked against other processes until Close.
func OpenRegister(file string) (*File, error) {
	db, err := onDisk.Open(file)
	if err != nil {
		return nil, err
	}
	err = onDisk.Guard(func() error {
		return db.Update(func(tx *bolt.Tx) error {
			_, err := tx.CreateBucketIfNotExists(bucket)
			return err
		})
	})
	if err != nil {
		return nil, errors.Join(ErrRegister, err, db.Close())
	}
	return &File{db}, nil
}

// Claim implements Register: the record of a task is its content and then its requests.
func (f *File) Claim(task, content, request [32]byte) error {
	err := onDisk.Guard(func() error {
		return f.db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucket)
			if b == nil {
				return because(ErrRegister, "the file is of something else")
			}
			next, err := claim(b.Get(task[:]), content, request)
			if err != nil {
				return err
			}
			return b.Put(task[:], next)
		})
	})
	if err != nil && !errors.Is(err, ErrUsed) && !errors.Is(err, ErrRegister) {
		err = errors.Join(ErrRegister, err)
	}
	return err
}

// claim adds a request to the record of a task.
func claim(record []byte, content, request [32]byte) ([]byte, error) {
	if record == nil {
		record = content[:]
	}
	if len(record)%hashBytes != 0 || len(record) < hashBytes {
		return nil, because(ErrRegister, "a record has %d bytes", len(record))
	}
	if !bytes.Equal(record[:hashBytes], content[:]) {
		return nil, because(ErrUsed, "the task was switched with another content")
	}
	for at := hashBytes; at < len(record); at += hashBytes {
		if bytes.Equal(record[at:at+hashBytes], request[:]) {
			return nil, because(ErrUsed, "the request was answered")
		}
	}
	if len(record) >= (1+MaxAttempts)*hashBytes {
		return nil, because(ErrUsed, "the task has had %d requests", MaxAttempts)
	}
	return append(bytes.Clone(record), request[:]...), nil
}

// Close closes the file.
func (f *File) Close() error { return f.db.Close() }
