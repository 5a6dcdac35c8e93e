package journal

import (
	"bytes"
	"encoding/binary"
	"iter"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/partypb"
)

// TaskID is the digest of a task (partypb.TaskDigest).
type TaskID [32]byte

// Keys in the bucket of a task.
var (
	keyTask    = []byte("task")
	keyAttempt = []byte("attempt")
	keyReceipt = []byte("receipt")
	keyOutcome = []byte("outcome")
	keyPeer    = []byte("peer") // as in the record, to be found without reading all of it

	bucketRecord  = []byte("record")  // of keyTask alone
	bucketGranted = []byte("granted") // bank: of keyTask alone, the admission of a task that was proposed
	bucketAnswers = []byte("answers") // tax node: superblock -> answer
	bucketResults = []byte("results") // bank: superblock -> result
	bucketSeeds   = []byte("seeds")   // bank: attempt -> seed
	bucketChains  = []byte("chains")  // bank: attempt, superblock -> transcript hash
)

// maxRecord bounds the fields of a task record, far above what partypb lets through.
const maxRecord = 1 << 28

// MaxPrivate bounds Record.Private, in bytes.
const MaxPrivate = maxRecord

// Record is what both sides keep of a task. Bytes are kept as they are: signed messages are not encoded anew.
type Record struct {
	Task      *partypb.Signed // by the bank
	Admission *partypb.Signed // by the tax node; nil at a bank that has proposed the task and has no answer yet
	Companies []byte          // codes, 18 bytes each, in the order of the task
	Admitted  partypb.Bitmap  // of the companies; nil without an admission
	Peer      [32]byte        // public key of the other side
	Private   []byte          // what this side alone needs to run its part again, as it encodes that; secret
	Created   time.Time       // when the record was made, to the nanosecond; UTC
}

func (r *Record) fields() ([][]byte, error) {
	switch {
	case !isSigned(r.Task):
		return nil, invalid("task is not signed")
	case r.Admission != nil && !isSigned(r.Admission):
		return nil, invalid("admission is not signed")
	case len(r.Companies)%partypb.CompanySize != 0 || len(r.Companies) > partypb.MaxCompanies*partypb.CompanySize:
		return nil, invalid("companies of %d bytes", len(r.Companies))
	case r.Admission == nil && len(r.Admitted) > 0:
		return nil, invalid("admitted companies without an admission")
	case r.Admission != nil && len(r.Admitted) != (len(r.Companies)/partypb.CompanySize+7)/8:
		return nil, invalid("%d companies with a bitmap of %d bytes", len(r.Companies)/partypb.CompanySize, len(r.Admitted))
	case r.Peer == [32]byte{}:
		return nil, invalid("no peer")
	case len(r.Private) > maxRecord:
		return nil, invalid("private part of %d bytes", len(r.Private))
	case r.Created.Before(time.Unix(0, 0)) || r.Created.Year() > 2200:
		return nil, invalid("created %v", r.Created)
	}
	return [][]byte{
		r.Task.GetBody(), r.Task.GetSignature(), r.Admission.GetBody(), r.Admission.GetSignature(),
		r.Companies, r.Admitted, r.Peer[:], r.Private, be64(uint64(r.Created.UnixNano())),
	}, nil
}

func recordOf(f [][]byte) (*Record, error) {
	nanos, err := number(f[8], 8)
	if err != nil {
		return nil, err
	}
	if len(f[6]) != 32 {
		return nil, corrupt("a peer's key of %d bytes", len(f[6]))
	}
	r := &Record{
		Task:      &partypb.Signed{Body: f[0], Signature: f[1]},
		Companies: f[4], Peer: [32]byte(f[6]), Private: f[7],
		Created: time.Unix(0, int64(nanos)).UTC(),
	}
	if len(f[2]) > 0 {
		r.Admission, r.Admitted = &partypb.Signed{Body: f[2], Signature: f[3]}, f[5]
	}
	return r, nil
}

// isSigned reports whether s has the form of a signed message.
func isSigned(s *partypb.Signed) bool {
	return len(s.GetBody()) > 0 && len(s.GetBody()) <= partypb.MaxControl && len(s.GetSignature()) == partypb.SignatureSize
}

// putTask makes the bucket of a new task with the given buckets in it.
func (s *store) putTask(id TaskID, r *Record, inner ...[]byte) error {
	fields, err := r.fields()
	if err != nil {
		return err
	}
	record := encode(id[:], fields...)
	return s.update(func(tx *bolt.Tx) error {
		tasks := tx.Bucket(bucketTasks)
		if tasks.Bucket(id[:]) != nil {
			return ErrExists
		}
		b, err := tasks.CreateBucket(id[:])
		if err != nil {
			return err
		}
		for _, name := range inner {
			if _, err := b.CreateBucket(name); err != nil {
				return err
			}
		}
		if err := tx.Bucket(bucketOrder).Put(append(fields[8], id[:]...), nil); err != nil {
			return err
		}
		if err := b.Put(keyPeer, encode(id[:], r.Peer[:])); err != nil {
			return err
		}
		// Not beside the other keys: bbolt writes a page as a whole, and the record, of up to 27 bytes a company, would be
		// written again with a neighbour, and its old copies stay in the file and in its map.
		own, err := b.CreateBucket(bucketRecord)
		if err != nil {
			return err
		}
		return own.Put(keyTask, record)
	})
}

// task returns the bucket of a task.
func task(tx *bolt.Tx, id TaskID) (*bolt.Bucket, error) {
	if b := tx.Bucket(bucketTasks).Bucket(id[:]); b != nil {
		return b, nil
	}
	return nil, ErrUnknown
}

// inside returns a bucket within that of a task.
func inside(tx *bolt.Tx, id TaskID, name []byte) (*bolt.Bucket, error) {
	b, err := task(tx, id)
	if err != nil {
		return nil, err
	}
	if inner := b.Bucket(name); inner != nil {
		return inner, nil
	}
	return nil, ErrUnknown
}

// Task returns the record of a task, or ErrUnknown.
func (s *store) Task(id TaskID) (*Record, error) {
	return view(s, func(tx *bolt.Tx) (*Record, error) {
		b, err := inside(tx, id, bucketRecord)
		if err != nil {
			return nil, err
		}
		f, err := decode(id[:], b.Get(keyTask), 9)
		if err != nil {
			return nil, err
		}
		r, err := recordOf(f)
		if err != nil || r.Admission != nil {
			return r, err
		}
		return r, granted(tx, id, r)
	})
}

// Tasks iterates over the tasks from the oldest to the newest. Other calls may be made meanwhile; an error ends it.
func (s *store) Tasks() iter.Seq2[TaskID, error] {
	return func(yield func(TaskID, error) bool) {
		after := []byte{}
		for {
			key, err := view(s, func(tx *bolt.Tx) ([]byte, error) {
				c := tx.Bucket(bucketOrder).Cursor()
				k, _ := c.Seek(after)
				if k != nil && bytes.Equal(k, after) {
					k, _ = c.Next()
				}
				return bytes.Clone(k), nil
			})
			switch {
			case err == nil && key == nil:
				return
			case err == nil && len(key) != 8+32:
				err = corrupt("an entry of %d bytes in the order of tasks", len(key))
			}
			if err != nil {
				yield(TaskID{}, err)
				return
			}
			if !yield(TaskID(key[8:]), nil) {
				return
			}
			after = key
		}
	}
}

// Receipt returns the signed receipts of a complete batch, the bank's and the tax node's, or ErrUnknown.
func (s *store) Receipt(id TaskID) (bank, tax *partypb.Signed, err error) {
	f, err := view(s, func(tx *bolt.Tx) ([][]byte, error) {
		b, err := task(tx, id)
		if err != nil {
			return nil, err
		}
		v := b.Get(keyReceipt)
		if v == nil {
			return nil, ErrUnknown
		}
		return decode(id[:], v, 4)
	})
	if err != nil {
		return nil, nil, err
	}
	return &partypb.Signed{Body: f[0], Signature: f[1]}, &partypb.Signed{Body: f[2], Signature: f[3]}, nil
}

// Outcome returns what the tax node signed of the companies that it withheld from a complete batch, or ErrUnknown.
func (s *store) Outcome(id TaskID) (*partypb.Signed, error) {
	f, err := view(s, func(tx *bolt.Tx) ([][]byte, error) {
		b, err := task(tx, id)
		if err != nil {
			return nil, err
		}
		v := b.Get(keyOutcome)
		if v == nil {
			return nil, ErrUnknown
		}
		return decode(keyOutcome, v, 2)
	})
	if err != nil {
		return nil, err
	}
	return &partypb.Signed{Body: f[0], Signature: f[1]}, nil
}

// receipt encodes both receipts.
func receipt(id TaskID, bank, tax *partypb.Signed) ([]byte, error) {
	if !isSigned(bank) || !isSigned(tax) {
		return nil, invalid("a receipt is not signed")
	}
	return encode(id[:], bank.GetBody(), bank.GetSignature(), tax.GetBody(), tax.GetSignature()), nil
}

// blocks returns the set of superblocks that have a record in a task's bucket.
func (s *store) blocks(id TaskID, bucket []byte, superblocks int) (partypb.Bitmap, error) {
	if superblocks < 0 || superblocks > partypb.MaxSuperblocks {
		return nil, invalid("%d superblocks", superblocks)
	}
	return view(s, func(tx *bolt.Tx) (partypb.Bitmap, error) {
		b, err := inside(tx, id, bucket)
		if err != nil {
			return nil, err
		}
		set, c := partypb.NewBitmap(superblocks), b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if len(k) != 4 || binary.BigEndian.Uint32(k) >= uint32(superblocks) {
				return nil, invalid("a superblock is past the %d of the task", superblocks)
			}
			set.Set(int(binary.BigEndian.Uint32(k)))
		}
		return set, nil
	})
}

// next returns the fields of the first superblock, from `from` on, that has a record, and its number; or nil.
func (s *store) next(id TaskID, bucket []byte, from, fields int) (block int, f [][]byte, err error) {
	type found struct {
		block  uint64
		fields [][]byte
	}
	r, err := view(s, func(tx *bolt.Tx) (r found, err error) {
		b, err := inside(tx, id, bucket)
		if err != nil {
			return r, err
		}
		k, v := b.Cursor().Seek(be32(uint32(from)))
		if k == nil {
			return r, nil
		}
		if r.block, err = number(k, 4); err != nil {
			return r, err
		}
		r.fields, err = decode(k, v, fields)
		return r, err
	})
	return int(r.block), r.fields, err
}

func checkBlock(block int, attempt uint64) error {
	if block < 0 || block >= partypb.MaxSuperblocks {
		return invalid("superblock %d, want 0 to %d", block, partypb.MaxSuperblocks-1)
	}
	if attempt < 1 || attempt > partypb.MaxAttempt {
		return invalid("attempt %d, want 1 to %d", attempt, uint64(partypb.MaxAttempt))
	}
	return nil
}
