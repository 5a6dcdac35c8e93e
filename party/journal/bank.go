package journal

import (
	"bytes"
	"errors"
	"iter"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/partypb"
)

// Bank is the journal of a bank. Its methods, among them Task, Tasks, Receipt and Close, may be called by any number of
// goroutines.
type Bank struct{ *store }

// OpenBank opens the journal in file, or makes it. Errors wrap ErrFile, ErrVersion or ErrCorrupt.
func OpenBank(file string) (*Bank, error) {
	s, err := openStore(file, "bank")
	if err != nil {
		return nil, err
	}
	return &Bank{s}, nil
}

// Result is what the bank learned of a superblock.
type Result struct {
	Block   int
	Attempt uint64     // in which it was evaluated
	Values  []byte     // as the bank encodes them; at most 1 MiB
	Digest  mpc.Digest // transcript hash of the whole superblock, for the receipt
}

const maxValues = 1 << 20

// PutTask stores a task, before it is proposed: from then on the tax node may have charged for it. ErrExists if it was
// stored before.
func (j *Bank) PutTask(id TaskID, r *Record) error {
	return j.putTask(id, r, bucketSeeds, bucketChains, bucketResults, bucketGranted)
}

// PutAdmission stores the tax node's answer to a proposal. The same answer again changes nothing; another one is
// ErrExists.
func (j *Bank) PutAdmission(id TaskID, admission *partypb.Signed, admitted partypb.Bitmap) error {
	if !isSigned(admission) {
		return invalid("admission is not signed")
	}
	record := encode(id[:], admission.GetBody(), admission.GetSignature(), admitted)
	return j.update(func(tx *bolt.Tx) error {
		b, err := inside(tx, id, bucketGranted)
		if err != nil {
			return err
		}
		if have := b.Get(keyTask); have != nil {
			if bytes.Equal(have, record) {
				return nil
			}
			return ErrExists
		}
		return b.Put(keyTask, record)
	})
}

// granted adds to a record what PutAdmission stored, if it did.
func granted(tx *bolt.Tx, id TaskID, r *Record) error {
	b, err := inside(tx, id, bucketGranted)
	if errors.Is(err, ErrUnknown) {
		return corrupt("a task without an admission")
	}
	if err != nil {
		return err
	}
	v := b.Get(keyTask)
	if v == nil {
		return nil
	}
	f, err := decode(id[:], v, 3)
	if err != nil {
		return err
	}
	if len(f[2]) != (len(r.Companies)/partypb.CompanySize+7)/8 {
		return corrupt("an admission of %d bytes for %d companies", len(f[2]), len(r.Companies)/partypb.CompanySize)
	}
	r.Admission, r.Admitted = &partypb.Signed{Body: f[0], Signature: f[1]}, f[2]
	return nil
}

// PutAttempt stores the seed of an attempt before it runs: with it, and with the chain, an answer that the tax node sends
// again can be unmasked. ErrExists if there is one, ErrUnknown once the task is complete. The seed is secret; see Complete.
func (j *Bank) PutAttempt(id TaskID, attempt uint64, seed mpc.Seed) error {
	if err := checkBlock(0, attempt); err != nil {
		return err
	}
	key := be64(attempt)
	return j.add(id, bucketSeeds, key, encode(key, seed.Reveal()))
}

// Seed returns the seed of an attempt, or ErrUnknown.
func (j *Bank) Seed(id TaskID, attempt uint64) (mpc.Seed, error) {
	f, err := j.get(id, bucketSeeds, be64(attempt), 1)
	if err != nil {
		return mpc.Seed{}, err
	}
	seed, err := mpc.RestoreSeed(f[0])
	if err != nil {
		return mpc.Seed{}, corrupt("a seed of %d bytes", len(f[0]))
	}
	return seed, nil
}

// LastAttempt returns the highest attempt that has a seed, or 0.
func (j *Bank) LastAttempt(id TaskID) (uint64, error) {
	return view(j.store, func(tx *bolt.Tx) (uint64, error) {
		b, err := inside(tx, id, bucketSeeds)
		if err != nil {
			return 0, err
		}
		k, _ := b.Cursor().Last()
		if k == nil {
			return 0, nil
		}
		return number(k, 8)
	})
}

// PutChain stores the transcript hash of a superblock right before the bank's last flight of it leaves, against which a
// stored answer is checked. ErrExists if there is one.
func (j *Bank) PutChain(id TaskID, attempt uint64, block int, d mpc.Digest) error {
	if err := checkBlock(block, attempt); err != nil {
		return err
	}
	key := append(be64(attempt), be32(uint32(block))...)
	return j.add(id, bucketChains, key, encode(key, d[:]))
}

// Chain returns what PutChain stored, or ErrUnknown.
func (j *Bank) Chain(id TaskID, attempt uint64, block int) (mpc.Digest, error) {
	f, err := j.get(id, bucketChains, append(be64(attempt), be32(uint32(block))...), 1)
	if err != nil {
		return mpc.Digest{}, err
	}
	if len(f[0]) != 32 {
		return mpc.Digest{}, corrupt("a transcript hash of %d bytes", len(f[0]))
	}
	return mpc.Digest(f[0]), nil
}

// PutResult stores what was learned of a superblock. ErrExists if there is a result.
func (j *Bank) PutResult(id TaskID, r *Result) error {
	if err := checkBlock(r.Block, r.Attempt); err != nil {
		return err
	}
	if len(r.Values) > maxValues {
		return invalid("values of %d bytes, at most %d", len(r.Values), maxValues)
	}
	key := be32(uint32(r.Block))
	return j.add(id, bucketResults, key, encode(key, be64(r.Attempt), r.Values, r.Digest[:]))
}

// Finished returns the set of superblocks, out of so many, that have a result.
func (j *Bank) Finished(id TaskID, superblocks int) (partypb.Bitmap, error) {
	return j.blocks(id, bucketResults, superblocks)
}

// Results iterates over the results of a task in the order of superblocks. Other calls may be made meanwhile; an error
// ends it.
func (j *Bank) Results(id TaskID) iter.Seq2[*Result, error] {
	return func(yield func(*Result, error) bool) {
		for from := 0; ; {
			block, f, err := j.next(id, bucketResults, from, 3)
			if err == nil && f == nil {
				return
			}
			var r *Result
			if err == nil {
				r, err = resultOf(block, f)
			}
			if !yield(r, err) || err != nil {
				return
			}
			from = block + 1
		}
	}
}

func resultOf(block int, f [][]byte) (*Result, error) {
	attempt, err := number(f[0], 8)
	if err != nil {
		return nil, err
	}
	if len(f[2]) != 32 {
		return nil, corrupt("a transcript hash of %d bytes", len(f[2]))
	}
	return &Result{Block: block, Attempt: attempt, Values: f[1], Digest: mpc.Digest(f[2])}, nil
}

// Forget removes a task that the tax node refused as a whole. A task that has an admission stays: ErrExists.
func (j *Bank) Forget(id TaskID) error {
	return j.update(func(tx *bolt.Tx) error {
		granted, err := inside(tx, id, bucketGranted)
		if err != nil {
			return err
		}
		if granted.Get(keyTask) != nil {
			return ErrExists
		}
		record, err := inside(tx, id, bucketRecord)
		if err != nil {
			return err
		}
		f, err := decode(id[:], record.Get(keyTask), 9)
		if err != nil {
			return err
		}
		if len(f[2]) > 0 {
			return ErrExists
		}
		return errors.Join(tx.Bucket(bucketOrder).Delete(append(f[8], id[:]...)), tx.Bucket(bucketTasks).DeleteBucket(id[:]))
	})
}

// Complete stores the signed outcome and receipts of a batch and removes its seeds and chains, which nothing needs any
// more: results stay. ErrExists if it is complete already.
func (j *Bank) Complete(id TaskID, outcome, bank, tax *partypb.Signed) error {
	record, err := receipt(id, bank, tax)
	if err != nil {
		return err
	}
	if !isSigned(outcome) {
		return invalid("the outcome is not signed")
	}
	return j.update(func(tx *bolt.Tx) error {
		b, err := task(tx, id)
		if err != nil {
			return err
		}
		if b.Get(keyReceipt) != nil {
			return ErrExists
		}
		err = b.Put(keyOutcome, encode(keyOutcome, outcome.GetBody(), outcome.GetSignature()))
		return errors.Join(err, b.DeleteBucket(bucketSeeds), b.DeleteBucket(bucketChains), b.Put(keyReceipt, record))
	})
}

// Unfinished iterates over the tasks with a peer that have no receipt, from the oldest to the newest: what a bank that was
// restarted goes on with. Other calls may be made meanwhile; an error ends it.
func (j *Bank) Unfinished(peer [32]byte) iter.Seq2[TaskID, error] {
	return func(yield func(TaskID, error) bool) {
		for id, err := range j.Tasks() {
			open := false
			if err == nil {
				open, err = j.unfinished(id, peer)
			}
			if err != nil {
				yield(TaskID{}, err)
				return
			}
			if open && !yield(id, nil) {
				return
			}
		}
	}
}

func (j *Bank) unfinished(id TaskID, peer [32]byte) (bool, error) {
	return view(j.store, func(tx *bolt.Tx) (bool, error) {
		b, err := task(tx, id)
		if err != nil || b.Get(keyReceipt) != nil {
			return false, err
		}
		f, err := decode(id[:], b.Get(keyPeer), 1)
		if err != nil {
			return false, err
		}
		return string(f[0]) == string(peer[:]), nil
	})
}

// add stores a record that must not be there yet.
func (j *Bank) add(id TaskID, bucket, key, record []byte) error {
	return j.update(func(tx *bolt.Tx) error {
		b, err := inside(tx, id, bucket)
		if err != nil {
			return err
		}
		if b.Get(key) != nil {
			return ErrExists
		}
		return b.Put(key, record)
	})
}

func (j *Bank) get(id TaskID, bucket, key []byte, fields int) ([][]byte, error) {
	return view(j.store, func(tx *bolt.Tx) ([][]byte, error) {
		b, err := inside(tx, id, bucket)
		if err != nil {
			return nil, err
		}
		v := b.Get(key)
		if v == nil {
			return nil, ErrUnknown
		}
		return decode(key, v, fields)
	})
}
