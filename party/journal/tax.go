package journal

import (
	"errors"
	"iter"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/partypb"
)

// Tax is the journal of a tax node. Its methods, among them Task, Tasks, Receipt and Close, may be called by any number of
// goroutines.
type Tax struct{ *store }

// OpenTax opens the journal in file, or makes it. Errors wrap ErrFile, ErrVersion or ErrCorrupt.
func OpenTax(file string) (*Tax, error) {
	s, err := openStore(file, "tax")
	if err != nil {
		return nil, err
	}
	return &Tax{s}, nil
}

// StoredAnswer is the last flight of a superblock, as it was sent or is about to be.
type StoredAnswer struct {
	mpc.Answer
	Attempt   uint64         // in which it was evaluated
	Companies uint32         // that it evaluates
	Withheld  partypb.Bitmap // those of them whose bits were not released

	// What the bank signed last before: it stands in for a receipt that the bank withholds.
	Before        mpc.Digest
	BankSignature []byte
}

// PutTask stores an admitted task; ErrExists if it was stored before.
func (j *Tax) PutTask(id TaskID, r *Record) error {
	if r.Admission == nil {
		return invalid("a task without an admission")
	}
	return j.putTask(id, r, bucketAnswers)
}

// NextAttempt returns an attempt number of at least atLeast, above every one that it returned for this task before, in
// this process or an earlier one. ErrInvalid once they are used up; ErrTries after MaxTries without an answer.
func (j *Tax) NextAttempt(id TaskID, atLeast uint64) (uint64, error) {
	var next uint64
	err := j.update(func(tx *bolt.Tx) error {
		b, err := task(tx, id)
		if err != nil {
			return err
		}
		last, tries, err := lastAttempt(id, b)
		if err != nil {
			return err
		}
		if tries >= MaxTries {
			return ErrTries
		}
		next = max(last+1, atLeast)
		if next > partypb.MaxAttempt {
			return invalid("attempt %d, at most %d", next, uint64(partypb.MaxAttempt))
		}
		return putAttempt(id, b, next, tries+1)
	})
	if err != nil {
		return 0, err
	}
	return next, nil
}

// lastAttempt returns the attempt given out last, or 0, and how many were since the last answer.
func lastAttempt(id TaskID, b *bolt.Bucket) (last, tries uint64, err error) {
	v := b.Get(keyAttempt)
	if v == nil {
		return 0, 0, nil
	}
	f, err := decode(id[:], v, 2)
	if err != nil {
		return 0, 0, err
	}
	if last, err = number(f[0], 8); err == nil {
		tries, err = number(f[1], 8)
	}
	return last, tries, err
}

func putAttempt(id TaskID, b *bolt.Bucket, last, tries uint64) error {
	return b.Put(keyAttempt, encode(id[:], be64(last), be64(tries)))
}

// MaxTries is how many attempts at a task may begin without an answer between them: each costs the node work and evidence,
// and a bank that breaks off every one is not charged for it.
const MaxTries = 64

// PutAnswer stores an answer, before it is sent. A superblock has one answer: a second one is ErrExists, even if it is the
// same, and must not be sent. An attempt that NextAttempt did not give out is ErrInvalid.
func (j *Tax) PutAnswer(id TaskID, a *StoredAnswer) error {
	if err := checkBlock(a.Block, a.Attempt); err != nil {
		return err
	}
	if len(a.Payload) > partypb.MaxPayload || len(a.Signature) != partypb.SignatureSize || a.Companies > partypb.MaxSuperblock {
		return invalid("an answer of %d bytes for %d companies, signature of %d bytes", len(a.Payload), a.Companies, len(a.Signature))
	}
	if len(a.BankSignature) != partypb.SignatureSize || len(a.Withheld) != (int(a.Companies)+7)/8 {
		return invalid("an answer for %d companies with %d bytes of those withheld, the bank's signature of %d bytes", a.Companies, len(a.Withheld), len(a.BankSignature))
	}
	key := be32(uint32(a.Block))
	record := encode(key, be64(a.Attempt), be32(a.Companies), a.Payload, a.Signature, a.Digest[:], a.Before[:], a.BankSignature, a.Withheld)
	return j.update(func(tx *bolt.Tx) error {
		b, err := task(tx, id)
		if err != nil {
			return err
		}
		last, _, err := lastAttempt(id, b)
		if err != nil {
			return err
		}
		if a.Attempt > last {
			return invalid("attempt %d, given out are those up to %d", a.Attempt, last)
		}
		answers, err := inside(tx, id, bucketAnswers)
		if err != nil {
			return err
		}
		if answers.Get(key) != nil {
			return ErrExists
		}
		return errors.Join(answers.Put(key, record), putAttempt(id, b, last, 0))
	})
}

func answerOf(block int, f [][]byte) (*StoredAnswer, error) {
	attempt, err := number(f[0], 8)
	if err != nil {
		return nil, err
	}
	companies, err := number(f[1], 4)
	if err != nil {
		return nil, err
	}
	if len(f[4]) != 32 || len(f[5]) != 32 || uint64(len(f[7])) != (companies+7)/8 {
		return nil, corrupt("transcript hashes of %d and %d bytes, %d bytes of those withheld", len(f[4]), len(f[5]), len(f[7]))
	}
	return &StoredAnswer{
		Answer:  mpc.Answer{Block: block, Payload: f[2], Signature: f[3], Digest: mpc.Digest(f[4])},
		Attempt: attempt, Companies: uint32(companies),
		Before: mpc.Digest(f[5]), BankSignature: f[6], Withheld: f[7],
	}, nil
}

// Answered returns the set of superblocks, out of so many, whose answer is stored.
func (j *Tax) Answered(id TaskID, superblocks int) (partypb.Bitmap, error) {
	return j.blocks(id, bucketAnswers, superblocks)
}

// Answers iterates over the stored answers of a task in the order of superblocks. Other calls may be made meanwhile; an
// error ends it.
func (j *Tax) Answers(id TaskID) iter.Seq2[*StoredAnswer, error] {
	return func(yield func(*StoredAnswer, error) bool) {
		for from := 0; ; {
			block, f, err := j.next(id, bucketAnswers, from, 8)
			if err == nil && f == nil {
				return
			}
			var a *StoredAnswer
			if err == nil {
				a, err = answerOf(block, f)
			}
			if !yield(a, err) || err != nil {
				return
			}
			from = block + 1
		}
	}
}

// Evaluations returns how many companies of a task have been evaluated: those of its stored answers.
func (j *Tax) Evaluations(id TaskID) (uint64, error) {
	var n uint64
	for a, err := range j.Answers(id) {
		if err != nil {
			return 0, err
		}
		n += uint64(a.Companies)
	}
	return n, nil
}

// PutReceipt stores the signed outcome and receipts of a complete batch; ErrExists if there are some.
func (j *Tax) PutReceipt(id TaskID, outcome, bank, tax *partypb.Signed) error {
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
		return errors.Join(
			b.Put(keyOutcome, encode(keyOutcome, outcome.GetBody(), outcome.GetSignature())),
			b.Put(keyReceipt, record),
		)
	})
}
