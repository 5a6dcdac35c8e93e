package sharing

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.dedis.ch/kyber/v3"
	"go.dedis.ch/kyber/v3/share"

	"github.com/blindscore/blindscore/sharing/group"
)

var shapes = []struct{ t, n int }{{1, 1}, {1, 3}, {2, 2}, {2, 3}, {3, 5}, {5, 5}, {7, 20}}

func TestShamirRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	secret := scalar("secret")
	for _, c := range shapes {
		p := params(t, c.t, c.n)
		shares, err := SplitSecret(secret, p, deterministic(3))
		require.NoError(t, err)
		require.Len(t, shares, c.n)
		for k := c.t; k <= c.n; k++ {
			got, err := RecoverSecret(p, choose(r, shares, k))
			require.NoError(t, err)
			require.True(t, got.Equal(secret))
		}
		_, err = RecoverSecret(p, choose(r, shares, c.t-1))
		require.ErrorIs(t, err, ErrTooFew)
	}
}

// For fixed t-1 shares every secret is equally consistent: for each there is
// exactly one polynomial of degree t-1, constructed here, that gives the same
// shares to these holders, and SplitSecret chooses it with the same probability.
func TestFewerThanThresholdSharesFitEverySecret(t *testing.T) {
	p := params(t, 4, 7)
	shares, err := SplitSecret(scalar("secret"), p, deterministic(4))
	require.NoError(t, err)
	known := []*Share{shares[1], shares[4], shares[6]}
	for _, other := range []string{"another secret", "a third"} {
		// What holder 3 must have for q(0) = other: by Lagrange, q(0) = sum
		// lambda_i q(i) is linear in it.
		lambdas := lagrangeAtZero([]int{3, known[0].index, known[1].index, known[2].index})
		value := new(group.Scalar)
		value.Set(scalar(other))
		var pri []*share.PriShare
		for i, s := range known {
			value.Sub(value, new(group.Scalar).Mul(lambdas[i+1], s.value))
			pri = append(pri, &share.PriShare{I: s.index - 1, V: s.value})
		}
		value.Div(value, lambdas[0])
		pri = append(pri, &share.PriShare{I: 3 - 1, V: value})
		q, err := share.RecoverPriPoly(group.Group{}, pri, 4, 7)
		require.NoError(t, err)
		require.Equal(t, 4, q.Threshold())
		require.True(t, q.Secret().Equal(scalar(other)))
		for _, s := range known {
			require.True(t, evalPoly(q, s.index).Equal(s.value), "holders see the same")
		}
		require.False(t, evalPoly(q, 3).Equal(shares[2].value))

		// The coefficients are what SplitSecret reads, so some random bytes give q.
		again := evalAll(share.CoefficientsToPriPoly(group.Group{}, q.Coefficients()), p)
		got, err := RecoverSecret(p, again)
		require.NoError(t, err)
		require.True(t, got.Equal(scalar(other)))
	}
}

// The traps of kyber/share that the types of this package close.
func TestTrapsOfKyberShare(t *testing.T) {
	p := params(t, 3, 5)
	shares, err := SplitSecret(scalar("secret"), p, deterministic(5))
	require.NoError(t, err)

	t.Run("thresholds and sizes", func(t *testing.T) {
		for _, c := range []struct{ t, n int }{
			{0, 0}, {0, 5}, {-1, 5}, {6, 5}, {1, -1}, {-2, -1}, {1, MaxHolders + 1}, {3, math.MaxInt}, {math.MinInt, 5}, {65537, 65538},
		} {
			_, err := NewParams(c.t, c.n)
			require.ErrorIs(t, err, ErrParams, c)
		}
		_, err := RecoverSecret(Params{}, shares)
		require.ErrorIs(t, err, ErrParams)
		_, err = SplitSecret(scalar("secret"), Params{}, deterministic(1))
		require.ErrorIs(t, err, ErrParams)
	})
	t.Run("wrong share", func(t *testing.T) {
		wrong := slices.Clone(shares)
		wrong[1] = tampered(wrong[1])
		for k := 4; k <= 5; k++ {
			_, err := RecoverSecret(p, wrong[:k])
			require.ErrorIs(t, err, ErrInconsistent)
		}
		// Kyber itself answers with a wrong secret and no error.
		var pri []*share.PriShare
		for _, s := range wrong {
			pri = append(pri, &share.PriShare{I: s.index - 1, V: s.value})
		}
		v, err := share.RecoverSecret(group.Group{}, pri, 3, 5)
		require.NoError(t, err)
		require.False(t, v.Equal(scalar("secret")))
	})
	t.Run("conflicting and duplicate shares", func(t *testing.T) {
		_, err := RecoverSecret(p, []*Share{shares[0], shares[1], shares[2], tampered(shares[2])})
		require.ErrorIs(t, err, ErrDuplicate)
		_, err = RecoverSecret(p, []*Share{shares[0], shares[1], shares[1]})
		require.ErrorIs(t, err, ErrDuplicate)
	})
	t.Run("the index of the secret", func(t *testing.T) {
		for _, i := range []int{0, -1, math.MinInt, MaxHolders + 1} {
			_, err := NewShare(i, scalar("x"))
			require.ErrorIs(t, err, ErrParams)
		}
		_, err := RecoverSecret(p, []*Share{shares[0], shares[1], {index: 0, value: scalar("x")}})
		require.ErrorIs(t, err, ErrParams)
		_, err = RecoverSecret(p, []*Share{shares[0], shares[1], {index: 6, value: scalar("x")}})
		require.ErrorIs(t, err, ErrParams, "beyond n")
		_, err = RecoverSecret(p, []*Share{shares[0], shares[1], nil})
		require.ErrorIs(t, err, ErrParams)
		c, _, err := FeldmanSplit(scalar("secret"), p, deterministic(6))
		require.NoError(t, err)
		for _, i := range []int{0, -1, 6} {
			_, err = c.Public(i)
			require.ErrorIs(t, err, ErrParams)
		}
	})
	t.Run("missing values", func(t *testing.T) {
		_, err := NewShare(1, nil)
		require.ErrorIs(t, err, ErrParams)
		_, err = NewShare(1, new(group.Scalar))
		require.ErrorIs(t, err, ErrParams)
		_, err = SplitSecret(nil, p, deterministic(1))
		require.ErrorIs(t, err, ErrParams)
	})
}

// Every single wrong share among more than t is noticed, wherever it is.
func TestConsistencyIsExact(t *testing.T) {
	p := params(t, 3, 8)
	shares, err := SplitSecret(scalar("secret"), p, deterministic(7))
	require.NoError(t, err)
	for k := 4; k <= 8; k++ {
		require.True(t, consistent(p, shares[:k]))
		for i := range k {
			wrong := slices.Clone(shares[:k])
			wrong[i] = tampered(wrong[i])
			require.False(t, consistent(p, wrong), "%d of %d", i, k)
		}
	}
	// A polynomial of one degree more fools no set of t+1.
	higher, err := SplitSecret(scalar("secret"), params(t, 4, 8), deterministic(8))
	require.NoError(t, err)
	require.False(t, consistent(p, higher[:4]))
	require.True(t, consistent(params(t, 4, 8), higher))
}

func TestLagrangeAgreesWithKyber(t *testing.T) {
	p := params(t, 5, 9)
	shares, err := SplitSecret(scalar("secret"), p, deterministic(9))
	require.NoError(t, err)
	picked := []*Share{shares[8], shares[0], shares[3], shares[5], shares[1]}
	var indexes []int
	for _, s := range picked {
		indexes = append(indexes, s.index)
	}
	sum := group.NewScalar()
	for i, l := range lagrangeAtZero(indexes) {
		sum.Add(sum, new(group.Scalar).Mul(l, picked[i].value))
	}
	require.True(t, sum.Equal(scalar("secret")))

	var poly kyber.Scalar = scalar("secret")
	c, fs, err := FeldmanSplit(scalar("secret"), p, deterministic(9))
	require.NoError(t, err)
	require.True(t, c.Secret().Equal(new(group.Point).Mul(poly, nil)))
	var points []kyber.Point
	for _, x := range c.points {
		points = append(points, x)
	}
	theirs := share.NewPubPoly(group.Group{}, nil, points)
	for _, s := range fs {
		require.True(t, theirs.Check(&share.PriShare{I: s.index - 1, V: s.value}))
		public, err := c.Public(s.index)
		require.NoError(t, err)
		require.True(t, public.Equal(theirs.Eval(s.index-1).V))
	}
}

func TestRandomnessFailures(t *testing.T) {
	p := params(t, 3, 5)
	for n := range 2 * 64 {
		_, err := SplitSecret(scalar("s"), p, &shortReader{n})
		require.Error(t, err, n)
	}
	_, err := SplitSecret(scalar("s"), p, &shortReader{2 * 64})
	require.NoError(t, err)
	_, _, err = PedersenSplit(scalar("s"), p, &shortReader{5*64 - 1})
	require.Error(t, err)
	_, _, err = PedersenSplit(scalar("s"), p, &shortReader{2 * 64})
	require.ErrorIs(t, err, errNoRandomness)
	_, _, err = FeldmanSplit(scalar("s"), p, &shortReader{0})
	require.ErrorIs(t, err, errNoRandomness)
}
