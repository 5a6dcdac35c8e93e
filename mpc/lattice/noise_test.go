package lattice

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// slot is what a test that knows everything sees of one company.
type slot struct {
	noise int32   // e: V = 2uH + offset + e + R
	tau   uint32  // bits of b' that do not travel
	low   float64 // V - tau modulo H, the bank's view, in [0, H)
	guard uint32
	full  uint32 // the guard bit, had all of b' travelled with the offset H/2
}

// observe evaluates n companies and keeps what Eval throws away.
func (x *fixture) observe(t testing.TB, levels [][]uint16, index []uint16, seed byte) []slot {
	p, n := x.p, len(index)
	require.LessOrEqual(t, n, tile*Block)
	w := newWorkspace(p, tile*Block)
	root := seeded(t, seed).Derive("lattice tile", 0)
	w.zero(x.c, root, n)
	require.True(t, w.mask(p, index))
	require.True(t, w.add(x.c, levels, 0, n))
	whole := make([]poly, (n+Block-1)/Block)
	copy(whole, w.sum[p.set.rank])
	out := make([]byte, p.CiphertextBytes(n))
	w.pack(p, out, n)

	again := make([]byte, len(out))
	require.NoError(t, x.c.Evaluator(seeded(t, seed)).Eval(levels, index, again))
	require.Equal(t, out, again, "this is what Eval sends")
	z := make([]uint32, n)
	require.NoError(t, x.key.Decrypt(out, n, z))

	half := uint32(1) << p.shift()
	offset := (half + half>>p.cut) / 2
	draw := sampler{prg: root.Derive("R").PRG()}
	slots := make([]slot, n)
	for b := range whole {
		var mask, as poly
		draw.addBits(&mask, p.shift())
		x.inner(t, out, b, &as)
		for i := b * Block; i < min((b+1)*Block, n); i++ {
			r := mask[i%Block] - uint32(index[i])<<p.shift()
			v := whole[b][i%Block] - as[i%Block]
			u := x.score(levels, i)
			s := &slots[i]
			s.noise = int32(v - 2*u*half - offset - r)
			s.tau = whole[b][i%Block] & (half>>p.cut - 1)
			s.low = float64((v - s.tau) & (half - 1))
			s.guard = (z[i] + uint32(index[i]) - 2*u) & (1<<p.IndexBits() - 1)
			s.full = ((v-offset+half/2)>>p.shift() + uint32(index[i]) - 2*u) & (1<<p.IndexBits() - 1)
		}
	}
	return slots
}

// inner computes <s, a'> of one block of a ciphertext.
func (x *fixture) inner(t testing.TB, ciphertext []byte, block int, sum *poly) {
	p := x.p
	var w batch
	at := block * (p.aBytes() + p.bBytes(Block))
	for i := range p.set.rank {
		size := p.aBytes() / p.set.rank
		unpackHigh(&w.a[0][i], ciphertext[at+i*size:][:size], p.drop)
	}
	x.key.inner(&w)
	*sum = w.sum[0]
}

// TestNoise measures the noise of many blocks against the prediction, for every set. The tables have many levels: with
// few, the errors that all blocks share, those of the average entry, make one draw of the noise in all of them.
func TestNoise(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{1}))
	for _, c := range []struct{ features, levels, m int }{{12, 64, 10}, {12, 64, 13}, {12, 64, 15}, {64, 32, 15}} {
		x := newFixture(t, rng, slices.Repeat([]int{c.levels}, c.features), c.m)
		var sum, square, most float64
		n := 0
		for run := range 2 {
			xs, index := x.inputs(rng, 40*Block)
			// Every slot its own levels: companies that agree share entries, and their noises are then one noise rotated.
			for f := range xs {
				for i := range xs[f] {
					xs[f][i] = uint16(rng.IntN(c.levels))
				}
			}
			for _, s := range x.observe(t, xs, index, byte(run)) {
				e := float64(s.noise)
				sum, square, most = sum+e, square+e*e, max(most, math.Abs(e))
				n++
			}
		}
		mean, std := sum/float64(n), math.Sqrt(square/float64(n))
		t.Logf("%v: noise %.0f, predicted at most %.0f, largest %.0f of %d, limit %.0f", x.p, std, x.p.NoiseStd(), most, n, x.p.NoiseLimit())
		require.Less(t, std, x.p.NoiseStd()*1.03)
		require.Greater(t, std, x.p.NoiseStd()*0.93)
		shared := math.Sqrt(x.p.set.errorVariance() * float64(Block*c.features) / float64(c.levels))
		require.Less(t, math.Abs(mean), 4*shared+x.p.NoiseStd()/20)
		require.Less(t, most, 6*x.p.NoiseStd())
	}
}

// TestSampling checks both distributions exactly as far as a sample can: mean, variance, range, and independence of
// neighbours.
func TestSampling(t *testing.T) {
	for _, s := range sets {
		draw := sampler{prg: seeded(t, 3).PRG()}
		const polys = 400
		var secrets, errors []float64
		for range polys {
			var v vec
			var e poly
			draw.secret(&v, s.eta)
			draw.addError(&e, s.width)
			for i := range v {
				secrets = append(secrets, float64(v[i]))
				errors = append(errors, float64(int32(e[i])))
			}
		}
		moments(t, secrets, s.secretVariance(), float64(s.eta), 3-1/float64(s.eta))
		// The fourth moment of a sum of four uniforms over its squared variance.
		w := math.Exp2(float64(2 * s.width))
		kurtosis := 3 - 6*(w*w-1)/(5*(w-1)*(w-1))/4
		moments(t, errors, s.errorVariance(), 2*(math.Exp2(float64(s.width))-1), kurtosis)
	}
}

func moments(t *testing.T, x []float64, variance, bound, kurtosis float64) {
	var m1, m2, m4, lag float64
	for i, v := range x {
		m1, m2, m4 = m1+v, m2+v*v, m4+v*v*v*v
		lag += v * x[(i+1)%len(x)]
		require.LessOrEqual(t, math.Abs(v), bound)
	}
	n := float64(len(x))
	std := math.Sqrt(variance)
	require.InDelta(t, 0, m1/n, 5*std/math.Sqrt(n))
	require.InDelta(t, variance, m2/n, 5*variance*math.Sqrt(2/n))
	require.InDelta(t, kurtosis, m4/n/variance/variance, 5*math.Sqrt(96/n))
	require.InDelta(t, 0, lag/n, 5*variance/math.Sqrt(n))
}
