package consent

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/uscc"
)

func TestStanding(t *testing.T) {
	r := newRig(t)
	var refs []Reference
	for company := range uint64(4) {
		c := sample(t, company)
		if company == 3 {
			c.Expiry = noon.Add(time.Hour)
		}
		refs = append(refs, r.grant(t, c, company).Reference)
	}
	_, found, err := r.Charged([32]byte{1})
	require.NoError(t, err)
	require.False(t, found)
	_, _, err = r.Standing(ctx, [32]byte{1}, nil, noon)
	require.ErrorIs(t, err, ErrNone)

	batch := []Reference{refs[0], {}, refs[1], refs[2], refs[3]}
	memo := []byte("what the caller wants to find again")
	_, err = r.ChargeWith(ctx, [32]byte{1}, batch, 1, asked(t), make([]byte, MaxMemo+1))
	require.ErrorIs(t, err, ErrInvalid)
	out, err := r.ChargeWith(ctx, [32]byte{1}, batch, 1, asked(t), memo)
	require.NoError(t, err)
	again, err := r.ChargeWith(ctx, [32]byte{1}, batch, 1, asked(t), nil)
	require.NoError(t, err)
	require.Equal(t, out, again)
	_, err = r.Revoke(ctx, revocation(t, 1, 1, ID{}))
	require.NoError(t, err)

	for range 2 {
		charged, found, err := r.Charged([32]byte{1})
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, &Charged{memo, []error{nil, ErrNone, nil, nil, nil}}, charged)
		got, standing, err := r.Standing(ctx, [32]byte{1}, []int{2, 1, 0}, noon)
		require.NoError(t, err)
		require.Equal(t, memo, got)
		require.Equal(t, []error{nil, ErrRevoked, nil}, standing)
		_, standing, err = r.Standing(ctx, [32]byte{1}, []int{3}, noon.Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, []error{ErrExpired}, standing)
		r.reopen(t)
	}
	for _, bad := range []int{-1, 4} {
		_, _, err = r.Standing(ctx, [32]byte{1}, []int{bad}, noon)
		require.ErrorIs(t, err, ErrInvalid)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err = r.Standing(gone, [32]byte{1}, []int{0}, noon)
	require.ErrorIs(t, err, context.Canceled)

	// A consent that was forgotten is told from the one that took its place.
	c := sample(t, 3)
	c.ID = idOf(9)
	res, err := r.Grant(ctx, noon.Add(time.Hour), create(t, c, 3))
	require.NoError(t, err)
	require.NoError(t, res[0].Err)
	_, standing, err := r.Standing(ctx, [32]byte{1}, []int{3}, noon)
	require.NoError(t, err)
	require.Equal(t, []error{ErrExpired}, standing)
}

// TestEmpty: a store without consents answers and charges nobody.
func TestEmpty(t *testing.T) {
	r := newRig(t)
	require.ErrorIs(t, r.ask(t, asked(t), 1).Err, ErrNone)
	none := Reference{uscc.Synthetic(1), idOf(0)}
	require.Equal(t, []error{ErrNone, ErrNone, ErrNone}, r.charge(t, 1, asked(t), 1, Reference{}, none, Reference{}))
	_, err := r.Charge(ctx, [32]byte{2}, []Reference{none, none}, 1, asked(t))
	require.ErrorIs(t, err, ErrInvalid, "named twice")
	_, err = r.Charge(ctx, [32]byte{2}, []Reference{{Company: uscc.Synthetic(1)}}, 1, asked(t))
	require.ErrorIs(t, err, ErrInvalid, "half a reference")
	r.reopen(t)
	require.Equal(t, []error{ErrNone}, r.charge(t, 3, asked(t), 1, none))
	out, err := r.Recheck(ctx, []Reference{none}, noon)
	require.NoError(t, err)
	require.Equal(t, []error{ErrNone}, out)
}

// TestTimes: each record is held against the range of its own company's consent.
func TestTimes(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.grant(t, sample(t, 1), 1).Err)
	free := sample(t, 2)
	free.Terms.Range = Range{}
	require.NoError(t, r.grant(t, free, 2).Err)
	q := asked(t)
	q.Records = Range{}
	ids := []uscc.ID{uscc.Synthetic(1), uscc.Synthetic(2)}
	for _, c := range []struct {
		record time.Time
		want   error
	}{
		{start.AddDate(-2, 0, 0), nil},
		{start.AddDate(-2, 0, 0).Add(-time.Second), ErrWrongRange},
		{start.Add(-time.Second), nil},
		{start, ErrWrongRange},
		{time.Time{}, ErrWrongRange},
	} {
		q.Times = []time.Time{c.record, c.record}
		a, err := r.Lookup(ctx, ids, q)
		require.NoError(t, err)
		require.Equal(t, c.want, a[0].Err, "%v", c.record)
		require.NoError(t, a[1].Err, "all time")
	}
	out, err := r.Charge(ctx, [32]byte{1}, []Reference{{uscc.Synthetic(2), idOf(0)}, {uscc.Synthetic(1), idOf(0)}}, 1, q)
	require.NoError(t, err)
	require.Equal(t, []error{nil, ErrWrongRange}, out)
	q.Times = q.Times[:1]
	_, err = r.Lookup(ctx, ids, q)
	require.ErrorIs(t, err, ErrInvalid)
	require.ErrorIs(t, sample(t, 1).Covers(q), ErrInvalid)
}

func TestUnrecorded(t *testing.T) {
	r := newRig(t)
	var artefacts [][]byte
	for i := range uint64(2) {
		artefacts = append(artefacts, create(t, sample(t, i), i))
	}
	granted, err := r.Grant(ctx, noon, append(artefacts, []byte("x"))...)
	require.NoError(t, err)
	ended, err := r.Revoke(ctx, revocation(t, 1, 1, ID{}))
	require.NoError(t, err)
	_, err = r.Revoke(ctx, revocation(t, 1, 1, ID{}))
	require.NoError(t, err, "again owes nothing more")
	r.reopen(t)
	list, err := r.Unrecorded(10)
	require.NoError(t, err)
	require.Len(t, list, 2)
	commitments := []ledger.Commitment{granted[0].Commitment, granted[1].Commitment}
	ledger.SortCommitments(commitments)
	require.Equal(t, &ledger.ConsentGranted{Consents: commitments}, list[0].Body)
	require.Equal(t, &ledger.ConsentRevoked{Consents: ended}, list[1].Body)
	require.NotEqual(t, list[0].Key, list[1].Key)
	again, err := r.Unrecorded(1)
	require.NoError(t, err)
	require.Equal(t, list[:1], again)
	require.NoError(t, r.Recorded(list[:1]...))
	again, err = r.Unrecorded(10)
	require.NoError(t, err)
	require.Equal(t, list[1:], again)
}

// TestReason gives the sentinel's text, without particulars.
func TestReason(t *testing.T) {
	require.Equal(t, ErrWrongBank.Error(), Reason(because(ErrWrongBank, "want %s", "another")))
	require.Empty(t, Reason(ErrClosed))
	require.Empty(t, Reason(nil))
}
