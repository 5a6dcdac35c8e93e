package replay_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// The engines on features of full precision are replayed as the others are: honest
// sides are cleared; any other flight, seed, column or threshold is found.
func TestFullPrecisionIsReplayed(t *testing.T) {
	for name, make := range map[string]func(f *scoretest.Full) *scoretest.Case{
		"linear": func(f *scoretest.Full) *scoretest.Case { return f.ForLinear(t, score.OutputBand, 9, 0) },
		"probability": func(f *scoretest.Full) *scoretest.Case {
			return f.ForProbability(t, score.OutputBand, probability.Options{OutputBits: 8, MaxError: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := scoretest.RandomFull(t, rand.New(rand.NewPCG(1, 7)), scoretest.FullShape{Numeric: 3, Bands: 4}, 50)
			k := make(f)
			k.Params.Superblock = 10
			r := connect(t, k.Params.OT).run(t, k, count(5))
			flights := len(r.flights[0])

			learned := [][]uint16{}
			r.bank.Values = func(_ int, v []uint16) error { learned = append(learned, v); return nil }
			found, err := r.bank.Replay(t.Context(), []int{3}, r.load)
			require.NoError(t, err)
			require.Empty(t, found)
			require.Equal(t, [][]uint16{r.values[3]}, learned)
			r.bank.Values = nil
			found, err = r.tax.Replay(t.Context(), []int{0, 4}, r.load)
			require.NoError(t, err)
			require.Empty(t, found)

			// A threshold, as another bank would have it.

			g := *f
			linear := *f.Linear
			g.Linear = &linear
			g.Linear.Probabilities = slices.Clone(f.Linear.Probabilities)
			g.Linear.Probabilities[1] += 0.02
			other := make(&g)
			bank := r.bank
			bank.Integer, bank.Cuts = other.Full.Integer, other.Full.Cuts
			found, err = bank.Replay(t.Context(), []int{1}, r.load)
			require.NoError(t, err)
			require.Equal(t, [][2]int{{1, flights - 1}}, where(found))

			// A column of one company.
			tax := r.tax
			tax.Columns = func(ctx context.Context, from, to int) ([][]int64, error) {
				columns, err := k.Full.Input(ctx, from, to)
				first := slices.Clone(columns[0])
				first[5] /= 2
				return append([][]int64{first}, columns[1:]...), err
			}
			found, err = tax.Replay(t.Context(), []int{1}, r.load)
			require.NoError(t, err)
			require.Equal(t, [][2]int{{1, 1}}, firsts(found))
			tax.Columns = nil
			_, err = tax.Replay(t.Context(), []int{1}, r.load)
			require.ErrorIs(t, err, mpc.ErrParams)

			// Another seed than the one that was used.
			bank = r.bank
			bank.Seeds = replay.FromSession(mpctest.Seed(0x99))
			found, err = bank.Replay(t.Context(), []int{2}, r.load)
			require.NoError(t, err)
			require.Equal(t, [][2]int{{2, 2}}, firsts(found))

			// Every flight, one in each superblock.
			for n := 1; n <= flights; n++ {
				r.alter(n-1, n, func(p []byte) { p[len(p)/3] ^= 4 })
				side := r.tax.Replay
				if n%2 == 0 {
					side = r.bank.Replay
				}
				found, err = side(t.Context(), []int{n - 1}, r.load)
				require.NoError(t, err)
				require.Equal(t, [][2]int{{n - 1, n}}, where(found))
			}

			// Garbage in the peer's flights is judged, whatever it does to this side.
			for _, fill := range []func([]byte){
				func(b []byte) { clear(b) },
				func(b []byte) { mpctest.Seed(1).PRG().Fill(b) },
			} {
				r.alter(4, 1, fill)
				r.alter(4, 2, fill)
				for _, side := range []func(context.Context, []int, replay.Load) ([]replay.Deviation, error){r.bank.Replay, r.tax.Replay} {
					found, err = side(t.Context(), []int{4}, r.load)
					require.NoError(t, err)
					require.NotEmpty(t, found)
				}
			}
		})
	}
}
