package consent

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

func TestGrant(t *testing.T) {
	r := newRig(t)
	g := r.grant(t, sample(t, 1), 1)
	require.NoError(t, g.Err)
	require.Equal(t, Reference{uscc.Synthetic(1), idOf(0)}, g.Reference)

	ev, err := r.Evidence(g.Reference)
	require.NoError(t, err)
	require.Equal(t, create(t, sample(t, 1), 1), ev.Artefact)
	require.Equal(t, g.Commitment, ev.Commitment)
	digest := Digest(ev.Artefact)
	require.True(t, g.Commitment.Opens(ev.Salt, uscc.Synthetic(1).String(), digest[:]))
	_, err = r.Evidence(Reference{uscc.Synthetic(2), idOf(0)})
	require.ErrorIs(t, err, ErrNone)

	require.ErrorIs(t, r.grant(t, sample(t, 1), 1).Err, ErrReplayed)
	more := sample(t, 1)
	more.Terms.MaxEvaluations = 100
	require.ErrorIs(t, r.grant(t, more, 1).Err, ErrReplayed, "another consent with the same id")
	require.NoError(t, r.grant(t, sample(t, 2), 2).Err, "the same id of another company")

	other := sample(t, 3)
	other.Terms.TaxNode = node(t, transport.RoleTax, "hubei", 2<<40)
	require.ErrorIs(t, r.grant(t, other, 3).Err, ErrWrongTaxNode)
	old := sample(t, 3)
	old.Expiry = noon
	require.ErrorIs(t, r.grant(t, old, 3).Err, ErrExpired)
	require.ErrorIs(t, r.grant(t, sample(t, 3), 4).Err, ErrAltered)
	require.ErrorIs(t, r.grant(t, sample(t, 30), 30).Err, ErrUnknownKey)

	out, err := r.Grant(ctx, noon, create(t, sample(t, 4), 4), []byte("x"), create(t, sample(t, 4), 4), create(t, sample(t, 5), 5))
	require.NoError(t, err)
	for i, want := range []error{nil, ErrMalformed, ErrReplayed, nil} {
		require.ErrorIs(t, out[i].Err, want, "%d", i)
	}
	require.NotEqual(t, out[0].Commitment, out[3].Commitment)

	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = r.Grant(gone, noon, create(t, sample(t, 6), 6))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, r.ask(t, asked(t), 6).Err, ErrNone)
}

func TestLookup(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.grant(t, sample(t, 1), 1).Err)
	early := sample(t, 2)
	early.Start = noon.Add(time.Hour)
	require.NoError(t, r.grant(t, early, 2).Err, "a consent may come before its time")
	bound := sample(t, 3)
	bound.Task = [16]byte{5}
	require.NoError(t, r.grant(t, bound, 3).Err)

	q := asked(t)
	ids := []uscc.ID{uscc.Synthetic(4), uscc.Synthetic(1), uscc.Synthetic(3), uscc.Synthetic(2), uscc.Synthetic(1)}
	got, err := r.Lookup(ctx, ids, q)
	require.NoError(t, err)
	yes := Answer{Reference{uscc.Synthetic(1), idOf(0)}, 2, nil}
	require.Equal(t, []Answer{{Err: ErrNone}, yes, {Err: ErrWrongTask}, {Err: ErrNotYetValid}, yes}, got)

	for want, change := range map[error]func(*Question){
		ErrWrongBank:    func(q *Question) { q.Bank.Pin[0]++ },
		ErrWrongTaxNode: func(q *Question) { q.TaxNode.Pin[0]++ },
		ErrWrongSchema:  func(q *Question) { q.Schema[0]++ },
		ErrWrongPurpose: func(q *Question) { q.Purpose = "marketing" },
		ErrWrongFeature: func(q *Question) { q.Features = append(q.Features, "fines") },
		ErrWrongOutput:  func(q *Question) { q.Output = OutputScore },
		ErrTooManyBits:  func(q *Question) { q.Bits++ },
		ErrWrongRange:   func(q *Question) { q.Records = Range{} },
		ErrExpired:      func(q *Question) { q.Now = start.AddDate(1, 0, 0) },
		ErrNotYetValid:  func(q *Question) { q.Now = start.Add(-time.Second) },
	} {
		q := asked(t)
		change(q)
		a := r.ask(t, q, 1)
		require.ErrorIs(t, a.Err, want)
		require.Zero(t, a.Reference)
		out := r.charge(t, codeOf(want), q, 1, yes.Reference)
		require.ErrorIs(t, out[0], want, "a charge checks it again")
	}
	require.Equal(t, yes, r.ask(t, q, 1), "a refused charge charges nothing")

	// Of several consents that which expires first is used, and the nearest miss is told.
	sooner, narrow := sample(t, 1), sample(t, 1)
	sooner.ID, sooner.Expiry = idOf(1), noon.Add(time.Hour)
	narrow.ID, narrow.Terms.Bits, narrow.Expiry = idOf(2), 1, noon.Add(time.Minute)
	require.NoError(t, r.grant(t, sooner, 1).Err)
	require.NoError(t, r.grant(t, narrow, 1).Err)
	require.Equal(t, idOf(1), r.ask(t, q, 1).Reference.ID)
	q.Bits = 4
	require.ErrorIs(t, r.ask(t, q, 1).Err, ErrTooManyBits)

	for _, bad := range []func() error{
		func() error { _, err := r.Lookup(ctx, ids, nil); return err },
		func() error { _, err := r.Lookup(ctx, []uscc.ID{{}}, asked(t)); return err },
		func() error { _, err := r.Lookup(ctx, ids, &Question{}); return err },
		func() error { _, err := r.Recheck(ctx, []Reference{{}}, noon); return err },
	} {
		require.ErrorIs(t, bad(), ErrInvalid)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = r.Lookup(gone, ids, asked(t))
	require.ErrorIs(t, err, context.Canceled)
}

func TestCharge(t *testing.T) {
	r := newRig(t)
	ref := r.grant(t, sample(t, 1), 1).Reference
	q := asked(t)
	none := Reference{uscc.Synthetic(9), idOf(0)}
	require.Equal(t, []error{ErrNone, nil}, r.charge(t, 1, q, 1, none, ref))
	require.EqualValues(t, 1, r.ask(t, q, 1).Left)
	r.reopen(t)
	require.Equal(t, []error{ErrNone, nil}, r.charge(t, 1, q, 1, none, ref), "once a session")
	require.EqualValues(t, 1, r.ask(t, q, 1).Left)
	_, err := r.Charge(ctx, [32]byte{1}, []Reference{ref}, 1, q)
	require.ErrorIs(t, err, ErrReplayed, "the session with other companies")
	q.Bits = 2
	_, err = r.Charge(ctx, [32]byte{1}, []Reference{none, ref}, 1, q)
	require.ErrorIs(t, err, ErrReplayed, "the session with another question")
	_, err = r.Charge(ctx, [32]byte{2}, []Reference{ref, ref}, 1, q)
	require.ErrorIs(t, err, ErrInvalid)
	_, err = r.Charge(ctx, [32]byte{}, []Reference{ref}, 1, q)
	require.ErrorIs(t, err, ErrInvalid)

	require.Equal(t, []error{ErrTooOften}, r.charge(t, 3, q, 2, ref), "two of three are left, one of today")
	require.Equal(t, []error{nil}, r.charge(t, 4, q, 1, ref))
	require.ErrorIs(t, r.ask(t, q, 1).Err, ErrTooOften)
	q.Now = start.Add(23*time.Hour + 59*time.Minute)
	require.ErrorIs(t, r.ask(t, q, 1).Err, ErrTooOften)
	q.Now = start.Add(24 * time.Hour)
	require.EqualValues(t, 1, r.ask(t, q, 1).Left)
	require.Equal(t, []error{ErrExhausted}, r.charge(t, 5, q, 2, ref))
	require.Equal(t, []error{nil}, r.charge(t, 6, q, 1, ref))
	require.ErrorIs(t, r.ask(t, q, 1).Err, ErrExhausted)
	r.reopen(t)
	require.Equal(t, []error{ErrExhausted}, r.charge(t, 7, q, 1, ref))
}

// TestClockSetBack: a clock that goes back opens no unit of the frequency again.
func TestClockSetBack(t *testing.T) {
	r := newRig(t)
	c := sample(t, 1)
	c.Terms.MaxEvaluations = 100
	ref := r.grant(t, c, 1).Reference
	q := asked(t)
	q.Now = noon.Add(48 * time.Hour)
	require.Equal(t, []error{nil}, r.charge(t, 1, q, 2, ref))
	q.Now = noon
	require.Equal(t, []error{ErrTooOften}, r.charge(t, 2, q, 1, ref))
}

// TestLastEvaluation: of many sessions at once that want the last evaluation, one gets it.
func TestLastEvaluation(t *testing.T) {
	r := newRig(t)
	c := sample(t, 1)
	c.Terms.MaxEvaluations = 1
	ref := r.grant(t, c, 1).Reference
	const sessions = 16
	got := make([]error, sessions)
	var wg sync.WaitGroup
	for i := range sessions {
		wg.Go(func() {
			out, err := r.Charge(ctx, [32]byte{1, byte(i)}, []Reference{ref}, 1, asked(t))
			if err != nil {
				got[i] = err
				return
			}
			got[i] = out[0]
		})
	}
	wg.Wait()
	admitted := 0
	for _, err := range got {
		if err == nil {
			admitted++
		} else {
			require.ErrorIs(t, err, ErrExhausted)
		}
	}
	require.Equal(t, 1, admitted)
}

func TestRevoke(t *testing.T) {
	r := newRig(t)
	a := r.grant(t, sample(t, 1), 1)
	second := sample(t, 1)
	second.ID = idOf(1)
	b := r.grant(t, second, 1)
	bystander := r.grant(t, sample(t, 2), 2)
	require.NoError(t, b.Err)

	_, err := r.Revoke(ctx, func() []byte {
		s, err := Revoke(&Revocation{uscc.Synthetic(1), 1, noon, idOf(0)}, keyOf(2))
		require.NoError(t, err)
		return s
	}())
	require.ErrorIs(t, err, ErrAltered, "a stranger revokes nothing")
	_, err = r.Revoke(ctx, []byte("x"))
	require.ErrorIs(t, err, ErrMalformed)

	one := revocation(t, 1, 1, idOf(0))
	got, err := r.Revoke(ctx, one)
	require.NoError(t, err)
	require.Equal(t, []ledger.Commitment{a.Commitment}, got)
	require.Equal(t, []error{ErrRevoked}, r.charge(t, 1, asked(t), 1, a.Reference))
	require.Equal(t, idOf(1), r.ask(t, asked(t), 1).Reference.ID)
	out, err := r.Recheck(ctx, []Reference{a.Reference, b.Reference, {uscc.Synthetic(9), idOf(0)}}, noon)
	require.NoError(t, err)
	require.Equal(t, []error{ErrRevoked, nil, ErrNone}, out)
	out, err = r.Recheck(ctx, []Reference{b.Reference}, second.Expiry)
	require.NoError(t, err)
	require.Equal(t, []error{ErrExpired}, out)
	got, err = r.Revoke(ctx, one)
	require.NoError(t, err)
	require.Empty(t, got, "again changes nothing")

	// One that was not granted yet, before all, and out of order.
	_, err = r.Revoke(ctx, revocation(t, 1, 3, idOf(7)))
	require.NoError(t, err)
	late := sample(t, 1)
	late.ID = idOf(7)
	require.ErrorIs(t, r.grant(t, late, 1).Err, ErrRevoked)
	all := revocation(t, 1, 2, ID{})
	got, err = r.Revoke(ctx, all)
	require.NoError(t, err)
	require.Equal(t, []ledger.Commitment{b.Commitment}, got)
	last, err := r.LastRevocation(uscc.Synthetic(1))
	require.NoError(t, err)
	require.EqualValues(t, 3, last)
	r.reopen(t)
	require.ErrorIs(t, r.ask(t, asked(t), 1).Err, ErrRevoked)

	// An old artefact that the store never saw is dead; a new one lives, whatever is shown again.
	hidden := sample(t, 1)
	hidden.ID, hidden.Revocations = idOf(8), 1
	require.ErrorIs(t, r.grant(t, hidden, 1).Err, ErrRevoked)
	fresh := sample(t, 1)
	fresh.ID, fresh.Revocations = idOf(9), 2
	require.NoError(t, r.grant(t, fresh, 1).Err)
	for _, old := range [][]byte{one, all} {
		got, err = r.Revoke(ctx, old)
		require.NoError(t, err)
		require.Empty(t, got)
	}
	require.NoError(t, r.ask(t, asked(t), 1).Err)
	require.Equal(t, bystander.Reference, r.ask(t, asked(t), 2).Reference)
	_, err = r.Revoke(ctx, revocation(t, 1, MaxSequence, ID{}))
	require.NoError(t, err)
	forever := sample(t, 1)
	forever.ID, forever.Revocations = idOf(10), MaxSequence-1
	require.ErrorIs(t, r.grant(t, forever, 1).Err, ErrRevoked)
	require.ErrorIs(t, r.ask(t, asked(t), 1).Err, ErrRevoked)
}

// TestLimits: a company fills its own place and no more; expired consents make room and never come back.
func TestLimits(t *testing.T) {
	r := newRig(t)
	var artefacts [][]byte
	for i := range uint64(MaxPerCompany + 1) {
		c := sample(t, 1)
		c.ID, c.Expiry = idOf(i), noon.Add(time.Hour)
		artefacts = append(artefacts, create(t, c, 1))
	}
	out, err := r.Grant(ctx, noon, artefacts...)
	require.NoError(t, err)
	for i := range MaxPerCompany {
		require.NoError(t, out[i].Err)
	}
	require.ErrorIs(t, out[MaxPerCompany].Err, ErrLimit)
	again := sample(t, 1)
	again.ID = idOf(1000)
	res, err := r.Grant(ctx, noon.Add(time.Hour), create(t, again, 1))
	require.NoError(t, err)
	require.NoError(t, res[0].Err)
	require.Equal(t, idOf(1000), r.ask(t, asked(t), 1).Reference.ID)
	res, err = r.Grant(ctx, noon, artefacts[0])
	require.NoError(t, err)
	require.ErrorIs(t, res[0].Err, ErrReplayed, "even if the clock is set back")
	_, err = r.Evidence(Reference{uscc.Synthetic(1), idOf(0)})
	require.NoError(t, err, "the evidence stays")
	_, err = r.Grant(ctx, noon, make([][]byte, MaxGrants+1)...)
	require.ErrorIs(t, err, ErrInvalid)

	require.NoError(t, r.db.Update(func(tx *bolt.Tx) error {
		k, _ := uscc.Synthetic(2).MarshalBinary()
		return tx.Bucket(bucketCompanies).Put(k, (&company{single: MaxSingle}).encode(k))
	}))
	_, err = r.Revoke(ctx, revocation(t, 2, 1, idOf(3)))
	require.ErrorIs(t, err, ErrLimit)
	_, err = r.Revoke(ctx, revocation(t, 2, 1, ID{}))
	require.NoError(t, err)
}

func TestOpen(t *testing.T) {
	r := newRig(t)
	_, err := OpenStore(r.file, r.Node(), r.keys)
	require.ErrorIs(t, err, ErrFile, "in use")
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	_, err = r.Lookup(ctx, nil, asked(t))
	require.ErrorIs(t, err, ErrClosed)
	_, err = OpenStore(r.file, node(t, transport.RoleTax, "hubei", 5), r.keys)
	require.ErrorIs(t, err, ErrVersion)
	_, err = OpenStore(r.file, sample(t, 0).Terms.Bank, r.keys)
	require.ErrorIs(t, err, ErrInvalid)
	_, err = OpenStore(r.file, r.Node(), nil)
	require.ErrorIs(t, err, ErrInvalid)
	require.NoError(t, os.Truncate(r.file, 5000))
	_, err = OpenStore(r.file, r.Node(), r.keys)
	require.ErrorIs(t, err, ErrCorrupt)
}

// TestCommitmentsDiffer: fresh salts make commitments to one consent that nothing links.
func TestCommitmentsDiffer(t *testing.T) {
	artefact := create(t, sample(t, 1), 1)
	seen := map[ledger.Commitment]bool{}
	for range 100 {
		salt, err := ledger.NewSalt()
		require.NoError(t, err)
		c, err := Commit(salt, uscc.Synthetic(1), artefact)
		require.NoError(t, err)
		require.False(t, seen[c], "two commitments to one consent look alike")
		seen[c] = true
	}
}

func TestRefusals(t *testing.T) {
	seen := map[string]bool{}
	for code, err := range refusals {
		if code == 0 {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, ErrConsent)
		require.Equal(t, uint8(code), codeOf(fmt.Errorf("x: %w", err)))
		require.False(t, seen[err.Error()])
		seen[err.Error()] = true
		for other, e := range refusals[1:] {
			require.Equal(t, other+1 == code, errors.Is(err, e))
		}
	}
	require.Equal(t, "EdDSA", AlgorithmEdDSA.String())
	require.Len(t, hex.EncodeToString(make([]byte, 16)), len(ID{}.String()))
}
