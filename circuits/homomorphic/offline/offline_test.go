package offline

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/blindscore/blindscore/circuits/homomorphic/tables"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

// world is a plan with keys of three holders, of whom two switch.
type world struct {
	c      *circuitstest.Case
	plan   *Plan
	keys   *threshold.PublicKeys
	shares []*threshold.Share
	signs  []threshold.Signer
}

var theWorld = sync.OnceValues(func() (*world, error) {
	c, err := circuitstest.Random(rand.New(rand.NewPCG(4, 4)), circuitstest.Shape{Features: 3, Unread: 1, MinLevels: 2, MaxLevels: 4, Bands: 4, ScoreBits: 5})
	if err != nil {
		return nil, err
	}
	w := &world{c: c}
	if w.plan, err = NewPlan(c.Schema, PlanOptions{LogN: 14, Steps: 5, Holders: 3}); err != nil {
		return nil, err
	}
	config := threshold.Config{Parameters: w.plan.Parameters(), Threshold: 2, Verify: func(key []byte, d [32]byte, sig []byte) bool {
		return ed25519.Verify(key, d[:], sig)
	}}
	for i := range 3 {
		k := ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(i+1)))
		config.Holders = append(config.Holders, threshold.Holder{Name: fmt.Sprint("office ", i+1), Key: k.Public().(ed25519.PublicKey)})
		w.signs = append(w.signs, func(d [32]byte) ([]byte, error) { return ed25519.Sign(k, d[:]), nil })
	}
	g, err := threshold.NewGroup(config)
	if err != nil {
		return nil, err
	}
	var sides []*threshold.KeyGen
	for i := range 3 {
		root, err := threshold.NewRoot()
		if err != nil {
			return nil, err
		}
		side, err := g.NewKeyGen(i+1, root, w.signs[i])
		if err != nil {
			return nil, err
		}
		sides = append(sides, side)
	}
	if err := threshold.Run(sides); err != nil {
		return nil, err
	}
	for _, s := range sides {
		keys, share, _, err := s.Result()
		if err != nil {
			return nil, err
		}
		w.keys, w.shares = keys, append(w.shares, share)
	}
	return w, nil
})

// company draws levels of the whole schema.
func company(rng *rand.Rand, s *circuits.Schema) []uint16 {
	row := make([]uint16, s.Len())
	for i := range row {
		row[i] = uint16(rng.IntN(s.At(i).Levels()))
	}
	return row
}

// band is the plain evaluator's.
func band(t *testing.T, m *circuits.Model, row []uint16) uint16 {
	x, err := m.Select(row)
	require.NoError(t, err)
	return uint16(m.Band(m.Score(x, 0)))
}

func TestBandsOfThoseShown(t *testing.T) {
	w, err := theWorld()
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(5, 5))
	rows := make([][]uint16, 50)
	for i := range rows {
		rows[i] = company(rng, w.c.Schema)
	}
	enc, err := w.plan.NewEncryptor(w.keys)
	require.NoError(t, err)
	chunk, err := enc.Encrypt(rows)
	require.NoError(t, err)
	require.Len(t, chunk, w.plan.ChunkBytes())

	circuit, err := w.plan.Compile(w.c.Model)
	require.NoError(t, err)
	ev, err := circuit.NewEvaluator(w.keys)
	require.NoError(t, err)
	result, err := ev.Evaluate(context.Background(), chunk)
	require.NoError(t, err)
	again, err := ev.Clone().Evaluate(context.Background(), chunk)
	require.NoError(t, err)
	require.Equal(t, result.Digest(), again.Digest(), "every holder gets the same result")

	bank, err := w.plan.NewReceiver()
	require.NoError(t, err)
	require.Len(t, bank.Public(), w.plan.PublicBytes())
	show := []int{0, 7, 8, 31, 49}
	s, err := result.NewSession(Switch{Keys: w.keys, Receiver: bank.Public(), Active: []int{1, 3}, Show: show})
	require.NoError(t, err)
	var answers [][]byte
	for _, p := range s.Active() {
		a, err := w.shares[p-1].Answer(s, w.signs[p-1])
		require.NoError(t, err)
		require.Len(t, a, w.plan.AnswerBytes())
		answers = append(answers, a)
	}
	out, err := result.Combine(s, answers)
	require.NoError(t, err)
	require.Len(t, out, w.plan.BandBytes())
	got, err := bank.Open(out, show, circuit.Bands())
	require.NoError(t, err)
	for i, slot := range show {
		require.Equal(t, band(t, w.c.Model, rows[slot]), got[i])
	}
	// nobody else's band can be read: the slots hold uniform residues, hardly any of them a band
	valid := 0
	for slot := range rows {
		if _, err := bank.Open(out, []int{slot}, circuit.Bands()); err == nil {
			valid++
		} else {
			require.ErrorIs(t, err, tables.ErrBand)
		}
	}
	require.Less(t, valid, len(show)+4)

	restored, err := w.plan.RestoreReceiver(bank.Reveal())
	require.NoError(t, err)
	same, err := restored.Open(out, show, circuit.Bands())
	require.NoError(t, err)
	require.Equal(t, got, same)
	other, err := w.plan.NewReceiver()
	require.NoError(t, err)
	_, err = other.Open(out, show, circuit.Bands())
	require.ErrorIs(t, err, tables.ErrBand)
	require.Contains(t, fmt.Sprintf("%+v", bank), "secret")
}

func TestRefusals(t *testing.T) {
	w, err := theWorld()
	require.NoError(t, err)
	for name, o := range map[string]PlanOptions{
		"logN":     {LogN: 13, Steps: 5, Holders: 3},
		"steps":    {LogN: 14, Steps: 40, Holders: 3},
		"holders":  {LogN: 14, Steps: 5},
		"no such":  {LogN: 14, Steps: 5, Holders: 3, Leave: []string{"nothing"}},
		"no bins":  {LogN: 14, Steps: 5, Holders: 3, Bins: map[string][]uint16{"nothing": {0}}},
		"bad bins": {LogN: 14, Steps: 5, Holders: 3, Bins: map[string][]uint16{w.plan.Features()[0]: {7}}},
	} {
		_, err := NewPlan(w.c.Schema, o)
		require.Error(t, err, name)
	}
	other, err := NewPlan(w.c.Schema, PlanOptions{LogN: 14, Steps: 4, Holders: 3})
	require.NoError(t, err)
	require.NotEqual(t, w.plan.Digest(), other.Digest())
	require.ErrorIs(t, other.CheckKeys(w.keys), homomorphic.ErrParams)
	require.ErrorIs(t, w.plan.CheckKeys(nil), homomorphic.ErrParams)
	_, err = other.Compile(w.c.Model)
	require.ErrorIs(t, err, ErrModel, "17 to 32 scores in 16 places")
	lacking, err := NewPlan(w.c.Schema, PlanOptions{LogN: 14, Steps: 5, Holders: 3, Leave: w.c.Model.Features()[:1]})
	require.NoError(t, err)
	_, err = lacking.Compile(w.c.Model)
	require.ErrorIs(t, err, ErrModel)
	own, err := circuitstest.Random(rand.New(rand.NewPCG(1, 1)), circuitstest.Shape{Features: 2, Own: 1, ScoreBits: 4})
	require.NoError(t, err)
	p, err := NewPlan(own.Schema, PlanOptions{LogN: 14, Steps: 5, Holders: 2})
	require.NoError(t, err)
	_, err = p.Compile(own.Model)
	require.ErrorIs(t, err, ErrModel)
	_, err = w.plan.Compile(own.Model)
	require.ErrorIs(t, err, ErrModel, "another schema")

	circuit, err := w.plan.Compile(w.c.Model)
	require.NoError(t, err)
	ev, err := circuit.NewEvaluator(w.keys)
	require.NoError(t, err)
	for _, b := range [][]byte{nil, make([]byte, w.plan.ChunkBytes()-1), append(make([]byte, w.plan.ChunkBytes()), 0)} {
		_, err := ev.Evaluate(context.Background(), b)
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
	}
	require.ErrorIs(t, w.plan.CheckPublic(make([]byte, w.plan.PublicBytes()+1)), homomorphic.ErrEncoding)
	bank, err := w.plan.NewReceiver()
	require.NoError(t, err)
	_, err = bank.Open(make([]byte, w.plan.BandBytes()-1), nil, 2)
	require.ErrorIs(t, err, homomorphic.ErrEncoding)
	_, err = bank.Open(make([]byte, w.plan.BandBytes()), []int{-1}, 2)
	require.ErrorIs(t, err, homomorphic.ErrParams)
	enc, err := w.plan.NewEncryptor(w.keys)
	require.NoError(t, err)
	_, err = enc.Encrypt([][]uint16{make([]uint16, 1)})
	require.ErrorIs(t, err, homomorphic.ErrRange)
}
