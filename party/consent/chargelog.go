package consent

import (
	"bytes"
	"encoding/binary"

	bolt "go.etcd.io/bbolt"
)

// Charges lie in the file as a log, in their order, which matters where a clock goes back:
//
//	sessions  session -> request 32 | place in the log 8 | memo
//	charges   place 8 | piece 4, both big-endian ->
//	            piece 0:      session 32 | time 8 | evaluations 4 | consents 4
//	            from 1 on:    for each of up to 20,000 consents: number 4 | refusal 1, zero for none
//	counts    piece 4 -> for each of up to 5,000 consents: number 4 | used 4 | window 4 | used in it 4
//	consents  "folded" -> place in the log 8 up to which counts holds what was charged
//
// So a charge writes 5 bytes a consent in a handful of values, where changing each consent would touch as many pages. What
// must be read when the file is opened stays bounded: after foldAt consents the counts are written anew, as a whole, in the
// transaction of a charge.

const (
	chargePiece = 20_000 // consents in a value of 100 KB
	countsPiece = 5_000  // in one of 80 KB
)

// foldAt is how many consents are charged between two folds: 40 MB of log. A fold writes 16 bytes for each consent that was
// ever charged and has not been forgotten.
var foldAt = 8 << 20

var keyFolded = []byte("folded")

func logKey(place uint64, piece uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, place), piece)
}

// write puts a charge that is new into the file.
func (p *charge) write(tx *bolt.Tx) error {
	log := tx.Bucket(bucketCharges)
	place, err := log.NextSequence()
	if err != nil {
		return err
	}
	log.FillPercent = 1 // it only grows at its end
	session := le.AppendUint64(append(make([]byte, 4, 44+len(p.memo)), p.request[:]...), place)
	session = append(session, p.memo...)
	if err := tx.Bucket(bucketSessions).Put(p.session[:], seal(p.session[:], session)); err != nil {
		return err
	}
	head := append(make([]byte, 4, 52), p.session[:]...)
	head = le.AppendUint64(head, uint64(p.now))
	head = le.AppendUint32(head, p.evaluations)
	head = le.AppendUint32(head, uint32(len(p.outcomes)))
	key := logKey(place, 0)
	if err := log.Put(key, seal(key, head)); err != nil {
		return err
	}
	for at := 0; at < len(p.outcomes); at += chargePiece {
		n := min(chargePiece, len(p.outcomes)-at)
		record := make([]byte, 4, 4+5*n)
		for i := at; i < at+n; i++ {
			record = append(le.AppendUint32(record, p.numbers[i]), codeOf(p.outcomes[i]))
		}
		key := logKey(place, uint32(1+at/chargePiece))
		if err := log.Put(key, seal(key, record)); err != nil {
			return err
		}
	}
	return nil
}

// recall returns what an earlier Charge of the session did, or nil.
func recall(tx *bolt.Tx, session, request [32]byte, n int) (*charge, error) {
	p, err := find(tx, session)
	if p == nil || err != nil {
		return nil, err
	}
	if p.request != request {
		return nil, because(ErrReplayed, "the session was charged for something else")
	}
	if len(p.outcomes) != n {
		return nil, because(ErrCorrupt, "a charge of %d consents, want %d", len(p.outcomes), n)
	}
	return p, nil
}

// find returns the charge of a session, or nil.
func find(tx *bolt.Tx, session [32]byte) (*charge, error) {
	v := tx.Bucket(bucketSessions).Get(session[:])
	if v == nil {
		return nil, nil
	}
	b, err := unseal(session[:], v, 40)
	if err != nil {
		return nil, err
	}
	cursor := tx.Bucket(bucketCharges).Cursor()
	p, k, err := readCharge(cursor, logKey(le.Uint64(b[32:]), 0))
	if err != nil {
		return nil, err
	}
	if k == nil || p.session != session {
		return nil, because(ErrCorrupt, "a session leads to another's charge")
	}
	p.request, p.memo = [32]byte(b), bytes.Clone(b[40:])
	return p, nil
}

// readCharge reads the charge whose first piece has the key, or comes next after it, and returns that key; nil at the end.
func readCharge(cursor *bolt.Cursor, from []byte) (*charge, []byte, error) {
	key, v := cursor.Seek(from)
	if key == nil {
		return nil, nil, nil
	}
	b, err := unseal(key, v, 48)
	if err != nil {
		return nil, nil, err
	}
	n := int(le.Uint32(b[44:]))
	if len(b) != 48 || len(key) != 12 || binary.BigEndian.Uint32(key[8:]) != 0 || n > MaxCompanies {
		return nil, nil, because(ErrCorrupt, "a charge begins with %d bytes, for %d consents", len(b), n)
	}
	p := &charge{
		session: [32]byte(b), now: int64(le.Uint64(b[32:])), evaluations: le.Uint32(b[40:]),
		numbers: make([]uint32, 0, min(n, 10*chargePiece)), outcomes: make([]error, 0, min(n, 10*chargePiece)),
	}
	for piece := uint32(1); len(p.numbers) < n; piece++ {
		k, v := cursor.Next()
		want := min(chargePiece, n-len(p.numbers))
		b, err := unseal(k, v, 5*want)
		if err != nil {
			return nil, nil, err
		}
		if len(b) != 5*want || !bytes.Equal(k, logKey(binary.BigEndian.Uint64(key), piece)) {
			return nil, nil, because(ErrCorrupt, "piece %d of a charge has %d bytes, want %d", piece, len(b), 5*want)
		}
		for ; len(b) > 0; b = b[5:] {
			if int(b[4]) >= len(refusals) {
				return nil, nil, because(ErrCorrupt, "a charge with outcome %d", b[4])
			}
			p.numbers, p.outcomes = append(p.numbers, le.Uint32(b)), append(p.outcomes, refusals[b[4]])
		}
	}
	return p, key, nil
}

// fold writes the counts of all consents, which are those after the last charge in the log.
func fold(tx *bolt.Tx, x *index) error {
	if err := tx.DeleteBucket(bucketCounts); err != nil {
		return err
	}
	bucket, err := tx.CreateBucket(bucketCounts)
	if err != nil {
		return err
	}
	record, piece := make([]byte, 4, 4+16*countsPiece), uint32(0)
	flush := func() error {
		key := binary.BigEndian.AppendUint32(nil, piece)
		err := bucket.Put(key, bytes.Clone(seal(key, record)))
		record, piece = record[:4], piece+1
		return err
	}
	for _, c := range x.all() {
		if c.used == 0 {
			continue
		}
		for _, n := range []uint32{c.number, c.used, c.window, c.windowUsed} {
			record = le.AppendUint32(record, n)
		}
		if len(record) == cap(record) {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(record) > 4 {
		if err := flush(); err != nil {
			return err
		}
	}
	folded := le.AppendUint64(make([]byte, 4), tx.Bucket(bucketCharges).Sequence())
	return tx.Bucket(bucketMeta).Put(keyFolded, seal(keyFolded, folded))
}
