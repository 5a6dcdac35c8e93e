package score_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

var twelve = circuitstest.Shape{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10}

func TestEqualsPlainEvaluator(t *testing.T) {
	shapes := []circuitstest.Shape{
		{Features: 1, MinLevels: 1, MaxLevels: 1, Bands: 2, ScoreBits: 1},
		{Features: 1, MinLevels: 2, MaxLevels: 2, Bands: 2, ScoreBits: 1},
		{Features: 3, MinLevels: 2, MaxLevels: 9, Bands: 1, ScoreBits: 4, Own: 1},
		{Features: 5, MinLevels: 1, MaxLevels: 40, Bands: 5, ScoreBits: 8, Own: 3},
		{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10},
		{Features: 7, MinLevels: 900, MaxLevels: 1024, Bands: 31, ScoreBits: 12, Own: 2, Places: 2},
		{Features: 64, MinLevels: 1, MaxLevels: 64, Bands: 256, ScoreBits: 11},
		{Features: 4, MinLevels: 3, MaxLevels: 20, Bands: 7, ScoreBits: 16, Places: 2, Own: 1},
		{Features: 2, MinLevels: 4096, MaxLevels: 4096, Bands: 3, ScoreBits: 7},
	}
	for i, shape := range shapes {
		for _, output := range []score.OutputKind{score.OutputBand, score.OutputScore} {
			t.Run(fmt.Sprintf("%d/%v", i, output), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(i), uint64(output)))
				c := scoretest.Random(t, rng, shape, output, 57)
				c.Params.Superblock = 16
				c.Check(t, c.Run(t))
				if _, err := c.Params.TableParams(); err == nil {
					c.WithLattice(t)
					c.Params.Superblock = 16
					c.Check(t, c.Run(t))
				}
			})
		}
	}
}

func TestBatchSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{0, 1, 2, 127, 128, 129, 255, 256, 257, 1000} {
		c := scoretest.Random(t, rng, circuitstest.Shape{Features: 3, Bands: 4, Own: 1}, score.OutputBand, n)
		c.Params.Superblock = 128
		r := c.Run(t)
		c.Check(t, r)
		for _, b := range c.Blocks() {
			d, ok := r.BankSess.BlockDigest(b)
			e, _ := r.TaxSes.BlockDigest(b)
			require.True(t, ok)
			require.Equal(t, d, e)
		}
	}
}

func TestHundredThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	rng := rand.New(rand.NewPCG(4, 4))
	c := scoretest.Random(t, rng, twelve, score.OutputBand, 100_000)
	c.Check(t, c.Run(t))
}

func TestEveryFieldWidth(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, k := range []int{1, 2, 4, 8} {
		c := scoretest.Random(t, rng, circuitstest.Shape{Features: 4, MaxLevels: 300, Bands: 6}, score.OutputBand, 130)
		c.Params.OT.K = k
		c.Check(t, c.Run(t))
	}
}

// The sizes of all flights are what the documentation says, and the last one
// is b bits a company.
func TestFlightSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	c := scoretest.Random(t, rng, twelve, score.OutputBand, 1024)
	c.Params.Superblock = 1024
	sizes, err := c.Params.Sizes(1024)
	require.NoError(t, err)
	const overhead = 32*16 + 48 // mask block and check of the OT extension
	require.Equal(t, []int{1024*(12*8+10)*4 + overhead, 1024 * 12 * 512, 1024 * 10 / 8, 1024 * 3 * 128, 1024 * 3 / 8}, sizes)

	r := c.Run(t)
	c.Check(t, r)
	const frame = 12 + 64
	require.EqualValues(t, sizes[1]+sizes[3]+2*frame, r.BankSent)
	require.EqualValues(t, sizes[0]+sizes[2]+sizes[4]+3*frame, r.TaxSent)
}

// Every flight, altered: the receiver finds fault with its peer, both sides end
// with a typed error, and the bank gets no result for that superblock.
func TestTamperedFlights(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	base := scoretest.Random(t, rng, circuitstest.Shape{Features: 3, Bands: 4}, score.OutputBand, 40)
	base.Params.Superblock = 16
	for flight := 1; flight <= 5; flight++ {
		for _, at := range []int{0, 1, 2} { // first, middle, last byte of the payload
			t.Run(fmt.Sprintf("flight %d, place %d", flight, at), func(t *testing.T) {
				hit := func(f mpctest.Frame) []mpctest.Frame {
					if f.Kind() == mpctest.KindFlight && f.Label() == flight && f.Block() == 1 {
						f = f.Clone()
						f[12+at*(len(f)-12-64-1)/2] ^= 0x10
					}
					return []mpctest.Frame{f}
				}
				a, b := mpctest.Tap(t, 5*time.Second, hit, hit)
				bs, ts := mpctest.Sessions(t, [32]byte{1})
				r := base.RunOn(t.Context(), t, a, b, bs, ts)
				victim, other := r.BankErr, r.TaxErr
				if flight%2 == 0 {
					victim, other = r.TaxErr, r.BankErr
				}
				require.ErrorIs(t, victim, mpc.ErrPeer)
				if other != nil {
					require.True(t, errors.Is(other, mpc.ErrAborted) || errors.Is(other, mpc.ErrInterrupted), "%v", other)
				}
				_, done := bs.BlockDigest(1)
				require.False(t, done, "a tampered superblock gives no result")
			})
		}
	}
}

func TestParamsAreChecked(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	c := scoretest.Random(t, rng, twelve, score.OutputBand, 10)
	for name, change := range map[string]func(*score.Params){
		"engine":           func(p *score.Params) { p.Engine = 0 },
		"no features":      func(p *score.Params) { p.Levels = nil },
		"no levels":        func(p *score.Params) { p.Levels = []int{0} },
		"many levels":      func(p *score.Params) { p.Levels = []int{4097} },
		"many features":    func(p *score.Params) { p.Levels = make([]int, 257) },
		"score bits":       func(p *score.Params) { p.ScoreBits = 17 },
		"few score bits":   func(p *score.Params) { p.ScoreBits = 5 },
		"output":           func(p *score.Params) { p.Output = 0 },
		"output bits":      func(p *score.Params) { p.OutputBits = 0 },
		"many output bits": func(p *score.Params) { p.OutputBits = 17 },
		"score output":     func(p *score.Params) { p.Output = score.OutputScore },
		"companies":        func(p *score.Params) { p.Companies = -1 },
		"superblock":       func(p *score.Params) { p.Superblock = 0 },
		"huge superblock":  func(p *score.Params) { p.Superblock = 1 << 20 },
		"field":            func(p *score.Params) { p.OT.K = 3 },
		"huge flight":      func(p *score.Params) { p.Superblock, p.Companies = 1<<16, 1<<16 },
	} {
		p := c.Params
		change(&p)
		_, err := score.NewBank(p, c.Model, nil)
		require.ErrorIs(t, err, mpc.ErrParams, name)
		_, err = score.NewTax(p, c.Input)
		require.ErrorIs(t, err, mpc.ErrParams, name)
	}
	p := c.Params
	p.ScoreBits = 9
	_, err := score.NewBank(p, c.Model, nil)
	require.ErrorIs(t, err, mpc.ErrParams, "the model's range does not fit")
	_, err = score.NewBank(c.Params, c.Model, make([]int64, 3))
	require.ErrorIs(t, err, mpc.ErrParams, "own points of another number of companies")
}

// A level outside its grid is this node's own fault, and nothing is sent.
func TestBadInput(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for name, spoil := range map[string]func(x [][]uint16) [][]uint16{
		"level":   func(x [][]uint16) [][]uint16 { x[1] = []uint16{4000}; return x },
		"feature": func(x [][]uint16) [][]uint16 { return x[:2] },
		"company": func(x [][]uint16) [][]uint16 { x[0] = []uint16{}; return x },
	} {
		c := scoretest.Random(t, rng, circuitstest.Shape{Features: 3, Bands: 4}, score.OutputBand, 1)
		c.Levels = spoil(c.Levels)
		x := c.Levels
		a, b := mpctest.Conns(t, time.Second)
		bs, ts := mpctest.Sessions(t, [32]byte{})
		tax, err := score.NewTax(c.Params, func(context.Context, int, int) ([][]uint16, error) { return x, nil })
		require.NoError(t, err)
		_ = bs
		_ = a
		rcvErr := tax.Run(t.Context(), ts, b, link(t, c), c.Blocks())
		require.ErrorIs(t, rcvErr, mpc.ErrParams, name)
		sent, _ := b.Bytes()
		require.Zero(t, sent)
	}
}

// A check that the OT extension fails burns the correlation: the bank's sender
// refuses to go on.
func TestWrongOTCorrectionIsCaught(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	c := scoretest.Random(t, rng, circuitstest.Shape{Features: 2, Bands: 4}, score.OutputBand, 5)
	c.Params.Superblock = 5
	// A tax node that cheats signs what it sends, so only the check can tell.
	bank, err := score.NewBank(c.Params, c.Model, nil)
	require.NoError(t, err)
	snd := sender(t, c)
	a, b := mpctest.Conns(t, time.Second)
	bs, ts := mpctest.Sessions(t, [32]byte{})
	done := make(chan error, 1)
	go func() {
		done <- ts.Run(t.Context(), b, c.Blocks(), func(int) []int {
			s, _ := c.Params.Sizes(5)
			return s
		}, func(ctx context.Context, blk *mpc.Block) error {
			out, err := blk.Next()
			if err != nil {
				return err
			}
			for i := range out {
				out[i] = byte(i)
			}
			if err := blk.Send(ctx); err != nil {
				return err
			}
			_, err = blk.Recv(ctx)
			return err
		})
	}()
	err = bank.Run(t.Context(), bs, a, snd, c.Blocks(), func(int, mpc.Digest, []uint16) error { t.Error("a result"); return nil })
	require.ErrorIs(t, err, mpc.ErrCheck)
	require.ErrorIs(t, err, mpc.ErrPeer)
	require.Error(t, <-done)
	_, err = snd.Reserve(1)
	require.Error(t, err, "the correlation is burnt")
}
