package sharing

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/sharing/group"
)

func TestFeldman(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	secret := scalar("secret")
	for _, shape := range shapes {
		p := params(t, shape.t, shape.n)
		c, shares, err := FeldmanSplit(secret, p, deterministic(10))
		require.NoError(t, err)
		for _, s := range shares {
			require.NoError(t, c.Verify(s))
			named(t, c.Verify(tampered(s)), s.index)
			if shape.t > 1 {
				named(t, c.Verify(&Share{index: s.index%shape.n + 1, value: s.value}), s.index%shape.n+1)
			}
		}
		got, err := c.Recover(choose(r, shares, shape.t))
		require.NoError(t, err)
		require.True(t, got.Equal(secret))
	}
}

func TestFeldmanNamesWrongShares(t *testing.T) {
	p := params(t, 3, 6)
	c, shares, err := FeldmanSplit(scalar("secret"), p, deterministic(11))
	require.NoError(t, err)
	wrong := slices.Clone(shares)
	wrong[4], wrong[1] = tampered(wrong[4]), tampered(wrong[1])
	slices.Reverse(wrong)
	_, err = c.Recover(wrong)
	named(t, err, 2, 5)
	_, err = c.Recover([]*Share{shares[0], shares[1], shares[1]})
	require.ErrorIs(t, err, ErrDuplicate)
	_, err = c.Recover(shares[:2])
	require.ErrorIs(t, err, ErrTooFew)
	require.ErrorIs(t, c.Verify(nil), ErrParams)
	named(t, c.Verify(&Share{index: 7, value: scalar("x")}), 7)
	require.ErrorIs(t, new(Commitment).Verify(shares[0]), ErrShare)
	// t holders together can compute the share of a holder that does not exist.
	poly, err := randomPoly(scalar("secret"), p, deterministic(11))
	require.NoError(t, err)
	require.NoError(t, c.Verify(&Share{index: 6, value: evalPoly(poly, 6)}))
	named(t, c.Verify(&Share{index: 7, value: evalPoly(poly, 7)}), 7)

	other, _, err := FeldmanSplit(scalar("secret"), p, deterministic(12))
	require.NoError(t, err)
	require.True(t, c.Equal(c))
	require.False(t, c.Equal(other))
	require.False(t, c.Equal(nil))
}

func TestPedersen(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	secret := scalar("secret")
	for _, shape := range shapes {
		p := params(t, shape.t, shape.n)
		c, shares, err := PedersenSplit(secret, p, deterministic(13))
		require.NoError(t, err)
		for _, s := range shares {
			require.NoError(t, c.Verify(s))
			v := new(group.Scalar)
			v.Add(s.value, scalar("one"))
			named(t, c.Verify(&PedersenShare{index: s.index, value: v, blind: s.blind}), s.index)
			named(t, c.Verify(&PedersenShare{index: s.index, value: s.value, blind: v}), s.index)
		}
		got, err := c.Recover(choose(r, shares, shape.t))
		require.NoError(t, err)
		require.True(t, got.Equal(secret))

		// The same dealing to one holder more gives that holder's share.
		_, more, err := PedersenSplit(secret, params(t, shape.t, shape.n+1), deterministic(13))
		require.NoError(t, err)
		require.True(t, more[0].value.Equal(shares[0].value))
		named(t, c.Verify(more[shape.n]), shape.n+1)

		wrong := slices.Clone(shares)
		wrong[0] = &PedersenShare{index: 1, value: shares[0].blind, blind: shares[0].value}
		_, err = c.Recover(wrong)
		named(t, err, 1)
		require.True(t, c.Equal(c))
	}
}

// What hiding and binding rest on: two generators that no one related.
func TestPedersenCommitmentHasTwoIndependentBases(t *testing.T) {
	a, b := scalar("a"), scalar("b")
	require.False(t, pedersenH.IsIdentity())
	require.False(t, pedersenH.Equal(generator))
	require.False(t, pedersenH.Equal(escrowG))
	sum := new(group.Point)
	sum.Add(pedersen(a, group.NewScalar()), pedersen(group.NewScalar(), b))
	require.True(t, sum.Equal(pedersen(a, b)))
	require.False(t, pedersen(a, b).Equal(pedersen(b, a)))
}

func TestResharing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	secret := scalar("secret")
	for _, c := range []struct{ t, n, t2, n2 int }{{1, 1, 1, 1}, {2, 3, 3, 5}, {3, 5, 2, 3}, {3, 5, 3, 5}, {4, 4, 1, 6}} {
		from, to := params(t, c.t, c.n), params(t, c.t2, c.n2)
		old, shares, err := FeldmanSplit(secret, from, deterministic(14))
		require.NoError(t, err)
		for k := c.t; k <= c.n; k++ {
			random := deterministic(byte(20 + k))
			var dealings []*Dealing
			received := make([]map[int]*Share, c.n2+1)
			for i := range received {
				received[i] = map[int]*Share{}
			}
			for _, s := range choose(r, shares, k) {
				d, subs, err := old.Reshare(s, to, random)
				require.NoError(t, err)
				require.Equal(t, s.index, d.Dealer())
				for _, sub := range subs {
					require.NoError(t, d.Verify(sub))
					received[sub.index][d.dealer] = sub
				}
				dealings = append(dealings, d)
			}
			set, err := old.Combine(to, dealings)
			require.NoError(t, err)
			require.True(t, set.Commitment().Secret().Equal(old.Secret()))
			var fresh []*Share
			for j := 1; j <= c.n2; j++ {
				s, err := set.Share(j, received[j])
				require.NoError(t, err)
				require.NoError(t, set.Commitment().Verify(s))
				fresh = append(fresh, s)
			}
			got, err := set.Commitment().Recover(choose(r, fresh, c.t2))
			require.NoError(t, err)
			require.True(t, got.Equal(secret))
			if c.t2 > 1 && c.n == c.n2 {
				require.False(t, fresh[0].value.Equal(shares[0].value))
			}
		}
	}
}

func TestResharingNamesWrongDealers(t *testing.T) {
	from, to := params(t, 3, 5), params(t, 2, 4)
	old, shares, err := FeldmanSplit(scalar("secret"), from, deterministic(15))
	require.NoError(t, err)
	_, _, err = old.Reshare(tampered(shares[2]), to, deterministic(1))
	named(t, err, 3)
	_, _, err = old.Reshare(shares[0], Params{}, deterministic(1))
	require.ErrorIs(t, err, ErrParams)

	var dealings []*Dealing
	received := map[int]*Share{}
	others := map[int]*Share{}
	for _, s := range shares {
		d, subs, err := old.Reshare(s, to, deterministic(byte(30+s.index)))
		require.NoError(t, err)
		dealings = append(dealings, d)
		received[d.dealer], others[d.dealer] = subs[1], subs[2]
	}

	// A dealer who shares something else than its share.
	cheat, _, err := FeldmanSplit(scalar("not my share"), to, deterministic(16))
	require.NoError(t, err)
	bad := slices.Clone(dealings)
	bad[3] = &Dealing{4, cheat}
	// A dealer who deals to another committee.
	d, _, err := old.Reshare(shares[1], params(t, 2, 5), deterministic(17))
	require.NoError(t, err)
	bad[1] = d
	_, err = old.Combine(to, bad)
	named(t, err, 2, 4)

	_, err = old.Combine(to, dealings[:2])
	require.ErrorIs(t, err, ErrTooFew)
	_, err = old.Combine(to, append(slices.Clone(dealings), dealings[0]))
	require.ErrorIs(t, err, ErrDuplicate)
	_, err = old.Combine(Params{}, dealings)
	require.ErrorIs(t, err, ErrParams)

	set, err := old.Combine(to, dealings)
	require.NoError(t, err)
	_, err = set.Share(2, received)
	require.NoError(t, err)
	for _, j := range []int{0, -1, 5} {
		_, err = set.Share(j, received)
		require.ErrorIs(t, err, ErrParams)
	}
	// Missing, wrong, and another holder's sub-shares.
	wrong := map[int]*Share{2: received[2], 3: tampered(received[3]), 4: others[4], 5: received[5]}
	_, err = set.Share(2, wrong)
	named(t, err, 1, 3, 4)
	named(t, dealings[2].Verify(wrong[3]), 3)
	named(t, dealings[2].Verify(nil), 3)
}
