package tables

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/mhe"
	"github.com/tuneinsight/lattigo/v5/utils/sampling"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Keys that several holders made together, with the noise that this takes, serve like a local one's.
func TestKeysOfHolders(t *testing.T) {
	set := Set{LogN: 14, Steps: 7, Holders: 3}
	p, err := set.Parameters()
	require.NoError(t, err)
	crs, err := sampling.NewKeyedPRNG([]byte("a reference string"))
	require.NoError(t, err)
	pkg, rkg := mhe.NewPublicKeyGenProtocol(p), mhe.NewRelinearizationKeyGenProtocol(p)
	pkCRP, rlkCRP := pkg.SampleCRP(crs), rkg.SampleCRP(crs)
	sum := rlwe.NewSecretKey(p)
	pkSum := pkg.AllocateShare()
	var parts, ephemeral []*rlwe.SecretKey
	_, one, two := rkg.AllocateShare()
	for i := range set.Holders {
		sk, err := homomorphic.NewSecretKey(*p.GetRLWEParameters(), source(byte(20+i)))
		require.NoError(t, err)
		parts = append(parts, sk.RLWE())
		p.RingQP().Add(sum.Value, sk.RLWE().Value, sum.Value)
		share := pkg.AllocateShare()
		pkg.GenShare(sk.RLWE(), pkCRP, &share)
		pkg.AggregateShares(pkSum, share, &pkSum)
		eph, first, _ := rkg.AllocateShare()
		rkg.GenShareRoundOne(sk.RLWE(), rlkCRP, eph, &first)
		rkg.AggregateShares(one, first, &one)
		ephemeral = append(ephemeral, eph)
	}
	for i, sk := range parts {
		_, _, second := rkg.AllocateShare()
		rkg.GenShareRoundTwo(ephemeral[i], sk, one, &second)
		rkg.AggregateShares(two, second, &two)
	}
	pk, rlk := rlwe.NewPublicKey(p), rlwe.NewRelinearizationKey(p)
	pkg.GenPublicKey(pkSum, pkCRP, pk)
	rkg.GenRelinearizationKey(one, two, rlk)

	rng := rand.New(rand.NewPCG(12, 12))
	c := randomCase(t, rng, circuitstest.Shape{Features: 2, MinLevels: 3, MaxLevels: 4, Bands: 4, ScoreBits: 4})
	names := c.Model.Features()
	circuit, err := Compile(c.Model, Options{Set: &set, Forms: map[string]Form{names[0]: FormLevels, names[1]: FormIndicators}})
	require.NoError(t, err)
	levels := rows(c, rng, 300)
	enc, err := NewEncryptor(circuit.Layout(), pk)
	require.NoError(t, err)
	b, err := enc.Encrypt(levels, source(1))
	require.NoError(t, err)
	chunk, err := circuit.ReadChunk(b, false)
	require.NoError(t, err)
	ev, err := circuit.NewEvaluator(rlk)
	require.NoError(t, err)
	ct, err := ev.Evaluate(context.Background(), chunk, nil)
	require.NoError(t, err)

	// Every holder floods as in a key switch; the sum of their partial decryptions is the plaintext.
	out := circuit.Output()
	r := p.RingQ().AtLevel(baseLevel)
	for range set.Holders {
		flood, err := homomorphic.FloodPoly(p.RingQ(), baseLevel, set.switchFloodBits(), source(9))
		require.NoError(t, err)
		r.NTT(flood, flood)
		r.Add(ct.Value[0], flood, ct.Value[0])
	}
	low, err := out.Shrink(ct)
	require.NoError(t, err)
	for _, ct := range []*rlwe.Ciphertext{ct, low} {
		got, err := out.DecodeBands(rlwe.NewDecryptor(p, sum).DecryptNew(ct), len(levels), len(c.Model.Bands()))
		require.NoError(t, err)
		require.Equal(t, want(c.Model, levels, nil), got)
	}
}
