package tables

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

func TestConcealedPoints(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and minutes under the race detector")
	}
	k := keysFor(t, small)
	rng := rand.New(rand.NewPCG(13, 13))
	c := randomCase(t, rng, circuitstest.Shape{Features: 3, MinLevels: 2, MaxLevels: 4, Bands: 4, ScoreBits: 5})
	circuit := compiled(t, c, FormIndicators, Options{HideRange: 32})
	hidden, err := circuit.Conceal()
	require.NoError(t, err)
	require.Len(t, hidden.Band, 32, "whatever scores are possible")
	weights, err := circuit.EncryptWeights(k.pk, [32]byte{1})
	require.NoError(t, err)
	require.Len(t, weights, hidden.WeightBytes())
	require.NoError(t, circuit.VerifyWeights(k.pk, [32]byte{1}, weights))
	require.ErrorIs(t, circuit.VerifyWeights(k.pk, [32]byte{2}, weights), ErrModel)
	require.ErrorIs(t, circuit.VerifyWeights(k.pk, [32]byte{1}, append([]byte{weights[0] ^ 1}, weights[1:]...)), ErrModel)

	levels := rows(c, rng, 200)
	enc, err := NewEncryptor(&hidden.Layout, k.pk)
	require.NoError(t, err)
	b, err := enc.Encrypt(levels, source(1))
	require.NoError(t, err)
	ev, err := hidden.NewEvaluator(k.rlk, weights)
	require.NoError(t, err)
	ct, err := ev.Evaluate(context.Background(), b, false)
	require.NoError(t, err)
	bands := want(c.Model, levels, nil)
	require.Equal(t, bands, opened(t, circuit, k, ct, len(levels)))
	again, err := ev.ShallowCopy().Evaluate(context.Background(), b, false)
	require.NoError(t, err)
	require.True(t, ct.Equal(again))

	_, err = hidden.NewEvaluator(k.rlk, weights[1:])
	require.ErrorIs(t, err, homomorphic.ErrEncoding)
	_, err = hidden.NewEvaluator(nil, weights)
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = ev.Evaluate(context.Background(), b[1:], false)
	require.ErrorIs(t, err, homomorphic.ErrEncoding)
	_, err = compiled(t, c, FormIndicators, Options{}).Conceal()
	require.ErrorIs(t, err, ErrModel, "possible scores would show")
	_, err = compiled(t, c, FormLevels, Options{HideRange: 32, Set: &Set{LogN: 14, Steps: 9, Holders: 1}}).Conceal()
	require.ErrorIs(t, err, ErrModel)
	hidden.Band[3] = T
	require.ErrorIs(t, hidden.Check(), ErrLayout)
	hidden.Band = make([]uint64, 1<<8)
	require.ErrorIs(t, hidden.Check(), ErrTooDeep)
}
