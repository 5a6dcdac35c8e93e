package tables

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"
	"github.com/tuneinsight/lattigo/v5/ring"
)

func explore(t *testing.T, logN int, q []int, p []int, deg int) {
	params, err := heint.NewParametersFromLiteral(heint.ParametersLiteral{LogN: logN, LogQ: q, LogP: p, PlaintextModulus: 65537})
	require.NoError(t, err)
	fmt.Println("logQP", params.LogQP(), "levels", params.MaxLevel())
	kg := rlwe.NewKeyGenerator(params)
	sk, pk := kg.GenKeyPairNew()
	rlk := kg.GenRelinearizationKeyNew(sk)
	ev := heint.NewEvaluator(params, rlwe.NewMemEvaluationKeySet(rlk))
	enc := rlwe.NewEncryptor(params, pk)
	ecd := heint.NewEncoder(params)
	co := make([]uint64, deg+1)
	for i := range co {
		co[i] = rand.Uint64N(65537)
	}
	pol := heint.NewPolynomial(co)
	pe := heint.NewPolynomialEvaluator(params, ev, false)
	x := make([]uint64, params.MaxSlots())
	for i := range x {
		x[i] = rand.Uint64N(uint64(deg + 1))
	}
	pt := heint.NewPlaintext(params, params.MaxLevel())
	require.NoError(t, ecd.Encode(x, pt))
	ct, err := enc.EncryptNew(pt)
	require.NoError(t, err)
	start := time.Now()
	out, err := pe.Evaluate(ct, pol, params.DefaultScale())
	require.NoError(t, err)
	el := time.Since(start)
	dec := rlwe.NewDecryptor(params, sk)
	want := make([]uint64, len(x))
	for i := range x {
		var acc uint64
		for j := deg; j >= 0; j-- {
			acc = (acc*x[i] + co[j]) % 65537
		}
		want[i] = acc
	}
	report := func(name string, out *rlwe.Ciphertext) {
		o := dec.DecryptNew(out)
		got := make([]uint64, len(x))
		require.NoError(t, ecd.Decode(o, got))
		bad := 0
		for i := range got {
			if got[i] != want[i] {
				bad++
			}
		}
		// noise
		rq := params.RingQ().AtLevel(o.Level())
		ptw := heint.NewPlaintext(params, o.Level())
		ptw.Scale = o.Scale
		require.NoError(t, ecd.Encode(want, ptw))
		d := rq.NewPoly()
		rq.Sub(o.Value, ptw.Value, d)
		rq.INTT(d, d)
		bi := make([]*big.Int, params.N())
		for i := range bi {
			bi[i] = new(big.Int)
		}
		rq.PolyToBigintCentered(d, 1, bi)
		mx := new(big.Int)
		for _, b := range bi {
			if b.CmpAbs(mx) > 0 {
				mx.Abs(b)
			}
		}
		fmt.Printf("%s bad %d level %d noise bits %d of %d\n", name, bad, o.Level(), mx.BitLen(), rq.ModulusAtLevel[o.Level()].BitLen())
	}
	fmt.Println("logN", logN, "deg", deg, "time", el, "us/slot", float64(el.Microseconds())/float64(len(x)))
	report("out", out)
	for out.Level() > 0 {
		require.NoError(t, ev.Rescale(out, out))
		report("down", out)
	}
	_ = ring.Standard
}

func TestExplore(t *testing.T) {
	rep := func(a int, n int) (o []int) {
		for range n {
			o = append(o, a)
		}
		return
	}
	for q := 29; q < 34; q++ {
		fmt.Println("q", q)
		for _, d := range []int{1, 2, 3, 7, 15, 63} {
			explore(t, 13, append([]int{43, 43}, rep(q, 6)...), []int{45}, d)
		}
	}
}
