package consent

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

// What a session was charged is shown with its artefacts, also after a consent was forgotten and the file opened again.
func TestUsage(t *testing.T) {
	r := newRig(t)
	ids := []uscc.ID{uscc.Synthetic(0), uscc.Synthetic(1), uscc.Synthetic(2)}
	brief := sample(t, 2)
	brief.Expiry = noon.Add(time.Hour)
	a, b := r.grant(t, sample(t, 0), 0).Reference, r.grant(t, brief, 2).Reference
	q := asked(t)
	_, found, err := r.Usage([32]byte{1}, ids, q)
	require.NoError(t, err)
	require.False(t, found)
	r.charge(t, 1, q, 1, a, Reference{}, b)
	want := make([]*Evidence, 3)
	want[0], err = r.Evidence(a)
	require.NoError(t, err)
	want[2], err = r.Evidence(b)
	require.NoError(t, err)

	next := sample(t, 2)
	next.ID[3] ^= 1
	out, err := r.Grant(ctx, noon.Add(2*time.Hour), create(t, next, 2))
	require.NoError(t, err)
	require.NoError(t, out[0].Err)
	for range 2 {
		u, found, err := r.Usage([32]byte{1}, ids, q)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, q.Now.UTC(), u.When)
		got, err := u.Evidence(ctx, 0, 3)
		require.NoError(t, err)
		require.Equal(t, want, got)
		got, err = u.Evidence(ctx, 1, 2)
		require.NoError(t, err)
		require.Equal(t, []*Evidence{nil}, got)
		for _, bad := range [][2]int{{-1, 1}, {2, 1}, {0, 4}} {
			_, err = u.Evidence(ctx, bad[0], bad[1])
			require.ErrorIs(t, err, ErrInvalid)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err = u.Evidence(ended, 0, 3)
		require.ErrorIs(t, err, context.Canceled)
		r.reopen(t)
	}
	_, _, err = r.Usage([32]byte{1}, ids[:2], q)
	require.ErrorIs(t, err, ErrInvalid)
	_, _, err = r.Usage([32]byte{1}, ids, new(Question))
	require.ErrorIs(t, err, ErrInvalid)
	u, _, err := r.Usage([32]byte{1}, []uscc.ID{ids[1], ids[0], ids[2]}, q)
	require.NoError(t, err)
	_, err = u.Evidence(ctx, 0, 1)
	require.ErrorIs(t, err, ErrInvalid, "another company's")
	require.Equal(t, 24*time.Hour, UnitDay.Length())
	require.Zero(t, Unit(0).Length())
}
