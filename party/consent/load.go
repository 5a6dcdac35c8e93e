package consent

import (
	"bytes"
	"encoding/binary"
	"math"

	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/uscc"
)

// load builds the index of a file, and returns how many consents were charged since the last fold.
func load(tx *bolt.Tx) (*index, int, error) {
	x := newIndex()
	if err := x.loadTerms(tx); err != nil {
		return nil, 0, err
	}
	if err := x.loadStates(tx); err != nil {
		return nil, 0, err
	}
	if err := x.loadCounts(tx); err != nil {
		return nil, 0, err
	}
	unfolded, err := x.replay(tx)
	return x, unfolded, err
}

func (x *index) loadTerms(tx *bolt.Tx) error {
	x.terms = append(x.terms, nil) // numbers count from 1
	return tx.Bucket(bucketTerms).ForEach(func(k, v []byte) error {
		if len(k) != 4 || binary.BigEndian.Uint32(k) != uint32(len(x.terms)) {
			return because(ErrCorrupt, "terms %x, want %d", k, len(x.terms))
		}
		b, err := unseal(k, v, 1)
		if err != nil {
			return err
		}
		t, err := decodeTerms(b)
		if err != nil {
			return because(ErrCorrupt, "terms %x: %v", k, err)
		}
		x.terms = append(x.terms, t)
		return nil
	})
}

func (x *index) loadStates(tx *bolt.Tx) error {
	states := tx.Bucket(bucketStates)
	highest := states.Sequence()
	// The artefact of each, which stays, takes more than that.
	if highest > math.MaxUint32 || highest > uint64(tx.Size())/stateSize {
		return because(ErrCorrupt, "%d consents were ever granted, in %d bytes", highest, tx.Size())
	}
	x.note(uint32(highest), 0)
	return states.ForEach(func(k, v []byte) error {
		var c slot
		if err := c.state.decode(k, v); err != nil {
			return err
		}
		if c.number == 0 || uint64(c.number) > highest || x.numbered(c.number) != nil {
			return because(ErrCorrupt, "consent %d of %d", c.number, highest)
		}
		if len(k) != keySize || c.terms == 0 || int64(c.terms) >= int64(len(x.terms)) {
			return because(ErrCorrupt, "a consent with a key of %d bytes on terms %d of %d", len(k), c.terms, len(x.terms)-1)
		}
		if err := c.company.UnmarshalBinary(k[:uscc.Size]); err != nil {
			return because(ErrCorrupt, "%v", err)
		}
		c.id = ID(k[uscc.Size:])
		x.add(c)
		return nil
	})
}

func (x *index) loadCounts(tx *bolt.Tx) error {
	return tx.Bucket(bucketCounts).ForEach(func(k, v []byte) error {
		b, err := unseal(k, v, 16)
		if err != nil {
			return err
		}
		for ; len(b) >= 16; b = b[16:] {
			if c := x.numbered(le.Uint32(b)); c != nil {
				c.counts = counts{le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:])}
			}
		}
		return nil
	})
}

// replay counts the charges since the last fold again.
func (x *index) replay(tx *bolt.Tx) (int, error) {
	var folded uint64
	if v := tx.Bucket(bucketMeta).Get(keyFolded); v != nil {
		b, err := unseal(keyFolded, v, 8)
		if err != nil {
			return 0, err
		}
		folded = le.Uint64(b)
	}
	log := tx.Bucket(bucketCharges)
	last, cursor, total := log.Sequence(), log.Cursor(), 0
	if folded > last {
		return 0, because(ErrCorrupt, "%d charges of %d are folded", folded, last)
	}
	for place := folded + 1; place <= last; place++ {
		want := logKey(place, 0)
		p, key, err := readCharge(cursor, want)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(key, want) {
			return 0, because(ErrCorrupt, "charge %d of %d is missing", place, last)
		}
		for i, number := range p.numbers {
			if c := x.numbered(number); c != nil && p.outcomes[i] == nil {
				c.use(x.terms[c.terms].Frequency.Per, p.evaluations, p.now)
			}
		}
		total += len(p.numbers)
	}
	return total, nil
}
