package score_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// TestWithheld: the bits of a company that is kept back are zeros on the wire,
// and everyone else has the band of the plain evaluator.
func TestWithheld(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 1))
	shape := circuitstest.Shape{Features: 4, MinLevels: 2, MaxLevels: 30, Bands: 7, ScoreBits: 8}
	c := scoretest.Random(t, rng, shape, score.OutputBand, 600)
	c.Params.Superblock = 256
	kept := map[int][]int{0: {0, 255}, 2: {87}}

	a, b := mpctest.Conns(t, 20*time.Second)
	bs, ts := mpctest.Sessions(t, [32]byte{0xb6})
	snd, rcv := ottest.Link(t, c.Params.OT)
	bank, tax := c.NewBank(t), c.NewTax(t)
	tax.Withhold(func(_ context.Context, block, n int) ([]int, error) {
		from, to := c.Params.Span(block)
		require.Equal(t, to-from, n)
		return kept[block], nil
	})
	var mu sync.Mutex
	var last [][]byte
	tax.SetTap(func(payload []byte) {
		mu.Lock()
		defer mu.Unlock()
		last = append(last, slices.Clone(payload))
	})
	values := make([]uint16, c.Params.Companies)
	var wg sync.WaitGroup
	var taxErr error
	wg.Go(func() { taxErr = tax.Run(t.Context(), ts, b, rcv, c.Blocks()) })
	require.NoError(t, bank.Run(t.Context(), bs, a, snd, c.Blocks(), func(block int, _ mpc.Digest, v []uint16) error {
		from, _ := c.Params.Span(block)
		copy(values[from:], v)
		return nil
	}))
	wg.Wait()
	require.NoError(t, taxErr)

	for i, v := range values {
		from, _ := c.Params.Span(i / 256)
		if slices.Contains(kept[i/256], i-from) {
			continue
		}
		x, own := c.Company(i)
		require.EqualValues(t, c.Model.Band(c.Model.Score(x, own)), v, "company %d", i)
	}
	// The last flights are those of b bits a company: company 0 is in the low
	// bits of one of them, company 255 in the high bits of the same.
	size := (256*c.Params.OutputBits + 7) / 8
	zero := 0
	for _, p := range last {
		if len(p) == size && p[0]&7 == 0 && p[size-1]>>5 == 0 {
			zero++
		}
	}
	require.Positive(t, zero)

	tax = c.NewTax(t)
	tax.Withhold(func(context.Context, int, int) ([]int, error) { return []int{256}, nil })
	a, b = mpctest.Conns(t, 20*time.Second)
	bs, ts = mpctest.Sessions(t, [32]byte{0xb7})
	snd, rcv = ottest.Link(t, c.Params.OT)
	wg.Go(func() {
		_ = c.NewBank(t).Run(t.Context(), bs, a, snd, c.Blocks(), func(int, mpc.Digest, []uint16) error { return nil })
	})
	require.ErrorIs(t, tax.Run(t.Context(), ts, b, rcv, c.Blocks()), mpc.ErrParams, "a position outside the superblock releases nothing")
	wg.Wait()
}
