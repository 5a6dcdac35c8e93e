package vault

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic/tables"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

// A holder that answers with another share than its own spoils the result, and the audit names it and nobody else.
func TestAudit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and minutes under the race detector")
	}
	slow(t)
	w := newWorld(t)
	b, task := w.ask(t, all...)
	job := w.job(t, b, all...)
	request := job.Request([]int{2, 3})
	wrong := slices.Clone(w.shares[1])
	wrong[threshold.RootBytes+100] ^= 1
	c := w.config(t, 2)
	c.Register = w.holders[1].c.Register
	var err error
	c.Share, err = w.keys.RestoreShare(2, wrong)
	require.NoError(t, err)
	liar, err := NewHolder(c)
	require.NoError(t, err)
	two, err := liar.Answer(context.Background(), request)
	require.NoError(t, err)
	three, err := w.holders[2].Answer(context.Background(), request)
	require.NoError(t, err)
	out, err := job.Combine([]int{2, 3}, [][]byte{two, three})
	require.NoError(t, err, "no answer proves itself")
	_, err = w.bank.Read(task, len(w.model.Bands()), out)
	require.ErrorIs(t, err, tables.ErrBand)

	said, err := w.group.ReadTranscript(w.said)
	require.NoError(t, err)
	for i, answer := range map[int][]byte{2: two, 3: three} {
		root, err := threshold.RestoreRoot(w.shares[i-1][:threshold.RootBytes])
		require.NoError(t, err)
		err = w.platform.Audit(context.Background(), request, answer, said, i, root)
		if i == 3 {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, threshold.ErrLie)
		require.Equal(t, []int{2}, threshold.Named(err))
	}
	q := job.request([]int{2, 3})
	q.results = [][32]byte{{1}}
	root, err := threshold.RestoreRoot(w.shares[1][:threshold.RootBytes])
	require.NoError(t, err)
	bad := q.encode()
	err = w.platform.Audit(context.Background(), bad, encodePartial(q.digest, [][]byte{two[len(partialLabel)+hashBytes:]}), said, 2, root)
	require.ErrorIs(t, err, ErrResult)
}
