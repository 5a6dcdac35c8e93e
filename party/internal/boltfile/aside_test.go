package boltfile

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

// TestAside: damage ends what waits and what comes later; a refusal does not.
func TestAside(t *testing.T) {
	corrupt, closed := errors.New("corrupt"), errors.New("closed")
	e := Errors{Corrupt: corrupt, File: errors.New("file"), Closed: closed}
	db, err := e.Open(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	f := NewFailure()
	read := func(err error) func(*bolt.Tx) (int, error) {
		return func(*bolt.Tx) (int, error) { return 7, err }
	}
	v, err := Aside(e, f, db.View, nil, read(nil))
	require.NoError(t, err)
	require.Equal(t, 7, v)
	refused := errors.New("refused")
	v, err = Aside(e, f, db.View, nil, read(refused))
	require.ErrorIs(t, err, refused)
	require.Zero(t, v, "nothing comes with an error")
	require.NoError(t, f.Err())

	stuck, release := make(chan error, 1), make(chan struct{})
	go func() {
		_, err := Aside(e, f, db.View, nil, func(*bolt.Tx) (int, error) {
			<-release
			return 0, nil
		})
		stuck <- err
	}()
	_, err = Aside(e, f, db.View, nil, read(corrupt))
	require.ErrorIs(t, err, corrupt)
	require.ErrorIs(t, <-stuck, corrupt, "who waits hears of it")
	close(release)
	_, err = Aside(e, f, db.View, nil, read(nil))
	require.ErrorIs(t, err, corrupt)
	f.Set(refused)
	require.ErrorIs(t, f.Err(), corrupt, "the first counts")

	require.NoError(t, db.Close())
	_, err = Aside(e, NewFailure(), db.View, nil, read(nil))
	require.ErrorIs(t, err, closed)
	_, err = Aside(e, NewFailure(), db.View, func(err error) bool { return errors.Is(err, closed) }, read(nil))
	require.ErrorIs(t, err, closed)
}
