package probability

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func toBig(x fixed) *big.Int {
	v := new(big.Int).Lsh(new(big.Int).SetUint64(x.hi), 64)
	v.Or(v, new(big.Int).SetUint64(x.lo))
	if x.hi>>63 == 1 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return v
}

func toFloat(x fixed, fraction int) float64 {
	f, _ := new(big.Float).SetMantExp(new(big.Float).SetInt(toBig(x)), -fraction).Float64()
	return f
}

// edgy weights random numbers towards the ends and the sign's change.
func edgy(rnd *rand.Rand) fixed {
	x := fixed{rnd.Uint64(), rnd.Uint64()}
	switch rnd.IntN(4) {
	case 0:
		x.hi = -(rnd.Uint64() & 1)
	case 1:
		x.lo = -(rnd.Uint64() & 1)
	}
	return x.shr(uint(rnd.IntN(128)))
}

func TestFixedAgreesWithBig(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	wrap := func(v *big.Int) *big.Int { return toBig(fromFloat(new(big.Float).SetPrec(300).SetInt(v), 0)) }
	one := fixed{1 << 62, 0}
	for range 5000 {
		x, y := edgy(rnd), edgy(rnd)
		require.Equal(t, wrap(new(big.Int).Add(toBig(x), toBig(y))), toBig(x.add(y)))
		require.Equal(t, wrap(new(big.Int).Sub(toBig(x), toBig(y))), toBig(x.sub(y)))
		n := uint(rnd.IntN(128))
		require.Zero(t, new(big.Int).Rsh(toBig(x), n).Cmp(toBig(x.shr(n))), "%v >> %d", x, n)
		require.Zero(t, wrap(new(big.Int).Lsh(toBig(x), n)).Cmp(toBig(x.shl(n))), "%v << %d", x, n)
		turn := fixed{y.hi &^ (3 << 62), y.lo} // 0 to 1
		if rnd.IntN(2) == 0 {
			turn = turn.neg()
		}
		if rnd.IntN(50) == 0 {
			turn = one
		}
		want := new(big.Int).Mul(toBig(x), toBig(turn))
		require.LessOrEqual(t, new(big.Int).Sub(want.Rsh(want, turnBits), toBig(x.scale(turn))).CmpAbs(big.NewInt(1)), 0)
	}
}

// slots against the definition, and coefficients against slots.
func TestEmbedding(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	const fraction, size = 32, 80
	e := newEmbedding(6)
	n := 64
	a := make([]fixed, n)
	for i := range a {
		a[i] = fixed{rnd.Uint64(), rnd.Uint64()}.shr(127 - size).shl(fraction)
	}
	got := e.slots(a)
	for j, power := 0, 1; j < n; j, power = j+1, power*5%(4*n) {
		want := new(big.Float).SetPrec(300)
		for i := range a {
			// the cosine by the table's own turn is exact to 2^-126; its sign and quadrant by arithmetic on the angle
			angle := i * power % (4 * n)
			flip := angle >= 2*n
			w := e.turns[angle%(2*n)].re
			if flip {
				w = w.neg()
			}
			f := new(big.Float).SetPrec(300).SetMantExp(new(big.Float).SetPrec(300).SetInt(toBig(w)), -turnBits)
			require.InDelta(t, math.Cos(math.Pi*float64(i*power)/float64(2*n)), toFloat(w, turnBits), 1e-11)
			f.Mul(f, new(big.Float).SetInt(toBig(a[i])))
			if i > 0 {
				f.Add(f, f)
			}
			want.Add(want, f)
		}
		d, _ := new(big.Float).Sub(want, new(big.Float).SetPrec(300).SetInt(toBig(got[j]))).Float64()
		require.LessOrEqual(t, math.Abs(d), 8.0*float64(n), "slot %d, in units of the last place", j)
	}
	back := e.coefficients(got)
	for i := range a {
		d := new(big.Int).Sub(toBig(back[i].shr(6)), toBig(a[i]))
		require.LessOrEqual(t, d.CmpAbs(big.NewInt(8*64)), 0, "coefficient %d", i)
	}
}

func BenchmarkSlots(b *testing.B) {
	for _, logN := range []int{13, 14} {
		e := embeddings[logN]()
		a := make([]fixed, e.n)
		b.Run(map[int]string{13: "logN=13", 14: "logN=14"}[logN], func(b *testing.B) {
			for range b.N {
				e.slots(a)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*e.n), "ns/slot")
		})
	}
}
