package journal

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/partypb"
)

// TestBankRemembersAProposal: a task is on record before the tax node has it, and its admission once it came.
func TestBankRemembersAProposal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bank.db")
	j := bank(t, file)
	id, r := TaskID{1}, record(7, 20)
	admission, admitted := r.Admission, partypb.Bitmap{1, 2, 3}
	r.Admission, r.Admitted = nil, nil
	require.NoError(t, j.PutTask(id, r))
	require.NoError(t, j.Close())

	j = bank(t, file)
	got, err := j.Task(id)
	require.NoError(t, err)
	require.Nil(t, got.Admission)
	require.Equal(t, r.Companies, got.Companies)
	require.ErrorIs(t, j.PutAdmission(TaskID{2}, admission, admitted), ErrUnknown)
	require.ErrorIs(t, j.PutAdmission(id, nil, admitted), ErrInvalid)
	refused := *r
	require.NoError(t, j.PutTask(TaskID{3}, &refused))
	require.NoError(t, j.Forget(TaskID{3}), "the tax node refused it as a whole")
	_, err = j.Task(TaskID{3})
	require.ErrorIs(t, err, ErrUnknown)
	require.NoError(t, j.PutTask(TaskID{3}, &refused), "its place is free again")
	require.NoError(t, j.PutAdmission(id, admission, admitted))
	require.ErrorIs(t, j.Forget(id), ErrExists)
	require.NoError(t, j.PutAdmission(id, admission, admitted), "the tax node may show it again")
	require.ErrorIs(t, j.PutAdmission(id, signed(9), admitted), ErrExists, "but no other")
	require.NoError(t, j.Close())

	j = bank(t, file)
	got, err = j.Task(id)
	require.NoError(t, err)
	require.Equal(t, admission.Body, got.Admission.Body)
	require.Equal(t, admitted, got.Admitted)
}

// TestTries: attempts that come to nothing are numbered; every answer begins the count anew.
func TestTries(t *testing.T) {
	j := tax(t, filepath.Join(t.TempDir(), "tax.db"))
	id := TaskID{1}
	require.NoError(t, j.PutTask(id, record(7, 100)))
	var last uint64
	try := func(n int) {
		for range n {
			next, err := j.NextAttempt(id, 1)
			require.NoError(t, err)
			require.Greater(t, next, last)
			last = next
		}
	}
	try(MaxTries - 1)
	require.NoError(t, j.PutAnswer(id, answer(0, last)))
	try(MaxTries)
	_, err := j.NextAttempt(id, 1)
	require.ErrorIs(t, err, ErrTries)
	require.NoError(t, j.PutAnswer(id, answer(1, last)), "a session that is under way may end")
	try(1)
}
