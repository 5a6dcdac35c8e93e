package sharing

import (
	"bytes"
	"crypto/cipher"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.dedis.ch/kyber/v3"
	"go.dedis.ch/kyber/v3/share"

	"github.com/blindscore/blindscore/sharing/group"
)

var testSeed = [32]byte(bytes.Repeat([]byte("seed"), 8))

// auditors returns n keys and terms for t of them.
func auditors(t testing.TB, threshold, n int, context byte) ([]*AuditorKey, *EscrowTerms) {
	t.Helper()
	random := deterministic(40)
	var keys []*AuditorKey
	var public []*AuditorPublicKey
	for range n {
		k, err := NewAuditorKey(random)
		require.NoError(t, err)
		keys, public = append(keys, k), append(public, k.Public())
	}
	terms, err := NewEscrowTerms([32]byte{context}, threshold, public)
	require.NoError(t, err)
	return keys, terms
}

// escrowed returns a verified escrow and all openings.
func escrowed(t testing.TB, threshold, n int, random byte) (*VerifiedEscrow, []*Opening, []*AuditorKey, *EscrowTerms) {
	t.Helper()
	keys, terms := auditors(t, threshold, n, 1)
	e, err := NewEscrow(terms, testSeed, deterministic(random))
	require.NoError(t, err)
	v, err := e.Verify(terms)
	require.NoError(t, err)
	var openings []*Opening
	for i, k := range keys {
		o, err := v.Open(k, deterministic(50))
		require.NoError(t, err)
		require.Equal(t, i+1, o.Index())
		require.Equal(t, v.Digest(), o.Escrow())
		require.NoError(t, v.Check(o))
		openings = append(openings, o)
	}
	return v, openings, keys, terms
}

func TestEscrowRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, c := range shapes {
		v, openings, _, _ := escrowed(t, c.t, c.n, 41)
		for _, k := range []int{c.t, c.n} {
			seed, err := v.Recover(choose(r, openings, k))
			require.NoError(t, err)
			require.Equal(t, testSeed, seed.Bytes())
		}
		_, err := v.Recover(choose(r, openings, c.t-1))
		require.ErrorIs(t, err, ErrTooFew)
	}
}

func TestEscrowsAreIndependent(t *testing.T) {
	_, terms := auditors(t, 2, 3, 1)
	random := deterministic(42)
	a, err := NewEscrow(terms, testSeed, random)
	require.NoError(t, err)
	b, err := NewEscrow(terms, testSeed, random)
	require.NoError(t, err)
	require.NotEqual(t, a.Digest(), b.Digest())
	require.NotEqual(t, a.box, b.box)
	same, err := NewEscrow(terms, testSeed, deterministic(42))
	require.NoError(t, err)
	require.Equal(t, a.Encode(), same.Encode(), "a function of inputs and random bytes, for replay")
}

func TestEscrowIsBoundToItsTerms(t *testing.T) {
	v, openings, keys, terms := escrowed(t, 2, 3, 43)
	other := func(context byte, threshold int, who ...int) *EscrowTerms {
		var public []*AuditorPublicKey
		for _, i := range who {
			public = append(public, keys[i].Public())
		}
		o, err := NewEscrowTerms([32]byte{context}, threshold, public)
		require.NoError(t, err)
		require.NotEqual(t, terms.Digest(), o.Digest())
		return o
	}
	for name, o := range map[string]*EscrowTerms{
		"context": other(2, 2, 0, 1, 2), "threshold": other(1, 3, 0, 1, 2),
		"order": other(1, 2, 1, 0, 2), "auditors": other(1, 2, 0, 1),
	} {
		_, err := v.Escrow().Verify(o)
		require.ErrorIs(t, err, ErrTerms, name)
		// Whoever moves it by rewriting the digest has no proofs for the new one.
		moved := *v.escrow
		moved.terms, moved.params = o.digest, o.params
		if o.params == terms.params {
			_, err = moved.Verify(o)
			named(t, err, 1, 2, 3)
			require.ErrorIs(t, err, ErrDealer)
		}
	}

	// Openings do not move between escrows either, even of the same terms.
	w, others, _, _ := escrowed(t, 2, 3, 44)
	require.ErrorIs(t, w.Check(openings[0]), ErrTerms)
	_, err := w.Recover([]*Opening{others[0], openings[1]})
	named(t, err, 2)
	moved := *openings[1]
	moved.escrow = w.digest
	named(t, w.Check(&moved), 2)
	k, err := NewAuditorKey(deterministic(60))
	require.NoError(t, err)
	_, err = v.Open(k, deterministic(1))
	require.ErrorIs(t, err, ErrTerms)
	_, err = v.Open(nil, deterministic(1))
	require.ErrorIs(t, err, ErrParams)
}

func TestForgedEscrowsAreRefused(t *testing.T) {
	v, _, _, terms := escrowed(t, 3, 5, 45)
	two := new(group.Scalar).SetUint64(2)
	copied := func() *Escrow {
		e := *v.escrow
		e.points, e.shares = slices.Clone(e.points), slices.Clone(e.shares)
		return &e
	}
	for name, c := range map[string]struct {
		forge func(e *Escrow)
		want  []int
	}{
		"a share for which no one can compute the logarithm": {func(e *Escrow) { e.shares[3].y = group.HashToPoint("x") }, []int{4}},
		"a share of another polynomial": {func(e *Escrow) {
			x := new(group.Point)
			x.Mul(scalar("p(2)"), terms.auditors[1].y)
			e.shares[1].y = x
		}, []int{2}},
		"two shares swapped":      {func(e *Escrow) { e.shares[0], e.shares[1] = e.shares[1], e.shares[0] }, []int{1, 2}},
		"two proofs swapped":      {func(e *Escrow) { e.shares[0].proof, e.shares[4].proof = e.shares[4].proof, e.shares[0].proof }, []int{1, 5}},
		"an empty share":          {func(e *Escrow) { e.shares[2].y = group.NewPoint() }, []int{3}},
		"a zero proof":            {func(e *Escrow) { e.shares[2].proof = &dleqProof{group.NewScalar(), group.NewScalar()} }, []int{3}},
		"another box":             {func(e *Escrow) { e.box[47] ^= 1 }, []int{1, 2, 3, 4, 5}},
		"another commitment":      {func(e *Escrow) { e.points[2] = group.HashToPoint("x") }, []int{1, 2, 3, 4, 5}},
		"commitments at degree 0": {func(e *Escrow) { e.points[0] = e.points[1] }, []int{1, 2, 3, 4, 5}},
		// All points multiplied by the same factor are again a sharing, of a
		// related secret; without p(i) there are no proofs for it.
		"a related escrow": {func(e *Escrow) {
			for j, p := range e.points {
				e.points[j] = new(group.Point).Mul(two, p).(*group.Point)
			}
			for i, s := range e.shares {
				e.shares[i].y = new(group.Point).Mul(two, s.y).(*group.Point)
			}
		}, []int{1, 2, 3, 4, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			e := copied()
			c.forge(e)
			_, err := e.Verify(terms)
			require.ErrorIs(t, err, ErrDealer)
			named(t, err, c.want...)
		})
	}
	e := copied()
	_, err := e.Verify(nil)
	require.ErrorIs(t, err, ErrParams)
	_, err = (*Escrow)(nil).Verify(terms)
	require.ErrorIs(t, err, ErrParams)
	_, err = new(Escrow).Verify(terms)
	require.ErrorIs(t, err, ErrTerms)
}

func TestWrongOpeningsAreNamed(t *testing.T) {
	v, openings, keys, _ := escrowed(t, 3, 5, 46)
	forge := func(o *Opening, change func(o *Opening)) *Opening {
		c := *o
		change(&c)
		return &c
	}
	wrong := []*Opening{
		forge(openings[0], func(o *Opening) { o.s = group.HashToPoint("x") }),
		openings[1],
		forge(openings[2], func(o *Opening) { o.proof = openings[1].proof }),
		forge(openings[3], func(o *Opening) { o.s = group.NewPoint() }),
		openings[4],
	}
	_, err := v.Recover(wrong)
	named(t, err, 1, 3, 4)
	good := []*Opening{wrong[4], openings[3], wrong[1]}
	seed, err := v.Recover(good)
	require.NoError(t, err)
	require.Equal(t, testSeed, seed.Bytes())

	// A correct proof about the wrong key: an auditor that decrypts another's
	// share with its own key.
	x := new(group.Scalar)
	x.Inv(keys[1].x)
	s := new(group.Point)
	s.Mul(x, v.escrow.shares[0].y)
	o := &Opening{index: 2, escrow: v.digest, s: s}
	o.proof, err = proveDLEQ(v.opened(o), keys[1].x, deterministic(1))
	require.NoError(t, err)
	named(t, v.Check(o), 2)

	_, err = v.Recover([]*Opening{openings[0], openings[0], openings[1]})
	require.ErrorIs(t, err, ErrDuplicate)
	_, err = v.Recover([]*Opening{openings[0], nil, openings[1]})
	require.ErrorIs(t, err, ErrParams)
	require.ErrorIs(t, v.Check(nil), ErrParams)
	named(t, v.Check(forge(openings[0], func(o *Opening) { o.index = 9 })), 9)
	require.ErrorIs(t, v.Check(new(Opening)), ErrTerms)
}

// A dealer may choose the polynomial badly and prove everything properly: zero
// at 0 hands the seed to everyone, zero at an index hands out that share.
func TestBadPolynomialsAreRefused(t *testing.T) {
	_, terms := auditors(t, 2, 3, 1)
	deal := func(coeffs ...int64) error {
		var scalars []kyber.Scalar
		for _, c := range coeffs {
			scalars = append(scalars, new(group.Scalar).SetInt64(c))
		}
		e, err := dealEscrow(terms, testSeed, share.CoefficientsToPriPoly(group.Group{}, scalars), deterministic(51))
		require.NoError(t, err)
		_, err = e.Verify(terms)
		return err
	}
	require.NoError(t, deal(5, 7))
	require.EqualError(t, deal(0, 7), "sharing: wrong dealing: the sealing secret is public")
	named(t, deal(-6, 3), 2)
	require.ErrorIs(t, deal(-6, 3), ErrDealer)
}

// A dealer who seals junk passes verification, as the documentation says, and is
// convicted when the auditors open the box.
func TestDealerWhoSealsJunkIsConvicted(t *testing.T) {
	keys, terms := auditors(t, 2, 3, 1)
	e, err := NewEscrow(terms, testSeed, deterministic(47))
	require.NoError(t, err)
	// The same polynomial, read from the same random bytes, proves another box.
	random := deterministic(47)
	alpha, err := group.RandomScalar(random)
	require.NoError(t, err)
	poly, err := randomPoly(alpha, terms.params, random)
	require.NoError(t, err)
	e.box[0] ^= 1
	for i := range e.shares {
		st := &statement{
			domain: escrowDeal, context: e.context(), index: i + 1,
			g: escrowG, x: evalPoints(e.points, i+1), h: terms.auditors[i].y, y: e.shares[i].y,
		}
		e.shares[i].proof, err = proveDLEQ(st, evalPoly(poly, i+1), random)
		require.NoError(t, err)
	}
	v, err := e.Verify(terms)
	require.NoError(t, err)
	var openings []*Opening
	for _, k := range keys {
		o, err := v.Open(k, random)
		require.NoError(t, err)
		openings = append(openings, o)
	}
	_, err = v.Recover(openings)
	require.ErrorIs(t, err, ErrDealer)
}

// t-1 auditors: for every candidate secret there is one polynomial that gives
// them the same decrypted shares, so what they decrypt fits every S.
func TestFewerAuditorsThanThresholdFitEverySecret(t *testing.T) {
	_, openings, _, terms := escrowed(t, 3, 5, 48)
	random := deterministic(48)
	alpha, err := group.RandomScalar(random)
	require.NoError(t, err)
	p, err := randomPoly(alpha, terms.params, random)
	require.NoError(t, err)

	lambdas := lagrangeAtZero([]int{4, 1, 2})
	value := new(group.Scalar)
	value.Set(scalar("another alpha"))
	pri := []*share.PriShare{{I: 3, V: value}}
	for i := range 2 {
		value.Sub(value, new(group.Scalar).Mul(lambdas[i+1], evalPoly(p, i+1)))
		pri = append(pri, &share.PriShare{I: i, V: evalPoly(p, i+1)})
	}
	value.Div(value, lambdas[0])
	q, err := share.RecoverPriPoly(group.Group{}, pri, 3, 5)
	require.NoError(t, err)
	require.True(t, q.Secret().Equal(scalar("another alpha")))
	for i, o := range openings {
		same := new(group.Point).Mul(evalPoly(q, i+1), nil).Equal(o.s)
		require.Equal(t, i < 2, same, "auditors 1 and 2 see the same, the others do not")
	}
}

func TestEscrowTermsBounds(t *testing.T) {
	keys, terms := auditors(t, 2, 3, 1)
	public := terms.Auditors()
	for _, threshold := range []int{-1, 0, 4} {
		_, err := NewEscrowTerms([32]byte{}, threshold, public)
		require.ErrorIs(t, err, ErrParams)
	}
	_, err := NewEscrowTerms([32]byte{}, 1, nil)
	require.ErrorIs(t, err, ErrParams)
	_, err = NewEscrowTerms([32]byte{}, 1, []*AuditorPublicKey{public[0], keys[0].Public()})
	require.ErrorIs(t, err, ErrParams, "one auditor must not count twice")
	_, err = NewEscrowTerms([32]byte{}, 1, []*AuditorPublicKey{public[0], nil})
	require.ErrorIs(t, err, ErrParams)
	_, err = NewEscrowTerms([32]byte{}, 1, []*AuditorPublicKey{{}})
	require.ErrorIs(t, err, ErrParams)
	require.Equal(t, [32]byte{1}, terms.Context())
	public[0] = nil
	require.NotNil(t, terms.Auditors()[0], "Auditors must not share")

	_, err = NewEscrow(nil, testSeed, deterministic(1))
	require.ErrorIs(t, err, ErrParams)
	_, err = NewEscrow(new(EscrowTerms), testSeed, deterministic(1))
	require.ErrorIs(t, err, ErrParams)
	for _, n := range []int{0, 63, 64*2 + 32*3 - 1} {
		_, err = NewEscrow(terms, testSeed, &shortReader{n})
		require.Error(t, err)
	}
	_, err = NewEscrow(terms, testSeed, &shortReader{64*2 + 32*3})
	require.NoError(t, err)
	_, err = NewAuditorKey(&shortReader{63})
	require.Error(t, err)
}

// The key of a box must change with the secret and with the statement.
func TestBoxKeys(t *testing.T) {
	v, _, _, _ := escrowed(t, 2, 3, 49)
	seal := func(e *Escrow, s *group.Point) string {
		var aead cipher.AEAD
		aead, err := e.aead(s)
		require.NoError(t, err)
		return hex.EncodeToString(aead.Seal(nil, make([]byte, aead.NonceSize()), make([]byte, 32), nil))
	}
	moved := *v.escrow
	moved.terms[0] ^= 1
	s := group.HashToPoint("s")
	require.NotEqual(t, seal(v.escrow, s), seal(&moved, s))
	require.NotEqual(t, seal(v.escrow, s), seal(v.escrow, group.HashToPoint("s'")))
}
