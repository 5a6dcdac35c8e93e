package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"

	"github.com/blindscore/blindscore/party/internal/boltfile"
)

var onDisk = boltfile.Errors{Corrupt: ErrCorrupt, File: ErrFile}

// Cosigner is a witness, here or behind a connection. Cosign is asked to sign a checkpoint that the log signed, with the proof
// that it continues the history of size old, the last one that the witness signed; it returns its co-signature, one line of
// a note. A *StaleError says at which size the witness is, for another try.
type Cosigner interface {
	Cosign(old uint64, proof []Hash, checkpoint []byte) (signature []byte, err error)
}

// Witness is a Cosigner with a file. It signs a checkpoint only if it continues the last one that it signed, which it stores
// before its signature leaves; so it never signs two histories, whatever the log or a crash do to it. If the file is lost or
// put back from a copy, that no longer holds: start with a new key. For concurrent use.
type Witness struct {
	mu     sync.Mutex
	db     *bolt.DB
	policy *Policy // without witnesses: the log's key
	signer *cosigner
	last   *Checkpoint
}

// WitnessConfig is what a witness needs.
type WitnessConfig struct {
	File    string // its memory
	Genesis *Genesis
	Log     Key // of the log's signatures
	Witness WitnessKey
	Sign    func(msg []byte) []byte // Ed25519 by Witness.Key
	Now     func() time.Time        // nil for time.Now
}

var (
	bucketWitness = []byte("witness")
	keyFormat     = []byte("format")
	keyLast       = []byte("last")
)

// CreateWitness makes a witness that has signed nothing. Errors wrap ErrConfig, or ErrFile if the file is there.
func CreateWitness(c WitnessConfig) (*Witness, error) {
	w, err := c.witness()
	if err != nil {
		return nil, err
	}
	err = onDisk.Create(c.File, func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket(bucketWitness)
		if err != nil {
			return err
		}
		return b.Put(keyFormat, w.format())
	})
	if err != nil {
		return nil, err
	}
	return OpenWitness(c)
}

// OpenWitness opens a witness that CreateWitness made. Errors wrap ErrConfig, ErrFile, ErrVersion or ErrCorrupt.
func OpenWitness(c WitnessConfig) (*Witness, error) {
	w, err := c.witness()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.File); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if w.db, err = onDisk.Open(c.File); err != nil {
		return nil, err
	}
	if err := w.load(); err != nil {
		return nil, errors.Join(err, w.db.Close())
	}
	return w, nil
}

// witness makes one without its file.
func (c WitnessConfig) witness() (*Witness, error) {
	p, err := NewPolicy(c.Genesis, c.Log, 0)
	if err != nil {
		return nil, err
	}
	if err := c.Witness.check(); err != nil {
		return nil, err
	}
	if c.Sign == nil {
		return nil, because(ErrConfig, "no signing function")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	root, err := new(Tree).Root()
	if err != nil {
		return nil, err
	}
	return &Witness{policy: p, signer: &cosigner{cosignVerifier{c.Witness}, c.Sign, c.Now}, last: &Checkpoint{Root: root}}, nil
}

// format says whose memory it is: that of one key, for one log and its key.
func (w *Witness) format() []byte {
	return fmt.Appendf(nil, "blindscore ledger witness v1\n%s %x\n%s %x", w.policy.name, w.policy.log.key, w.signer.WitnessKey.Name, w.signer.Key)
}

// load reads the memory.
func (w *Witness) load() error {
	var last []byte
	err := onDisk.Guard(func() error {
		return w.db.View(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketWitness)
			if b == nil || !bytes.Equal(b.Get(keyFormat), w.format()) {
				return because(ErrVersion, "not the memory of this witness of this ledger")
			}
			last = slices.Clone(b.Get(keyLast))
			return nil
		})
	})
	if err != nil || last == nil {
		return err
	}
	if w.last, err = w.policy.OpenLog(last); err != nil {
		return because(ErrCorrupt, "the last checkpoint: %v", err)
	}
	return nil
}

// Size returns the size of the last checkpoint that it signed.
func (w *Witness) Size() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last.Size
}

// Last returns the last checkpoint that it signed, with the log's signature; nil for none.
func (w *Witness) Last() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.last.Note)
}

// Cosign implements Cosigner. Errors wrap ErrInvalid or ErrSignature for what is no checkpoint of the log, ErrStale, ErrHistory
// for a proof that does not hold, ErrFork (a *ForkError) for a checkpoint that contradicts the last one, ErrClosed or ErrFile.
func (w *Witness) Cosign(old uint64, proof []Hash, checkpoint []byte) ([]byte, error) {
	cp, err := w.policy.OpenLog(checkpoint)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.db == nil:
		return nil, ErrClosed
	case old != w.last.Size || cp.Size < w.last.Size:
		return nil, &StaleError{w.last.Size}
	}
	if w.last.Note != nil {
		if err := same(w.last, cp); err != nil {
			return nil, err
		}
	}
	if err := CheckConsistency(proof, old, w.last.Root, cp.Size, cp.Root); err != nil {
		return nil, err
	}
	text := formatCheckpoint(w.policy.name, cp.Size, cp.Root)
	if cp.Size > w.last.Size || w.last.Note == nil {
		err := onDisk.Guard(func() error {
			return w.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketWitness).Put(keyLast, cp.Note) })
		})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFile, err)
		}
		w.last = cp
	}
	msg, err := note.Sign(&note.Note{Text: text}, w.signer)
	if err != nil {
		return nil, err
	}
	return []byte(strings.TrimPrefix(string(msg), text+"\n")), nil
}

// Close closes the file.
func (w *Witness) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.db == nil {
		return nil
	}
	db := w.db
	w.db = nil
	return db.Close()
}
