package sharing

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func ring(t testing.TB, m, g int) Ring {
	t.Helper()
	r, err := NewRing(m, g)
	require.NoError(t, err)
	return r
}

func TestRingBounds(t *testing.T) {
	for _, c := range []struct{ m, g int }{{0, 0}, {0, 5}, {33, 0}, {32, 1}, {1, 32}, {-1, 0}, {8, -1}, {1 << 40, 0}, {1, 1 << 40}} {
		_, err := NewRing(c.m, c.g)
		require.ErrorIs(t, err, ErrParams, c)
	}
	for m := 1; m <= 32; m++ {
		for g := 0; m+g <= 32; g++ {
			r := ring(t, m, g)
			require.Equal(t, []int{m, g, m + g}, []int{r.Bits(), r.Guard(), r.Width()})
			require.Equal(t, uint32(uint64(1)<<(m+g)-1), r.Mask())
		}
	}
}

func TestAdditiveArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	random := deterministic(1)
	for range 300 {
		m := 1 + r.IntN(32)
		rg := ring(t, m, r.IntN(33-m))
		n, parties := r.IntN(20), 2+r.IntN(4)
		x, y := make([]uint32, n), make([]uint32, n)
		sum, diff, plus := make([]uint32, n), make([]uint32, n), make([]uint32, n)
		for i := range n {
			x[i], y[i] = edges(r, m), edges(r, m)
			mask := uint32(uint64(1)<<m - 1)
			sum[i], diff[i] = (x[i]+y[i])&mask, (x[i]-y[i])&mask
			plus[i] = sum[i]
		}
		xs, err := Split(x, rg, parties, random)
		require.NoError(t, err)
		ys, err := Split(y, rg, parties, random)
		require.NoError(t, err)
		var sums, diffs, pluses []*Vector
		for p := range parties {
			v, err := xs[p].Add(ys[p])
			require.NoError(t, err)
			sums = append(sums, v)
			v, err = xs[p].Sub(ys[p])
			require.NoError(t, err)
			diffs = append(diffs, v)
			v, err = xs[p].AddPublic(y)
			require.NoError(t, err)
			pluses = append(pluses, v)
		}
		for _, c := range []struct {
			want   []uint32
			shares []*Vector
		}{{x, xs}, {sum, sums}, {diff, diffs}, {plus, pluses}} {
			r.Shuffle(parties, func(i, j int) { c.shares[i], c.shares[j] = c.shares[j], c.shares[i] })
			got, err := Open(c.shares...)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			for _, s := range c.shares {
				require.True(t, fits(s.Words(), rg.Width()))
			}
		}
	}
}

// words is a source of given little-endian words.
type words []uint32

func (w *words) Read(b []byte) (int, error) {
	if len(*w) == 0 {
		return 0, io.EOF
	}
	n := min(len(b)/4, len(*w))
	for i := range n {
		binary.LittleEndian.PutUint32(b[4*i:], (*w)[i])
	}
	*w = (*w)[n:]
	return 4 * n, nil
}

// For every secret, over all random words, any n-1 of the n shares take every
// combination exactly once: they are uniform and say nothing.
func TestAdditiveSharesAreUniform(t *testing.T) {
	const m, g, parties = 2, 1, 3
	rg := ring(t, m, g)
	size := rg.Mask() + 1
	for secret := range uint32(1 << m) {
		for missing := range parties {
			seen := map[string]int{}
			for a := range size {
				for b := range size {
					shares, err := Split([]uint32{secret}, rg, parties, &words{a | 0xffff0000, b})
					require.NoError(t, err)
					key := ""
					for p, s := range shares {
						if p != missing {
							key += fmt.Sprint(s.Words()[0], " ")
						}
					}
					seen[key]++
				}
			}
			require.Len(t, seen, int(size*size), "every combination occurs, so each exactly once")
		}
	}
}

func TestGuardBits(t *testing.T) {
	rg := ring(t, 10, 2)
	engine := func(noise uint32, values []uint32, e []uint32) (a, b *Vector) {
		left, right := make([]uint32, len(values)), make([]uint32, len(values))
		for i, v := range values {
			left[i] = uint32(i*911) & rg.Mask()
			right[i] = (v<<2 + e[i] - left[i]) & rg.Mask()
		}
		a, err := NewVector(rg, 0, 2, noise, left)
		require.NoError(t, err)
		b, err = NewVector(rg, 1, 2, noise, right)
		require.NoError(t, err)
		return a, b
	}
	a, b := engine(1, []uint32{0, 1023, 5}, []uint32{1, 1, 0})
	got, err := Open(a, b)
	require.NoError(t, err)
	require.Equal(t, []uint32{0, 1023, 5}, got)

	// Three of noise 1 fit into two guard bits, a fifth does not.
	sa, sb := a, b
	for range 2 {
		sa, err = sa.Add(a)
		require.NoError(t, err)
		sb, err = sb.Add(b)
		require.NoError(t, err)
	}
	got, err = Open(sa, sb)
	require.NoError(t, err)
	require.Equal(t, []uint32{0, 3 * 1023 % 1024, 15}, got)
	_, err = sa.Add(a)
	require.ErrorIs(t, err, ErrGuard)
	_, err = a.Sub(a)
	require.ErrorIs(t, err, ErrGuard)

	_, err = NewVector(rg, 0, 2, 4, nil)
	require.ErrorIs(t, err, ErrParams)
	_, err = NewVector(rg, 0, 2, 0, []uint32{1 << 12})
	require.ErrorIs(t, err, ErrParams)
	require.NotContains(t, err.Error(), "4096")
}

func TestAdditiveMisuse(t *testing.T) {
	rg := ring(t, 8, 0)
	random := deterministic(2)
	split := func(rg Ring, parties int, values ...uint32) []*Vector {
		s, err := Split(values, rg, parties, random)
		require.NoError(t, err)
		return s
	}
	a := split(rg, 2, 1, 2)
	for name, c := range map[string]struct {
		shares []*Vector
		want   error
	}{
		"none":              {nil, ErrTooFew},
		"nil":               {[]*Vector{a[0], nil}, ErrTooFew},
		"one missing":       {a[:1], ErrTooFew},
		"one twice":         {[]*Vector{a[0], a[0]}, ErrDuplicate},
		"one too often":     {[]*Vector{a[0], a[1], a[1]}, ErrDuplicate},
		"other length":      {[]*Vector{a[0], split(rg, 2, 1)[1]}, ErrParams},
		"other ring":        {[]*Vector{a[0], split(ring(t, 8, 1), 2, 1, 2)[1]}, ErrParams},
		"other party count": {[]*Vector{a[0], split(rg, 3, 1, 2)[1]}, ErrParams},
		"zero value":        {[]*Vector{{}}, ErrParams},
	} {
		_, err := Open(c.shares...)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err := a[0].Add(a[1])
	require.ErrorIs(t, err, ErrParams)
	_, err = a[0].Sub(nil)
	require.ErrorIs(t, err, ErrParams)
	_, err = a[0].AddPublic([]uint32{1})
	require.ErrorIs(t, err, ErrParams)

	_, err = Split([]uint32{256}, rg, 2, random)
	require.ErrorIs(t, err, ErrParams)
	_, err = Split(nil, Ring{}, 2, random)
	require.ErrorIs(t, err, ErrParams)
	for _, parties := range []int{-1, 0, 1, 256} {
		_, err = Split([]uint32{1}, rg, parties, random)
		require.ErrorIs(t, err, ErrParams)
		_, err = NewVector(rg, 0, parties, 0, nil)
		require.ErrorIs(t, err, ErrParams)
	}
	_, err = Split([]uint32{1}, rg, 3, &shortReader{7})
	require.Error(t, err)
	_, err = Split([]uint32{1}, rg, 3, &shortReader{8})
	require.NoError(t, err)

	w := a[0].Words()
	w[0]++
	require.NotEqual(t, w, a[0].Words(), "Words must not share")
}
