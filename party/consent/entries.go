package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/ledger"
)

// Unrecorded is an entry that the ledger is owed. It is written in the transaction that grants or revokes, so that no crash
// loses it; who has handed it to the ledger's outbox, durably, says so with Recorded. A crash in between hands it in twice,
// with the same Key, for the outbox to notice.
type Unrecorded struct {
	Key  [32]byte    // of this entry alone
	Body ledger.Body // *ledger.ConsentGranted or *ledger.ConsentRevoked, 1 to 256 commitments

	sequence uint64
}

const entryContext = "blindscore consent entry v1\x00"

// owe notes what happened to consents, in as many entries as it takes: sequence 8, big-endian -> kind 1 | commitments.
func owe(tx *bolt.Tx, kind ledger.Kind, commitments []ledger.Commitment) error {
	ledger.SortCommitments(commitments)
	for len(commitments) > 0 {
		n := min(len(commitments), ledger.MaxCommitments)
		bucket := tx.Bucket(bucketEntries)
		sequence, err := bucket.NextSequence()
		if err != nil {
			return err
		}
		record := append(make([]byte, 4, 5+32*n), byte(kind))
		for _, c := range commitments[:n] {
			record = append(record, c[:]...)
		}
		key := binary.BigEndian.AppendUint64(nil, sequence)
		if err := bucket.Put(key, seal(key, record)); err != nil {
			return err
		}
		commitments = commitments[n:]
	}
	return nil
}

// Unrecorded returns up to limit entries that the ledger is owed, in the order in which they are to be recorded.
func (s *Store) Unrecorded(limit int) ([]Unrecorded, error) {
	return view(s, func(tx *bolt.Tx) (list []Unrecorded, err error) {
		cursor := tx.Bucket(bucketEntries).Cursor()
		for k, v := cursor.First(); k != nil && len(list) < limit; k, v = cursor.Next() {
			b, err := unseal(k, v, 33)
			if err != nil {
				return nil, err
			}
			if len(k) != 8 || len(b)%32 != 1 {
				return nil, because(ErrCorrupt, "an entry of %d bytes", len(b))
			}
			u := Unrecorded{Key: sha256.Sum256(bytes.Join([][]byte{[]byte(entryContext), b}, nil)), sequence: binary.BigEndian.Uint64(k)}
			var commitments []ledger.Commitment
			for rest := b[1:]; len(rest) > 0; rest = rest[32:] {
				commitments = append(commitments, ledger.Commitment(rest))
			}
			switch ledger.Kind(b[0]) {
			case ledger.KindConsentGranted:
				u.Body = &ledger.ConsentGranted{Consents: commitments}
			case ledger.KindConsentRevoked:
				u.Body = &ledger.ConsentRevoked{Consents: commitments}
			default:
				return nil, because(ErrCorrupt, "an entry of kind %d", b[0])
			}
			list = append(list, u)
		}
		return list, nil
	})
}

// Recorded forgets entries that Unrecorded returned.
func (s *Store) Recorded(list ...Unrecorded) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := update(s, func(tx *bolt.Tx) (none struct{}, err error) {
		for _, u := range list {
			if err := tx.Bucket(bucketEntries).Delete(binary.BigEndian.AppendUint64(nil, u.sequence)); err != nil {
				return none, err
			}
		}
		return none, nil
	})
	return err
}
