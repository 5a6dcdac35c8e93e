package replay_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/mpc/score"
)

// where lists superblocks and flights of deviations.
func where(found []replay.Deviation) [][2]int {
	var w [][2]int
	for _, d := range found {
		w = append(w, [2]int{d.Block, d.Flight})
	}
	return w
}

// firsts keeps the first deviation of every superblock: what a side sends later
// in it may follow from the first.
func firsts(found []replay.Deviation) [][2]int {
	var w [][2]int
	for _, d := range found {
		if n := len(w); n == 0 || w[n-1][0] != d.Block {
			w = append(w, [2]int{d.Block, d.Flight})
		}
	}
	return w
}

// firstBank is the first flight of stage 2, the bank's.
func firstBank(p score.Params) int {
	if p.Engine == score.EngineOT {
		return 4
	}
	return 2
}

// In some superblocks the bank runs another function than the one it opens. The
// record of such a batch is put together of two runs, which share all seeds.
func TestBanksThatDeviateAreFound(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			k := newCase(t, kind.engine, kind.form, 100, 20)
			stage2 := firstBank(k.Params)
			honest := connect(t, k.Params.OT).run(t, k.Case, count(5))
			for name, c := range map[string]struct {
				change func(x *made)
				flight int
				ot     bool // can be done with EngineOT only
			}{
				"one point of a table": {func(x *made) { x.Model = x.onePoint(t) }, 2, true},
				"a threshold":          {func(x *made) { x.Model = x.oneThreshold(t) }, stage2, false},
				"own points of a company of each superblock": {func(x *made) {
					x.Own = slices.Clone(x.Own)
					for i := 7; i < len(x.Own); i += x.Params.Superblock {
						x.Own[i]--
					}
				}, stage2, false},
			} {
				if c.ot && kind.engine != score.EngineOT {
					continue // the table is certified
				}
				x := k.copy()
				c.change(x)
				other := connect(t, k.Params.OT).run(t, x.Case, count(5))
				mixed := *honest
				mixed.flights = map[int][]mpc.Flight{}
				for b := range 5 {
					mixed.flights[b] = honest.flights[b]
					if b == 1 || b == 4 {
						mixed.flights[b] = other.flights[b]
					}
				}
				found, err := honest.bank.Replay(t.Context(), count(5), mixed.load)
				require.NoError(t, err, name)
				require.Equal(t, [][2]int{{1, c.flight}, {4, c.flight}}, firsts(found), name)
				for _, d := range found {
					require.NoError(t, d.Cause)
					require.NotEqual(t, d.Recorded, d.Recomputed)
					require.Equal(t, mixed.flights[d.Block][d.Flight-1].Sum, d.Recorded)
					require.Contains(t, fmt.Sprint(d), fmt.Sprintf("superblock %d, flight %d: ", d.Block, d.Flight))
				}
				found, err = honest.bank.Replay(t.Context(), []int{0, 2}, mixed.load)
				require.NoError(t, err)
				require.Empty(t, found, "not in the sample")
				found, err = honest.tax.Replay(t.Context(), count(5), mixed.load)
				require.NoError(t, err)
				require.Empty(t, found, "the tax node did nothing wrong")
				found, err = other.bank.Replay(t.Context(), count(5), mixed.load)
				require.NoError(t, err)
				require.Equal(t, [][2]int{{0, c.flight}, {2, c.flight}, {3, c.flight}}, firsts(found), "the other way round")
			}
		})
	}
}

// A bank that opens another seed than the one that it used, and one that sends
// other tables than it computed.
func TestOtherRandomnessIsFound(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			k := newCase(t, kind.engine, kind.form, 70, 10)
			r := connect(t, k.Params.OT).run(t, k.Case, count(7))
			flights := len(r.flights[0])

			bank := r.bank
			bank.Seeds = replay.FromSession(mpctest.Seed(0x99))
			found, err := bank.Replay(t.Context(), []int{2}, r.load)
			require.NoError(t, err)
			require.Equal(t, [][2]int{{2, 2}}, firsts(found))

			tax := r.tax
			tax.Seeds = replay.FromSession(mpctest.Seed(0x99))
			found, err = tax.Replay(t.Context(), []int{2}, r.load)
			require.NoError(t, err)
			require.Equal(t, [][2]int{{2, 1}}, firsts(found))

			// Every flight, one in each superblock: it is found there, and nowhere else.
			var blocks [2][]int // by whose flight it is, the bank's first
			var bad [2][][2]int
			for n := 1; n <= flights; n++ {
				r.alter(n-1, n, func(p []byte) { p[len(p)/3] ^= 4 })
				blocks[n%2] = append(blocks[n%2], n-1)
				bad[n%2] = append(bad[n%2], [2]int{n - 1, n})
			}
			found, err = r.bank.Replay(t.Context(), blocks[0], r.load)
			require.NoError(t, err)
			require.Equal(t, bad[0], where(found))
			found, err = r.tax.Replay(t.Context(), blocks[1], r.load)
			require.NoError(t, err)
			require.Equal(t, bad[1], where(found))
		})
	}
}

// A tax node that uses other levels than given, flips returned bits, or withholds
// others than it says.
func TestTaxNodesThatDeviateAreFound(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			k := newCase(t, kind.engine, kind.form, 60, 20)
			hold := func(_ context.Context, block, _ int) ([]int, error) { return []int{block, 7}, nil }
			r := connect(t, k.Params.OT).run(t, k.Case, count(3), func(_ *score.Bank, tax *score.Tax, _ *recorded) { tax.Withhold(hold) })
			last := len(r.flights[0])

			tax := r.tax
			tax.Withhold = hold
			found, err := tax.Replay(t.Context(), count(3), r.load)
			require.NoError(t, err)
			require.Empty(t, found)
			tax.Withhold = func(_ context.Context, block, _ int) ([]int, error) {
				if block == 2 {
					return count(20), nil
				}
				return hold(nil, block, 0)
			}
			found, err = tax.Replay(t.Context(), count(3), r.load)
			require.NoError(t, err)
			require.Equal(t, [][2]int{{2, last}}, where(found))

			tax.Withhold = hold
			tax.Input = func(ctx context.Context, from, to int) ([][]uint16, error) {
				levels, err := k.Input(ctx, from, to)
				if from != 20 || err != nil {
					return levels, err
				}
				first := append([]uint16(nil), levels[0]...)
				first[11] = (first[11] + 1) % uint16(k.Params.Levels[0])
				return append([][]uint16{first}, levels[1:]...), nil
			}
			found, err = tax.Replay(t.Context(), count(3), r.load)
			require.NoError(t, err)
			require.Equal(t, [][2]int{{1, 1}}, firsts(found))
			require.Zero(t, found[0].Recomputed, "nothing to compare guesses with")
			require.Contains(t, found[0].String(), "which is not right")

			// Flipped bits: in the last flight, and the bank is cleared.
			r.alter(0, last, func(p []byte) { p[0] ^= 1 })
			tax.Input = k.Input
			found, err = tax.Replay(t.Context(), count(3), r.load)
			require.NoError(t, err)
			require.Equal(t, [][2]int{{0, last}}, where(found))
			found, err = r.bank.Replay(t.Context(), count(3), r.load)
			require.NoError(t, err)
			require.Empty(t, found)
		})
	}
}

// Corrections that fail the check: an honest bank sends nothing after them, and
// the superblocks beside are judged all the same.
func TestWrongCorrectionsAreFoundOnBothSides(t *testing.T) {
	for _, kind := range kinds {
		k := newCase(t, kind.engine, kind.form, 80, 20)
		r := connect(t, k.Params.OT).run(t, k.Case, count(4))
		r.alter(1, 1, func(p []byte) { p[len(p)-1] ^= 1 })
		r.alter(3, 2, func(p []byte) { p[0] ^= 1 })
		found, err := r.bank.Replay(t.Context(), count(4), r.load)
		require.NoError(t, err)
		require.Equal(t, [][2]int{{1, 2}, {3, 2}}, where(found))
		require.ErrorIs(t, found[0].Cause, mpc.ErrCheck)
		require.Contains(t, found[0].String(), "nothing should have been")
		require.NoError(t, found[1].Cause)
		found, err = r.tax.Replay(t.Context(), count(4), r.load)
		require.NoError(t, err)
		require.Equal(t, [][2]int{{1, 1}}, where(found))
	}
}
