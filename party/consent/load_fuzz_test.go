package consent

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

// FuzzLoad puts a record with a good checksum into a file: whatever it says, opening the file ends well or with ErrCorrupt.
func FuzzLoad(f *testing.F) {
	r := newRig(f)
	ref := r.grant(f, sample(f, 1), 1).Reference
	before := foldAt
	foldAt = 1
	for session := range byte(3) {
		r.charge(f, session+1, asked(f), 1, ref)
	}
	foldAt = before
	require.NoError(f, r.db.View(func(tx *bolt.Tx) error {
		for i, name := range append([][]byte{bucketMeta}, buckets...) {
			cursor := tx.Bucket(name).Cursor()
			for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
				if len(v) > 4 {
					f.Add(uint8(i), append([]byte(nil), k...), append([]byte(nil), v[4:]...), uint8(0))
				}
			}
		}
		return nil
	}))
	f.Fuzz(func(t *testing.T, bucket uint8, key, value []byte, sequence uint8) {
		if len(key) == 0 || len(key) > bolt.MaxKeySize {
			t.Skip()
		}
		file := filepath.Join(t.TempDir(), "consents.db")
		s, err := OpenStore(file, r.Node(), r.keys)
		require.NoError(t, err)
		_, err = s.Grant(ctx, noon, create(t, sample(t, 1), 1))
		require.NoError(t, err)
		_, err = s.Charge(ctx, [32]byte{9}, []Reference{ref}, 1, asked(t))
		require.NoError(t, err)
		require.NoError(t, s.db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket(append([][]byte{bucketMeta}, buckets...)[int(bucket)%(1+len(buckets))])
			if err := b.SetSequence(b.Sequence() + uint64(sequence)); err != nil {
				return err
			}
			return b.Put(key, seal(key, append(make([]byte, 4), value...)))
		}))
		require.NoError(t, s.Close())
		s, err = OpenStore(file, r.Node(), r.keys)
		if err == nil {
			_, err = s.Charge(ctx, [32]byte{9}, []Reference{ref}, 1, asked(t))
			_, _, err2 := s.Charged([32]byte{1})
			_, err3 := s.Unrecorded(10)
			_, err4 := s.Revoke(ctx, revocation(t, 1, 1, ID{}))
			err = errors.Join(err, err2, err3, err4, s.Close())
		}
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) && !errors.Is(err, ErrConsent) {
			t.Fatal(err)
		}
	})
}
